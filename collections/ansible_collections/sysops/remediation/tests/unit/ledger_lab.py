# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger to try things on: a clock that can be moved, and a private PostgreSQL server that leaves nothing behind."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import typing as t
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Ask, Group, Ledger, Observation, Reply, open_ledger

SERVICE = "systemd/postfix.service"
START = 1_800_000_000.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass
class Lab:
    """One ledger database and the time of the day."""

    url: str
    time: float = START
    runs: int = 0
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = self.open()

    def open(self, **options: t.Any) -> Ledger:
        return open_ledger(self.url, clock=lambda: self.time, actor="alice@control1", **options)

    def later(self, seconds: float) -> None:
        self.time += seconds

    def ask(self, host: str, group: Group, service: str = SERVICE, valid_for: float = 5 * MINUTE, **more: t.Any) -> Reply:
        self.runs += 1
        return self.ledger.reserve(ask(host, group, service, valid_for, run_id=f"run{self.runs}", incident=f"run{self.runs}-1", **more))

    def see(
        self,
        status: str,
        *hosts: str,
        group: str = "mail",
        service: str = SERVICE,
        since: float | None = None,
        stopped: bool = False,
        ledger: Ledger | None = None,
    ) -> list[dict[str, t.Any]]:
        return (ledger or self.ledger).observe([Observation(host, service, group, status, since, stopped) for host in hosts], self.time)

    def act(self, host: str, group: Group, outcome: str, seconds: float = MINUTE) -> None:
        """Act on a host, from permit to outcome."""
        reply = self.ask(host, group)
        assert reply.permit, reply.gates
        self.later(seconds)
        self.ledger.release(reply.permit.id, outcome)


def ask(host: str, group: Group, service: str = SERVICE, valid_for: float = 5 * MINUTE, run_id: str = "run", incident: str = "run-1", **more: t.Any) -> Ask:
    return Ask(host, service, group, run_id, incident, "restart", valid_for, **more)


def hosts(count: int) -> list[str]:
    return [f"mail{number}" for number in range(1, count + 1)]


def group(members: int, most: int, name: str = "mail") -> Group:
    return Group(name, frozenset(hosts(members)), most)


def closed_gates(reply: Reply) -> dict[str, str]:
    return {one["name"]: one["detail"] for one in reply.gates if not one["passed"]}


class PostgreSQL:
    """A cluster of its own in a directory of its own, on a socket there, which ends with the tests, even if those are killed."""

    def __init__(self) -> None:
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
        initdb = shutil.which("initdb") or (programs[-1] if programs else None)
        if not initdb:
            raise FileNotFoundError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
        self._programs = os.path.dirname(initdb)
        self._user = "postgres" if os.geteuid() == 0 else None  # root may not run a server
        # Not below pytest's own directory, which only its owner may enter.
        self.directory = tempfile.mkdtemp(prefix="ledger-pg-")
        if self._user:
            shutil.chown(self.directory, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        command = [initdb, "-D", f"{self.directory}/data", "-U", "ledger", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd="/", timeout=240)
        self.start()

    def start(self) -> None:
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.directory}", "-c", "max_connections=120", "-c", "fsync=off"]
        with open(f"{self.directory}/log", "ab") as log:
            self._process = subprocess.Popen(
                [f"{self._programs}/postgres", "-D", f"{self.directory}/data", *options],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd="/",
                start_new_session=True,
                preexec_fn=_end_with_the_parent,
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                with sa.create_engine(self._server_url("postgres")).connect():
                    return
            except sa.exc.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    with open(f"{self.directory}/log", encoding="utf-8") as log:
                        raise RuntimeError(f"PostgreSQL does not start: {log.read()}") from None
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGINT)  # a fast shutdown
            self._process.wait(timeout=120)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    def new_database(self) -> str:
        """Return the URL of an empty database, as a user would write it."""
        name = f"ledger_{uuid.uuid4().hex[:8]}"
        self.run(f"CREATE DATABASE {name}", "postgres")
        return f"postgresql://ledger@/{name}?host={self.directory}"

    def run(self, sql: str, database: str) -> None:
        engine = sa.create_engine(self._server_url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(sql)
        engine.dispose()

    def _server_url(self, database: str) -> str:
        return f"postgresql+psycopg://ledger@/{database}?host={self.directory}"


def _end_with_the_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG
