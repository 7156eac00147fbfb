# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permits: the right to act on one target now, reserved in one transaction against the budget of its group. Never waits for one."""

from __future__ import annotations

import secrets
import typing as t

from ...module_utils._gates import closed, gate
from ...module_utils._units import human_duration
from . import _audit as audit
from . import _breaker as breaker
from . import _pauses as pauses
from . import _targets as targets
from ._database import Transaction
from ._words import IN_REMEDIATION, STATUS_AFTER, UNKNOWN, Ask, AuditEntry, Data, GroupView, LedgerError, Permit, Reply, plain_key

_LAST_KNOWN = f"""EXISTS (SELECT 1 FROM ledger_targets AS known WHERE known.host = held.host AND known.service = held.service
    AND known.token = held.token AND known.status = '{IN_REMEDIATION}')"""


def reserve(tx: Transaction, ask: Ask) -> Reply:
    """Return a permit, or the closed gates that stand against it."""
    known = tx.row(
        "SELECT status, token, seen_at, busy_until FROM ledger_targets WHERE host = :host AND service = :service", host=ask.host, service=ask.service
    )
    view = targets.view(tx, ask.group, service=ask.service)
    gates = [*ask.gates, _pause_gate(tx, ask), _held_gate(tx, known)]
    if not ask.planned:
        gates += [breaker_gate(view, ask.host), budget_gate(view, ask.host)] + ([_keep_one_gate(view, ask)] if ask.keep_one else [])
    permit = None if closed(gates) else _grant(tx, ask, known)
    detail: Data = {"action": ask.action, "group": ask.group.name, "permit": permit.as_data() if permit else None, "gates": gates}
    audit.append(tx, [AuditEntry("permit_granted" if permit else "permit_refused", ask.run_id, ask.host, ask.service, ask.incident, detail)])
    return Reply(permit, gates)


def release(tx: Transaction, permit_id: str, outcome: str) -> str:
    """End a permit with the outcome of its incident. Return ``released``, ``superseded`` (its target is known better by now) or ``already``."""
    if outcome not in STATUS_AFTER:
        raise ValueError(f"outcome '{outcome}' of permit {permit_id}: one of {', '.join(STATUS_AFTER)}")
    permit = tx.row("SELECT * FROM ledger_permits WHERE id = :id", id=permit_id)
    if permit is None:
        raise LedgerError(f"knows no permit {permit_id}: it was granted by another ledger")
    if permit["released_at"] is not None:
        return "already"
    tx.do("UPDATE ledger_permits SET released_at = :now, outcome = :outcome WHERE id = :id", now=tx.now, outcome=outcome, id=permit_id)
    status = STATUS_AFTER[outcome]
    counts = targets.release(tx, permit["host"], permit["service"], permit["token"], status or _undisturbed(permit), acted=status is not None)
    if outcome == "remediated" and counts:
        breaker.helped(tx, permit["grp"])
    how = "released" if counts else "superseded"
    detail: Data = {"permit": permit_id, "outcome": outcome, "how": how, "late": tx.now >= permit["expires_at"]}
    audit.append(tx, [AuditEntry("permit_released", permit["run_id"], permit["host"], permit["service"], permit["incident"], detail)])
    return how


def unreleased(tx: Transaction, run_id: str | None) -> list[Data]:
    """Return the permits without an outcome: all of one run, or those of any whose target nobody has seen since; expired, it is ``unknown``."""
    sql = "SELECT id, host, service, grp, token, run_id, incident, action, holder, granted_at, expires_at FROM ledger_permits AS held WHERE released_at IS NULL"
    mine = sql + " AND run_id = :run_id ORDER BY granted_at"
    rows = tx.rows(mine, run_id=run_id) if run_id else tx.rows(f"{sql} AND {_LAST_KNOWN} ORDER BY granted_at")
    return [{**row, "expired": tx.now >= row["expires_at"]} for row in rows]


def budget_gate(view: GroupView, host: str) -> Data:
    others = {name: why for name, why in view.unavailable.items() if name != host}
    most = view.group.max_unavailable
    named = "; ".join(f"{name}: {why}" for name, why in list(others.items())[:5]) + (f"; and {len(others) - 5} more" if len(others) > 5 else "")
    if most < 1:
        detail = f"max_unavailable lets {most} of {len(view.group.members)} hosts of group {view.group.name} be unavailable (a share is rounded down), "
        return gate("max_unavailable", False, detail + "so that nothing can ever be acted on: raise it", value=len(others), threshold=most, unit="hosts")
    detail = f"{len(others)} other of {len(view.group.members)} hosts of group {view.group.name} unavailable, and at most {most} may be, this one included"
    detail += f" ({view.group.note})" if view.group.note else ""
    detail += f" ({named})" if named else ""
    if any(targets.NOT_HELPED in why for why in others.values()):
        detail += "; what was not helped counts until a restart of it is proven, by a run or by playbooks/restart.yml, or it is healthy a day later"
    return gate("max_unavailable", len(others) < most, detail, value=len(others), threshold=most, unit="hosts")


def breaker_gate(view: GroupView, host: str) -> Data:
    state = view.breaker
    sick = f"{len(state.sick)} of {len(view.group.members)} hosts of group {view.group.name} failed within {human_duration(breaker.WINDOW)}"
    if state.state == breaker.OPEN:
        detail = f"{sick} ({', '.join(state.sick[:10])}): a mass failure is not healed by restarts, a human is needed"
        return gate("breaker", False, detail, value=state.state, threshold=breaker.CLOSED, opens_at=state.opens_at)
    trying = sorted(view.unavailable.keys() - {host} - state.before) if state.state == breaker.HALF_OPEN else []
    if trying:
        detail = f"after a mass failure in group {view.group.name} one host is tried first, while all others are available; now {', '.join(trying[:10])} is not"
        return gate("breaker", False, detail, value=state.state, threshold=breaker.CLOSED)
    return gate("breaker", True, sick, value=state.state, threshold=breaker.CLOSED)


def _keep_one_gate(view: GroupView, ask: Ask) -> Data:
    others = len(view.serving.get(plain_key(ask.service), {}).keys() - {ask.host})
    if others:
        detail = f"{others} other {'host serves' if others == 1 else 'hosts serve'} it meanwhile"
    else:
        detail = f"no other host of group {view.group.name} serves {ask.service} now: acting is an outage; 'allow_outage: true' in its policy allows it"
    return gate("single_instance", others > 0, detail, value=others, threshold=1, unit="hosts")


def _pause_gate(tx: Transaction, ask: Ask) -> Data:
    return pauses.pause_gate(pauses.active(tx), ask.host, ask.service, ask.groups | {ask.group.name})


def _held_gate(tx: Transaction, known: t.Any) -> Data:
    """An expired permit of the same target is no obstacle: whoever asks has just diagnosed it."""
    if known and targets.is_held(known, tx.now):
        detail = f"another permit for this service is out, for {human_duration(known['busy_until'] - tx.now)} more"
        return gate("permit_held", False, detail, value=known["token"], opens_at=known["busy_until"])
    return gate("permit_held", True, "no other permit for this service is out")


def _grant(tx: Transaction, ask: Ask, known: t.Any) -> Permit:
    # Tokens begin at the clock, so that hosts do not refuse a ledger that was created anew: they remember the highest token.
    token = max(int(tx.now), known["token"] + 1 if known else 0)
    permit = Permit(secrets.token_hex(8), token, ask.valid_for, tx.now)
    tx.do(
        """INSERT INTO ledger_permits (id, host, service, grp, token, run_id, incident, action, holder, granted_at, expires_at, status_before)
        VALUES (:id, :host, :service, :grp, :token, :run_id, :incident, :action, :holder, :now, :expires_at, :before)""",
        id=permit.id,
        host=ask.host,
        service=ask.service,
        grp=ask.group.name,
        token=token,
        run_id=ask.run_id,
        incident=ask.incident,
        action=ask.action,
        holder=tx.actor,
        now=tx.now,
        expires_at=tx.now + ask.valid_for,
        before=known["status"] if known else UNKNOWN,
    )
    tx.do(
        f"""INSERT INTO ledger_targets AS known (host, service, grp, status, seen_at, busy_until, cleared_at, token)
        VALUES (:host, :service, :grp, '{IN_REMEDIATION}', :now, :until, 0, :token)
        ON CONFLICT (host, service) DO UPDATE
        SET grp = excluded.grp, status = excluded.status, seen_at = excluded.seen_at, busy_until = excluded.busy_until, token = excluded.token""",
        host=ask.host,
        service=ask.service,
        grp=ask.group.name,
        now=tx.now,
        until=tx.now + ask.valid_for,
        token=token,
    )
    return permit


def _undisturbed(permit: t.Any) -> str:
    """Nothing was done under this permit: the target is as it was before, unless that was an expired permit."""
    before = str(permit["status_before"])
    return UNKNOWN if before == IN_REMEDIATION else before
