# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan, the diagnoses and the outcomes as lines for a person at 2 AM. Long lists are cut and say so."""

from __future__ import annotations

import typing as t

from ..module_utils._gates import closed
from ..module_utils._units import human_duration
from ._plan import NOBODY_NAMED, Data, HostFacts, health, looked_at, tally
from ._plan_facts import names
from ._policy_schema import SICK_VERDICTS

MOST = 40  # lines of one kind; programs read the data, not the text


def plan_lines(plan: Data, check_mode: bool) -> list[str]:
    """Return the plan: what will be done in which order, what is refused and why, what could not be looked at."""
    lines = [_headline(plan, check_mode), *([f"ledger       {plan['ledger']}"] if plan["ledger"] else [])]
    lines += [f"BREAKER      group {one['group']} is {one['state'].replace('_', ' ')}: {names(one['sick'])} failed at once" for one in plan["breakers"]]
    waves = {host: number for number, hosts in enumerate(plan["waves"], start=1) for host in hosts}
    lines += _cut(line for action in plan["actions"] for line in _action_lines(action, waves[action["host"]]))
    lines += _cut(line for refusal in plan["refusals"] for line in _refusal_lines(refusal))
    lines += _cut(f"{health(item):<12} {_where(item)}" + (f"  ({item['verdict']})" if item["verdict"] != health(item) else "") for item in plan["healthy"])
    lines += _cut(
        f"INEFFECTIVE  {_where(one)}: sick again {human_duration(one['held'])} after its {one['action']} in incident {one['incident']}"
        for one in plan.get("ineffective", [])
    )
    lines += [f"REFUSED      {one['msg']}" for one in plan.get("held_back", [])]
    lines += _trouble_lines(plan["unreachable"], plan["errors"])
    return lines if looked_at(plan) else [*lines, NOBODY_NAMED]


def diagnosis_lines(fleet: list[HostFacts]) -> list[str]:
    """Return the diagnoses, the sick ones first and with their reasons."""
    found = [(facts.host, diagnosis) for facts in fleet for diagnosis in facts.diagnoses]
    sick = [pair for pair in found if pair[1]["verdict"] in SICK_VERDICTS]
    well = [pair for pair in found if pair[1]["verdict"] not in SICK_VERDICTS]
    lines = [f"{_count(len(found), 'service')} on {_count(len(fleet), 'host')} diagnosed: {len(sick)} need attention"]
    lines += _cut((line for host, diagnosis in sick for line in _diagnosis_lines(host, diagnosis, reasons=True)), most=4 * MOST)
    lines += _cut(line for host, diagnosis in well for line in _diagnosis_lines(host, diagnosis, reasons=False))
    lines += _cut(f"note         {facts.host}: {note}" for facts in fleet for note in facts.notes)
    unreachable = [facts.host for facts in fleet if facts.unreachable]
    return lines + _trouble_lines(unreachable, [{"host": facts.host, "msg": message} for facts in fleet for message in facts.errors])


def outcome_lines(outcomes: list[Data], bad: dict[str, list[str]]) -> list[str]:
    """Return what became of the plan."""
    lines = _cut(f"{outcome['outcome']:<12} {_where(outcome)}: {outcome['msg']}" for outcome in outcomes)
    lines += _cut(f"ATTENTION    {host}: {reason}" for host, reasons in bad.items() for reason in reasons)
    return lines or ["nothing had to be done"]


def _headline(plan: Data, check_mode: bool) -> str:
    parts = [
        _count(len(plan["actions"]), "action") + (f" in {_count(len(plan['waves']), 'wave')}" if plan["waves"] else ""),
        _count(len(plan["refusals"]), "refusal"),
        *(f"{count} {word.replace('_', ' ')}" for word, count in tally(plan["healthy"]).items()),
    ]
    parts += [f"{len(plan['unreachable'])} unreachable"] if plan["unreachable"] else []
    parts += [_count(len(plan["errors"]), "error")] if plan["errors"] else []
    rehearsal = "; check mode: nothing will be done" if check_mode else ""
    return f"plan {plan['id']} of run {plan['run_id']}: {', '.join(parts)}{rehearsal}"


def _action_lines(action: Data, wave: int) -> t.Iterator[str]:
    yield f"wave {wave:<7} {action['action']} {_where(action)}  ({action['verdict']}, urgency {action['urgency']})"
    yield f"             {action['summary']}"


def _refusal_lines(refusal: Data) -> t.Iterator[str]:
    yield f"refused      {_where(refusal)}  ({refusal['verdict']}, urgency {refusal['urgency']})"
    yield f"             {refusal['summary']}"
    for one in closed(refusal["gates"]):
        yield f"             {one['name']}: {one['detail']}"


def _diagnosis_lines(host: str, diagnosis: Data, reasons: bool) -> t.Iterator[str]:
    curve = f"  {diagnosis['sparkline']}" if diagnosis.get("sparkline") else ""
    yield f"{diagnosis['verdict']:<18} {host} {diagnosis['service']}{curve}"
    yield f"                   {diagnosis['summary']}"
    if reasons:
        for sentence in diagnosis.get("explanation") or []:
            if sentence != diagnosis["summary"]:
                yield f"                   {sentence}"
    for warning in diagnosis.get("warnings") or []:
        yield f"                   note: {warning}"


def _trouble_lines(unreachable: list[str], errors: list[Data]) -> list[str]:
    lines = [f"UNREACHABLE  {names(unreachable)}"] if unreachable else []
    alike: dict[str, list[str]] = {}  # one mistake in a group variable is one line, not one per host
    for error in errors:
        alike.setdefault(error["msg"], []).append(error["host"])
    return lines + _cut(f"ERROR        {names(hosts)}: {message}" for message, hosts in alike.items())


def _where(item: Data) -> str:
    return f"{item['host']} {item['service']}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _cut(lines: t.Iterable[str], most: int = MOST) -> list[str]:
    every = list(lines)
    return every if len(every) <= most else [*every[:most], f"             … and {len(every) - most} more lines"]
