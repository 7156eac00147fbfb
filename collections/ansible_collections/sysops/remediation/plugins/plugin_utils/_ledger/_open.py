# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a ledger: find it, create it if there is none, bring its schema up to date, or say in one line why it cannot be used."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import stat
import tempfile
import time
import typing as t

from . import _schema as schema
from ._database import PATIENCE, Database
from ._ledger import Ledger
from ._where import MEMORY, SQLITE, Place, find
from ._words import LedgerError


def open_ledger(
    url: str | None = None,
    rehearse: bool = False,
    clock: t.Callable[[], float] | None = None,
    actor: str | None = None,
    patience: float = PATIENCE,
    environ: t.Mapping[str, str] | None = None,
    begin: bool = True,
    look: bool = False,
) -> Ledger:
    """Return the ledger at a URL; without one, the SQLite file of this user.

    :param rehearse: for check mode: a copy in memory. Everything is decided as it would be, and nothing is written.
    :param clock: instead of the clock of the ledger; for tests.
    :param actor: who decides, for the audit; default ``user@controller``.
    :param patience: seconds to wait for another writer.
    :param begin: a file that is not there is begun; False for those that go on with what is in it.
    :param look: for who only reads: nothing is begun and no schema is brought up to date.
    """
    place = find(url, environ)
    actor = actor or whoami()
    if place.dialect == SQLITE:
        if not begin and not os.path.exists(place.path):
            raise LedgerError(f"ledger {place.shown} is gone: a new one would know of no permit and no pause")
        _ensure_file(place, actor, begin=not (rehearse or look))
    missing = place.dialect == SQLITE and not os.path.exists(place.path)  # and may not be begun
    database = Database(MEMORY if missing else place, actor, clock, patience)
    with database.read() as tx:
        present = schema.version(tx)
        schema.check(present)
    if place.dialect == SQLITE and not (missing or rehearse or look):
        _keep_private(place)
    if rehearse:
        return Ledger(_copy_in_memory(database, present, clock, actor, schema.DECIDING), f"{place.described()}, a copy in memory: nothing is written")
    if look and present < len(schema.MIGRATIONS):
        return Ledger(_copy_in_memory(database, present, clock, actor, schema.READ), place.described() + (", not yet begun" if not present else ""))
    if present < len(schema.MIGRATIONS):
        with database.write() as tx:
            schema.migrate(tx)
    return Ledger(database, place.described())


def _copy_in_memory(database: Database, present: int, clock: t.Callable[[], float] | None, actor: str, wanted: t.Mapping[str, str]) -> Database:
    with database.read() as tx:
        tables = {table: tx.rows(f"SELECT * FROM {table}{where}", now=tx.now) for table, where in wanted.items()} if present else {}
        ahead = tx.now - time.time()  # of the ledger's clock
    copy = Database(MEMORY, actor, clock or (lambda: time.time() + ahead))
    with copy.write() as tx:
        schema.migrate(tx, present)
        for table, rows in tables.items():
            names = list(rows[0]) if rows else []
            tx.do_many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})", [dict(row) for row in rows])
        schema.migrate(tx)
    return copy


def whoami() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def _ensure_file(place: Place, actor: str, begin: bool) -> None:
    try:
        if os.path.lexists(place.path):
            _check_file(place.path)
        elif begin:
            _create_file(place, actor)
        else:
            _check_place(place.path)
    except OSError as problem:
        raise LedgerError(f"ledger {place.shown} cannot be opened: {problem.strerror} ({problem.filename})") from problem
    except LedgerError as problem:
        message = str(problem)
        raise problem if message.startswith("ledger ") else LedgerError(f"ledger {place.shown} {message}") from problem


def _check_file(path: str) -> None:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise LedgerError("cannot be opened: it is no file; name a file for the ledger")
    if status.st_size == 0:
        # SQLite would take it for a new database, and all permits that are out would be forgotten.
        raise LedgerError("is empty: it was truncated. Restore it from a backup, or remove it to begin a new one")


def _check_place(path: str) -> None:
    """Raise if no ledger could be begun there."""
    place = os.path.dirname(path)
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.isdir(place):
        raise LedgerError(f"cannot be opened: {place} is no directory")


def _keep_private(place: Place) -> None:
    """Close the file to others, once it is known to be a ledger."""
    try:
        status = os.stat(place.path)
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            os.chmod(place.path, 0o600)
    except OSError as problem:
        raise LedgerError(f"ledger {place.shown} cannot be opened: {problem.strerror} ({problem.filename})") from problem


def _create_file(place: Place, actor: str) -> None:
    """Create it complete and under another name first: nobody ever sees half a ledger, and of two creators one wins."""
    directory = os.path.dirname(place.path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    if os.path.exists(place.path + "-wal"):
        raise LedgerError("is gone, but its -wal file is still there: restore it from a backup, or remove that file as well")
    handle, new = tempfile.mkstemp(prefix="ledger-new-", dir=directory)  # mode 0600
    os.close(handle)
    try:
        with Database(Place(SQLITE, place.shown, path=new), actor, new=True).write() as tx:
            schema.migrate(tx)
        with contextlib.suppress(FileExistsError):
            os.link(new, place.path)
    finally:
        os.unlink(new)
