# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroups that belong to one service alone, below a root path."""

from __future__ import annotations

import os

from .._kernel import NO_LIMIT_V1, below, group_pids
from . import _proc

V1_CONTROLLERS = ("memory", "pids", "systemd")  # "systemd" is the named hierarchy that only groups processes
_BASE = "/sys/fs/cgroup"


def own_cgroups(root, control_group):
    """Return ``{"v1": {controller: path}, "v2": path}`` of the directories that exist for ``control_group``, or None.

    Paths are those of the host, without ``root``. A hybrid host has its v2 tree without controllers: that is not offered.
    """
    if not control_group or control_group == "/":
        return None
    found = {}
    v1 = {one: "%s/%s%s" % (_BASE, one, control_group) for one in V1_CONTROLLERS}
    v1 = {one: path for one, path in v1.items() if os.path.isdir(below(root, path))}
    if v1:
        found["v1"] = v1
    if os.path.isfile(below(root, _BASE, "cgroup.controllers")) and os.path.isdir(below(root, _BASE + control_group)):
        found["v2"] = _BASE + control_group
    return found or None


def of_container(root, pid, container_id):
    """Return the container's own cgroups as ``own_cgroups`` does, or None when ``pid`` is not its process in our view.

    The engine's PIDs mean nothing to us if we run in a container ourselves; the id in the path proves that it is the one.
    """
    for line in (_proc.read(root, "proc/%d/cgroup" % pid) or "").splitlines() if pid else ():
        parts = line.split(":", 2)[-1].split("/")
        for depth, part in enumerate(parts):
            if container_id in part:  # deeper levels are the container's own doing
                return own_cgroups(root, "/".join(parts[: depth + 1])) or {}
    return None


def memory_limit(root, cgroups):
    """Return the hard memory limit in bytes that the kernel holds for the cgroup itself, or None."""
    cgroups = cgroups or {}
    path = cgroups["v2"] + "/memory.max" if "v2" in cgroups else cgroups.get("v1", {}).get("memory", "/nowhere") + "/memory.limit_in_bytes"
    text = (_proc.read(root, path) or "").strip()
    return int(text) if text.isdigit() and int(text) < NO_LIMIT_V1 else None


def pids(root, cgroups):
    """Return the sorted PIDs in these cgroups and those below them, or None when they cannot be told."""
    found = group_pids(root, cgroups)
    return None if found is None else sorted(found)
