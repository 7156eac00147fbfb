# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When may it be acted on: windows and freezes of a policy's entry, as gates. Pure: the time comes from the caller."""

from __future__ import annotations

import datetime as dt
import typing as t
from zoneinfo import ZoneInfo

from ..module_utils._gates import gate
from ..module_utils._units import human_duration
from ._policy_times import Span, epoch, recurring

NEVER = "never"
WHEN_URGENT = "when_urgent"

Data = dict[str, t.Any]


def timing_gates(entry: Data, now: float, exhaustion: Data | None, dead: bool) -> list[Data]:
    """Return the gates ``freeze`` and ``window`` of an entry.

    :param exhaustion: of the diagnosis: ``seconds_low`` from now until the limit may be reached at the earliest.
    :param dead: the service does not run, so that waiting is an outage.
    """
    return [_freeze_gate(entry, now), _window_gate(entry, now, exhaustion, dead)]


def next_windows(entry: Data, now: float, count: int) -> list[tuple[float, float]]:
    """Return the first windows that end after now, in order; one that is open now is among them."""
    return [(span.start, span.end) for span in _windows(entry, now, count)]


def _windows(entry: Data, now: float, count: int) -> list[Span]:
    spans = [span for window in entry["windows"] for span in recurring(window["rrule"], window["start"], window["duration"], window["timezone"], now, count)]
    return sorted(spans, key=lambda span: (span.start, span.end))[:count]


def _freezes(entry: Data, now: float) -> list[Span]:
    """Return the freezes that now is in."""
    spans: list[Span] = []
    for freeze in entry["freezes"]:
        zone, why = freeze["timezone"], freeze["reason"] or ""
        if freeze["rrule"]:
            spans += [Span(span.start, span.end, why) for span in recurring(freeze["rrule"], freeze["start"], freeze["duration"], zone, now, 2)]
        else:
            spans.append(Span(epoch(freeze["from"], zone), epoch(freeze["until"], zone), why))
    return [span for span in spans if span.start <= now < span.end]


def _freeze_gate(entry: Data, now: float) -> Data:
    frozen = _freezes(entry, now)
    if not frozen:
        return gate("freeze", True, "no freeze" if not entry["freezes"] else "no freeze at this time")
    last = max(frozen, key=lambda span: span.end)
    zone = entry["freezes"][0]["timezone"]
    why = f" ({last.why})" if last.why else ""
    return gate("freeze", False, f"frozen{why} until {clock(last.end, zone)}, in {human_duration(last.end - now)}", opens_at=last.end)


def _window_gate(entry: Data, now: float, exhaustion: Data | None, dead: bool) -> Data:
    if not entry["windows"]:
        return gate("window", True, "no windows: any time is right")
    zone = entry["windows"][0]["timezone"]
    spans = _windows(entry, now, 1)
    if spans and spans[0].start <= now:
        return gate("window", True, f"inside a window that closes {clock(spans[0].end, zone)}")
    if spans:
        opens, closes = spans[0].start, spans[0].end
        following = f"the next window opens {clock(opens, zone)}, in {human_duration(opens - now)}"
    else:
        opens, closes = None, None
        following = "no window opens within two years"
    if entry["outside_windows"] == NEVER:
        return gate("window", False, f"outside the windows, and the policy acts only inside: {following}", opens_at=opens)
    if dead:
        return gate("window", True, f"outside the windows, but it does not run, so waiting is an outage; {following}")
    earliest = exhaustion.get("seconds_low") if exhaustion else None
    if earliest is None:
        return gate("window", False, f"outside the windows, and no limit is in sight: {following}", opens_at=opens)
    limit = f"{exhaustion['limit_name']} may be reached in {human_duration(earliest)}" if exhaustion else ""
    if closes is None or now + earliest < closes:
        return gate("window", True, f"outside the windows, but {limit}, before the next window is over; {following}")
    return gate("window", False, f"outside the windows, and there is time: {limit} at the earliest; {following}", opens_at=opens)


def clock(moment: float, zone: str) -> str:
    """Return ``Sun 2026-01-04 02:00 CET``."""
    return dt.datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")
