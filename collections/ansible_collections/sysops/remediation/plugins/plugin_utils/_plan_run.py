# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run's plan with its ledger: open it, tell it what was seen, plan, and record what was decided.

A ledger that cannot be used refuses every action, with the reason; diagnosing and reporting go on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..module_utils._gates import closed
from ._ledger import AuditEntry, Incident, Ledger, LedgerError, open_ledger
from ._plan import Approved, Data, HostFacts, build_plan, by_policy_only, not_reached, refusal_outcome, stored_for_approval, targets_of
from ._plan_budgets import Budgets, Elsewhere, Inventory, budgets_of, nowhere
from ._plan_gates import REMEDIATE, Standing, Target
from ._plan_standing import look
from ._policy_schema import ACTING

PLANNED = "planned"
ENDED = "ended"


@dataclass(frozen=True)
class Request:
    """What a run was asked for.

    :param acts: False for who only looks: nothing is written.
    :param plan_id: do this stored plan and nothing else, in the name of the approver.
    """

    run_id: str
    now: float
    purpose: str = REMEDIATE
    acts: bool = False
    ledger: str | None = None
    plan_id: str | None = None
    approver: str = ""


def plan_run(fleet: list[HostFacts], inventory: Inventory, request: Request, elsewhere: Elsewhere = nowhere) -> Data:
    """Return the plan of a run; of a run that acts, the ledger remembers it before anything is done.

    :param elsewhere: what the policies of hosts say of budgets that are not of this run, and share one with it.
    """
    approved, in_vain = None, []
    try:
        ledger = open_ledger(request.ledger, rehearse=not request.acts)
        approved, objection = _approved(ledger, request) if request.plan_id else (None, "")
        if objection:
            return _held_back(fleet, request, ledger.described, objection)
        budgets = budgets_of(fleet, inventory, elsewhere, ledger)
        targets = targets_of(fleet, budgets)
        standing = standing_of(ledger, fleet, targets, budgets)
        in_vain = standing.in_vain
        plan = build_plan(fleet, targets, standing, request.run_id, request.now, request.purpose, approved, stores=request.acts)
        if request.acts:
            _record(ledger, plan)
        return plan
    except LedgerError as problem:
        if request.plan_id:
            used_up = f"; plan {request.plan_id} is used up: plan anew" if approved and request.acts else ""
            return _held_back(fleet, request, str(problem), f"{problem}{used_up}")
        standing = Standing(request.now, error=f"{problem}; so nothing is acted on", in_vain=in_vain)  # who was told first tells it
        targets = targets_of(fleet, budgets_of(fleet, inventory))
        plan = build_plan(fleet, targets, standing, request.run_id, request.now, request.purpose)
        acting = any(entry["mode"] in ACTING for facts in fleet for entry in facts.policy)
        if acting and all(by_policy_only(one) for one in plan["refusals"]):  # before the night in which it is needed
            plan["held_back"] = [{"host": facts.host, "msg": f"{problem}; so nothing could have been acted on"} for facts in fleet[:1]]
        return plan


def _held_back(fleet: list[HostFacts], request: Request, described: str, objection: str) -> Data:
    """Return the plan of a run that was not allowed to carry out a stored one: nothing, and why."""
    plan = build_plan(fleet, [], Standing(request.now, described), request.run_id, request.now, request.purpose)
    plan["held_back"] = [{"host": facts.host, "msg": objection} for facts in fleet[:1]]  # told for a host of the run, whose exit code it decides
    return plan


def standing_of(ledger: Ledger, fleet: list[HostFacts], targets: list[Target], budgets: Budgets) -> Standing:
    """Tell the ledger what a run has seen, and return how everything stands."""
    asked = [facts.asked_at for facts in fleet if facts.asked_at]
    at = ledger.now() - max(0.0, time.time() - min(asked)) if asked else ledger.now()  # before the diagnosis, by the ledger's clock
    return look(ledger, fleet, targets, at, budgets)


def _approved(ledger: Ledger, request: Request) -> tuple[Approved | None, str]:
    """Return the plan that a person agrees to, or why it cannot be done: it expired, or another run was faster."""
    gates = ledger.approve(str(request.plan_id), request.approver)
    plan, taken = ledger.take_plan(str(request.plan_id), request.run_id) if not closed(gates) else (None, gates)
    if plan is None:
        return None, "; ".join(one["detail"] for one in closed(taken))
    return Approved(plan["id"], request.approver, tuple(plan["actions"])), ""


def _record(ledger: Ledger, plan: Data) -> None:
    acted = [_incident(plan, one, PLANNED, None) for one in plan["actions"]]
    refused = [_incident(plan, one, ENDED, refusal_outcome(one)) for one in plan["refusals"] if not by_policy_only(one)]
    ledger.record_incidents(acted + refused)
    entries = [_decision(plan, "planned", one) for one in plan["actions"]] + [_decision(plan, "refused", one) for one in plan["refusals"]]
    entries += [AuditEntry("left_alone", plan["run_id"], one["host"], detail={"msg": one["msg"]}) for one in plan["errors"]]
    entries += [AuditEntry("left_alone", plan["run_id"], host, detail={"msg": not_reached(plan["because"].get(host, ""))}) for host in plan["unreachable"]]
    ledger.audit(entries)
    if plan["approval"]:
        ledger.record_plan(stored_for_approval(plan), plan["approval"]["expires_in"])


def _incident(plan: Data, item: Data, state: str, outcome: str | None) -> Incident:
    body = {"plan_id": plan["id"], **without_policy(item), "gates": closed(item["gates"])}  # in short: the report has it all, at the end
    return Incident(item["incident"], plan["run_id"], item["host"], item["service"], state, outcome, body)


def without_policy(item: Data) -> Data:
    """Probes in a policy may hold secrets."""
    return {key: value for key, value in item.items() if key != "policy"}


def _decision(plan: Data, kind: str, item: Data) -> AuditEntry:
    detail = {key: item[key] for key in ("action", "verdict", "urgency", "incarnation")}
    shut = [{key: one[key] for key in ("name", "detail", "opens_at")} for one in closed(item["gates"])]
    return AuditEntry(kind, plan["run_id"], item["host"], item["service"], item["incident"], {**detail, "plan": plan["id"], "closed": shut})


def settle_run(url: str | None, plan: Data, outcomes: list[Data]) -> str:
    """Release what permits are still out and record how every incident ended. Return what went wrong, or nothing."""
    try:
        ledger = open_ledger(url, begin=False)
        by_incident = {outcome["incident"]: outcome for outcome in outcomes}
        for permit in ledger.unreleased(plan["run_id"]):
            outcome = by_incident.get(permit["incident"], {}).get("outcome", "unknown")
            ledger.release(permit["id"], outcome if outcome != "predicted" else "unknown")
        ledger.record_incidents(_ended(plan, action, by_incident[action["incident"]]) for action in plan["actions"])
        entries = [
            AuditEntry("ended", plan["run_id"], one["host"], one["service"], one["incident"], {"outcome": one["outcome"], "msg": one["msg"]})
            for one in outcomes
        ]
        ledger.audit(entries)
    except LedgerError as problem:
        return f"the ledger could not take the outcomes, its permits end by themselves as unknown: {problem}"
    return ""


def remember_reports(url: str | None, plan: Data, incidents: list[Data]) -> str:
    """Let the ledger keep the reports of incidents, so that they can be read when the files are gone. Return what went wrong, or nothing."""
    unwanted = {one["incident"] for one in plan["refusals"] if by_policy_only(one)}
    kept = [
        Incident(one["incident"], one["run_id"], one["host"], one["service"], ENDED, one["outcome"], one)
        for one in incidents
        if one["incident"] not in unwanted
    ]
    if not kept:
        return ""
    try:
        open_ledger(url, begin=False).record_incidents(kept)
    except LedgerError as problem:
        return f"the ledger does not keep the reports: {problem}"
    return ""


def _ended(plan: Data, action: Data, outcome: Data) -> Incident:
    body = {"plan_id": plan["id"], **without_policy(action), "result": outcome}
    return Incident(action["incident"], plan["run_id"], action["host"], action["service"], ENDED, outcome["outcome"], body)
