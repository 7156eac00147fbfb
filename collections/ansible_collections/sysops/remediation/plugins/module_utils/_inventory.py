# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs: every running service of every manager that can be asked, with its memory of this moment."""

from __future__ import annotations

from . import _managers
from ._sampling import procfs, sampler


def running_services(run, root="/", scope="system", server=None, manager=None):
    """Return (rows, warnings), sorted by service key; ``manager`` limits it to one.

    A row is ``{service, name, manager, scope, active, sub, main_pid, comm, processes, memory}``; what cannot be seen is None.
    """
    asked = [one for one, _why in _managers.usable(run, root, scope, server, only=manager)]
    states, warnings = [], []
    for one in asked:
        try:
            states += one.inspect_running()
        except _managers.ManagerError as error:
            warnings.append("services of %s are missing: %s" % (one.name, error))
    if not states and not warnings:
        warnings.append(_managers.nothing_runs(run, root, scope))
    processes = procfs.scan(root) if states else {}
    return sorted((_row(root, state, processes) for state in states), key=lambda row: row["service"]), warnings


def _row(root, state, processes):
    row = {"service": state.key, "name": state.name, "manager": state.manager, "scope": state.scope, "active": state.active, "sub": state.sub}
    row.update(main_pid=state.main_pid, comm=None, processes=None, memory=None)
    if state.incarnation is None:
        return row
    target = sampler.Target(state.key, state.main_pid, state.incarnation.start_ticks, state.cgroups, state.pids)
    taken = sampler.sample(root, target, processes)
    if taken is not None:
        row["comm"] = procfs.read_comm(root, state.main_pid)
        row["processes"] = len(taken.pids) or None
        row["memory"] = _memory(taken.values)
    return row


def _memory(values):
    """Return what a leak would grow: anonymous memory and what of it was swapped out, never page cache."""
    return values["anon"] + values.get("swap", 0) if "anon" in values else None
