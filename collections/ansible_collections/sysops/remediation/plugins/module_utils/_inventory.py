# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs: every running service of every manager that can be asked, with its memory of this moment."""

from __future__ import annotations

from ._sampling import procfs, sampler
from ._services import all_running, target_of


def running_services(run, root="/", scope="system", server=None, manager=None):
    """Return (rows, warnings), sorted by service key; ``manager`` limits it to one.

    A row is ``{service, name, manager, scope, active, sub, main_pid, comm, processes, memory}``; what cannot be seen is None.
    """
    services, warnings = all_running(run, root, scope, server, manager)
    processes = procfs.scan(root) if services else {}
    return sorted((_row(root, service.state, processes) for service in services), key=lambda row: row["service"]), warnings


def _row(root, state, processes):
    row = {"service": state.key, "name": state.name, "manager": state.manager, "scope": state.scope, "active": state.active, "sub": state.sub}
    row.update(main_pid=state.main_pid, comm=None, processes=None, memory=None)
    taken = sampler.sample(root, target_of(state, state.key), processes) if state.incarnation else None
    if taken is not None:
        row.update(comm=procfs.read_comm(root, state.main_pid), processes=len(taken.pids) or None, memory=taken.memory)
    return row
