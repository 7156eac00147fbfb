# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is known about one call while it runs: the request, the service and the host's memory of it."""

from __future__ import annotations

import os

from .._host_state import journal, lock, permit
from .._managers import _base

_LOG_LINES = 200


class Case:
    def __init__(self, request, manager, state, directory, clock, memory, root="/", check_mode=False):
        self.request = request
        self.manager = manager
        self.state = state  # as last seen
        self.clock = clock
        self.memory = memory  # callable: state -> bytes of anonymous memory and swap, or None
        self.root = root
        self.check_mode = check_mode
        self.directory = directory
        self.identity = identity(manager, state)
        self.lock = lock.ServiceLock(directory, self.identity)
        self.journal = journal.Journal(directory, self.identity)
        self.permits = permit.PermitMemory(directory, self.identity)
        self.attempts = []
        self.dependents = []
        self.dependencies = []
        self.log_before = []
        self.now = clock.stamp()

    @property
    def name(self):
        return self.state.name

    @property
    def down(self):
        return self.state.active in _base.DOWN

    @property
    def unfinished(self):
        """The last attempt, if nobody wrote down how it ended. We hold the lock, so whoever began it is gone."""
        return self.attempts[-1] if self.attempts and self.attempts[-1]["outcome"] is None else None

    def remember_log(self):
        """Remember the log's end, if a probe will ask what came after it."""
        if any(probe["type"] == "log_line" for probe in self.request.health):
            self.log_before = self.log_lines()

    def log_lines(self, lines=_LOG_LINES, since=None):
        """Return the end of the service's log, [] if there is none to be had."""
        try:
            return self.manager.logs(self.name, lines=lines, since=since)
        except _base.ManagerError:
            return []

    def look_again(self):
        self.state = self.manager.inspect(self.request.name)
        self.now = self.clock.stamp()


def identity(manager, state):
    """Return the name under which the host remembers a service. Two supervisords may each have a 'web': their address tells them apart."""
    address = manager.address
    if not address:
        return state.key
    path = address[len("unix://") :] if address.startswith("unix://") else address
    return "%s@%s" % (state.key, os.path.realpath(path) if path.startswith("/") else path)


def life(state):
    """Return what tells one life of a service from the next: its incarnation, or the manager's own id where there is no process."""
    if state.incarnation:
        return state.incarnation.id
    if state.active == _base.RUNNING and state.properties.get("InvocationID"):
        return "-:-:-:%s" % state.properties["InvocationID"]
    return None


def snapshot(state, memory):
    """Return the facts of a moment in the shape of docs/architecture.md."""
    return {
        "active": state.active,
        "incarnation": life(state),
        "n_restarts": state.n_restarts,
        "memory": memory,
        "result": state.result,
        "limits": dict(state.limits),
    }
