# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions on SQLite and PostgreSQL that mean the same, and their errors as one line each.

Writes are alone on both databases: SQLite's BEGIN IMMEDIATE and one advisory lock of PostgreSQL. What was counted
in a transaction is therefore still true when it commits. Waiting for that lock is bounded; then it is an error.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import typing as t
from urllib.parse import quote

from ...module_utils._redact import redact
from ._where import POSTGRESQL, SQLITE, Place
from ._words import Data, LedgerError

try:
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool, StaticPool

    MISSING = None
except ImportError as error:
    MISSING = str(error)
    SQLAlchemyError = OSError  # type: ignore[assignment,misc]  # so that the except below can be written

PATIENCE = 15.0  # seconds to wait for another writer
FROZEN = 10.0  # seconds after which PostgreSQL ends a transaction whose controller says nothing more; less than the patience of others
_LOCK = 0x5E50_1ED6  # any number that nobody else uses for an advisory lock in the same database


class Transaction:
    """One transaction; ``now`` is the ledger's clock, read when the transaction was alone."""

    def __init__(self, connection: t.Any, now: float, actor: str) -> None:
        self._connection = connection
        self.now = now
        self.actor = actor
        self.dialect: str = connection.dialect.name

    def rows(self, sql: str, **values: t.Any) -> list[t.Mapping[str, t.Any]]:
        return list(self._connection.execute(sa.text(sql), values).mappings())

    def row(self, sql: str, **values: t.Any) -> t.Any:
        """Return the first row, or None."""
        return next(iter(self.rows(sql, **values)), None)

    def do(self, sql: str, **values: t.Any) -> int:
        """Return the number of rows that it touched."""
        return int(self._connection.execute(sa.text(sql), values).rowcount)

    def do_many(self, sql: str, values: list[Data]) -> None:
        if values:
            self._connection.execute(sa.text(sql), values)

    def tables(self) -> list[str]:
        return list(sa.inspect(self._connection).get_table_names())


class Database:
    """A place where transactions happen. Connections live as long as one transaction, so that forks and idle runs hold none."""

    def __init__(self, place: Place, actor: str, clock: t.Callable[[], float] | None = None, patience: float = PATIENCE, new: bool = False) -> None:
        if MISSING:
            raise LedgerError(f"the ledger needs the Python package SQLAlchemy on the controller ({MISSING}): pip install 'sqlalchemy>=2.0'")
        self.place = place
        self._actor = actor
        self._clock = clock
        self._patience = patience
        with self.errors():
            self._engine = _sqlite(place, patience, new) if place.dialect == SQLITE else _postgresql(place)

    @contextlib.contextmanager
    def write(self) -> t.Iterator[Transaction]:
        with self.errors(), self._engine.connect().execution_options(alone=True) as connection, connection.begin():
            if self.place.dialect == POSTGRESQL:
                self._be_alone(connection)
            yield Transaction(connection, self._now(connection), self._actor)

    @contextlib.contextmanager
    def read(self) -> t.Iterator[Transaction]:
        with self.errors(), self._engine.connect() as connection, connection.begin():
            yield Transaction(connection, self._now(connection), self._actor)

    @contextlib.contextmanager
    def errors(self) -> t.Iterator[None]:
        """Turn whatever goes wrong with the database into one line that names it."""
        try:
            yield
        except LedgerError as problem:
            message = str(problem)
            raise problem if message.startswith("ledger ") else LedgerError(f"ledger {self.place.shown} {message}") from problem
        except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as problem:
            raise LedgerError(f"ledger {self.place.shown} {explain(problem, self._patience)}") from problem

    def _be_alone(self, connection: t.Any) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self._patience * 1000)}")
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {int(FROZEN * 1000)}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def _now(self, connection: t.Any) -> float:
        """PostgreSQL has the one clock that all controllers share; an SQLite file is used on one controller only."""
        if self._clock:
            return self._clock()
        if self.place.dialect == SQLITE:
            return time.time()
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar())


def _sqlite(place: Place, patience: float, new: bool) -> t.Any:
    # mode=rw: a file that vanished is an error, not a new ledger that has forgotten all permits
    name = f"file:{quote(place.path)}?mode=rw" if place.path else ":memory:"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(name, uri=True, timeout=patience, check_same_thread=False)

    pool = NullPool if place.path else StaticPool  # in memory there is one connection, and it is the database
    engine = sa.create_engine("sqlite://", creator=connect, poolclass=pool, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: t.Any, _record: t.Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        if new:
            connection.execute("PRAGMA journal_mode = WAL")  # is kept in the file; what is no ledger of ours is not changed
        connection.execute("PRAGMA synchronous = FULL")  # a granted permit survives a power cut

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: t.Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("alone") else "BEGIN")

    return engine


def _postgresql(place: Place) -> t.Any:
    # prepare_threshold: prepared statements do not go together with poolers such as PgBouncer
    options = {"connect_timeout": 10, "tcp_user_timeout": 30000, "prepare_threshold": None}
    # READ COMMITTED: what others wrote while we waited for the lock must be seen, whatever the database's default is
    return sa.create_engine(place.url, hide_parameters=True, poolclass=NullPool, connect_args=options, isolation_level="READ COMMITTED")


# What the databases say → what it means, and what to do. SQLite by its words, PostgreSQL by its SQLSTATE.
_LOCKED = "is locked: another process has been writing for more than {patience:g} s; try again, and look for a process that hangs"
_READ_ONLY = "is read-only: make it writable for this user"
_FULL = "cannot be written: the disk is full"
_DAMAGED = "is damaged: restore it from a backup, or move it away to begin a new one (its permits, pauses and incidents are then forgotten)"
_MEANINGS = {
    "database is locked": _LOCKED,
    "55P03": _LOCKED,
    "readonly database": _READ_ONLY,
    "25006": _READ_ONLY,
    "disk is full": _FULL,
    "disk I/O error": "cannot be read or written (disk I/O error): is the disk full, a quota reached, or the file system gone?",
    "53100": _FULL,
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "unable to open": "cannot be opened: check that its directory exists and that this user may read and write there",
    "No module named 'psycopg'": "needs the Python package psycopg on the controller: pip install 'psycopg[binary]>=3.1'",
}


def explain(problem: BaseException, patience: float = PATIENCE) -> str:
    """Return what is wrong with the ledger, and what to do, in one line without secrets."""
    cause = getattr(problem, "orig", None) or problem
    said = " ".join(str(cause).split())
    state = getattr(cause, "sqlstate", None) or ""
    for sign, meaning in _MEANINGS.items():
        if sign == state or sign in said:
            return meaning.format(patience=patience)
    if not state and type(cause).__name__ in ("OperationalError", "ConnectionTimeout"):
        return f"cannot be reached: {redact(said)}"
    return f"answers with an error: {redact(said)}"
