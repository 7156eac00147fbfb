# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small readers of what the kernel tells in /proc and /sys, for every room that needs them.

A file that vanished is ``None``; one that may not be read raises PermissionError.
"""

from __future__ import annotations

import contextlib
import os
import time

NO_LIMIT_V1 = 1 << 62  # cgroup v1 writes "no limit" as the largest page-aligned 64-bit number


def read_text(path):
    """Return the whole file as text, or None when it (or its process) is gone."""
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape")
    except PermissionError:
        raise
    except OSError:  # ENOENT, ESRCH (process exited while reading), EINVAL, ENODEV (cgroup removed)
        return None


def read_number(path):
    """Return the integer in the file; None when the file is missing or says ``max`` (cgroup v2 for "no limit")."""
    return number(read_text(path))


def number(text):
    """Return the integer in the text, or None."""
    try:
        return int((text or "").strip())
    except ValueError:
        return None


def read_keyed(path):
    """Return ``{key: int}`` of a "key value" file such as memory.stat; None when it is missing."""
    text = read_text(path)
    if text is None:
        return None
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def below(root, *parts):
    """Return the path of a kernel file below a root that is ``/`` on a host and a recorded tree in a test."""
    return os.path.join(root, *(part.lstrip("/") for part in parts))


def boot_id(root="/"):
    """Return what tells this boot of the host from every other one, or None."""
    return (read_text(below(root, "proc/sys/kernel/random/boot_id")) or "").strip() or None


def uptime():
    """Return seconds since the boot, time asleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def catches(root, pid, signum):
    """Tell whether the process is known to have a handler for the signal (SigCgt). Without one most signals end it, so nobody may send it."""
    try:
        status = read_text(below(root, "proc/%d/status" % pid)) or ""
    except PermissionError:
        return False
    handled = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(handled, 16) >> (signum - 1) & 1)


def group_pids(root, cgroups):
    """Return the set of PIDs in a service's own control group and below it; None if it has none.

    :param cgroups: what a service manager knows of it: ``{"v1": {controller: path}, "v2": path}``.
    """
    cgroups = cgroups or {}
    v1 = cgroups.get("v1", {})
    top = cgroups.get("v2") or v1.get("systemd") or v1.get("memory") or v1.get("pids")
    if not top:
        return None
    found = set()
    for folder, _folders, files in os.walk(below(root, top)):
        if "cgroup.procs" in files:
            with contextlib.suppress(PermissionError):
                found.update(int(line) for line in (read_text(os.path.join(folder, "cgroup.procs")) or "").split())
    return found - {0}  # 0: a process outside of our PID namespace
