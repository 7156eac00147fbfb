# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for real runs of the playbooks: one real supervisord, one mail-like service per host, and a transport that can break.

The transport stands where ssh would: it runs what Ansible sends on this machine, counts it per host, and can lose a host at any call.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[6]
PATIENCE = 120.0  # this machine may be busy with other things

SERVICE = """
import os, signal, socket, sys, time
signal.signal(signal.SIGHUP, lambda *_: None)  # reloads, and leaks on
port, room = int(sys.argv[1]), sys.argv[2]
def number(name):
    path = os.path.join(room, name)
    return int(open(path).read()) if os.path.exists(path) else 0
with open(os.path.join(room, "starts"), "a") as starts:
    starts.write("%d\\n" % os.getpid())
lives = len(open(os.path.join(room, "starts")).readlines())
if number("lives") and lives > number("lives"):
    print("fatal: mailbox index is corrupt", file=sys.stderr, flush=True)
    sys.exit(3)
leaks = lives <= number("leaking-lives")
listener = socket.create_server(("127.0.0.1", port))
listener.settimeout(0.05)
kept, born = [], time.monotonic()
while True:
    while leaks and len(kept) < (time.monotonic() - born) * 24:  # 1.5 MiB/s, however busy the machine is
        kept.append(os.urandom(64 * 1024))
    try:
        connection, _ = listener.accept()
        connection.sendall(b"421 busy\\r\\n" if lives <= number("busy-lives") else b"220 mail ready\\r\\n")
        connection.close()
    except OSError:
        pass
    time.sleep(0.02)
"""

TRANSPORT = """#!/bin/sh
# Called as ssh is: options, host, command.
for word; do host=$command; command=$word; done
echo x >> "{folder}/calls/$host"
allowed=$(cat "{folder}/reachable/$host" 2>/dev/null || echo 1000000)
if [ "$(wc -l < "{folder}/calls/$host")" -gt "$allowed" ]; then
    echo "ssh: connect to host $host port 22: No route to host" >&2
    exit 255
fi
while [ -e "{folder}/hanging/$host" ]; do sleep 0.2; done
exec /bin/sh -c "$command"
"""


@dataclass
class Outcome:
    """How one run of a playbook ended."""

    rc: int
    output: str
    answer: dict  # what programs get: set_stats `remediation`

    def recap(self, host: str) -> dict[str, int]:
        line = re.search(rf"^{re.escape(host)}\s+: (.*)$", self.output, re.MULTILINE)
        return {key: int(value) for key, value in (pair.split("=") for pair in line.group(1).split())} if line else {}


class FlowLab:
    """Hosts are added, then started; each has the service ``<host>`` of one supervisord."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.hosts: dict[str, dict] = {}
        self.groups: dict[str, list[str]] = {}
        self.ledger = folder / "ledger.sqlite"
        self.ports: dict[str, int] = {}
        for name in ("calls", "reachable", "hanging", "state", "reports", "work"):
            (folder / name).mkdir()
        (folder / "mail.py").write_text(SERVICE)
        transport = folder / "ssh"
        transport.write_text(TRANSPORT.format(folder=folder))
        transport.chmod(0o755)
        self.socket = folder / "s.sock"
        self.supervisord: subprocess.Popen | None = None

    def add(self, host: str, policy: dict | None = None, leaking_lives: int = 0, lives: int = 0, busy_lives: int = 0, **variables) -> None:
        """Add a host.

        :param policy: keys of its policy entry beside name, manager and server; None means that it has no policy.
        :param leaking_lives: so many incarnations leak; the ones after are healthy.
        :param lives: after so many incarnations it does not start again; 0 means it always does.
        :param busy_lives: so many incarnations answer with an error.
        """
        room = self.folder / host
        room.mkdir()
        for name, value in (("leaking-lives", leaking_lives), ("lives", lives), ("busy-lives", busy_lives)):
            (room / name).write_text(str(value))
        self.ports[host] = _free_port()
        self.hosts[host] = variables
        if policy is not None:
            health = [{"type": "tcp", "port": self.ports[host], "expect": "220 "}]
            quick = {"verify_for": "1s", "passes": 2, "interval": "0.3s", "deadline": "20s"}
            entry = {"name": host, "manager": "supervisord", "server": f"unix://{self.socket}", "health": health, "verify": quick}
            entry |= {"guard": {"stand_down": 0}, "allow_outage": True, **policy}  # the lab itself has started the services a moment ago
            variables.setdefault("remediation_services", [entry])

    def lose_after(self, host: str, calls: int) -> None:
        """Let the host answer so many more calls and no further ones."""
        (self.folder / "reachable" / host).write_text(str(self.calls(host) + calls))

    def hang(self, host: str, hanging: bool = True) -> None:
        """Let the host take calls and never answer, as one does whose memory is exhausted; or let it go on."""
        path = self.folder / "hanging" / host
        path.touch() if hanging else path.unlink(missing_ok=True)

    def calls(self, host: str) -> int:
        path = self.folder / "calls" / host
        return len(path.read_text().splitlines()) if path.exists() else 0

    def starts(self, host: str) -> list[int]:
        path = self.folder / host / "starts"
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []

    def run(self, playbook: str, *arguments: str, **variables) -> Outcome:
        """Run a playbook of the repository as an operator would."""
        return self.end(self.begin(playbook, *arguments, **variables))

    def begin(self, playbook: str, *arguments: str, **variables) -> subprocess.Popen[str]:
        """Start a playbook in a session of its own, so that it can be killed with all its workers."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment.update(
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            ANSIBLE_SHOW_CUSTOM_STATS="1",
            ANSIBLE_NOCOLOR="1",
            ANSIBLE_CALLBACK_RESULT_FORMAT="json",
            ANSIBLE_LOCALHOST_WARNING="0",
            SYSOPS_REMEDIATION_LEDGER=f"sqlite:///{self.ledger}",
        )
        environment["ANSIBLE_LOCAL_TEMP"] = str(self.folder / "work" / "ansible")
        extra = {"remediation_window": "8s", "remediation_interval": "0.25s", **variables}
        command = [sys.executable, "-m", "ansible", "playbook", "-i", str(self._inventory()), str(ROOT / "playbooks" / f"{playbook}.yml")]
        command += ["-e", json.dumps(extra), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder / "work", env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    def end(self, playbook: subprocess.Popen[str]) -> Outcome:
        """Wait for the end of a playbook."""
        try:
            output, errors = playbook.communicate(timeout=280)
        except subprocess.TimeoutExpired:
            self.kill(playbook)
            raise
        return Outcome(playbook.returncode, output + errors, _answer(output))

    def kill(self, playbook: subprocess.Popen[str]) -> None:
        """Let the controller die, as by the OOM killer: it can say nothing more, neither to hosts nor to the ledger."""
        os.killpg(playbook.pid, signal.SIGKILL)
        playbook.communicate()

    def ask(self, sql: str) -> list[tuple]:
        """Look into the ledger, or change it."""
        with contextlib.closing(sqlite3.connect(self.ledger, timeout=60)) as connection:
            rows = connection.execute(sql).fetchall()
            connection.commit()
            return rows

    def start(self) -> None:
        (self.folder / "supervisord.conf").write_text(self._configuration())
        self.supervisord = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.folder / "supervisord.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not all(_answers(port) for port in self.ports.values()):
            assert time.monotonic() < deadline, "the services did not come up"
            time.sleep(0.1)
        self._born = time.monotonic()

    def grow_old(self, age: float = 20.0) -> None:
        """Wait until the services are older than what may be a warm-up."""
        while time.monotonic() < self._born + age:
            time.sleep(0.2)

    def stop(self) -> None:
        for host in self.hosts:
            self.hang(host, False)
        if self.supervisord:
            self.supervisord.terminate()
            try:
                self.supervisord.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.supervisord.pid, signal.SIGKILL)
                self.supervisord.wait()

    def _configuration(self) -> str:
        user = "user=root\n" if os.getuid() == 0 else ""
        text = f"[unix_http_server]\nfile={self.socket}\n"
        text += f"[supervisord]\nlogfile={self.folder}/supervisord.log\npidfile={self.folder}/supervisord.pid\nchildlogdir={self.folder}\nnodaemon=true\n{user}"
        text += "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        for host, port in self.ports.items():
            text += f"[program:{host}]\ncommand={sys.executable} {self.folder}/mail.py {port} {self.folder / host}\nstartsecs=0\nautorestart=false\n"
        return text

    def _inventory(self) -> Path:
        common = {
            "ansible_connection": "ssh",
            "ansible_ssh_executable": str(self.folder / "ssh"),
            "ansible_ssh_transfer_method": "piped",
            "ansible_ssh_retries": 0,
            "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(self.folder / "work" / "remote"),
            "remediation_report_dir": str(self.folder / "reports"),
        }
        hosts = {host: {"remediation_state_dir": str(self.folder / "state" / host), **variables} for host, variables in self.hosts.items()}
        path = self.folder / "inventory.yml"
        groups = {name: {"hosts": dict.fromkeys(members)} for name, members in self.groups.items()}
        path.write_text(yaml.safe_dump({"all": {"vars": common, "hosts": hosts, "children": groups}}))
        return path


def _answer(output: str) -> dict:
    found = re.search(r"^\s*RUN: (\{.*)", output, re.MULTILINE | re.DOTALL)
    return json.JSONDecoder().raw_decode(found.group(1))[0].get("remediation", {}) if found else {}


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return bool(connection.recv(3))
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
