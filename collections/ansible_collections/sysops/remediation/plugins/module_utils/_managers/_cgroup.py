# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroups that belong to one service alone, below a root path."""

from __future__ import annotations

import os

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
    v1 = {one: path for one, path in v1.items() if _is_dir(root, path)}
    if v1:
        found["v1"] = v1
    if _is_file(root, _BASE + "/cgroup.controllers") and _is_dir(root, _BASE + control_group):
        found["v2"] = _BASE + control_group
    return found or None


def pids(root, cgroups):
    """Return the sorted PIDs in these cgroups and those below them, or None when they cannot be told."""
    if not cgroups:
        return None
    v1 = cgroups.get("v1", {})
    top = cgroups.get("v2") or v1.get("systemd") or v1.get("memory") or v1.get("pids")
    found = set()
    for folder, _folders, files in os.walk(_below(root, top)):
        if "cgroup.procs" in files:
            found.update(_read_pids(os.path.join(folder, "cgroup.procs")))
    return sorted(found)


def _read_pids(path):
    try:
        with open(path, encoding="ascii") as stream:
            return {int(line) for line in stream if line.strip().isdigit() and int(line) > 0}  # 0: not in our PID namespace
    except OSError:
        return set()


def _below(root, path):
    return os.path.join(root, path.lstrip("/"))


def _is_dir(root, path):
    return os.path.isdir(_below(root, path))


def _is_file(root, path):
    return os.path.isfile(_below(root, path))
