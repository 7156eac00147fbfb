# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses: hands off the fleet, a group, a host or a service, until a time or until somebody resumes."""

from __future__ import annotations

import secrets
import typing as t

from ...module_utils._gates import gate
from . import _audit as audit
from ._database import Transaction
from ._words import AuditEntry, Data, Pause

_FIELDS = "id, grp, host, service, reason, until, created_at, created_by"


def pause(tx: Transaction, group: str, host: str, service: str, reason: str, until: float | None) -> Pause:
    if until is not None and until <= tx.now:
        raise ValueError("a pause must end in the future")
    new = Pause(secrets.token_hex(4), group, host, service, reason, until, tx.now, tx.actor)
    tx.do(
        f"INSERT INTO ledger_pauses ({_FIELDS}) VALUES (:id, :grp, :host, :service, :reason, :until, :now, :actor)",
        id=new.id,
        grp=group,
        host=host,
        service=service,
        reason=reason,
        until=until,
        now=tx.now,
        actor=tx.actor,
    )
    audit.append(tx, [AuditEntry("paused", host=host, service=service, detail={"pause": new.id, "group": group, "reason": reason, "until": until})])
    return new


def resume(tx: Transaction, group: str, host: str, service: str) -> list[Pause]:
    """End the pauses of exactly this subject and return them; a pause of the fleet is not ended by resuming a host."""
    ended = [one for one in active(tx) if one.is_of(group, host, service)]
    for one in ended:
        tx.do("UPDATE ledger_pauses SET resumed_at = :now, resumed_by = :actor WHERE id = :id", now=tx.now, actor=tx.actor, id=one.id)
    audit.append(tx, [AuditEntry("resumed", host=host, service=service, detail={"pause": one.id, "group": group}) for one in ended])
    return ended


def active(tx: Transaction) -> list[Pause]:
    sql = f"SELECT {_FIELDS} FROM ledger_pauses WHERE resumed_at IS NULL AND (until IS NULL OR until > :now) ORDER BY created_at"
    return [Pause(*row.values()) for row in tx.rows(sql, now=tx.now)]


def pause_gate(paused: t.Iterable[Pause], host: str, service: str, groups: t.Collection[str]) -> Data:
    """Return the gate for one target; the pause that lasts longest is the one that counts."""
    hits = [one for one in paused if one.covers(host, service, groups)]
    if not hits:
        return gate("pause", True, "not paused")
    last = max(hits, key=lambda one: float("inf") if one.until is None else one.until)
    why = f": {last.reason}" if last.reason else ""
    return gate("pause", False, f"{last.subject()} is paused by {last.created_by}{why}", value=last.id, opens_at=last.until)
