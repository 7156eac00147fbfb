# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of the fleet as lines for a person at 2 AM: what is stopped first, then what waits, then what is left."""

from __future__ import annotations

import typing as t

from ..module_utils._units import human_duration
from ._ledger import Pause
from ._ledger._targets import clock_text
from ._ops_pause import told
from ._plan_facts import names

Data = dict[str, t.Any]


def status_lines(status: Data) -> list[str]:
    now = status["at"]
    lines = [
        *(_line("PAUSED", told(pause_of(one), now)) for one in status["pauses"]),
        *(_line("BREAKER", breaker_text(one)) for one in status["breakers"]),
        *(line for one in status["plans"] for line in _plan_lines(one, now)),
        *(_line("ACTING", _permit_text(one, now)) for one in status["permits"]),
        *(_line("OPEN", _incident_text(one)) for one in status["incidents"]),
        *(_line(one["state"].upper(), f"{one['host']} {one['service']}: {one['detail']}") for one in status["recurring"]),
        *(_line("BUDGET", budget_text(one)) for one in status["groups"]),
        *(_line("WINDOW", window_text(one)) for one in status["windows"]),
    ]
    return [*lines, f"ledger: {status['ledger']}"]


def headline(status: Data) -> str:
    """Return the status in one line."""
    counts = (
        ("pause", len(status["pauses"])),
        ("open breaker", len(status["breakers"])),
        ("waiting plan", len(status["plans"])),
        ("action under way", sum(not one["expired"] for one in status["permits"])),
        ("open incident", len(status["incidents"])),
        ("exhausted budget", sum(not one["left"] for one in status["groups"])),
    )
    told_of = [f"{count} {thing if count == 1 else plural(thing)}" for thing, count in counts if count]
    return ", ".join(told_of) or "nothing is paused, waiting or under way"


def plural(thing: str) -> str:
    first, _space, rest = thing.partition(" ")
    return f"{first}s {rest}" if first == "action" else f"{thing}s"


def pause_of(data: Data) -> Pause:
    return Pause(**{name: value for name, value in data.items() if name != "subject"})


def breaker_text(one: Data) -> str:
    sick = f": {names(one['sick'])} failed within 10 minutes" if one["sick"] else ""
    following = f"one host may be tried after {clock_text(one['opens_at'])}" if one["opens_at"] else "one host is tried at a time"
    following += ", once all others are back"
    return f"group {one['group']} is {one['state'].replace('_', ' ')} since {clock_text(one['since'])}{sick}; {following}"


def budget_text(one: Data) -> str:
    why = "".join(f"; {host}: {reason}" for host, reason in list(one["unavailable"].items())[:5])
    more = f"; and {len(one['unavailable']) - 5} more" if len(one["unavailable"]) > 5 else ""
    hosts = f"{one['hosts']} host" if one["hosts"] == 1 else f"{one['hosts']} hosts"
    return f"{one['group']}: {one['left']} of {one['max_unavailable']} left, {hosts}, {names(one['services'])}{why}{more}"


def window_text(one: Data) -> str:
    spans = ", then ".join(("open now, " if span["open"] else "") + span["text"] for span in one["windows"])
    frozen = f"; {one['frozen']}" if one["frozen"] else ""
    return f"{one['service']} on {names(one['hosts'])}: {spans or 'no window'}{frozen}"


def _plan_lines(one: Data, now: float) -> t.Iterator[str]:
    approved = f"approved by {one['approved_by']}, " if one["approved_by"] else ""
    yield _line("WAITING", f"plan {one['plan_id']} of run {one['run_id']}: {approved}expires in {human_duration(one['expires_at'] - now)}")
    for action in one["actions"]:
        yield _line("", f"{action['action']} {action['host']} {action['service']} ({action['verdict']}): {action['summary']}")
    yield _line("", f"approve it with: {one['approve']}")


def _permit_text(one: Data, now: float) -> str:
    ends = f"ended {human_duration(now - one['expires_at'])} ago without an outcome" if one["expired"] else f"ends in {human_duration(one['expires_at'] - now)}"
    return f"{one['host']} {one['service']}: {one['action']} of run {one['run_id']} by {one['holder']}, its permit {ends}"


def _incident_text(one: Data) -> str:
    return f"incident {one['id']}: {one['host']} {one['service']} {one['state']} since {clock_text(one['updated_at'])}: {one['summary']}"


def _line(label: str, text: str) -> str:
    return f"{label:<12} {text}"
