# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permits as role remediate asks for them: one per planned action, never waited for."""

from __future__ import annotations

import time
import typing as t

from ..module_utils._gates import closed, gate
from ._ledger import Ask, Group, Ledger, LedgerError, open_ledger
from ._ledger._where import find
from ._plan_gates import Data
from ._plan_waves import keeps_one
from ._windows import timing_gates

MARGIN = 60.0  # seconds: the controller's own work between two calls
EVIDENCE = 240.0  # seconds: keeping and fetching, see role remediate
STEP = 120.0  # seconds that role remediate waits for a step beyond what the step itself may take


def valid_for(policy: Data) -> float:
    """Return the seconds that evidence, every step of the ladder and its proof may take, and a margin."""
    steps = sum(3 * step["timeout"] + (step["verify"] or policy["verify"])["deadline"] + STEP for step in policy["ladder"])
    return float((EVIDENCE if policy["evidence"]["collect"] else 0) + steps + MARGIN)


def reserve(url: str | None, rehearse: bool, plan: Data, action: Data, host_groups: t.Iterable[str]) -> Data:
    """Return ``permit`` (what ``service_restart`` takes, or None), ``gates`` and ``msg``."""
    group = plan["groups"][action["group"]]
    policy, dead = action["policy"], action["incarnation"] is None
    try:
        ledger = open_ledger(url, rehearse=True) if rehearse else _ledger_of(plan, url, action)
        ask = Ask(
            host=action["host"],
            service=action["service"],
            group=Group(action["group"], frozenset(group["members"]), group["max_unavailable"], group["note"]),
            run_id=plan["run_id"],
            incident=action["incident"],
            action=action["action"],
            valid_for=valid_for(policy),
            groups=frozenset(host_groups),
            keep_one=keeps_one(action),
            planned=rehearse,  # what the plan saw is not in a copy made now
            gates=tuple(timing_gates(policy, ledger.now(), _by_now(action["exhaustion"], plan["created_at"]), dead)),  # a window may have closed since the plan
        )
        reply = ledger.reserve(ask)
    except LedgerError as problem:
        gates = [gate("ledger", False, str(problem))]
        return {"permit": None, "gates": gates, "msg": f"no permit: {problem}"}
    shut = closed(reply.gates)
    if reply.permit is None:
        return {"permit": None, "gates": reply.gates, "msg": "no permit: " + "; ".join(one["detail"] for one in shut)}
    return {"permit": reply.permit.as_data(), "gates": reply.gates, "msg": f"permit {reply.permit.id}, token {reply.permit.token}"}


def _by_now(exhaustion: Data | None, planned_at: float) -> Data | None:
    """Return how far the limit is by now: a host of a late wave may be asked for hours after it was diagnosed."""
    earliest = (exhaustion or {}).get("seconds_low")
    if exhaustion is None or earliest is None:
        return exhaustion
    return {**exhaustion, "seconds_low": max(0.0, earliest - max(0.0, time.time() - planned_at))}


def _ledger_of(plan: Data, url: str | None, action: Data) -> Ledger:
    """Open the ledger of the plan: another one, or one begun anew meanwhile, would know of no permit and no pause."""
    described = find(url).described()
    if described != plan["ledger"]:
        raise LedgerError(f"ledger {described} is not that of the plan ({plan['ledger']}): a run has one remediation_ledger for all hosts")
    ledger = open_ledger(url, begin=False)
    if not ledger.incidents(incident=action["incident"]):
        raise LedgerError(f"ledger {described} was begun anew since this run was planned: it does not know incident {action['incident']}")
    return ledger


def release(url: str | None, permit_id: str, outcome: str) -> Data:
    """Give a permit back. A ledger that cannot take it lets it expire into ``unknown``; that is said and fails nothing."""
    try:
        how = open_ledger(url, begin=False).release(permit_id, outcome)
    except LedgerError as problem:
        return {"released": None, "msg": f"permit {permit_id} could not be given back and ends by itself as unknown: {problem}"}
    return {"released": how, "msg": f"permit {permit_id}: {how}"}
