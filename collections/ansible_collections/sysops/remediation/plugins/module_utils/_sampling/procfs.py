# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as /proc tells them: one cheap pass over all of them, and closer looks at single ones."""

from __future__ import annotations

import collections
import os

from .._kernel import below, number, read_text

# ``stack`` is the address where the stack starts. Each exec draws a new random one and fork keeps it,
# so processes with the same value share their pages with an ancestor.
Process = collections.namedtuple("Process", "pid comm state ppid group session threads start_ticks stack")

KIB = 1024


def scan(root="/"):
    """Return ``{pid: Process}`` of every visible process, from one pass over /proc."""
    found = {}
    for entry in os.listdir(below(root, "proc")):
        if entry.isdigit():
            process = read_process(root, int(entry))
            if process is not None:
                found[process.pid] = process
    return found


def read_process(root, pid):
    """Return one Process, or None when it is gone or hidden."""
    try:
        text = read_text(below(root, "proc/%d/stat" % pid))
    except PermissionError:
        return None
    return parse_stat(text) if text else None


def parse_stat(text):
    """Parse /proc/PID/stat; the command name may hold blanks and parentheses, so it ends at the last one."""
    head, _separator, tail = text.rpartition(")")
    pid, _separator, comm = head.partition("(")
    fields = tail.split()
    if len(fields) < 26:
        return None
    return Process(
        pid=int(pid),
        comm=comm,
        state=fields[0],
        ppid=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        stack=int(fields[25]),
    )


def members(processes, main_pid):
    """Return the PIDs of a process tree: the main process, its descendants, and what it started in its own group or session.

    Group and session find children that daemonised themselves away from the tree (their parent is then init).
    """
    if main_pid not in processes:
        return set()
    children = collections.defaultdict(list)
    for process in processes.values():
        children[process.ppid].append(process.pid)
    found, todo = set(), [main_pid]
    todo += [one.pid for one in processes.values() if main_pid in (one.group, one.session)]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children[pid]
    return found


def read_memory(root, pid):
    """Return bytes ``{anon, swap, shmem, page_tables}`` of one process; None when it is gone.

    Before Linux 4.5 there is no RssAnon: resident minus shared pages of statm is the same number.
    """
    status = read_text(below(root, "proc/%d/status" % pid))
    if status is None:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)

    def size(name):
        words = fields.get(name, "").split()
        return int(words[0]) * KIB if words and words[0].isdigit() else 0

    anon = size("RssAnon") if "RssAnon" in fields or "VmRSS" not in fields else _resident_minus_shared(root, pid)
    return {"anon": anon, "swap": size("VmSwap"), "shmem": size("RssShmem"), "page_tables": size("VmPTE") + size("VmPMD")}


def _resident_minus_shared(root, pid):
    words = (read_text(below(root, "proc/%d/statm" % pid)) or "").split()
    return (int(words[1]) - int(words[2])) * os.sysconf("SC_PAGE_SIZE") if len(words) > 2 else 0


def private_sum(processes, sizes):
    """Add up a size over processes without counting pages twice that forked workers share with their ancestor.

    A worker counts only with what it has beyond its nearest relative: that is never more than its private pages, so the sum
    is a lower bound, it needs no memory of earlier samples, and it grows when any worker grows. (The exact figure, PSS, would
    stall the workers at each sample.)

    :param processes: {pid: Process} of the service.
    :param sizes: {pid: bytes}.
    """
    families = collections.defaultdict(list)
    for pid in sizes:
        process = processes[pid]
        families[process.stack or ("alone", pid)].append(process)  # 0: we may not see it, so nothing is known to be shared
    total = 0
    for family in families.values():
        eldest = min(family, key=lambda one: (one.start_ticks, one.pid))
        pids = {one.pid for one in family}
        for one in family:
            if one.pid == eldest.pid:
                total += sizes[one.pid]
            else:
                relative = one.ppid if one.ppid in pids else eldest.pid
                total += max(0, sizes[one.pid] - sizes[relative])
    return total


def read_pss(root, pid):
    """Return the proportional set size in bytes. Expensive (~50 ms per 2 GB, and it holds the target's memory map): for attribution only."""
    text = read_text(below(root, "proc/%d/smaps_rollup" % pid)) or ""
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * KIB
    return None


def read_rlimit(root, pid, name):
    """Return the soft limit called ``name`` ("Max open files"), None when unlimited or gone."""
    for line in (read_text(below(root, "proc/%d/limits" % pid)) or "").splitlines():
        if line.startswith(name):
            return number(line[len(name) :].split()[0])
    return None


def read_comm(root, pid):
    """Return the command name of a process, or None."""
    process = read_process(root, pid)
    return process.comm if process else None
