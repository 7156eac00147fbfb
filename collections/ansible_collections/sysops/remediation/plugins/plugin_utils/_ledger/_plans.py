# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that wait for approval: stored, approved by a named person before they expire, and taken once."""

from __future__ import annotations

import json
import typing as t

from ...module_utils._gates import closed, gate
from ...module_utils._units import human_duration
from . import _audit as audit
from ._database import Transaction
from ._words import AuditEntry, Data

EXPIRES_IN = 900.0  # seconds


def record(tx: Transaction, plan: Data, expires_in: float) -> None:
    """Store a plan (docs/architecture.md) for approval."""
    tx.do(
        "INSERT INTO ledger_plans (plan_id, run_id, created_at, expires_at, body) VALUES (:plan_id, :run_id, :now, :expires_at, :body)",
        plan_id=plan["id"],
        run_id=plan["run_id"],
        now=tx.now,
        expires_at=tx.now + expires_in,
        body=audit.stored(plan),
    )
    audit.append(tx, [AuditEntry("plan_recorded", plan["run_id"], detail={"plan": plan["id"], "actions": len(plan["actions"]), "expires_in": expires_in})])


def approve(tx: Transaction, plan_id: str, person: str) -> list[Data]:
    """Return the gates of an approval; it counts if none is closed. ``person`` is a name that others can ask."""
    named = gate("named", bool(person.strip()), f"approved by {person}" if person.strip() else "nobody is named who approves", value=person)
    row = _newest(tx, plan_id)
    gates = [named, *_gates(tx, plan_id, row)]
    if not closed(gates):
        sql = "UPDATE ledger_plans SET approved_at = :now, approved_by = :person WHERE plan_id = :plan_id AND run_id = :run_id"
        tx.do(sql, now=tx.now, person=person, plan_id=plan_id, run_id=row["run_id"])
    kind = "approval_refused" if closed(gates) else "plan_approved"
    audit.append(tx, [AuditEntry(kind, row["run_id"] if row else "", detail={"plan": plan_id, "person": person, "gates": gates})])
    return gates


def take(tx: Transaction, plan_id: str, run_id: str) -> tuple[Data | None, list[Data]]:
    """Return an approved plan once, and the gates; None if one of them is closed."""
    row = _newest(tx, plan_id)
    gates = _gates(tx, plan_id, row)
    if row:
        who = row["approved_by"]
        gates.append(gate("approved", bool(who), f"approved by {who}" if who else f"plan {plan_id} is not approved", value=who))
    plan = None if closed(gates) else json.loads(row["body"])
    if plan is not None:
        sql = "UPDATE ledger_plans SET taken_at = :now, taken_by = :run_id WHERE plan_id = :plan_id AND run_id = :of"
        tx.do(sql, now=tx.now, run_id=run_id, plan_id=plan_id, of=row["run_id"])
    audit.append(tx, [AuditEntry("plan_refused" if plan is None else "plan_taken", run_id, detail={"plan": plan_id, "gates": gates})])
    return plan, gates


def peek(tx: Transaction, plan_id: str) -> tuple[Data | None, list[Data]]:
    """Return a stored plan, and the gates that say whether it can still be approved."""
    row = _newest(tx, plan_id)
    return (json.loads(row["body"]) if row else None), _gates(tx, plan_id, row)


def waiting(tx: Transaction) -> list[Data]:
    """Return the plans that can still be approved or taken, with their actions."""
    names = "plan_id, run_id, created_at, expires_at, approved_at, approved_by"
    newest = "NOT EXISTS (SELECT 1 FROM ledger_plans AS newer WHERE newer.plan_id = stored.plan_id AND newer.created_at > stored.created_at)"
    where = f"taken_at IS NULL AND expires_at > :now AND {newest}"  # the newest of those with an id is the one that is approved
    rows = tx.rows(f"SELECT {names}, body FROM ledger_plans AS stored WHERE {where} ORDER BY created_at", now=tx.now)
    return [{**{name: row[name] for name in names.split(", ")}, "actions": json.loads(row["body"])["actions"]} for row in rows]


def _newest(tx: Transaction, plan_id: str) -> t.Any:
    return tx.row("SELECT * FROM ledger_plans WHERE plan_id = :plan_id ORDER BY created_at DESC LIMIT 1", plan_id=plan_id)


def _gates(tx: Transaction, plan_id: str, row: t.Any) -> list[Data]:
    if row is None:
        return [gate("plan_known", False, f"no plan {plan_id} is stored in this ledger", value=plan_id)]
    late = tx.now - row["expires_at"]
    lasts = f"plan {plan_id} expired {human_duration(late)} ago: plan anew" if late >= 0 else f"plan {plan_id} is valid for {human_duration(-late)} more"
    taken = f"plan {plan_id} was taken by run {row['taken_by']}" if row["taken_at"] else "not yet taken"
    return [
        gate("plan_known", True, f"plan {plan_id} of run {row['run_id']}", value=plan_id),
        gate("plan_valid", late < 0, lasts, value=tx.now, threshold=row["expires_at"], unit="epoch"),
        gate("plan_untaken", not row["taken_at"], taken, value=row["taken_by"]),
    ]
