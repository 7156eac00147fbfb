# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the ledger is: a URL, or an SQLite file in the state directory of the user."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ...module_utils._managers._base import hide_credentials
from ...module_utils._redact import redact
from ._words import LedgerError

VARIABLE = "SYSOPS_REMEDIATION_LEDGER"  # the URL, for who cannot or should not write it into a file
SQLITE = "sqlite"
POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class Place:
    """``shown`` is for people and holds no secret; ``url`` may."""

    dialect: str
    shown: str
    url: str = ""
    path: str = ""  # of an SQLite file; empty: in memory

    def described(self) -> str:
        """Return what every run prints."""
        if self.dialect == POSTGRESQL:
            return f"{self.shown} (shared by all controllers that use it)"
        return f"{self.shown} (guards this user on this controller only)"


MEMORY = Place(SQLITE, "in memory")


def find(url: str | None, environ: t.Mapping[str, str] | None = None) -> Place:
    """Return the place that a URL means; without one, what ``SYSOPS_REMEDIATION_LEDGER`` says, or the SQLite file of the user."""
    environ = os.environ if environ is None else environ
    url = url or environ.get(VARIABLE)
    if not url:
        return _default(environ)
    scheme = url.partition("://")[0].partition("+")[0].lower()
    if scheme == SQLITE and url.startswith("sqlite:///"):
        return _file(unquote(url[len("sqlite:///") :]))
    if scheme in (POSTGRESQL, "postgres"):
        return _server(url)
    raise LedgerError(f"ledger URL '{redact(hide_credentials(url))}' is not understood: write postgresql://user@host/database or sqlite:////absolute/path")


def in_awx(environ: t.Mapping[str, str]) -> bool:
    """Is this an AWX or Tower job, whose container forgets its files?"""
    return "AWX_PRIVATE_DATA_DIR" in environ or {"AWX_HOST", "JOB_ID"} <= environ.keys()


def _default(environ: t.Mapping[str, str]) -> Place:
    if in_awx(environ):
        raise LedgerError(
            "ledger: none is set, and the container of an AWX job forgets an SQLite file: set a ledger URL of a PostgreSQL database "
            "(postgresql://user@host/database)"
        )
    state = environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # the specification says that relative paths are to be ignored
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    return _file(os.path.join(state, "sysops-remediation", "ledger.sqlite"))


def _file(path: str) -> Place:
    if not os.path.isabs(path):
        raise LedgerError(f"ledger path '{path}' is relative, and would be another ledger in every directory: write sqlite:////absolute/path")
    return Place(SQLITE, f"SQLite file {path}", path=path)


def _server(url: str) -> Place:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # its own words quote what may be a part of the password
        raise _misread(url) from None
    database = parts.path.lstrip("/")
    if "@" in f"{database}{parts.query}{parts.fragment}" or parts.netloc.count("@") > 1:
        raise _misread(url)
    if not database:
        raise LedgerError(f"ledger URL '{redact(hide_credentials(url))}' names no database: write postgresql://user@host/database")
    where = (host or "the local socket") + (f":{port}" if port else "")
    return Place(POSTGRESQL, f"PostgreSQL database {database} at {where}", url=f"postgresql+psycopg{url[url.index('://') :]}")


def _misread(url: str) -> LedgerError:
    return LedgerError(
        f"ledger URL '{redact(hide_credentials(url))}' is not understood: write postgresql://user@host:port/database, "
        "and in a user, password or database # as %23, / as %2F, ? as %3F and @ as %40"
    )
