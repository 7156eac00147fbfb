# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services are meant, what their managers say of them, and where each is to be sampled."""

from __future__ import annotations

from . import _managers
from ._managers import _base
from ._sampling.sampler import Target


class Service:
    """A service of this host with its manager and the state it was found in."""

    def __init__(self, manager, reason, state, server=None):
        self.manager = manager
        self.reason = reason
        self.state = state
        self.server = _base.without_user(server)

    @property
    def identity(self):
        """Return what names it on this host: its key, and more where the same name can exist twice (two supervisords, two users)."""
        extra = {name: value for name, value in (("scope", self.state.scope), ("server", self.server)) if value not in (None, "system")}
        if not extra:
            return self.state.key
        from urllib.parse import urlencode  # 2 ms, which most hosts' recorders need not spend every minute

        return self.state.key + "?" + urlencode(extra)

    def target(self):
        """Return what the sampler needs, or None when there is no process to sample."""
        if self.state.active not in (_base.RUNNING, _base.STARTING, _base.STOPPING) or not self.state.main_pid:
            return None
        return target_of(self.state, self.identity)

    def refresh(self):
        """Ask the manager again; return the new target or None."""
        try:
            self.state = self.manager.inspect(self.state.name)
        except _base.ManagerError:
            return None
        return self.target()


def target_of(state, key):
    """Return where the sampler finds a service in this state."""
    ticks = state.incarnation.start_ticks if state.incarnation else None
    return Target(key, state.main_pid, ticks, state.cgroups, state.pids)


def find(wanted, run, root="/"):
    """Return (list of Service, warnings) for the services that were asked for, or for all that run.

    Raises ManagerError, with one line for people, for a service or manager that does not exist.
    """
    if not wanted:
        return all_running(run, root)
    found = {}
    for one in wanted:
        manager, reason = _managers.resolve(one, run, root)
        service = Service(manager, reason, manager.inspect(one["name"]), one.get("server"))
        found.setdefault(service.identity, service)
    return list(found.values()), []


def all_running(run, root="/", scope="system", server=None, manager=None):
    """Return (list of Service, warnings) of everything that runs; ``manager`` limits it to one, and then raises ManagerError if that cannot be asked."""
    found, warnings = [], []
    for one, reason in _managers.usable(run, root, scope, server, only=manager):
        try:
            states = one.inspect_running()
        except _base.ManagerError as error:
            warnings.append("services of %s are missing: %s" % (one.name, error))
            continue
        found += [Service(one, reason, state, server) for state in states]
    if not found and not warnings:
        warnings.append(_managers.nothing_runs(run, root, scope))
    return found, warnings


def nested(services, pids_of):
    """Return {identity: [identity, ...]} of services that run inside another one (a supervisord under systemd and its programs)."""
    inside = {}
    for outer in services:
        for inner in services:
            if inner is not outer and inner.state.main_pid in pids_of.get(outer.identity, ()) and inner.state.main_pid != outer.state.main_pid:
                inside.setdefault(outer.identity, []).append(inner.identity)
    return inside
