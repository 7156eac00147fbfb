# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The append-only audit of every decision, refusals included. The database itself refuses to change or delete entries."""

from __future__ import annotations

import json
import typing as t

from ...module_utils._redact import redact_data
from ._database import Transaction
from ._words import AuditEntry, Data

_FIELDS = "kind, run_id, host, service, incident, detail, at, actor"
_STORED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: a run writes thousands of entries


def append(tx: Transaction, entries: t.Iterable[AuditEntry]) -> None:
    insert(tx, rows(entries))


def rows(entries: t.Iterable[AuditEntry]) -> list[Data]:
    """Return what is inserted. Taking secrets out of thousands of entries takes seconds: do it before the ledger is locked."""
    names = ("kind", "run_id", "host", "service", "incident")
    return [{**{name: getattr(one, name) for name in names}, "detail": stored(one.detail)} for one in entries]


def insert(tx: Transaction, prepared: list[Data]) -> None:
    sql = f"INSERT INTO ledger_audit ({_FIELDS}) VALUES (:kind, :run_id, :host, :service, :incident, :detail, :now, :actor)"
    tx.do_many(sql, [{**row, "now": tx.now, "actor": tx.actor} for row in prepared])


def find(tx: Transaction, host: str | None, service: str | None, run_id: str | None, since: float, limit: int) -> list[AuditEntry]:
    """Return entries, the newest first."""
    given = {name: value for name, value in {"host": host, "service": service, "run_id": run_id}.items() if value}
    where = "".join(f" AND {name} = :{name}" for name in given)
    found = tx.rows(f"SELECT {_FIELDS} FROM ledger_audit WHERE at >= :since{where} ORDER BY id DESC LIMIT :limit", since=since, limit=limit, **given)
    return [AuditEntry(**{**row, "detail": json.loads(row["detail"])}) for row in found]


def stored(data: Data) -> str:
    """Return data as the JSON that goes into the ledger: without secrets."""
    return _STORED.encode(redact_data(data))
