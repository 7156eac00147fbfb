# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is right by itself in an entry of a policy, and impossible together."""

from __future__ import annotations

import typing as t

from ..module_utils._health import well_formed
from ._policy_kinds import Path, Problem
from ._policy_schema import ACTING
from ._policy_times import epoch, needs_first_day, never_occurs
from ._windows import NEVER, never_free, next_windows

Entry = dict[str, t.Any]
Finding = tuple[Path, str] | None

_FIRST_DAY = "2026-01-01 00:00"  # of rules that need none: any day


def contradictions(entry: Entry, path: Path) -> list[Problem]:
    """Return what is right by itself and impossible together."""
    found: list[Finding] = [
        _scope_without_systemd(entry),
        _server_without_need(entry),
        _auto_that_never_acts(entry),
        _budget_that_never_counts(entry["guard"]),
        _fetch_of_nothing(entry["evidence"]),
        _deadline_too_short(entry["verify"], entry["health"], "verify"),
        _never_without_windows(entry),
    ]
    times = [_impossible_days(window, "windows", number) for number, window in enumerate(entry["windows"])]
    times += [finding for number, freeze in enumerate(entry["freezes"]) for finding in _shape_of_freeze(freeze, number)]
    found += times if any(times) else [_always_frozen(entry)]
    found += _same_action_twice(entry["ladder"])
    found += _probes_that_cannot_be_asked(entry["health"], "health")
    for number, step in enumerate(entry["ladder"]):
        found.append(_step_that_cannot(entry["manager"], step, number))
        found += _probes_that_cannot_be_asked(step["health"] or [], "ladder", number, "health")
        if step["verify"]:
            found.append(_deadline_too_short(step["verify"], step["health"] or entry["health"], "ladder", number, "verify"))
    return [Problem((*path, *where), message) for where, message in filter(None, found)]


def _scope_without_systemd(entry: Entry) -> Finding:
    if entry["scope"] == "user" and entry["manager"] not in ("auto", "systemd"):
        return ("scope",), f"'user' is impossible with manager '{entry['manager']}'; only systemd has services of a user"
    return None


def _server_without_need(entry: Entry) -> Finding:
    if entry["server"] and entry["manager"] in ("systemd", "sysv"):
        return ("server",), f"is impossible with manager '{entry['manager']}'; only supervisord, docker and podman listen somewhere"
    return None


def _auto_that_never_acts(entry: Entry) -> Finding:
    if entry["mode"] not in ACTING:
        return None
    for where in (("ladder",), ("accept", "verdicts"), ("accept", "urgencies")):
        value = entry[where[0]] if len(where) == 1 else entry[where[0]][where[1]]
        if not value:
            return where, f"is empty, so that mode '{entry['mode']}' could never act; fill it or use mode 'observe'"
    return None


def _budget_that_never_counts(guard: Entry) -> Finding:
    if guard["within"] < guard["cooldown"]:
        return ("guard", "within"), f"{guard['within']} s is shorter than guard.cooldown ({guard['cooldown']} s), so that max_attempts could never be reached"
    return None


def _fetch_of_nothing(evidence: Entry) -> Finding:
    if evidence["fetch"] and not evidence["collect"]:
        return ("evidence", "fetch"), "is true while evidence.collect is false: there is nothing to fetch"
    return None


def _deadline_too_short(verify: Entry, health: list[Entry], *where: str | int) -> Finding:
    needed = max(verify["verify_for"], (verify["passes"] - 1) * verify["interval"] if health else 0)
    if verify["deadline"] <= needed:
        return (*where, "deadline"), f"{verify['deadline']} s is too short: verify_for, passes and interval need more than {needed:g} s"
    return None


def _same_action_twice(ladder: list[Entry]) -> list[Finding]:
    actions = [step["action"] for step in ladder]
    return [
        (("ladder", number, "action"), f"'{action}' is on the ladder twice: the host would refuse the second one, whose cooldown the first began")
        for number, action in enumerate(actions)
        if action in actions[:number]
    ]


def _probes_that_cannot_be_asked(probes: list[Entry], *where: str | int) -> list[Finding]:
    """Of a probe that a host would refuse nobody should hear only when it is needed."""
    problems = ((number, well_formed.objection(probe)) for number, probe in enumerate(probes))
    return [((*where, number), f"cannot be asked: {problem}") for number, problem in problems if problem]


def _step_that_cannot(manager: str, step: Entry, number: int) -> Finding:
    if step["action"] == "scale" and manager in ("supervisord", "sysv"):
        return ("ladder", number, "action"), f"'scale' is impossible with manager '{manager}': it knows no memory limit"
    return None


def _never_without_windows(entry: Entry) -> Finding:
    if entry["outside_windows"] == NEVER and not entry["windows"]:
        return ("outside_windows",), "'never' is impossible without windows: it could never be acted on; add windows, or use mode 'observe'"
    return None


def _impossible_days(span: Entry, *where: str | int) -> Finding:
    if " " not in span["start"] and needs_first_day(span["rrule"]):
        example = f"2026-01-04 {span['start']}"
        return (*where, "start"), f"'{span['start']}' is not enough for {span['rrule']}, which counts from a first day; write it too: '{example}'"
    if never_occurs(span["rrule"], span["start"]):
        return (*where, "rrule"), f"'{span['rrule']}' never happens; there is no such day"
    return None


def _shape_of_freeze(freeze: Entry, number: int) -> t.Iterator[Finding]:
    """A freeze happens once (from, until), or recurs (rrule, start, duration)."""
    where = ("freezes", number)
    once = {key for key in ("from", "until") if freeze[key] is not None}
    recurring = {key for key in ("rrule", "start", "duration") if freeze[key] is not None}
    if (len(once), len(recurring)) not in ((2, 0), (0, 3)):
        yield where, f"has {', '.join(sorted(once | recurring)) or 'no time'}; a freeze needs either from and until, or rrule, start and duration"
    elif once and epoch(freeze["until"], freeze["timezone"]) <= epoch(freeze["from"], freeze["timezone"]):
        yield (*where, "until"), f"'{freeze['until']}' is not after from ('{freeze['from']}')"
    elif recurring:
        yield _impossible_days(freeze, *where)


def _always_frozen(entry: Entry) -> Finding:
    """Freezes that recur may leave nothing of any day, or of any window when it is acted on only inside."""
    recurring = [freeze for freeze in entry["freezes"] if freeze["rrule"]]
    if not recurring:
        return None
    spans = [*recurring, *entry["windows"]]
    if len({span["timezone"] for span in spans}) == 1:  # or the hour that one night in October has more would count as free
        spans = [{**span, "timezone": "UTC"} for span in spans]
    freezes, windows = spans[: len(recurring)], spans[len(recurring) :]
    now = max(epoch(span["start"] if " " in span["start"] else _FIRST_DAY, "UTC") for span in spans) + 86400
    if never_free({"windows": windows, "freezes": freezes}, now):
        return ("freezes",), "leave no moment in which it could be acted on; shorten them, or use mode 'observe'"
    opens, left = (next_windows({"windows": windows, "freezes": kept}, now, 1) for kept in ([], freezes))
    if entry["outside_windows"] == NEVER and opens and not left:
        return ("freezes",), "leave nothing of the windows, and outside_windows is 'never': it could never be acted on; move one of them"
    return None
