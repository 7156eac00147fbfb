# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SysV init scripts, on hosts where PID 1 is not systemd (which would own them itself)."""

from __future__ import annotations

import os
import re
import signal
import time

from .. import _run
from .._kernel import below
from . import _base, _init_script, _proc

FOLDER = "/etc/init.d"
STATUS_TIMEOUT = 15
KILL_TIMEOUT = 10
POLL = 0.1
LOGS = ("/var/log/syslog", "/var/log/messages", "/var/log/daemon.log")
LOG_TAIL = 1024 * 1024  # bytes of the log's end that are looked through
# Scripts of the boot itself and helpers; Debian and Red Hat keep them in the same folder.
NOT_SERVICES = frozenset(
    ["README", "skeleton", "functions", "rc", "rcS", "rc.local", "single", "reboot", "halt", "killall", "killprocs", "sendsigs", "umountfs", "umountroot"]
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")

# What LSB says of the exit code of `status`. Others: the script does not know the word, and the PID file decides.
_STATUS = {0: _base.RUNNING, 1: _base.FAILED, 2: _base.FAILED, 3: _base.STOPPED}
_STATUS_NOTE = {1: "is dead, but its PID file is still there", 2: "is dead, but its lock file is still there"}
# What LSB says of the exit code of the other actions.
_REFUSED = {2: "wrong argument", 3: "the script cannot do that", 4: "not allowed for this user", 5: "the program is not installed", 6: "it is not configured"}


class Sysv(_base.Manager):
    name = "sysv"
    atomic_restart = False  # the script stops and starts, and dies with whoever called it

    def available(self):
        if self.scope == "user":
            return False, "init scripts are of the system: there is no scope 'user'"
        if os.path.isdir(self._below("/run/systemd/system")):
            return False, "systemd runs as PID 1 and owns the init scripts: use manager 'systemd'"
        if not os.path.isdir(self._below(FOLDER)):
            return False, "there is no %s" % FOLDER
        return True, "PID 1 is not systemd and %s exists" % FOLDER

    def names(self):
        folder = self._below(FOLDER)
        entries = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        return [name for name in entries if self._is_script(name)]

    def knows(self, name):
        return self._is_script(name)

    def inspect(self, name):
        text = self._text(name)
        pid, guessed = self._main_pid(name, text)
        word, notes = self._status(name, text, pid)
        up = word == _base.RUNNING
        flags = {"main_pid_guessed": True} if up and guessed else {}
        if up and pid is None:
            flags["no_process"] = True
            notes.append("the script says that %s runs, but no process of it can be found" % name)
        if _init_script.can_reload(text):
            flags["can_reload"] = True
        main_pid = pid if up else None
        return _base.ServiceState(
            self.name,
            name,
            active=word,
            sub=word,
            main_pid=main_pid,
            incarnation=_proc.incarnation(self.root, main_pid),
            notes=notes,
            flags=flags,
            properties={"script": os.path.join(FOLDER, name), "header": _init_script.header(text)},
        )

    def logs(self, name, lines=20, since=None):
        """Return syslog lines with the tag of the service or its program; ``since`` is left out: syslog's stamps have no year."""
        program = _init_script.program(self._text(name)) or name
        tag = re.compile(r"\s(%s|%s)(/[\w-]+)?(\[\d+\])?:" % (re.escape(name), re.escape(os.path.basename(program))))
        for path in LOGS:
            found = [line for line in self._tail(path) if tag.search(line)]
            if found:
                return found[-lines:]
        return []

    def stop(self, name, timeout, force_kill=False):
        deadline = time.monotonic() + timeout
        before = self.inspect(name)
        try:
            self._act("stop", name, timeout)
        except _base.TimedOut:
            if not force_kill:
                raise
        while not self._is_gone(before) and time.monotonic() < deadline:
            time.sleep(POLL)
        if self._is_gone(before):
            return
        if not force_kill:
            raise _base.TimedOut("%s did not stop within %g s: process %d is still there" % (name, timeout, before.main_pid))
        self._kill(before)

    def start(self, name, timeout):
        self._act("start", name, timeout)

    def reload(self, name, timeout):
        if not _init_script.can_reload(self._text(name)):
            raise _base.Unsupported("%s/%s has no action 'reload': use a restart" % (FOLDER, name), "reload")
        self._act("reload", name, timeout)

    def dependents(self, name):
        provided = self._facilities(name, "provides") or [name]
        users = [other for other in self.names() if other != name and set(provided) & set(self._facilities(other, "required-start"))]
        return [{"name": other, "active": self.inspect(other).active, "relation": "Required-Start", "hard": False} for other in users]

    def dependencies(self, name):
        wanted = self._facilities(name, "required-start")
        needed = [other for other in self.names() if other != name and set(wanted) & set(self._facilities(other, "provides") or [other])]
        return [{"name": other, "active": self.inspect(other).active, "relation": "Required-Start", "hard": False} for other in needed]

    def _below(self, path):
        return below(self.root, path)

    def _is_script(self, name):
        path = self._below(os.path.join(FOLDER, name))
        plausible = _NAME.fullmatch(name) and name not in NOT_SERVICES and ".dpkg-" not in name and not name.endswith((".rpmsave", ".rpmnew"))
        return bool(plausible) and os.path.isfile(path) and os.access(path, os.X_OK)

    def _text(self, name):
        if not self._is_script(name):
            nearest = _base.nearest(name, self.names())
            raise _base.ServiceNotFound("service '%s' not found: there is no executable script %s/%s" % (name, FOLDER, name), nearest)
        return _proc.read(self.root, os.path.join(FOLDER, name)) or ""

    def _facilities(self, name, keyword):
        return _init_script.header(self._text(name)).get(keyword, "").split()

    def _status(self, name, text, pid):
        """Return (our word, notes): the script's own answer, or the PID file's where the script has no action ``status``."""
        by_pid = _base.RUNNING if pid else _base.STOPPED
        if not _init_script.has_status(text):
            return by_pid, ["%s/%s has no action 'status': judged by its process alone" % (FOLDER, name)]
        rc, _out, _err = self.run(self._command(name, "status"), timeout=STATUS_TIMEOUT)
        if rc == _run.TIMED_OUT:
            return by_pid, ["'%s/%s status' gave no answer within %d s: judged by its process alone" % (FOLDER, name, STATUS_TIMEOUT)]
        if rc == 0 and pid is None and self._is_zombie(name, text):
            return _base.STOPPED, ["%s has ended, though nobody has reaped its process yet and the script takes it for running" % name]
        notes = ["%s %s" % (name, _STATUS_NOTE[rc])] if rc in _STATUS_NOTE else []
        return _STATUS.get(rc, by_pid), notes

    def _main_pid(self, name, text):
        """Return (PID, guessed) from the PID file, else the oldest process of the program."""
        for path in _init_script.pid_files(text, name):
            pid = self._from_pid_file(path)
            if pid:
                return pid, False
        program = _init_script.program(text)
        return (_proc.oldest(self.root, _proc.pids_of_program(self.root, program)) if program else None), True

    def _is_zombie(self, name, text):
        """Init of a small container does not reap; kill -0, which scripts ask with, succeeds on what is left."""
        pids = [self._written_pid(path) for path in _init_script.pid_files(text, name)]
        return any(pid and _proc.is_zombie(self.root, pid) for pid in pids)

    def _written_pid(self, path):
        digits = (_proc.read(self.root, path) or "").split()[:1]
        return int(digits[0]) if digits and digits[0].isdecimal() else None

    def _from_pid_file(self, path):
        """Return the PID in the file, unless that process began after the file was written: then the PID was given to another."""
        pid = self._written_pid(path)
        life = _proc.incarnation(self.root, pid)
        if life is None:
            return None
        written_at = os.stat(self._below(path)).st_mtime
        reused = life.started_at is not None and life.started_at > written_at + 2  # the clocks agree to about a second
        return None if reused else life.main_pid

    def _command(self, name, action):
        """As service(8) does: a clean environment, so that a service never inherits ours."""
        return [
            "env",
            "-i",
            "LANG=C",
            "TERM=dumb",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            self._below(os.path.join(FOLDER, name)),
            action,
        ]

    def _act(self, action, name, timeout):
        self._text(name)
        rc, _out, _err = self.run(self._command(name, action), timeout=timeout, discard_output=True)
        if rc == _run.TIMED_OUT:
            raise _base.TimedOut("'%s/%s %s' did not finish within %g s and was ended" % (FOLDER, name, action, timeout))
        if rc and not (action == "stop" and rc == 7):  # 7: it does not run
            why = _REFUSED.get(rc, "run it by hand to see what it says")
            raise _base.ManagerError("'%s/%s %s' failed with exit code %d: %s" % (FOLDER, name, action, rc, why))

    def _is_gone(self, before):
        life = before.incarnation
        return life is None or _proc.start_ticks(self.root, life.main_pid) != life.start_ticks

    def _kill(self, before):
        if not self._is_gone(before):  # never another process that was given the same PID
            os.kill(before.main_pid, signal.SIGKILL)
        deadline = time.monotonic() + KILL_TIMEOUT
        while not self._is_gone(before):
            if time.monotonic() > deadline:
                raise _base.TimedOut("%s: process %d is still there %d s after SIGKILL" % (before.name, before.main_pid, KILL_TIMEOUT))
            time.sleep(POLL)

    def _tail(self, path):
        try:
            with open(self._below(path), "rb") as stream:
                stream.seek(max(0, os.fstat(stream.fileno()).st_size - LOG_TAIL))
                return stream.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []
