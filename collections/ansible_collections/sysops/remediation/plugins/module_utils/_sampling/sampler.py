# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sample of one service: every resource that can leak, from its own control group or summed over its process tree."""

from __future__ import annotations

from .._kernel import group_pids
from . import cgroup, fds, procfs

# What is sampled, in the order in which the history store writes it, with its unit.
RESOURCES = {
    "anon": "bytes",
    "swap": "bytes",
    "shmem": "bytes",
    "kernel": "bytes",
    "fds": "count",
    "threads": "count",
    "children": "count",
    "zombies": "count",
    "sockets": "count",
    "file": "bytes",
}
KERNEL_STACK = 16 * 1024  # bytes per thread on 64-bit x86 and ARM

_DEAD = ("Z", "X")


class Target:
    """A service to sample: where its processes are found, and which life of it this is."""

    def __init__(self, key, main_pid, start_ticks=None, cgroups=None, pids=None):
        self.key = key
        self.main_pid = main_pid
        self.start_ticks = start_ticks  # None: the main process is hidden from us
        self.cgroups = cgroups  # its own control group, None: its process tree is summed up
        self.pids = pids  # where neither main process nor control group tell: the PIDs that the manager named

    @property
    def life(self):
        """Return what tells this incarnation from another one of the same boot."""
        return (self.main_pid, self.start_ticks)

    def is_alive(self, processes):
        """Tell from a scan whether the main process is still the same one; a reused PID is not."""
        process = processes.get(self.main_pid)
        return process is not None and process.state not in _DEAD and process.start_ticks == self.start_ticks


class Sample:
    """Values by resource; what could not be read, and why; the PIDs that were counted."""

    def __init__(self, pids):
        self.pids = pids
        self.values = {}
        self.unreadable = {}
        self.fd_kinds = {}
        self.files = None  # {"once", "again"}: files open once in a process, and again or deleted; None: not known
        self.unlinked = 0  # bytes of memory files that only descriptors keep alive
        self.fds_of = {}  # {pid: number of descriptors}: their limit holds for each process

    @property
    def memory(self):
        """Return the bytes that a leak would grow: anonymous memory and what of it was swapped out, never page cache. None if they cannot be read."""
        return self.values["anon"] + self.values.get("swap", 0) if "anon" in self.values else None

    def cannot(self, names, reason):
        for name in names:
            self.unreadable.setdefault(name, reason)


def find_pids(root, target, processes):
    """Return the PIDs of the service that are alive in the scan."""
    pids = group_pids(root, target.cgroups)
    if not pids:
        pids = procfs.members(processes, target.main_pid) or set(target.pids or ())
    return {pid for pid in pids if pid in processes and processes[pid].state not in _DEAD}


def sample(root, target, processes, tmpfs=()):
    """Return a Sample of the service, or None when nothing of it is left.

    :param processes: the scan of this moment, shared by all services of the host.
    :param tmpfs: tmpfs mount points as the main process sees them.
    """
    pids = find_pids(root, target, processes)
    memory = cgroup.read_memory(root, target.cgroups)
    if not pids and (memory is None or group_pids(root, target.cgroups) == set()):
        return None
    taken = Sample(pids)
    _count_processes(taken, processes)
    shared = _count_fds(root, taken, tmpfs)
    if memory is None or "kernel" not in memory:
        memory = dict(_sum_memory(root, taken, target, processes, shared), **(memory or {}))
    taken.values.update(memory)
    if "file" not in memory:
        taken.cannot(["file"], "the service has no control group of its own that counts its page cache")
    taken.unreadable = {name: reason for name, reason in taken.unreadable.items() if name not in taken.values}
    return taken


def _count_processes(taken, processes):
    if not taken.pids:
        taken.cannot(["threads", "children", "zombies"], "its processes are not visible to this user")
        return
    taken.values["threads"] = sum(processes[pid].threads for pid in taken.pids)
    taken.values["children"] = len(taken.pids) - 1
    taken.values["zombies"] = sum(1 for one in processes.values() if one.state == "Z" and one.ppid in taken.pids)


def _count_fds(root, taken, tmpfs):
    """Count descriptors; return {(device, inode): bytes} of unlinked memory files, or None when they are not known."""
    total, kinds, unlinked, files = 0, {}, {}, {"once": 0, "again": 0}
    for pid in taken.pids:
        try:
            seen = fds.read_fds(root, pid, tmpfs)
        except PermissionError:
            taken.cannot(["fds", "sockets"], "/proc/%d/fd: permission denied; run with become: true" % pid)
            return None
        if seen is None:
            continue
        total += seen.total
        taken.fds_of[pid] = seen.total
        if seen.kinds is None or kinds is None:
            kinds = unlinked = None
            continue
        for kind, count in seen.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
        unlinked.update(seen.unlinked)
        files = {"once": files["once"] + seen.once, "again": files["again"] + seen.again}
    if not taken.pids:
        taken.cannot(["fds", "sockets"], "its processes are not visible to this user")
        return None
    taken.values["fds"] = total
    if kinds is None:
        taken.cannot(["sockets"], "more than %d descriptors: only their number is read" % fds.CLASSIFY_AT_MOST)
        return None
    taken.fd_kinds, taken.files, taken.unlinked = kinds, files, sum(unlinked.values())
    taken.values["sockets"] = kinds.get("socket", 0)
    return unlinked


def _sum_memory(root, taken, target, processes, unlinked):
    """Return memory summed over the processes, without counting twice what they share."""
    memories = {}
    for pid in taken.pids:
        try:
            memory = procfs.read_memory(root, pid)
        except PermissionError:
            taken.cannot(["anon", "swap", "shmem", "kernel"], "/proc/%d/status: permission denied; run with become: true" % pid)
            return {}
        if memory is not None:
            memories[pid] = memory
    if not memories:
        taken.cannot(["anon", "swap", "shmem", "kernel"], "its processes vanished while they were read")
        return {}

    def sizes(name):
        return {pid: memory[name] for pid, memory in memories.items()}

    page_tables = sum(sizes("page_tables").values())
    return {
        "anon": procfs.private_sum(processes, sizes("anon")),
        "swap": procfs.private_sum(processes, sizes("swap")),
        "shmem": max(_unmapped_shared(root, taken.pids, unlinked), *sizes("shmem").values()),
        "kernel": page_tables + taken.values["threads"] * KERNEL_STACK + cgroup.socket_memory(root, target.cgroups),
    }


def _unmapped_shared(root, pids, unlinked):
    """Return the bytes of unlinked memory files and of System V segments that the service made.

    The processes' own RssShmem counts a segment once for each process that maps it, so it is not added up: the caller takes
    the larger of this and of the largest single process.
    """
    segments = sum(resident for creator, last, resident, _attached in fds.sysv_segments(root) if creator in pids or last in pids)
    return segments + sum((unlinked or {}).values())


def by_process(root, pids, processes, at_most=50):
    """Return {pid: {"comm", "anon"}} of the biggest processes: which of them grows."""
    found = {}
    for pid in pids:
        try:
            memory = procfs.read_memory(root, pid)
        except PermissionError:
            continue
        if memory is not None:
            found[pid] = {"comm": processes[pid].comm, "anon": memory["anon"] + memory["swap"]}
    biggest = sorted(found, key=lambda pid: -found[pid]["anon"])[:at_most]
    return {pid: found[pid] for pid in biggest}
