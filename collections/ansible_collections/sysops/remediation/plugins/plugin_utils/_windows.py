# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When may it be acted on: windows and freezes of a policy's entry, as gates. Pure: the time comes from the caller."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from functools import lru_cache
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from ..module_utils._gates import gate
from ..module_utils._units import human_duration
from ._policy_times import HORIZON, Span, epoch, joined, recurring

NEVER = "never"
WHEN_URGENT = "when_urgent"

Data = dict[str, t.Any]


def timing_gates(entry: Data, now: float, exhaustion: Data | None, dead: bool) -> list[Data]:
    """Return the gates ``freeze`` and ``window`` of an entry.

    An outage inside a window is what the window is for, so that outside of them only a limit that may be reached before the next one opens is urgent.

    :param exhaustion: of the diagnosis: ``seconds_low`` from now until the limit may be reached at the earliest.
    :param dead: the service does not run, so that waiting is an outage.
    """
    return [_freeze_gate(entry, now), _window_gate(entry, now, exhaustion, dead)]


def next_windows(entry: Data, now: float, count: int) -> list[tuple[float, float]]:
    """Return the first times that end after now and in which the entry may be acted on, in order: its windows without its freezes."""
    return [(span.start, span.end) for span in next_spans(entry, now, count)]


def next_spans(entry: Data, now: float, count: int) -> tuple[Span, ...]:
    """Return the times of :func:`next_windows`, each with the time zone in which it was written."""
    return _usable(_key(entry), now, count)


def never_free(entry: Data, now: float) -> bool:
    """Tell whether the freezes leave no moment as far as anybody looks ahead."""
    frozen = next(_freezes(entry, now), None)
    return frozen is not None and frozen.end - now > HORIZON.total_seconds() - 86400


def _key(entry: Data) -> str:
    return json.dumps([entry["windows"], entry["freezes"]])


@lru_cache(maxsize=1024)  # a thousand hosts share a handful of policies
def _usable(key: str, now: float, count: int) -> tuple[Span, ...]:
    windows, freezes = json.loads(key)
    entry = {"windows": windows, "freezes": freezes}
    frozen = list(_freezes(entry, now))
    return tuple(islice((free for window in _windows(entry, now) for free in _without(window, frozen) if free.end > now), count))


def _windows(entry: Data, now: float) -> t.Iterator[Span]:
    return joined(merge(*(recurring(one["rrule"], one["start"], one["duration"], one["timezone"], now) for one in entry["windows"])))


def _freezes(entry: Data, now: float) -> t.Iterator[Span]:
    return joined(merge(*(_freeze(one, now) for one in entry["freezes"])))


def _freeze(one: Data, now: float) -> t.Iterator[Span]:
    zone, why = one["timezone"], one["reason"] or ""
    if one["rrule"]:
        return recurring(one["rrule"], one["start"], one["duration"], zone, now, why)
    span = Span(epoch(one["from"], zone), epoch(one["until"], zone), zone, why)
    return iter([span] if span.end > now else [])


def _without(window: Span, frozen: list[Span]) -> t.Iterator[Span]:
    """Yield what the freezes leave of a window."""
    begin = window.start
    for freeze in frozen:
        if freeze.start >= window.end:
            break
        if begin < freeze.start:
            yield Span(begin, freeze.start, window.zone)
        begin = max(begin, freeze.end)
    if begin < window.end:
        yield Span(begin, window.end, window.zone)


@lru_cache(maxsize=1024)
def _first(key: str, now: float) -> tuple[Span | None, Span | None]:
    """Return the first window and the first freeze that end after now."""
    windows, freezes = json.loads(key)
    entry = {"windows": windows, "freezes": freezes}
    return next(_windows(entry, now), None), next(_freezes(entry, now), None)


def _freeze_gate(entry: Data, now: float) -> Data:
    _window, freeze = _first(_key(entry), now)
    if freeze is None or freeze.start > now:
        return gate("freeze", True, "no freeze" if not entry["freezes"] else "no freeze at this time")
    why = f" ({freeze.why})" if freeze.why else ""
    detail = f"frozen{why} until {clock(freeze.end, freeze.zone)}, in {human_duration(freeze.end - now)}"
    if not entry["windows"] or entry["outside_windows"] != NEVER:
        return gate("freeze", False, detail, opens_at=freeze.end)
    following = next(iter(_usable(_key(entry), now, 1)), None)  # the window that is open now may be over by then
    if following is None or following.start > freeze.end:
        detail += f"; {_waits(following, now)}"
    return gate("freeze", False, detail, opens_at=following.start if following else None)


def _window_gate(entry: Data, now: float, exhaustion: Data | None, dead: bool) -> Data:
    if not entry["windows"]:
        return gate("window", True, "no windows: any time is right")
    window, _freeze = _first(_key(entry), now)
    if window is not None and window.start <= now:
        return gate("window", True, f"inside a window that closes {clock(window.end, window.zone)}")
    following = next(iter(_usable(_key(entry), now, 1)), None)
    opens = following.start if following else None
    waits = _waits(following, now)
    if entry["outside_windows"] == NEVER:
        return gate("window", False, f"outside the windows, and the policy acts only inside: {waits}", opens_at=opens)
    if dead:
        return gate("window", True, f"outside the windows, but it does not run, so waiting is an outage; {waits}")
    earliest = exhaustion.get("seconds_low") if exhaustion else None
    if exhaustion is None or earliest is None:
        return gate("window", False, f"outside the windows, and no limit is in sight: {waits}", opens_at=opens)
    limit, soon = exhaustion["limit_name"], human_duration(earliest)
    if opens is None or now + earliest < opens:
        return gate("window", True, f"outside the windows, but {limit} may be reached in {soon}, before the next one; {waits}")
    return gate("window", False, f"outside the windows, and there is time: {limit} is not reached before {soon} from now; {waits}", opens_at=opens)


def _waits(following: Span | None, now: float) -> str:
    if following is None:
        return "no window opens within two years"
    return f"the next window opens {clock(following.start, following.zone)}, in {human_duration(following.start - now)}"


def clock(moment: float, zone: str) -> str:
    """Return ``Sun 2026-01-04 02:00 CET``."""
    return dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")
