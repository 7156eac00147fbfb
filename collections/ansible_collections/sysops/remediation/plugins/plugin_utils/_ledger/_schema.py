# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables, as an ordered list of migrations. A released migration is never edited; changes are new ones at the end."""

from __future__ import annotations

from ._database import Transaction
from ._where import SQLITE
from ._words import LedgerError

_TABLES = """
CREATE TABLE ledger_targets (
    host TEXT NOT NULL, service TEXT NOT NULL, grp TEXT NOT NULL,
    status TEXT NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL,        -- when the status was true
    busy_until DOUBLE PRECISION NOT NULL,     -- end of the last permit: nothing seen before it counts
    sick_since DOUBLE PRECISION,              -- went down, or was not helped
    healthy_since DOUBLE PRECISION,
    cleared_at DOUBLE PRECISION NOT NULL,     -- had been healthy for 24 h: older recurrences are forgotten
    token BIGINT NOT NULL,                    -- fencing token of the newest permit
    PRIMARY KEY (host, service));
CREATE INDEX ledger_targets_grp ON ledger_targets (grp, status);
CREATE TABLE ledger_permits (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, service TEXT NOT NULL, grp TEXT NOT NULL, token BIGINT NOT NULL,
    run_id TEXT NOT NULL, incident TEXT NOT NULL, action TEXT NOT NULL, holder TEXT NOT NULL,
    granted_at DOUBLE PRECISION NOT NULL, expires_at DOUBLE PRECISION NOT NULL,
    status_before TEXT NOT NULL,
    released_at DOUBLE PRECISION, outcome TEXT,
    recurred_at DOUBLE PRECISION,             -- sick again within 24 h after a success
    UNIQUE (host, service, token));
CREATE INDEX ledger_permits_outcome ON ledger_permits (outcome, released_at);
CREATE TABLE ledger_breakers (grp TEXT PRIMARY KEY, state TEXT NOT NULL, since DOUBLE PRECISION NOT NULL);
CREATE TABLE ledger_pauses (
    id TEXT PRIMARY KEY, grp TEXT NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL, reason TEXT NOT NULL,
    until DOUBLE PRECISION, created_at DOUBLE PRECISION NOT NULL, created_by TEXT NOT NULL,
    resumed_at DOUBLE PRECISION, resumed_by TEXT);
CREATE TABLE ledger_plans (
    plan_id TEXT NOT NULL, run_id TEXT NOT NULL, created_at DOUBLE PRECISION NOT NULL, expires_at DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL, approved_at DOUBLE PRECISION, approved_by TEXT, taken_at DOUBLE PRECISION, taken_by TEXT,
    PRIMARY KEY (plan_id, run_id));
CREATE TABLE ledger_incidents (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT,
    opened_at DOUBLE PRECISION NOT NULL, updated_at DOUBLE PRECISION NOT NULL, body TEXT NOT NULL);
CREATE INDEX ledger_incidents_host ON ledger_incidents (host, service, opened_at);
CREATE TABLE ledger_audit (
    id {serial}, at DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
    run_id TEXT NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL, incident TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX ledger_audit_at ON ledger_audit (at)
"""

_APPEND_ONLY_SQLITE = (
    "CREATE TRIGGER ledger_audit_no_update BEFORE UPDATE ON ledger_audit BEGIN SELECT RAISE(ABORT, 'ledger_audit is append-only'); END",
    "CREATE TRIGGER ledger_audit_no_delete BEFORE DELETE ON ledger_audit BEGIN SELECT RAISE(ABORT, 'ledger_audit is append-only'); END",
)
_APPEND_ONLY_POSTGRESQL = (
    "CREATE FUNCTION ledger_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_audit is append-only'; END $$",
    "CREATE TRIGGER ledger_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_audit_is_append_only()",
)


def _first(tx: Transaction) -> None:
    serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if tx.dialect == SQLITE else "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    for statement in _TABLES.format(serial=serial).split(";\n"):
        tx.do(statement)
    for statement in _APPEND_ONLY_SQLITE if tx.dialect == SQLITE else _APPEND_ONLY_POSTGRESQL:
        tx.do(statement)


def _second(tx: Transaction) -> None:
    tx.do("CREATE INDEX ledger_incidents_open ON ledger_incidents (host, service) WHERE state <> 'ended'")  # asked for by every run, of a table that grows
    tx.do("ALTER TABLE ledger_targets ADD COLUMN failed_at DOUBLE PRECISION")  # an action of ours did not help, and nothing has since
    tx.do("ALTER TABLE ledger_targets ADD COLUMN unnamed_since DOUBLE PRECISION")  # since when no policy names it
    tx.do("UPDATE ledger_targets SET failed_at = seen_at WHERE status = 'failed'")
    tx.do("ALTER TABLE ledger_breakers ADD COLUMN opened_at DOUBLE PRECISION NOT NULL DEFAULT 0")  # when the failure began that it is about


MIGRATIONS = [_first, _second]

# What a rehearsal copies: all that decisions depend on. Incidents and the audit are only ever looked up.
DECIDING = {
    "ledger_targets": "",
    "ledger_permits": "",
    "ledger_breakers": "",
    "ledger_pauses": "",
    "ledger_plans": " WHERE expires_at > :now - 86400",  # of older ones it need not say when they expired
}

READ = {**DECIDING, "ledger_incidents": "", "ledger_audit": ""}  # and what is looked up


def version(tx: Transaction) -> int:
    """Return the version of the schema, 0 if there is none."""
    tables = tx.tables()
    if "ledger_version" in tables:
        return int(tx.row("SELECT max(version) AS version FROM ledger_version")["version"] or 0)
    if tx.dialect == SQLITE and tables:
        raise LedgerError("is an SQLite file of something else: name another file for the ledger")
    return 0


def migrate(tx: Transaction, to: int | None = None) -> None:
    """Bring the schema to a version (default: the newest), step by step; all of it or nothing."""
    to = len(MIGRATIONS) if to is None else to
    present = version(tx)
    check(present)
    if not present and to:
        tx.do("CREATE TABLE ledger_version (version INTEGER PRIMARY KEY, applied_at DOUBLE PRECISION NOT NULL)")
    for number, migration in enumerate(MIGRATIONS, start=1):
        if present < number <= to:
            migration(tx)
            tx.do("INSERT INTO ledger_version (version, applied_at) VALUES (:version, :at)", version=number, at=tx.now)


def check(present: int) -> None:
    """Raise if a newer release wrote this ledger: what it means by its tables cannot be known here."""
    if present > len(MIGRATIONS):
        raise LedgerError(f"has schema version {present}, and this release knows versions up to {len(MIGRATIONS)}: upgrade the collection on this controller")
