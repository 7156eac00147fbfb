# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's stage: a private folder with a supervisord of its own that runs the two services, and its removal.

A demo that was killed leaves its stage behind. The next one finds it by the record in its folder (process id and start time of the
demo and of its supervisord) and takes it down. Stages of demos that are still playing, in other clones say, are left alone.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

POLICY = "mail:smtp-policy"
NEIGHBOUR = "mail:smtp-neighbour"
LEAK = 64 * 1024
PORTS = range(20_000, 32_000)  # below the range for outgoing connections: nobody takes the port while the service restarts
SOCKET_LIMIT = 100
PREFIX = f"remediation-demo-{os.getuid()}-"

CONFIGURATION = """\
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/s.sock
chmod=0600
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[group:mail]
programs=smtp-policy,smtp-neighbour
[program:smtp-policy]
command={python} {service} --port {policy_port} --leak {leak}
[program:smtp-neighbour]
command={python} {service} --port {neighbour_port}
"""


class StageError(Exception):
    """The stage cannot be set; the message says what is missing and what to do."""


class Stage:
    """Sets the stage when entered and takes it down when left, whatever has happened between."""

    def __init__(self) -> None:
        self.ports = {POLICY: free_port(), NEIGHBOUR: free_port()}
        self.folder = Path()
        self.started = 0.0
        self._supervisord: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "s.sock"

    def __enter__(self) -> Stage:
        if importlib.util.find_spec("supervisor") is None:
            raise StageError("the demo needs supervisor: pip install 'sysops-remediation[demo]'")
        remove_stale()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_short_temporary_folder()))
        (self.folder / "demo.json").write_text(json.dumps(identity(os.getpid())))
        try:
            self._start()
        except BaseException:
            self._take_down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._take_down()

    def incarnation(self, service: str) -> dict[str, int]:
        """Return process id and start time of a service, asked of supervisord itself."""
        return identity(int(self._ask(service)["pid"]))

    def running(self) -> bool:
        """True when both services answer as mail servers do."""
        return all(banner(port).startswith("220 ") for port in self.ports.values())

    def _start(self) -> None:
        configuration = self.folder / "supervisord.conf"
        service = Path(__file__).with_name("service.py")
        ports = {"policy_port": self.ports[POLICY], "neighbour_port": self.ports[NEIGHBOUR]}
        configuration.write_text(CONFIGURATION.format(folder=self.folder, python=sys.executable, service=service, leak=LEAK, **ports))
        self._supervisord = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends the demo, and the demo ends its supervisord
        )
        deadline = time.monotonic() + 60
        while not self.running():
            if self._supervisord.poll() is not None or time.monotonic() > deadline:
                raise StageError(f"supervisord did not bring the demo's services up: {self._log()}")
            time.sleep(0.1)
        self.started = time.monotonic()

    def _ask(self, service: str) -> dict[str, Any]:
        from supervisor.xmlrpc import SupervisorTransport

        proxy = ServerProxy("http://127.0.0.1", transport=SupervisorTransport(serverurl=f"unix://{self.socket}"))
        answer: dict[str, Any] = proxy.supervisor.getProcessInfo(service)  # type: ignore[assignment]
        return answer

    def _log(self) -> str:
        with contextlib.suppress(OSError):
            return (self.folder / "supervisord.log").read_text().strip()[-2000:]
        return "it wrote no log"

    def _take_down(self) -> None:
        if self._supervisord is not None:
            self._supervisord.terminate()
            try:
                self._supervisord.wait(20)
            except subprocess.TimeoutExpired:
                self._supervisord.kill()
                self._supervisord.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_stale() -> int:
    """Take down what demos left that were killed; return how many there were."""
    stale = [folder for folder in _short_temporary_folder().glob(f"{PREFIX}*") if folder.stat().st_uid == os.getuid() and not _playing(folder)]
    for folder in stale:
        _end(_recorded(folder / "supervisord.json"))
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale)


def identity(pid: int) -> dict[str, int]:
    """Return what tells a living process from a later one with the same number."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    if fields[0] == "Z":
        raise ProcessLookupError(f"process {pid} has ended")
    return {"pid": pid, "start_ticks": int(fields[19])}


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def banner(port: int) -> str:
    """Return the first line a service says, or nothing."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        return connection.makefile().readline()
    return ""


def _short_temporary_folder() -> Path:
    """Return a temporary folder that leaves room for a socket's name: the system allows about 100 characters."""
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual / f"{PREFIX}12345678" / "s.sock")) < SOCKET_LIMIT else Path("/tmp")


def _playing(folder: Path) -> bool:
    demo = _recorded(folder / "demo.json")
    if demo is None:  # being set up at this moment, unless it is old
        return time.time() - folder.stat().st_mtime < 60
    return _alive(demo)


def _recorded(path: Path) -> dict[str, int] | None:
    with contextlib.suppress(OSError, ValueError):
        recorded: dict[str, int] = json.loads(path.read_text())
        return recorded
    return None


def _alive(recorded: dict[str, int]) -> bool:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return identity(recorded["pid"]) == recorded
    return False


def _end(recorded: dict[str, int] | None) -> None:
    """End a supervisord that is still the recorded one; it ends its services first."""
    deadline = time.monotonic() + 20
    asked = False
    while recorded is not None and _alive(recorded):
        late = time.monotonic() > deadline
        if late or not asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(recorded["pid"], signal.SIGKILL if late else signal.SIGTERM)
            asked = True
        time.sleep(0.05)


def become_supervisord(folder: str) -> None:
    """Record who we are, then become supervisord: there is no moment in which it runs unrecorded."""
    Path(folder, "supervisord.json").write_text(json.dumps(identity(os.getpid())))
    os.execv(sys.executable, [sys.executable, "-m", "supervisor.supervisord", "-c", f"{folder}/supervisord.conf"])


if __name__ == "__main__":
    become_supervisord(sys.argv[1])
