# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the steps of one incident returned to its outcome, and from all outcomes to what makes a run bad."""

from __future__ import annotations

import typing as t

from ..module_utils._gates import closed
from ._ledger._breaker import OPEN
from ._plan import NOBODY_NAMED, REFUSED, RESTART, Data, by_policy_only, health, looked_at, not_reached
from ._plan_facts import one_line, told_once

REMEDIATED = "remediated"
ALREADY_CHANGED = "already_changed"
FAILED = "failed"
UNKNOWN = "unknown"

# The word of the last step of the ladder (service_restart) → the outcome of the incident.
_OUTCOMES = {
    "succeeded": REMEDIATED,
    "predicted": "predicted",
    "refused": REFUSED,
    "already_changed": ALREADY_CHANGED,
    "skipped": REFUSED,
    "inconclusive": "inconclusive",
    "unverified": FAILED,
    "failed": FAILED,
}

_NOTHING_DONE = (REFUSED, ALREADY_CHANGED)

# already_changed: somebody else acted in between; the next run diagnoses what is there now.
_GOOD = (REMEDIATED, "predicted", ALREADY_CHANGED)


def settle(action: Data, steps: list[Data], kept: Data, fetched: Data, permit: Data | None = None) -> Data:
    """Return the outcome of one planned action (an item of ``remediation_outcomes``).

    :param steps: the results of service_restart in the order of the ladder; empty if the host was lost before the first.
    :param kept: the result of incident_evidence.
    :param fetched: the result of fetching the evidence.
    :param permit: the result of remediation_permit; None if the host was lost before anybody asked.
    """
    no_permit = permit is not None and not permit.get("permit")
    last = steps[-1] if steps else {}
    lost = not steps or last.get("unreachable") or last.get("timedout")
    outcome = REFUSED if no_permit else UNKNOWN if lost else _outcome(steps)
    return {
        "incident": action["incident"],
        "host": action["host"],
        "service": action["service"],
        "outcome": outcome,
        "action": last.get("action") or action["action"],
        "msg": one_line((permit or {}).get("msg")) if no_permit else _message(steps, last),
        "ask_again": no_permit and not _mass_failure(permit or {}),
        "gates": (permit or {}).get("gates") or [],
        "evidence": _evidence(kept, fetched),
        "steps": steps,
    }


def _mass_failure(permit: Data) -> bool:
    """Tell whether there is no permit because of an open breaker: it stays open for longer than a run."""
    return any(one["name"] == "breaker" and one["value"] == OPEN for one in closed(permit.get("gates") or []))


def _outcome(steps: list[Data]) -> str:
    """Return what the last step came to; where one before it did not help and the last did nothing, that failure is how it ended."""
    *before, last = [_OUTCOMES.get(str(step.get("outcome")), FAILED) for step in steps]
    return FAILED if FAILED in before and last in _NOTHING_DONE else last


def _evidence(kept: Data, fetched: Data) -> Data | None:
    """Return where the evidence is, or why there is none; None if the policy does not want any."""
    if kept.get("failed") or kept.get("unreachable"):
        return {"error": one_line(kept.get("msg"))}
    if not kept.get("evidence"):
        return None
    evidence = dict(kept["evidence"])
    if fetched.get("failed") or fetched.get("unreachable"):
        evidence["error"] = f"not fetched: {one_line(fetched.get('msg'))}"
    elif fetched.get("dest"):
        evidence["fetched_to"] = fetched["dest"]
    return evidence


def _message(steps: list[Data], last: Data) -> str:
    if not steps:
        return "the host could not be reached before the first step; nothing was done"
    if last.get("unreachable") or last.get("timedout"):
        return f"the host was lost during the action: {one_line(last.get('msg'))}"
    told = steps if _OUTCOMES.get(str(last.get("outcome"))) in _NOTHING_DONE else [last]
    return "; then ".join(one_line(step.get("msg")) for step in told)


def reconcile(plan: Data, outcomes: t.Iterable[Data]) -> list[Data]:
    """Return one outcome per planned action, in the plan's order; what left none is ``unknown``."""
    known = {outcome["incident"]: outcome for outcome in outcomes}
    return [known.get(action["incident"]) or settle(action, [], {}, {}) for action in plan["actions"]]


def bad_ends(plan: Data, outcomes: list[Data]) -> dict[str, list[str]]:
    """Return host → one line per thing that must make the run fail."""
    bad: dict[str, list[str]] = {}
    for host, _status, line in _complaints(plan, outcomes):
        bad.setdefault(host, []).append(line)
    return bad


def planned(plan: Data) -> Data:
    """Return what programs read of a run that only planned."""
    public = {kind: [{key: value for key, value in item.items() if key != "policy"} for item in plan[kind]] for kind in ("actions", "refusals")}
    return {**_head(plan, []), "plan": {**plan, **public}}  # probes in a policy may hold secrets


def ended(plan: Data, outcomes: list[Data]) -> Data:
    """Return what programs read of a run, as far as it needs no report."""
    return {**_head(plan, outcomes), "incidents": [{key: outcome[key] for key in ("incident", "host", "service", "outcome", "action")} for outcome in outcomes]}


def _head(plan: Data, outcomes: list[Data]) -> Data:
    complaints = list(_complaints(plan, outcomes))
    told = told_once((host, line) for host, _status, line in complaints)
    return {
        "schema": 1,
        "run_id": plan["run_id"],
        "plan_id": plan["id"],
        "status": _status({status for _host, status, _line in complaints}, plan),
        "message": (told or _nothing_left(plan)) if looked_at(plan) else f"nothing was looked at: {NOBODY_NAMED}",
        "unreachable": plan["unreachable"],
        "errors": plan["errors"],
    }


def _nothing_left(plan: Data) -> str:
    """Return why nothing is done of a plan that a person approved, if nobody has anything to complain of."""
    if not plan.get("approved") or plan["actions"]:
        return ""
    return f"nothing of plan {plan['approved']} is left to do: " + told_once((one["host"], f"{one['service']} is {health(one)}") for one in plan["healthy"])


def _complaints(plan: Data, outcomes: list[Data]) -> t.Iterator[tuple[str, str, str]]:
    """Yield (host, status of the run, line for people) for everything that somebody has to look at."""
    for host in plan["unreachable"]:
        yield host, "unreachable", not_reached(plan.get("because", {}).get(host, ""))
    for error in plan["errors"]:
        yield error["host"], "failed", error["msg"]
    for one in plan.get("held_back", []):
        yield one["host"], "refused", one["msg"]
    for refusal in plan["refusals"]:
        if plan["purpose"] == RESTART or not by_policy_only(refusal):
            reasons = "; ".join(one["detail"] for one in closed(refusal["gates"]))
            yield refusal["host"], "refused", f"{refusal['service']}: refused: {reasons}"
    for outcome in outcomes:
        if outcome["outcome"] not in _GOOD:
            status = "refused" if outcome["outcome"] == REFUSED else "failed"
            yield outcome["host"], status, f"{outcome['service']}: {outcome['outcome']}: {outcome['msg']}"


def _status(complaints: set[str], plan: Data) -> str:
    """Return the worst that was complained of."""
    for status in ("failed", "unreachable", "refused"):
        if status in complaints:
            return status
    return "succeeded" if plan["actions"] else "nothing_to_do"
