# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every limit that a growing resource of a service can run into. ``_leaks`` takes the one that is reached first."""

from __future__ import annotations

from .._sampling import cgroup, procfs

FULLEST = 20  # processes whose descriptor limit is read
OTHERS = 0.1  # share of a limit that other resources may hold and the limit still be called this resource's own


def find_limits(root, state, taken, host):
    """Return ``{resource: [{"name", "value"|"free"}]}`` as ``_leaks.diagnose_series`` takes them.

    :param state: ServiceState. :param taken: its last Sample, or None when it does not run. :param host: facts of the host.
    """
    groups = _group_limits(root, state, taken)
    values = taken.values if taken is not None else {}

    def shared(kind, resource):
        return [_for_resource(limit, values.get(resource, 0)) for limit in groups if limit["kind"] == kind]

    found = {resource: shared("memory", resource) + _room("host MemAvailable and swap", host, "mem_available", "swap_free") for resource in ("anon", "shmem")}
    found["kernel"] = shared("memory", "kernel") + _room("host MemAvailable", host, "mem_available")
    found["swap"] = shared("swap", "swap") + _room("host swap", host, "swap_free")
    found["fds"] = _descriptor_limits(root, taken)
    for resource in ("threads", "children", "zombies"):
        found[resource] = shared("pids", resource)
    return found


def _group_limits(root, state, taken):
    if taken is None:
        return [
            {"name": name, "kind": kind, "value": state.limits[key], "used": 0}
            for key, name, kind in (("memory_max", "MemoryMax", "memory"), ("memory_high", "MemoryHigh", "memory"), ("tasks_max", "TasksMax", "pids"))
            if state.limits.get(key)
        ]
    own = state.cgroups or {}
    folders = set(own.get("v1", {}).values()) | {own.get("v2")}
    where = cgroup.locate(root, state.main_pid) if state.main_pid else {"v1": {}}
    merged = {"v1": dict(where["v1"], **own.get("v1", {})), "v2": own.get("v2") or where.get("v2")}
    return cgroup.limits(root, merged, folders)


def _for_resource(limit, now):
    """A limit on the sum of several resources ends this one sooner: when others hold much of it, what is left counts."""
    others = limit["used"] - now
    if others <= OTHERS * limit["value"]:
        return {"name": limit["name"], "value": limit["value"]}
    return {"name": "%s, shared with others" % limit["name"], "free": max(0, limit["value"] - limit["used"])}


def _room(name, host, *keys):
    known = [host[key] for key in keys if host.get(key) is not None]
    return [{"name": name, "free": sum(known)}] if sum(known) else []


def _descriptor_limits(root, taken):
    """Return the limit of the process that is nearest to its own: RLIMIT_NOFILE holds for each process.

    What grows is the sum of all, so the room of that one is scaled to the sum: each is taken to get its share of the growth. A service
    whose every new child brings its three descriptors does not run into the limit of one of them.
    """
    if taken is None:
        return []
    found = []
    for pid in sorted(taken.fds_of, key=lambda pid: -taken.fds_of[pid])[:FULLEST]:
        try:
            value = procfs.read_rlimit(root, pid, "Max open files")
        except PermissionError:
            continue
        if value is not None:
            found.append((taken.fds_of[pid] / max(1, value), pid, value))
    if not found:
        return []
    _fullness, pid, value = max(found, key=lambda one: (one[0], -one[1]))
    if len(taken.fds_of) == 1:
        return [{"name": "RLIMIT_NOFILE", "value": value}]
    held = max(1, taken.fds_of[pid])
    return [{"name": "RLIMIT_NOFILE of pid %d" % pid, "free": max(0, value - held) * sum(taken.fds_of.values()) // held}]
