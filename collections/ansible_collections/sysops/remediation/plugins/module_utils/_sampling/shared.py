# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared memory whose size can never change: shared anonymous mappings and System V segments (PostgreSQL's buffers, Oracle's SGA, opcache ...).

Nobody holds a descriptor of such memory, so nobody can resize it: what is resident of it can grow up to its size and no further. Files
(memfd, /dev/shm) can be resized and are no such memory.
"""

from __future__ import annotations

import os

from .._kernel import below, read_text

PROCESSES_AT_MOST = 20  # whose mappings are read: workers map what their parent made. 0.24 ms for a process of 2 GB.
REGIONS_AT_MOST = 256  # of which are looked at: who maps more makes regions as others make objects
BLOCK = 512  # bytes of a block in st_blocks

_FIXED = ("/dev/zero (deleted)", "/SYSV")


def fixed_regions(root, pids):
    """Return ``[{"size", "allocated", "since"}]`` of the fixed shared memory that the processes map; [] where that may not be read.

    ``allocated`` bytes are those that were ever touched, swapped out or not; ``since`` is the epoch at which it was there at the latest.
    What the kernel tells of the memory behind a mapping it tells root only (/proc/PID/map_files).
    """
    found, looked_at = {}, set()
    try:
        for pid in sorted(pids)[:PROCESSES_AT_MOST]:
            for place, identity in _mappings(root, pid):
                if identity not in looked_at and len(looked_at) < REGIONS_AT_MOST:
                    looked_at.add(identity)
                    found.update(_region(below(root, "proc/%d/map_files/%s" % (pid, place))))
    except PermissionError:
        return []
    return list(found.values())


def _mappings(root, pid):
    """Yield (name in map_files, (device, inode)) of each fixed shared mapping of a process."""
    for line in (read_text(below(root, "proc/%d/maps" % pid)) or "").splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[1][3] == "s" and fields[5].startswith(_FIXED):
            begin, end = (int(address, 16) for address in fields[0].split("-"))
            yield "%x-%x" % (begin, end), (fields[3], fields[4])  # maps pads addresses with zeros, map_files does not


def _region(path):
    try:
        status = os.stat(path)
    except PermissionError:
        raise
    except OSError:
        return {}  # unmapped since
    # Each first write to a page moves ctime and mtime; atime is when it was last mapped (forks do not map).
    region = {"size": status.st_size, "allocated": status.st_blocks * BLOCK, "since": status.st_atime}
    return {(status.st_dev, status.st_ino): region}
