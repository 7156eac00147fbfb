# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real supervisord with one small mail-like service that misbehaves on demand, and the module run as Ansible runs it: a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers.supervisord import Supervisord

SERVICE = """
import os, signal, socket, sys, threading, time
port, room = int(sys.argv[1]), sys.argv[2]
has = lambda name: os.path.exists(os.path.join(room, name))
text = lambda name: open(os.path.join(room, name)).read()
if has("no-start"):
    print("fatal: no configuration", file=sys.stderr, flush=True)
    sys.exit(3)
if has("ignore-term"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if has("slow-stop"):
    def leave(*_):
        time.sleep(float(text("slow-stop")))
        os._exit(0)
    signal.signal(signal.SIGTERM, leave)
if has("reload"):
    signal.signal(signal.SIGHUP, lambda *_: ballast.clear())
ballast = [b"x" * (1 << 20) for _ in range(int(text("ballast")) if has("ballast") else 0)]
if has("die-after"):
    threading.Timer(float(text("die-after")), lambda: os._exit(7)).start()
with open(os.path.join(room, "starts"), "a") as starts:
    starts.write("%d\\n" % os.getpid())
listener = socket.create_server(("127.0.0.1", port))
print("ready", flush=True)
answers = 0
while True:
    connection, _ = listener.accept()
    answers += 1
    good = not has("sick") and not (has("flap") and answers % 2)
    try:
        connection.sendall(b"220 mail ready\\r\\n" if good else b"421 busy\\r\\n")
    except OSError:
        pass
    connection.close()
"""

MODULE = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sysops.remediation.plugins.modules import service_restart
with patch_module_args(json.loads(sys.argv[1])):
    service_restart.main()
"""

COLLECTIONS = Path(__file__).resolve().parents[5]
PATIENCE = 90.0  # this machine may be busy with other things


def wait_until(condition, what, patience=PATIENCE):
    """Return what ``condition()`` returned when it was true at last."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain: %s" % what
        time.sleep(0.02)


class Lab:
    """One supervisord, one service called ``mail``, one state directory."""

    program = (sys.executable, "-m", "supervisor.supervisord")

    def __init__(self, folder, **options):
        self.folder = folder
        self.room = folder / "room"
        self.room.mkdir()
        self.state_dir = folder / "state"
        self.socket = folder / "s.sock"
        self.port = _free_port()
        (folder / "mail.py").write_text(SERVICE)
        settings = {"startsecs": 1, "stopwaitsecs": 60, "autorestart": "false", "startretries": 0, **options}
        (folder / "supervisord.conf").write_text(
            "[unix_http_server]\nfile=%s\n" % self.socket
            + "[supervisord]\nlogfile=%s/supervisord.log\npidfile=%s/supervisord.pid\nchildlogdir=%s\nnodaemon=true\nuser=root\n" % (folder, folder, folder)
            + "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            + "[program:mail]\ncommand=%s %s/mail.py %d %s\n" % (sys.executable, folder, self.port, self.room)
            + "".join("%s=%s\n" % one for one in settings.items())
        )
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [*self.program, "-c", str(self.folder / "supervisord.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._is_up, "supervisord with a running service")

    def stop(self):
        """End supervisord, its service, and what helpers are left."""
        for pid in self.helpers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.starts():
            if str(self.folder) in _cmdline(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def manager(self):
        return Supervisord(_run.run, server="unix://%s" % self.socket)

    def state(self):
        return self.manager().inspect("mail")

    def incarnation(self):
        return self.state().incarnation.id

    def starts(self):
        """Return the PIDs that the service has had, oldest first."""
        path = self.room / "starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def say(self, name, text=""):
        (self.room / name).write_text(str(text))

    def forget(self, name):
        (self.room / name).unlink()

    def params(self, **more):
        """Return parameters that act at once and prove quickly; tests set what they are about."""
        params = {
            "name": "mail",
            "manager": "supervisord",
            "server": "unix://%s" % self.socket,
            "state_dir": str(self.state_dir),
            "stand_down": "0",
            "timeout": "60s",
            "verify": {"verify_for": "0.3s", "passes": 2, "interval": "0.1s", "deadline": "60s"},
            "health": [{"type": "tcp", "port": self.port, "expect": "220 "}],
        }
        params.update(more)
        return params

    def call(self, check=False, diff=False, **more):
        """Run the module to its end; return its result."""
        process = self.begin(check=check, diff=diff, **more)
        out, err = process.communicate(timeout=3 * PATIENCE)
        assert out.strip(), err.decode()
        return json.loads(out)

    def begin(self, check=False, diff=False, prelude="", **more):
        """Start the module and return its process, as a killed SSH connection would leave it: it leads its own group."""
        arguments = dict(self.params(**more), _ansible_check_mode=check, _ansible_diff=diff)
        return subprocess.Popen(
            [sys.executable, "-c", prelude + MODULE, json.dumps(arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=str(COLLECTIONS)),
            start_new_session=True,
        )

    def journal(self):
        """Return the lines of the attempts journal."""
        found = sorted((self.state_dir / "attempts").glob("*.jsonl"))
        return [json.loads(line) for line in found[0].read_text().splitlines()] if found else []

    def kinds(self):
        return [line["kind"] for line in self.journal()]

    def helpers(self):
        """Return the PIDs of detached helpers of this lab: processes of the module that outlived it."""
        return [pid for pid in _pids() if str(self.socket) in _cmdline(pid) and "service_restart" in _cmdline(pid)]

    def _is_up(self):
        assert self.process.poll() is None, (self.folder / "supervisord.log").read_text()
        with contextlib.suppress(Exception):
            return self.state().active == "running" and _answers(self.port)
        return False


def gates(result):
    """Return {name: passed} of a result."""
    return {one["name"]: one["passed"] for one in result["gates"]}


def shut(result):
    return [one["name"] for one in result["gates"] if not one["passed"]]


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _cmdline(pid):
    try:
        return Path("/proc/%d/cmdline" % pid).read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
