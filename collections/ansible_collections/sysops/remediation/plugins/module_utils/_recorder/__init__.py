# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass of the recorder: look at every named service once and append one sample of each to the host's history.

The recorder is a zipapp of these very rooms (see ``plugin_utils/_recorder_program.py``), so there is one sampling code. It costs what one
Python start and one pass over /proc cost: managers are asked, and even imported, only about services that are not known to live.
"""

from __future__ import annotations

import os
import time

from .._host_state import paths
from .._host_state.history import History, Sample, short_boot
from .._sampling import fds, host, procfs
from .._sampling.sampler import sample
from .remembered import Memory


def record(wanted, state_dir=None, run=None, root="/"):
    """Record one sample of each running service.

    :param wanted: list of ``{name, manager, scope, server}``.
    :returns: ``(number of samples, [sentence for each problem])``; a problem of one service never costs the others their sample.
    """
    began, boot = host.uptime(), short_boot(host.boot_id(root))
    memory = Memory(paths.record_directory("system", os.geteuid(), state_dir), boot)  # the directory of whoever runs the recorder
    processes, problems = procfs.scan(root), []
    known, unknown = memory.recall(wanted, began, processes)
    asked = _ask(unknown, run, root, problems) if unknown else []
    if asked:
        processes = procfs.scan(root)  # they may be younger than the first look
    memory.keep(known, asked, began)
    epoch, uptime = time.time(), host.uptime()  # not before: managers may take seconds to answer
    batches = {}
    for service, target, owner in known + asked:
        values = _values(target, processes, root, problems)
        if values:
            directory = paths.record_directory(service.get("scope") or "system", owner, state_dir)
            batches.setdefault(directory, {})[target.key] = [Sample(epoch, uptime, boot, target.main_pid, target.start_ticks, values)]
    return _append(batches, epoch, problems), problems


def _ask(services, run, root, problems):
    """Return [(service, Target, uid of its manager)] of those that run."""
    from .wanted import find

    found, complaints = find(services, run, root)
    problems += complaints
    return [(asked, service.target(), service.manager.owner()) for asked, service in found if service.target() is not None]


def _values(target, processes, root, problems):
    taken = sample(root, target, processes, fds.Tmpfs(root, target.main_pid))
    if taken is None:
        return {}
    if taken.unreadable and not taken.values:
        problems.append("%s: %s" % (target.key, next(iter(taken.unreadable.values()))))
    return taken.values


def _append(batches, epoch, problems):
    """Return how many samples were written."""
    count = 0
    for directory, batch in batches.items():
        try:
            History(directory).append(batch, epoch)
            count += len(batch)
        except (paths.StateError, OSError) as error:
            problems.append(str(error))
    return count
