# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a control group without its page cache, and the limits that hold for it; cgroup v1, v2 and hybrid hosts.

``cgroups`` is what a service manager knows of a service's own control group: ``{"v1": {controller: path}, "v2": path}``.
"""

from __future__ import annotations

import os

from .._kernel import NO_LIMIT_V1, below, read_keyed, read_number, read_text

# What the kernel holds for a group and cannot take back, by name, where memory.stat has no total (Linux < 5.18).
_KERNEL_PARTS = ("kernel_stack", "pagetables", "sec_pagetables", "percpu", "vmalloc", "slab_unreclaimable")


def version(root="/"):
    """Return ``v2``, ``v1``, ``hybrid`` (v1 controllers beside an empty v2 tree) or ``none``."""
    kinds = {kind for kind, _options, _top, _mount in _mounts(root, "self")}
    if kinds == {"cgroup2"}:
        return "v2"
    if kinds == {"cgroup"}:
        return "v1"
    return "hybrid" if kinds else "none"


def read_memory(root, cgroups):
    """Return bytes ``{anon, swap, shmem, file[, kernel]}`` of a service's own control group; None if it has none that counts memory.

    v1 counts reclaimable slab as kernel memory and does not say how much of it there is, so there is no ``kernel``: page tables,
    stacks and sockets of the processes stand in for it.
    """
    cgroups = cgroups or {}
    if cgroups.get("v1", {}).get("memory"):
        return _read_v1(below(root, cgroups["v1"]["memory"]))
    if cgroups.get("v2"):
        return _read_v2(below(root, cgroups["v2"]))
    return None


def _read_v2(folder):
    stat = read_keyed(os.path.join(folder, "memory.stat"))
    if stat is None:
        return None
    kernel = stat["kernel"] - stat.get("slab_reclaimable", 0) if "kernel" in stat else sum(stat.get(part, 0) for part in _KERNEL_PARTS)
    return {
        "anon": stat["anon"],
        "swap": read_number(os.path.join(folder, "memory.swap.current")) or 0,
        "shmem": stat["shmem"],
        "file": max(0, stat["file"] - stat["shmem"]),  # "file" counts tmpfs and shared memory too
        "kernel": max(0, kernel) + stat.get("sock", 0),
    }


def _read_v1(folder):
    stat = read_keyed(os.path.join(folder, "memory.stat"))
    if stat is None:
        return None
    shmem = stat.get("total_shmem", 0)
    return {
        "anon": stat["total_rss"],
        "swap": stat.get("total_swap", 0),
        "shmem": shmem,
        "file": max(0, stat["total_cache"] - shmem),
    }


def socket_memory(root, cgroups):
    """Return the bytes that v1 counts for TCP buffers, 0 where it does not."""
    folder = (cgroups or {}).get("v1", {}).get("memory")
    return (read_number(below(root, folder, "memory.kmem.tcp.usage_in_bytes")) or 0) if folder else 0


def read_oom_kills(root, cgroups):
    """Return how many processes the kernel has killed in this group because it was at its limit, None if it does not count.

    It counts those as well that were killed because the host, or a group above, ran out of memory: with its own limit never reached, all of them.
    """
    cgroups = cgroups or {}
    if cgroups.get("v1", {}).get("memory"):
        folder = cgroups["v1"]["memory"]
        events, at_limit = read_keyed(below(root, folder, "memory.oom_control")), read_number(below(root, folder, "memory.failcnt"))
    else:
        events = read_keyed(below(root, cgroups["v2"], "memory.events")) if cgroups.get("v2") else None
        at_limit = (events or {}).get("oom")
    return 0 if at_limit == 0 else (events or {}).get("oom_kill")


def locate(root, pid):
    """Return where a process is, as ``{"v1": {controller: folder}, "v2": folder}``, whether or not it is alone there.

    The folders are for :func:`limits`: a limit holds for everybody below it.
    """
    try:
        text = read_text(below(root, "proc/%s/cgroup" % pid)) or ""
    except PermissionError:  # of a process of somebody else, where /proc is mounted with hidepid=1
        text = ""
    paths = {}
    for line in text.splitlines():
        _number, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    found = {"v1": {}}
    for kind, options, top, mount in _mounts(root, "self"):
        if kind == "cgroup2" and "" in paths:
            found["v2"] = _visible(root, mount, top, paths[""])
        for controller in ("memory", "pids"):
            if kind == "cgroup" and controller in options and controller in paths:
                found["v1"][controller] = _visible(root, mount, top, paths[controller])
    return found


def _visible(root, mount, top, path):
    """Return the folder of ``path``; a container may see only the part below ``top``, or just its own end of it."""
    inside = path[len(top) :] if top != "/" and path.startswith(top) else path
    folder = mount + inside.rstrip("/")
    return folder if os.path.isdir(below(root, folder)) else mount


def _mounts(root, pid):
    """Return [(filesystem, options, top, mount point)] of the mounted control group trees."""
    found = []
    for line in (read_text(below(root, "proc/%s/mountinfo" % pid)) or "").splitlines():
        head, _separator, tail = line.partition(" - ")
        kind = tail.split(" ")[0]
        if kind in ("cgroup", "cgroup2"):
            fields = head.split(" ")
            found.append((kind, tail.split(" ")[2].split(","), fields[3], fields[4]))
    return found


def limits(root, where, own=()):
    """Return the limits that hold in a control group, its own and those of the groups above it.

    :param where: as returned by :func:`locate`.
    :param own: folders that belong to the service alone; a limit anywhere else is shared with others.
    :return: [{"name", "kind": memory|swap|pids, "value", "used"}]; ``used`` is what counts against it (for memory: not the page cache).
    """
    found = []
    v1 = where.get("v1", {})
    if where.get("v2"):
        for folder in _upwards(root, where["v2"]):
            found += _name(root, folder, own, _limits_v2(root, folder) + _pids_limit(root, folder))
    if v1.get("memory"):
        for folder in _upwards(root, v1["memory"]):
            found += _name(root, folder, own, _limits_v1(root, folder))
        found += _hidden_limit_v1(root, v1["memory"], found)
    if v1.get("pids"):
        for folder in _upwards(root, v1["pids"]):
            found += _name(root, folder, own, _pids_limit(root, folder))
    return found


def _limits_v2(root, folder):
    memory = _read_v2(below(root, folder)) or {}
    used = sum(memory.get(name, 0) for name in ("anon", "shmem", "kernel"))
    found = [
        _limit("MemoryMax", "memory", read_number(below(root, folder, "memory.max")), used),
        _limit("MemoryHigh", "memory", read_number(below(root, folder, "memory.high")), used),
        _limit("MemorySwapMax", "swap", read_number(below(root, folder, "memory.swap.max")), memory.get("swap", 0)),
    ]
    return [one for one in found if one["value"] is not None]


def _limits_v1(root, folder):
    value = read_number(below(root, folder, "memory.limit_in_bytes"))
    if value is None or value >= NO_LIMIT_V1:
        return []
    return [_limit("MemoryMax", "memory", value, _used_v1(root, folder))]


def _hidden_limit_v1(root, folder, seen):
    """Return the limit of a group above those that a container can see, if that is the tightest."""
    stat = read_keyed(below(root, folder, "memory.stat")) or {}
    value = stat.get("hierarchical_memory_limit", NO_LIMIT_V1)
    if value >= min([NO_LIMIT_V1] + [one["value"] for one in seen if one["kind"] == "memory"]):
        return []
    return [_limit("container limit", "memory", value, _used_v1(root, folder))]


def _used_v1(root, folder):
    memory = _read_v1(below(root, folder)) or {"anon": 0, "shmem": 0}
    return memory["anon"] + memory["shmem"]


def _pids_limit(root, folder):
    value = read_number(below(root, folder, "pids.max"))
    return [] if value is None else [_limit("TasksMax", "pids", value, read_number(below(root, folder, "pids.current")) or 0)]


def _limit(name, kind, value, used):
    return {"name": name, "kind": kind, "value": value, "used": used}


def _name(root, folder, own, found):
    """Say whose limit it is, unless it is the service's own."""
    if folder in own:
        return found
    is_top = not os.path.exists(below(root, os.path.dirname(folder), "cgroup.procs"))
    whose = "the container" if is_top else folder.rsplit("/", 1)[-1]
    return [dict(one, name="%s of %s" % (one["name"], whose)) for one in found]


def _upwards(root, folder):
    """Yield the folder and those above it, up to the top of its hierarchy."""
    while os.path.exists(below(root, folder, "cgroup.procs")):
        yield folder
        folder = os.path.dirname(folder)
