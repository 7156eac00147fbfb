# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every service manager offers, and the facts it gives of a service.

One file per manager implements :class:`Manager`. Reading (``names``, ``inspect``, ``logs``) never changes anything.
Acting methods do one thing, wait for the manager's own answer and no longer; judging success is the caller's work.
"""

from __future__ import annotations

import os
import re

# The state of a service, in our words, whatever the manager calls it.
RUNNING = "running"  # the manager considers it up; it has a main process or container, unless flags say no_process (oneshot units)
STARTING = "starting"  # being started, waiting for a restart delay included
STOPPING = "stopping"
STOPPED = "stopped"  # not running and nobody complains
FAILED = "failed"  # not running, and the manager says so: crash, OOM, start limit ...
UNKNOWN = "unknown"


# What a service is in when nothing of it runs.
DOWN = (STOPPED, FAILED)

# Commands with which a person looks further, by manager.
_LOOK = {
    "systemd": "systemctl status {name}; journalctl -u {name} -n 50",
    "supervisord": "supervisorctl status {name}; supervisorctl tail {name} stderr",
    "docker": "docker inspect {name}; docker logs --tail 50 {name}",
    "podman": "podman inspect {name}; podman logs --tail 50 {name}",
    "sysv": "service {name} status; tail -n 50 /var/log/syslog",
}


# Commands that start again what a manager has given up starting.
_TRY_AGAIN = {
    "systemd": "systemctl reset-failed {name}",
    "supervisord": "supervisorctl start {name}",
    "docker": "docker start {name}",
    "podman": "podman start {name}",
    "sysv": "service {name} start",
}


def try_again(manager, name):
    """Return the command that lets a service be started of which its manager has given up."""
    return _TRY_AGAIN.get(manager, _TRY_AGAIN["sysv"]).format(name=name)


def look_at(manager, name):
    """Return the commands with which a person looks at a service."""
    return _LOOK.get(manager, _LOOK["sysv"]).format(name=name)


def nearest(name, known, most=3, cutoff=0.6):
    """Return the known names that look most like this one."""
    import difflib  # only a name that is wrong needs it, and the recorder starts every minute

    return difflib.get_close_matches(name, list(known), n=most, cutoff=cutoff)


def did_you_mean(names):
    """Return the question that ends a message about a name that nobody knows; nothing when no other name comes near."""
    return "; did you mean %s?" % " or ".join("'%s'" % one for one in names) if names else ""


def without_user(server):
    """Return where a manager listens, without the user and password that its URL may hold: this is what may be shown, stored and compared."""
    scheme, separator, rest = (server or "").partition("://")
    if not separator or rest.startswith("/"):
        return server
    return scheme + separator + rest.rpartition("@")[2]  # the last one, because a password may hold a slash or another @


def hide_credentials(url):
    """Return a URL that is wrong without all that stands before its last ``@``: where a password begins and ends in it is not known."""
    return re.sub(r"^(\w+(?:\+\w+)?:/+)?.*@", r"\1***@", url, flags=re.DOTALL)


class ManagerError(Exception):
    """The manager could not do or tell something; the message is one line for people."""


class ServiceNotFound(ManagerError):
    """No such service; ``nearest`` holds existing names that look like it, and the message asks whether one of them was meant."""

    def __init__(self, message, nearest=()):
        self.nearest = list(nearest)
        super().__init__(message + did_you_mean(self.nearest))


class Unsupported(ManagerError):
    """The service exists but cannot be handled (masked, alias, static ...); ``kind`` says which."""

    def __init__(self, message, kind):
        super().__init__(message)
        self.kind = kind


class TimedOut(ManagerError):
    """The manager did not finish within the timeout; it may still be at it."""


class Incarnation:
    """One life of a service. Two incarnations are the same only if their ids are equal."""

    def __init__(self, boot_id, main_pid, start_ticks, invocation_id=None, started_at=None):
        self.boot_id = boot_id  # /proc/sys/kernel/random/boot_id
        self.main_pid = main_pid  # int
        self.start_ticks = start_ticks  # field 22 of /proc/PID/stat: clock ticks after boot; tells a reused PID
        self.invocation_id = invocation_id  # systemd InvocationID, container id ..., or None
        self.started_at = started_at  # epoch seconds, float or None; not part of the identity

    @property
    def id(self):
        """Return the text that ``expect:`` takes: ``boot:pid:ticks:invocation``."""
        return "%s:%s:%s:%s" % (self.boot_id, self.main_pid, self.start_ticks, self.invocation_id or "-")

    def as_dict(self):
        return {
            "id": self.id,
            "boot_id": self.boot_id,
            "main_pid": self.main_pid,
            "start_ticks": self.start_ticks,
            "invocation_id": self.invocation_id,
            "started_at": self.started_at,
        }


class ServiceState:
    """Facts of one service at one moment, as its manager tells them."""

    def __init__(self, manager, name, **facts):
        self.manager = manager  # "systemd", "supervisord", "docker", "podman", "sysv"
        self.name = name  # canonical name ("postfix" -> "postfix.service")
        self.scope = facts.pop("scope", "system")  # "system" or "user"
        self.active = facts.pop("active", UNKNOWN)  # one of the words above
        self.sub = facts.pop("sub", "")  # the manager's own word (systemd SubState, supervisord statename ...)
        self.main_pid = facts.pop("main_pid", None)
        self.pids = facts.pop("pids", None)  # all PIDs if the manager knows them (cgroup.procs); else None: walk the tree
        # {"v1": {"memory": "/sys/fs/cgroup/memory/...", "pids": ..., "systemd": ...}, "v2": path}, each as far as it exists; own cgroups only,
        # as paths of the host (without the root that serves tests); None: shares the cgroup of others
        self.cgroups = facts.pop("cgroups", None)
        self.incarnation = facts.pop("incarnation", None)  # Incarnation, or None when there is no main process
        self.n_restarts = facts.pop("n_restarts", None)  # restarts the manager did by itself, or None if it does not count
        self.result = facts.pop("result", None)  # why it stopped: success, exit-code, signal, oom-kill, watchdog, timeout, start-limit-hit
        self.exit_code = facts.pop("exit_code", None)  # int, when it exited
        self.exit_signal = facts.pop("exit_signal", None)  # int, when a signal ended it
        self.stopped_at = facts.pop("stopped_at", None)  # epoch seconds
        self.last_incarnation = facts.pop("last_incarnation", None)  # dict like Incarnation.as_dict of a dead service, as far as known
        self.limits = facts.pop("limits", {})  # {"memory_max": bytes, "memory_high": bytes, "tasks_max": n, "swap_max": bytes}; absent = none set
        self.notes = facts.pop("notes", [])  # sentences: "daemon-reload needed: unit file changed on disk" ...
        # True or a text, absent when not so: alias_of, masked, static, generated, transient, no_process, need_daemon_reload, main_pid_guessed,
        # can_reload, triggered_by, gave_up, paused, restart_policy, stop_timeout
        self.flags = facts.pop("flags", {})
        self.properties = facts.pop("properties", {})  # the manager's raw facts, for evidence
        if facts:
            raise TypeError("unknown facts: %s" % ", ".join(sorted(facts)))

    @property
    def key(self):
        """Return ``manager/name``, the address of the service on its host."""
        return "%s/%s" % (self.manager, self.name)


class Manager:
    """One service manager of this host. ``run`` is ``callable(argv, timeout=…) -> (rc, out, err)``; ``root`` serves tests."""

    name = ""
    takes_server = False  # True when it can listen in several places, so that ``server`` means something
    atomic_restart = False  # True when one request to the manager both stops and starts (survives our death)

    def __init__(self, run, root="/", scope="system", server=None):
        self.run = run
        self.root = root
        self.scope = scope
        self.server = server  # supervisord RPC socket or container engine socket; None = the usual places

    @property
    def address(self):
        """Return what tells this manager from others of its kind, the same whichever way it is reached; None if a host has only one of it."""
        return self.server

    def owner(self):
        """Return the uid that the manager runs as: its services are guarded in the state directory of that user."""
        return 0 if self.scope == "system" else os.geteuid()

    def available(self):
        """Return (bool, sentence): can this manager be asked here, and how do we know."""
        raise NotImplementedError

    def names(self):
        """Return the names of all services it knows."""
        raise NotImplementedError

    def knows(self, name):
        """Return whether ``name`` (canonical or not) is a service of this manager; cheaper than ``inspect`` and never in doubt."""
        return name in self.names()

    def inspect(self, name):
        """Return the :class:`ServiceState`; raise ServiceNotFound, Unsupported or ManagerError."""
        raise NotImplementedError

    def inspect_many(self, names):
        """Return {name: ServiceState, or the ManagerError that its inspection ended in}; one question to the manager where it can."""
        found = {}
        for name in names:
            try:
                found[name] = self.inspect(name)
            except ManagerError as error:
                found[name] = error
        return found

    def inspect_running(self):
        """Return the :class:`ServiceState` of every service that runs now and has a process."""
        states = []
        for name in self.names():
            try:
                states.append(self.inspect(name))
            except ManagerError:
                continue  # gone meanwhile, or nothing that we could handle
        return [state for state in states if state.active == RUNNING and not state.flags.get("no_process")]

    def logs(self, name, lines=20, since=None):
        """Return the last log lines of the service (list of str, oldest first), [] when there are none to be had."""
        raise NotImplementedError

    def restart(self, name, timeout, force_kill=False):
        """Stop and start; only where ``atomic_restart``."""
        raise NotImplementedError

    def stop(self, name, timeout, force_kill=False):
        """Stop and wait; raise TimedOut, unless ``force_kill`` and killing it after the timeout helped."""
        raise NotImplementedError

    def start(self, name, timeout):
        raise NotImplementedError

    def reload(self, name, timeout):
        """Make it read its configuration again; raise Unsupported (kind ``reload``) when it cannot."""
        raise Unsupported("%s has no way to reload %s: use a restart" % (self.name, name), "reload")

    def scale(self, name, memory_max=None, memory_high=None, persist=False):
        """Set limits (bytes); return {"changed": {limit: {"before", "after"}}, "undo": "command"}; before is None for no limit."""
        raise Unsupported("%s has no memory limit to raise for %s: use a restart" % (self.name, name), "scale")

    def reset_failed(self, name, timeout):
        """Forget that it failed or hit its start limit, so that it can be started again."""
        raise Unsupported("%s keeps no failed state to reset for %s" % (self.name, name), "reset_failed")

    def daemon_reload(self, timeout):
        """Make the manager read the definitions of its services again; nothing is restarted."""
        raise Unsupported("%s has no definitions to read again without touching services" % self.name, "daemon_reload")

    def dependents(self, name):
        """Return [{"name", "active", "relation", "hard"}] of services that need this one; [] if the manager has no such notion.

        ``relation`` is the manager's own word; ``hard``: a restart of this service takes it along or breaks it.
        """
        return []

    def dependencies(self, name):
        """Return [{"name", "active", "relation", "hard"}] of what this service needs; ``hard``: it cannot do without."""
        return []
