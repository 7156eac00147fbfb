# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own for stop + start, where the manager cannot do both in one request.

If the module dies between the stop and the start (its SSH connection broke, the controller died, somebody killed it), the service must
come up all the same. So a detached process does both, and the module merely listens. It has its own session, none of our pipes, holds
the service's lock until it is done, and leaves the login session's cgroup where systemd would kill it at logout.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

from .._managers import _base

STOP_PATIENCE = 600.0  # how long a service that does not stop in time is waited for, so that it is started once it has stopped
_POLL = 0.5


class Helper:
    """The module's end: what the helper has to say, and its PID."""

    def __init__(self, pid, pipe):
        self.pid = pid
        self._pipe = pipe

    def answer(self, timeout):
        """Return the helper's dictionary, None if it died or said nothing in time."""
        text, deadline = b"", time.monotonic() + timeout
        while not text.endswith(b"\n"):
            ready, _write, _error = select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._pipe, 65536) if ready else b""
            if not piece:
                return None
            text += piece
        return json.loads(text)

    def close(self):
        os.close(self._pipe)


def stop_and_start(manager, name, timeout, force_kill):
    """Begin it in a detached process; return the Helper at once."""
    return detach(lambda tell: _work(manager, name, timeout, force_kill, tell), manager)


def detach(work, manager):
    """Run ``work(tell)`` in a detached process that nobody waits for."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _become_helper(work, manager, ours, theirs)
    os.close(theirs)
    os.waitpid(child, 0)
    pid = int.from_bytes(os.read(ours, 8), "big")
    return Helper(pid, ours)


def _become_helper(work, manager, ours, theirs):
    """Never returns. Nothing that the module would do at its own exit may happen here."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.close(ours)
        os.write(theirs, os.getpid().to_bytes(8, "big"))
        for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(one, signal.SIG_IGN)
        _let_go_of_terminal()
        _leave_login_session(manager)
        work(lambda facts: _tell(theirs, facts))
    except BaseException as error:
        _tell(theirs, {"ok": False, "error": "the detached helper failed: %s: %s" % (type(error).__name__, error)})
    finally:
        os._exit(0)


def _work(manager, name, timeout, force_kill, tell):
    try:
        manager.stop(name, timeout, force_kill)
    except _base.TimedOut as error:
        tell({"ok": False, "timed_out": True, "error": str(error)})
    except _base.ManagerError as error:
        if not _is_stopped(manager, name):
            tell({"ok": False, "error": str(error)})
            return
    if not _await_stopped(manager, name):
        return
    try:
        manager.start(name, timeout)
    except _base.ManagerError as error:
        tell({"ok": False, "timed_out": isinstance(error, _base.TimedOut), "error": str(error)})
        return
    tell({"ok": True})


def _await_stopped(manager, name):
    """A stop that took too long still ends one day; the service must not stay down then."""
    deadline = time.monotonic() + STOP_PATIENCE
    while not _is_stopped(manager, name):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def _is_stopped(manager, name):
    try:
        return manager.inspect(name).active in _base.DOWN
    except _base.ManagerError:
        return False  # the manager is busy or restarts; we ask again


def _tell(pipe, facts):
    try:
        os.write(pipe, json.dumps(facts).encode() + b"\n")
    except OSError:
        return  # the module is gone, or has heard enough


def _let_go_of_terminal():
    """SSH and Ansible wait for everybody who holds the module's standard streams."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir("/")


def _leave_login_session(manager):
    """Ask systemd for a scope of our own; a session that ends may kill all that is left in its cgroup. Best effort."""
    if not os.path.isdir(os.path.join(manager.root, "run/systemd/system")):
        return
    pid = str(os.getpid())
    bus = ["busctl"] if os.geteuid() == 0 else ["busctl", "--user"]
    call = ["call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))"]
    manager.run([*bus, *call, "sysops-remediation-%s.scope" % pid, "fail", "1", "PIDs", "au", "1", pid, "0"], timeout=5)
