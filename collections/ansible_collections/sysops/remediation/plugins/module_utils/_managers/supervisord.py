# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""supervisord programs, through supervisord's own XML-RPC socket."""

from __future__ import annotations

import signal
import time
import xmlrpc.client

from .._kernel import below, catches
from . import _base, _listener, _proc, _supervisord_rpc

READ_TIMEOUT = 10
POLL = 0.1
KILL_TIMEOUT = 15
LOG_BYTES_PER_LINE = 400  # how much of the log's end is asked for, per line that is wanted

_ACTIVE = {
    "STOPPED": _base.STOPPED,
    "STARTING": _base.STARTING,
    "RUNNING": _base.RUNNING,
    "BACKOFF": _base.STARTING,  # died while starting, supervisord will try again
    "STOPPING": _base.STOPPING,
    "EXITED": _base.STOPPED,
    "FATAL": _base.FAILED,  # supervisord gave up
}
_BAD_NAME, _NO_FILE, _ALREADY_STARTED, _NOT_RUNNING = 10, 20, 60, 70  # fault codes of supervisord
_BY_SIGNAL = -1  # what supervisord writes as exit status when a signal ended the process; it does not keep which


def facts(info):
    """Return the facts for :class:`ServiceState` in one answer of ``getProcessInfo`` (pure)."""
    word, status = info["statename"], info["exitstatus"]
    active = _ACTIVE.get(word, _base.UNKNOWN)
    ended = word in ("EXITED", "FATAL", "STOPPED", "BACKOFF") and bool(info["stop"])
    if word == "EXITED" and status != 0:
        active = _base.FAILED
    notes, flags = [], {}
    if status == _BY_SIGNAL and word == "EXITED":
        notes.append("a signal ended it; supervisord does not keep which")
    elif info.get("spawnerr"):
        notes.append("supervisord: %s" % info["spawnerr"])
    if word == "FATAL":
        flags["gave_up"] = True
        notes.append("supervisord gave up starting it and will not try again by itself")
    if word == "BACKOFF":
        notes.append("it died while starting; supervisord tries again by itself")
    return {
        "active": active,
        "sub": word,
        "main_pid": info["pid"] or None,
        "result": _result(word, status) if ended else None,
        "exit_code": status if word in ("EXITED", "STOPPED") and ended and status != _BY_SIGNAL else None,
        "stopped_at": float(info["stop"]) if ended and active in _base.DOWN else None,
        "last_incarnation": _last_life(info) if ended else None,
        "notes": notes,
        "flags": flags,
        "properties": info,
    }


def _result(word, status):
    if word == "BACKOFF":
        return None  # supervisord keeps no exit status of a process that dies while starting
    if word == "FATAL":
        return "start-limit-hit"
    if word == "STOPPED":
        return "success"  # somebody asked for it: the exit status is that of our TERM
    return {0: "success", _BY_SIGNAL: "signal"}.get(status, "exit-code")


def _last_life(info):
    """supervisord forgets the PID of a dead process, and keeps when it started."""
    keys = ("id", "boot_id", "main_pid", "start_ticks", "invocation_id")
    return dict(dict.fromkeys(keys), started_at=float(info["start"])) if info["start"] else None


def full_name(info):
    """Return ``group:name``, or the bare name for a program that is a group of its own."""
    return info["name"] if info["group"] == info["name"] else "%s:%s" % (info["group"], info["name"])


class Supervisord(_base.Manager):
    name = "supervisord"
    takes_server = True
    atomic_restart = False  # its restart is a stop and a start from outside

    def __init__(self, run, root="/", scope="system", server=None):
        super().__init__(run, root, scope, server)
        self._address = None
        self._owner = None
        self._known_as = None

    @property
    def address(self):
        """Return its Unix socket, where it has one: reached over HTTP it is still the same supervisord, with the same lock."""
        self._where()
        return self._known_as

    def owner(self):
        self._where()
        return self._owner

    def available(self):
        try:
            addresses = _supervisord_rpc.candidates(self.root, self.server)
        except _base.ManagerError as error:
            return False, str(error)
        failures = []
        for address in addresses:
            try:
                version = _supervisord_rpc.call(address, self.root, READ_TIMEOUT, "supervisor.getSupervisorVersion")
                self._owner, self._known_as = self._find_owner(address)
            except _base.ManagerError as error:
                failures.append(str(error))
                continue
            self._address = address
            return True, "supervisord %s answers at %s" % (version, address)
        return False, "; ".join(failures) or "no socket of supervisord in the usual places (set server)"

    def names(self):
        return sorted(full_name(info) for info in self._call("supervisor.getAllProcessInfo"))

    def knows(self, name):
        return self._find(name) is not None

    def inspect(self, name):
        return self._state(self._info(name))

    def inspect_running(self):
        states = [self._state(info) for info in self._call("supervisor.getAllProcessInfo")]
        return [state for state in states if state.active == _base.RUNNING]

    def logs(self, name, lines=20, since=None):
        """Return the end of both logs; they carry no times of their own, so ``since`` cannot narrow them."""
        name = full_name(self._info(name))
        stdout, stderr = (self._tail(stream, name, lines) for stream in ("Stdout", "Stderr"))
        errors = ["stderr: " + line for line in _last(stderr, (lines + 1) // 2)]
        return _last(stdout, lines - len(errors)) + errors

    def stop(self, name, timeout, force_kill=False):
        name = full_name(self._info(name))
        self._ask("stop", name, _NOT_RUNNING)  # which it also says of a process that is being stopped
        if self._await(name, timeout, _is_down):
            return
        if not force_kill:
            raise _base.TimedOut("%s did not stop within %g s; supervisord goes on stopping it and kills it after its stopwaitsecs" % (name, timeout))
        self._signal(name, "KILL")
        if not self._await(name, KILL_TIMEOUT, _is_down):
            raise _base.TimedOut("%s is still there %d s after SIGKILL was sent" % (name, KILL_TIMEOUT))

    def start(self, name, timeout):
        name = full_name(self._info(name))
        deadline = time.monotonic() + timeout
        self._await(name, timeout, lambda state: state.active != _base.STOPPING)  # until then supervisord ignores a start
        self._ask("start", name, _ALREADY_STARTED)
        if not self._await(name, deadline - time.monotonic(), lambda state: state.active not in (_base.STARTING, _base.STOPPING)):
            raise _base.TimedOut("%s was started but is not up after %g s (%s); supervisord goes on" % (name, timeout, self.inspect(name).sub))
        state = self.inspect(name)
        if state.active == _base.FAILED:
            raise _base.ManagerError("%s does not start: %s" % (name, "; ".join(state.notes) or state.sub))

    def reload(self, name, timeout):
        """Send SIGHUP, but only to a process that handles it: others would die of it."""
        state = self.inspect(name)
        if state.incarnation is None:
            raise _base.ManagerError("%s is not running (%s): nothing to reload" % (state.name, state.sub))
        if not catches(self.root, state.main_pid, signal.SIGHUP):
            raise _base.Unsupported("%s does not handle SIGHUP, it would end it: use a restart" % state.name, "reload")
        self._signal(state.name, "HUP")

    def _find_owner(self, address):
        """Return the uid that supervisord runs as and one name for it; raise ManagerError if it does not run on this host."""
        try:
            if address.path:
                return _listener.owner_of_unix(below(self.root, address.path), READ_TIMEOUT), str(address)
            pid = _supervisord_rpc.call(address, self.root, READ_TIMEOUT, "supervisor.getPID")
            uid, path = _listener.owner_of_tcp(address.hostname, address.port, pid, READ_TIMEOUT, self.root)
            return uid, "unix://" + path if path else "tcp port %d" % address.port
        except OSError as error:
            raise _base.ManagerError("supervisord at %s does not answer: %s" % (address, error.strerror or "timed out")) from None
        except _listener.NotHere as reason:
            where = "its services are watched and guarded only on the host where it runs: run the task there, with an address of that host as server"
            raise _base.ManagerError("supervisord at %s does not run on this host as far as can be seen (%s); %s" % (address, reason, where)) from None

    def _state(self, info):
        found = facts(info)
        found["incarnation"] = _proc.incarnation(self.root, found["main_pid"])
        return _base.ServiceState(self.name, full_name(info), scope=self.scope, **found)

    def _info(self, name):
        found = self._find(name)
        if found:
            return found
        everything = self._call("supervisor.getAllProcessInfo")
        members = sorted(full_name(info) for info in everything if info["group"] == name.partition(":")[0])
        if members and name.partition(":")[2] in ("", "*"):
            raise _base.Unsupported("'%s' is a group of supervisord, not one service: name one of %s" % (name, ", ".join(members[:8])), "group")
        known = sorted({known for info in everything for known in (full_name(info), info["name"])})
        raise _base.ServiceNotFound("service '%s' not found in supervisord at %s" % (name, self._where()), _base.nearest(name, known))

    def _find(self, name):
        """Return the info of ``group:name``, or of a bare name that only one group has."""
        everything = self._call("supervisor.getAllProcessInfo")
        exact = [info for info in everything if name in (full_name(info), "%(group)s:%(name)s" % info)]
        loose = exact or [info for info in everything if info["name"] == name]
        return loose[0] if len(loose) == 1 else None

    def _tail(self, stream, name, lines):
        try:
            text, _offset, _overflow = self._call("supervisor.tailProcess%sLog" % stream, name, 0, lines * LOG_BYTES_PER_LINE)
        except (xmlrpc.client.Fault, _base.ManagerError):
            return []  # no such log file, or stderr goes to stdout
        return [line for line in text.splitlines() if line.strip()][-lines:]

    def _await(self, name, timeout, condition):
        deadline = time.monotonic() + timeout
        while True:
            if condition(self.inspect(name)):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL)

    def _ask(self, verb, name, harmless, *arguments):
        """Call ``startProcess`` or ``stopProcess`` (which answer at once) or ``signalProcess``; one fault code means that it is already so."""
        try:
            self._call("supervisor.%sProcess" % verb, name, *(arguments or (False,)))
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != harmless:
                raise _refusal(verb, name, fault) from None

    def _signal(self, name, word):
        self._ask("signal", name, _NOT_RUNNING, word)

    def _where(self):
        if self._address is None:
            usable, why = self.available()
            if not usable:
                raise _base.ManagerError("supervisord cannot be asked: %s" % why)
        return self._address

    def _call(self, method, *arguments):
        return _supervisord_rpc.call(self._where(), self.root, READ_TIMEOUT, method, *arguments)


def _last(items, count):
    return items[-count:] if count > 0 else []


def _is_down(state):
    return state.active in _base.DOWN


def _refusal(verb, name, fault):
    """Turn ``NO_FILE: can't find command`` or ``SPAWN_ERROR: name`` into a sentence."""
    code, _colon, detail = fault.faultString.partition(": ")
    why = detail if detail and detail != name else code.replace("_", " ").lower()
    return _base.ManagerError("supervisord will not %s %s: %s" % (verb, name, why))
