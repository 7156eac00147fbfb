# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as services, through the engine's API; what Docker and Podman have in common."""

from __future__ import annotations

import os
import re
import signal
import time

from .._kernel import below, boot_id, catches
from . import _base, _cgroup, _container_facts, _engine_api, _listener, _proc

PING_TIMEOUT = 5
READ_TIMEOUT = 20
DEFAULT_STOP_TIMEOUT = 10  # seconds from SIGTERM to SIGKILL, where the container does not say otherwise
KILL_TIMEOUT = 30
POLL = 0.2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class ContainerEngine(_base.Manager):
    takes_server = True
    atomic_restart = True  # the engine, not we, stops and starts it; and goes on if we are gone
    sockets: tuple[str, ...] = ()  # usual places; %s stands for the runtime directory of a user
    component = ""  # how the engine calls itself in GET /version
    command = ""

    def __init__(self, run, root="/", scope="system", server=None):
        super().__init__(run, root, scope, server)
        self._engine = None

    @property
    def address(self):
        return self._ask().path

    def owner(self):
        """Everybody in the group of the engine's socket can reach it; it is the engine's user who owns the containers."""
        path = self._ask().path
        try:
            return _listener.owner_of_unix(below(self.root, path), PING_TIMEOUT)
        except OSError as error:
            raise _base.ManagerError("%s does not answer: %s" % (path, error.strerror or "timed out")) from None

    def available(self):
        if self.server and self.server.partition("://")[0] not in ("unix", self.server):
            return False, "%s is asked through a Unix socket: write server as a path or 'unix:///path'" % self.name
        failures = []
        for path in self._socket_paths():
            engine = _engine_api.Engine(path, self.root)
            try:
                version = engine.get("/version", PING_TIMEOUT)
                components = {one.get("Name"): one.get("Version") for one in version.get("Components") or []}
            except (_base.ManagerError, AttributeError) as error:
                failures.append(str(error) if path in str(error) else "%s: %s" % (path, error))
                continue
            if self.component not in components:
                failures.append("%s is the socket of %s, not of %s" % (path, next(iter(components), "something else"), self.name))
                continue
            self._engine = engine
            return True, "%s %s answers at %s" % (self.name, components[self.component], path)
        return False, "; ".join(failures) or "no socket of %s in the usual places" % self.name

    def names(self):
        return sorted(_listed_name(container) for container in self._list())

    def knows(self, name):
        try:
            self._container(name)
        except _base.ManagerError:
            return False
        return True

    def inspect(self, name):
        return self._state(self._container(name))

    def logs(self, name, lines=20, since=None):
        query = {"stdout": "1", "stderr": "1", "tail": str(lines), "timestamps": "1"}
        if since is not None:
            query["since"] = str(int(since))
        try:
            payload = self._ask().request("GET", "/containers/%s/logs" % self._id(name), READ_TIMEOUT, query)
        except _engine_api.EngineError:
            return []  # a log driver that cannot be read back
        return [line for line in _engine_api.split_log(payload).splitlines() if line.strip()][-lines:]

    def restart(self, name, timeout, force_kill=False):
        before = self.inspect(name)
        self._act("restart", before, timeout, force_kill, lambda state: state.active == _base.RUNNING and state.main_pid != before.main_pid)

    def stop(self, name, timeout, force_kill=False):
        state = self.inspect(name)
        if state.flags.get("transient"):
            raise _base.Unsupported("%s was started with --rm: stopping it removes it; use a restart" % state.name, "transient")
        self._act("stop", state, timeout, force_kill, lambda state: state.active in _base.DOWN)

    def start(self, name, timeout):
        self._act("start", self.inspect(name), timeout)

    def reload(self, name, timeout):
        """Send SIGHUP to the main process, but only if it handles it: others would end, or ignore it as PID 1."""
        state = self.inspect(name)
        if state.incarnation is None:
            raise _base.ManagerError("%s is not running (%s): nothing to reload" % (state.name, state.sub))
        if state.cgroups is None or not catches(self.root, state.main_pid, signal.SIGHUP):
            raise _base.Unsupported("%s is not known to handle SIGHUP: it cannot be told to reload, use a restart" % state.name, "reload")
        self._ask().post("/containers/%s/kill" % state.name, timeout, signal="SIGHUP")

    def scale(self, name, memory_max=None, memory_high=None, persist=False):
        container = self._container(name)
        name, host_config = _container_facts.name_of(container), container["HostConfig"]
        before = self._memory_limit(container)
        if memory_max is None:
            raise _base.Unsupported("%s has no MemoryHigh for %s: give memory_max" % (self.name, name), "scale")
        if before is None:
            raise _base.Unsupported("%s has no memory limit to raise: what holds it back is the memory of the host" % name, "scale")
        if memory_max == before:
            return {"changed": {}, "undo": None}
        swap = host_config.get("MemorySwap") or 0
        swap_allowance = max(0, swap - (host_config.get("Memory") or 0)) if swap > 0 else None
        self._update(name, memory_max, swap if swap_allowance is None else memory_max + swap_allowance)
        undo = [self.command, "update", "--memory=%d" % before]
        if swap:
            undo.append("--memory-swap=%d" % (swap if swap_allowance is None else before + swap_allowance))
        return {"changed": {"memory_max": {"before": before, "after": memory_max}}, "undo": " ".join([*undo, name])}

    def dependents(self, name):
        """Return containers that live in its namespaces (they lose their network when it restarts) or name it in Compose's depends_on."""
        target = self._container(name)
        return [
            {"name": _listed_name(other), "active": _container_facts.word(other.get("State")), "relation": relation, "hard": relation == "network"}
            for other in self._list()
            for relation in [_need(other, target["Id"], _container_facts.name_of(target), _labels(target))]
            if relation
        ]

    def dependencies(self, name):
        """Return the containers that it needs, in the same sense."""
        target = self._container(name)
        others = self._list()
        mine = next((one for one in others if one["Id"] == target["Id"]), None)
        return [
            {"name": _listed_name(other), "active": _container_facts.word(other.get("State")), "relation": relation, "hard": relation == "network"}
            for other in others
            for relation in [_need(mine, other["Id"], _listed_name(other), other.get("Labels") or {})]
            if mine and relation
        ]

    def _socket_paths(self):
        if self.server:
            return [_base.without_user(self.server).rpartition("://")[2]]
        runtime_dir = _proc.runtime_dir()
        paths = [path % runtime_dir if "%s" in path else path for path in self.sockets if ("%s" in path) == (self.scope == "user")]
        return [path for path in paths if os.path.exists(below(self.root, path))]

    def _ask(self):
        if self._engine is None:
            usable, why = self.available()
            if not usable:
                raise _base.ManagerError("%s cannot be asked: %s" % (self.name, why))
        return self._engine

    def _list(self):
        return [one for one in self._ask().get("/containers/json", READ_TIMEOUT, all="1") if one.get("Names")]

    def _container(self, name):
        if not _NAME.fullmatch(name):
            raise _base.ServiceNotFound("'%s' is not the name of a container" % name)
        try:
            return self._ask().get("/containers/%s/json" % name, READ_TIMEOUT)
        except _engine_api.EngineError as error:
            if error.status != 404:
                raise _base.ManagerError("%s, container '%s': %s" % (self.name, name, error)) from None
        raise _base.ServiceNotFound("service '%s' not found in %s at %s" % (name, self.name, self._ask().path), _base.nearest(name, self.names()))

    def _id(self, name):
        return self._container(name)["Id"]

    def _state(self, container):
        facts = _container_facts.facts(container)
        container_id, limit = container["Id"], self._memory_limit(container)
        if limit is not None:
            facts["limits"]["memory_max"] = limit
        facts["cgroups"] = _cgroup.of_container(self.root, facts["main_pid"], container_id)
        facts["pids"] = _cgroup.pids(self.root, facts["cgroups"])
        facts["incarnation"] = self._incarnation(container, facts)
        started_at = _container_facts.epoch(container["State"].get("StartedAt"))
        if facts["incarnation"] is None and started_at:
            facts["last_incarnation"] = dict(_base.Incarnation(None, None, None, container_id[:12], started_at).as_dict(), id=None)
        return _base.ServiceState(self.name, _container_facts.name_of(container), scope=self.scope, **facts)

    def _incarnation(self, container, facts):
        if facts["active"] != _base.RUNNING or not facts["main_pid"]:
            return None
        if facts["cgroups"]:
            return _proc.incarnation(self.root, facts["main_pid"], container["Id"][:12])
        # We run in a container ourselves: the engine's PIDs are not ours, so the moment of its start tells its lives apart.
        facts["notes"].append("the processes of %s cannot be seen from here" % _container_facts.name_of(container))
        started_at = _container_facts.epoch(container["State"].get("StartedAt"))
        ticks = None if started_at is None else int(started_at * 1000)
        return _base.Incarnation(boot_id(self.root), facts["main_pid"], ticks, container["Id"][:12], started_at)

    def _memory_limit(self, container):
        """Return the limit that holds now; the kernel's word counts, as an engine may only remember the one of the start."""
        cgroups = _cgroup.of_container(self.root, container["State"].get("Pid"), container["Id"])
        return _cgroup.memory_limit(self.root, cgroups) or _container_facts.limits(container["HostConfig"]).get("memory_max")

    def _update(self, name, memory, swap):
        raise NotImplementedError

    def _act(self, verb, before, timeout, force_kill=False, reached=None):
        """Ask for one action. The engine itself kills what outlives its stop timeout; ``timeout`` is only how long we wait.

        The stop timeout is sent along because Podman 4 takes a missing one as 0 in a restart, and kills at once.
        """
        if before.flags.get("paused"):
            raise _base.Unsupported("%s is paused: '%s unpause %s' first" % (before.name, self.command, before.name), "paused")
        try:
            grace = {} if verb == "start" else {"t": before.flags.get("stop_timeout", DEFAULT_STOP_TIMEOUT)}
            self._ask().post("/containers/%s/%s" % (before.name, verb), timeout, **grace)
        except _engine_api.EngineError as error:
            raise _base.ManagerError("%s %s %s: %s" % (self.command, verb, before.name, error)) from None
        except _base.TimedOut:
            if not (force_kill and reached):
                raise _base.TimedOut("%s %s %s did not finish within %g s; the engine goes on with it" % (self.command, verb, before.name, timeout)) from None
            self._kill_if_still(before, verb, reached)

    def _kill_if_still(self, before, verb, reached):
        """Kill the life that would not stop, and only that one, then wait for the engine to go on."""
        now = self.inspect(before.name)
        if now.main_pid == before.main_pid and now.active in (_base.RUNNING, _base.STOPPING):
            self._ask().post("/containers/%s/kill" % before.name, READ_TIMEOUT, signal="SIGKILL")
        deadline = time.monotonic() + KILL_TIMEOUT
        while not reached(self.inspect(before.name)):
            if time.monotonic() > deadline:
                raise _base.TimedOut("%s %s %s: not finished %d s after SIGKILL was sent" % (self.command, verb, before.name, KILL_TIMEOUT))
            time.sleep(POLL)


def _listed_name(container):
    """Return the container's own name; ``/other/alias`` entries come from links."""
    names = [name.lstrip("/") for name in container["Names"]]
    return next((name for name in names if "/" not in name), names[0])


def _labels(container):
    return container["Config"].get("Labels") or {}


def _need(container, other_id, other_name, other_labels):
    """Tell why ``container`` needs the other one: ``network``, ``depends_on``, or None."""
    if not container or container["Id"] == other_id:
        return None
    network = (container.get("HostConfig") or {}).get("NetworkMode") or ""
    if network.startswith("container:") and network[len("container:") :] in (other_id, other_name):
        return "network"
    labels = container.get("Labels") or {}
    wanted = [entry.partition(":")[0] for entry in labels.get("com.docker.compose.depends_on", "").split(",")]
    project, service = "com.docker.compose.project", "com.docker.compose.service"
    same_project = labels.get(project) is not None and labels.get(project) == other_labels.get(project)
    return "depends_on" if same_project and other_labels.get(service) in wanted else None
