# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass of the recorder: look at every named service once and append one sample of each to the host's history.

The recorder is a zipapp of these very rooms (see ``plugin_utils/_recorder_program.py``), so there is one sampling code. It costs what one
Python start, one ``systemctl show`` and one pass over /proc cost, which is why managers are imported only when a service needs them.
"""

from __future__ import annotations

import time

from .._host_state import paths
from .._host_state.history import History, Sample, short_boot
from .._run import run as run_command
from .._sampling import fds, host, procfs
from .._sampling.sampler import sample
from .wanted import find


def record(wanted, state_dir=None, run=run_command, root="/"):
    """Record one sample of each running service.

    :param wanted: list of ``{name, manager, scope, server}``.
    :returns: ``(number of samples, [sentence for each problem])``; a problem of one service never costs the others their sample.
    """
    found, problems = find(wanted, run, root)
    processes = procfs.scan(root)
    epoch, uptime, boot = time.time(), host.uptime(), short_boot(host.read_host(root)["boot_id"])
    batches, count = {}, 0
    for service in found:
        target = service.target()
        if target is None:
            continue
        tmpfs = fds.tmpfs_mounts(root, target.main_pid)
        taken = sample(root, target, processes, tmpfs)
        if taken is None:
            continue
        if taken.unreadable and not taken.values:
            problems.append("%s: %s" % (service.identity, next(iter(taken.unreadable.values()))))
            continue
        directory = paths.state_directory(service.state.manager, service.state.scope, state_dir)
        one = Sample(epoch, uptime, boot, target.main_pid, target.start_ticks, taken.values)
        batches.setdefault(directory, {})[service.identity] = [one]
        count += 1
    for directory, batch in batches.items():
        try:
            History(directory).append(batch, epoch)
        except (paths.StateError, OSError) as error:
            problems.append(str(error))
            count -= len(batch)
    return count, problems
