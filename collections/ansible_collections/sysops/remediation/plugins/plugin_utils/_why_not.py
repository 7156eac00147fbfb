# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why is it not restarted, or would it be? All gates of a service: those of the plan, of the ledger and of the host's own guard.

Asked of the same functions as a run asks, on a copy of the ledger; nothing is written.
"""

from __future__ import annotations

import time
import typing as t

from ..module_utils._gates import closed, gate
from ..module_utils._units import human_duration
from ._ledger import Ask, Ledger, LedgerError, open_ledger
from ._ledger._targets import clock_text
from ._ledger._words import names_service
from ._plan import HostFacts, build_plan, not_reached, targets_of
from ._plan_budgets import Budgets, Elsewhere, Inventory, budgets_of, hosts_having, nowhere, written_name
from ._plan_facts import names, one_line, told_once
from ._plan_gates import REMEDIATE, Data, Standing, Target, budget, target_gates
from ._plan_run import standing_of
from ._plan_standing import groups_of_hosts, lost_hosts
from ._policy_schema import APPROVE
from ._report._templates import number

Guards = t.Mapping[tuple[str, str], Data]  # (host, service) → what service_restart said in check mode


def explain(fleet: list[HostFacts], inventory: Inventory, url: str | None, guards: Guards, elsewhere: Elsewhere = nowhere) -> Data:
    """Return what programs read: every gate of every diagnosed service, and whether a run would act on it now."""
    targets, standing, held, unseen = _ask_ledger(fleet, inventory, url, elsewhere)
    plan = build_plan(fleet, targets, standing, "why_not", standing.now, stores=False)
    services = []
    for target in targets + unseen:
        services.append(_service(target, standing, _decided(target, plan, standing), held.get((target.host, target.service), []), guards))
    errors = [{"host": facts.host, "msg": message} for facts in fleet for message in facts.errors]
    unreachable = [facts.host for facts in fleet if facts.unreachable]
    told = told_once((facts.host, line) for facts in fleet for line in facts.complaints)
    nothing = "no host has a service in its policy, and nothing else is ever acted on"
    return {
        "schema": 1,
        "status": "failed" if errors else "unreachable" if unreachable else "succeeded" if services else "nothing_to_do",
        "message": told or ("; ".join(one["headline"] for one in services[:3]) + (f"; and {len(services) - 3} more" if len(services) > 3 else "")) or nothing,
        "ledger": standing.described or standing.error,
        "at": standing.now,
        "services": services,
        "errors": errors,
        "unreachable": unreachable,
    }


Held = dict[tuple[str, str], list[Data]]


def _ask_ledger(fleet: list[HostFacts], inventory: Inventory, url: str | None, elsewhere: Elsewhere) -> tuple[list[Target], Standing, Held, list[Target]]:
    """Return the targets, how everything stands, per target whether another permit is out, and the targets that nobody could look at."""
    try:
        ledger = open_ledger(url, rehearse=True)
        budgets = budgets_of(fleet, inventory, elsewhere, ledger)
        targets = targets_of(fleet, budgets)
        standing = standing_of(ledger, fleet, targets, budgets)
        unseen = _unseen(fleet, budgets, ledger.targets())
        narrowed = budgets.seen(hosts_having(ledger))
        more = [narrowed.group(one.entry, one.service) for one in unseen if one.group.name not in standing.views]
        standing.views.update(ledger.views(more, record=False))
        return targets, standing, {(target.host, target.service): _held(ledger, target) for target in targets + unseen}, unseen
    except LedgerError as problem:
        budgets = budgets_of(fleet, inventory)
        standing = Standing(time.time(), error=f"{problem}; so nothing is acted on")
        return targets_of(fleet, budgets), standing, {}, _unseen(fleet, budgets, [])


def _unseen(fleet: list[HostFacts], budgets: Budgets, known: list[Data]) -> list[Target]:
    """Return the services of hosts that could not be looked at, by the names that the ledger knows them by, if it has ever seen them."""
    groups = groups_of_hosts(budgets.inventory)
    found: list[Target] = []
    for facts in lost_hosts(fleet):
        why = not_reached(facts.why) if facts.unreachable else "; ".join(facts.errors)
        nothing = {"verdict": "insufficient_data", "urgency": "none", "summary": why, "incarnation": {"id": None}, "unseen": why}
        for entry in facts.policy:
            written = written_name(entry)
            keys = [one["service"] for one in known if one["host"] == facts.host and names_service(written, one["service"])]
            for key in [key for key in keys or [written] if (facts.host, key) not in {(one.host, one.service) for one in found}]:
                found.append(Target(facts.host, key, entry, nothing, budgets.group(entry, key), groups.get(facts.host, frozenset())))
    return found


def _held(ledger: Ledger, target: Target) -> list[Data]:
    """Ask the copy for a permit, for the one gate of it that is not among the plan's."""
    ask = Ask(target.host, target.service, target.group, "why_not", "", "", 1.0, target.host_groups)
    return [one for one in ledger.reserve(ask).gates if one["name"] == "permit_held"]


def _decided(target: Target, plan: Data, standing: Standing) -> list[Data]:
    """Return the gates of a service as a run over the same hosts would have decided: of what it would do, its waves say whether there is room."""
    mine = [one for one in plan["actions"] + plan["refusals"] if (one["host"], one["service"]) == (target.host, target.service)]
    gates = [one for one in (mine[0]["gates"] if mine else _plan_gates(target, standing)) if one["name"] != "approval"]
    if standing.error or any(one["name"] == "max_unavailable" for one in gates):
        return gates
    room = budget(target, standing)
    if mine and mine[0] in plan["actions"] and not room["passed"]:
        wave = next(number for number, hosts in enumerate(plan["waves"], start=1) if target.host in hosts)
        room = {**room, "passed": True, "detail": f"a run over these hosts has room for it in wave {wave}, when those before it are treated"}
    return [*gates, room]


def _service(target: Target, standing: Standing, decided: list[Data], held: list[Data], guards: Guards) -> Data:
    gates = [{**one, "asked": "ledger" if one["name"] == "max_unavailable" else "plan"} for one in decided]
    gates += [{**one, "asked": "ledger"} for one in held]
    if target.entry["mode"] == APPROVE:
        gates.append({**gate("approval", False, "mode 'approve': the plan waits until a person agrees", threshold="a named person"), "asked": "plan"})
    gates += [{**one, "asked": "host"} for one in _guard_gates(guards.get((target.host, target.service)))]
    shut = closed(gates)
    times = [one["opens_at"] for one in shut]
    opens_at = max(times) if times and None not in times else None
    action = target.entry["ladder"][0]["action"] if target.entry["ladder"] else "nothing"
    return {
        "host": target.host,
        "service": target.service,
        "acts": not shut,
        "action": action,
        "headline": f"{target.service} on {target.host}: {_headline(shut, action, opens_at, standing.now)}",
        "verdict": target.diagnosis["verdict"],
        "urgency": target.diagnosis["urgency"],
        "summary": target.diagnosis["summary"],
        "opens_at": opens_at,
        "gates": gates,
    }


def _plan_gates(target: Target, standing: Standing) -> list[Data]:
    gates = target_gates(target, standing, REMEDIATE)
    why = target.diagnosis.get("unseen")
    if not why:
        return gates
    told = [  # nothing is said of a diagnosis that there is not
        {**one, "detail": one["detail"].replace("no limit is in sight", "whether a limit is near is not known")}
        for one in gates
        if one["name"] not in ("verdict", "urgency")
    ]
    return [gate("diagnosed", False, f"{why}; so verdict, urgency and what its own guard says are not known"), *told]


def _guard_gates(guard: Data | None) -> list[Data]:
    """Return the gates of the host's guard, or one that says why it could not be asked."""
    if guard is None:
        return []
    gates: list[Data] = guard.get("gates") or []
    asked = guard.get("outcome") in ("predicted", "skipped") or closed(gates)
    return gates if asked else [*gates, gate("guard", False, f"the host's guard could not be asked: {one_line(guard.get('msg'))}")]


def _headline(shut: list[Data], action: str, opens_at: float | None, now: float) -> str:
    if not shut:
        return f"a run would {action} it now"
    why = ", ".join(dict.fromkeys(one["name"] for one in shut))
    when = f"; open {_moment(opens_at, now)}, if nothing else changes" if opens_at else ""
    return f"a run would not touch it now: {why}{when}"


def _moment(at: float, now: float) -> str:
    return f"at {clock_text(at)}, in {human_duration(max(0.0, at - now))}"


def why_not_lines(result: Data) -> list[str]:
    """Return the same for people: the closed gates first."""
    lines: list[str] = []
    for one in result["services"]:
        lines += [one["headline"], f"  {one['verdict']}, urgency {one['urgency']}: {one['summary']}", *_table(one["gates"], result["at"]), ""]
    told: dict[str, list[str]] = {}
    for error in result["errors"]:
        told.setdefault(error["msg"], []).append(error["host"])
    lines += [f"ERROR        {names(hosts)}: {message}" for message, hosts in told.items()]
    lines += [f"UNREACHABLE  {names(result['unreachable'])}"] if result["unreachable"] else []
    return [*(lines or [result["message"]]), f"ledger: {result['ledger']}"]


def _table(gates: list[Data], now: float) -> t.Iterator[str]:
    for one in sorted(gates, key=lambda each: each["passed"]):
        yield f"  {'open  ' if one['passed'] else 'CLOSED'} {one['asked']:<6} {one['name']:<18} {one['detail']}{_measured(one)}"
        if not one["passed"] and one["opens_at"]:
            yield f"{'':<35}opens {_moment(one['opens_at'], now)}"


def _measured(one: Data) -> str:
    """Return value and threshold of a gate that compares numbers; words are in its sentence."""
    if not all(isinstance(one[key], (int, float)) for key in ("value", "threshold")):
        return ""
    return f"  [{number(one['value'], one['unit'])}; limit {number(one['threshold'], one['unit'])}]"
