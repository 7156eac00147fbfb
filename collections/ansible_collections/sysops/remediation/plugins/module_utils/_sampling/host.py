# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the host that every diagnosis needs."""

from __future__ import annotations

import os
import time

from .._kernel import below, boot_id, read_text, uptime
from . import cgroup

KIB = 1024


def read_host(root="/", now=None):
    """Return ``{boot_id, time, cgroup, mem_total, mem_available, swap_total, swap_free}``; sizes in bytes."""
    memory = read_meminfo(root)
    return {
        "boot_id": boot_id(root),
        "time": time.time() if now is None else now,
        "cgroup": cgroup.version(root),
        "mem_total": memory.get("MemTotal"),
        "mem_available": memory.get("MemAvailable"),
        "swap_total": memory.get("SwapTotal"),
        "swap_free": memory.get("SwapFree"),
    }


def read_meminfo(root="/"):
    """Return /proc/meminfo in bytes."""
    found = {}
    for line in (read_text(below(root, "proc/meminfo")) or "").splitlines():
        name, _separator, rest = line.partition(":")
        words = rest.split()
        if words and words[-1] == "kB":
            found[name] = int(words[0]) * KIB
    return found


def hides_processes(root="/"):
    """Return the hidepid option of /proc as text when processes of other users are invisible to us, else None."""
    if os.geteuid() == 0:
        return None
    for line in (read_text(below(root, "proc/self/mountinfo")) or "").splitlines():
        head, _separator, tail = line.partition(" - ")
        if tail.startswith("proc ") and head.split(" ")[4] == "/proc":
            for option in tail.split(" ")[2].split(","):
                if option.startswith("hidepid=") and option not in ("hidepid=0", "hidepid=off"):
                    return option
    return None


def asleep():
    """Return how many seconds since the boot the host was suspended."""
    return uptime() - time.monotonic()
