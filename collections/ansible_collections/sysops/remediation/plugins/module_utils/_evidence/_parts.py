# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a bundle: each reads one thing of a service and returns it as text. None of them ever reads an environment."""

from __future__ import annotations

import collections
import os
import re

from .._kernel import below, group_pids, read_text
from .._redact import is_secret_name, redact_argv
from .._sampling import cgroup, fds, procfs
from .._sampling.host import read_meminfo
from .._units import human_size
from ._gather import Part, Skipped, hurried

KIB = 1024
MOST_PROCESSES = 200  # a table longer than this is read by nobody
MOST_DESCRIPTORS = 20000  # whose target is read, per process: ~2 us each
ROLLUPS = 2  # smaps_rollup stalls its process: design.md, "Diagnosis"
TOP = 40

_CGROUP_FILES = {
    "v2": "memory.current memory.max memory.high memory.low memory.stat memory.events memory.swap.current memory.swap.max memory.pressure "
    "pids.current pids.max cgroup.events cpu.stat io.stat",
    "memory": "memory.usage_in_bytes memory.max_usage_in_bytes memory.limit_in_bytes memory.soft_limit_in_bytes memory.memsw.usage_in_bytes "
    "memory.memsw.limit_in_bytes memory.kmem.usage_in_bytes memory.kmem.tcp.usage_in_bytes memory.failcnt memory.oom_control memory.stat",
    "pids": "pids.current pids.max",
}
_ENVIRONMENT = re.compile(r"environ|(?:^|\.)env$", re.IGNORECASE)
_OOM_LINE = re.compile(r"out of memory|oom|killed process", re.IGNORECASE)


class Subject:
    """The service that the parts look at."""

    def __init__(self, manager, state, root, run, log_lines, smaps_max_rss):
        self.manager = manager
        self.state = state
        self.root = root
        self.run = hurried(run)
        self.log_lines = log_lines
        self.smaps_max_rss = smaps_max_rss
        self._pids = None

    def text(self, *parts):
        return read_text(below(self.root, *parts))

    def pids(self):
        """Return the PIDs of the service, largest first, found once. Whoever uses one must expect that it has ended since."""
        if self._pids is None:
            self._pids = self._find_pids()
        return self._pids

    def _find_pids(self):
        if not self.state.main_pid and not self.state.pids:
            raise Skipped("the service has no process")
        found = set(self.state.pids or ()) or group_pids(self.root, self.state.cgroups)
        if not found:
            found = procfs.members(procfs.scan(self.root), self.state.main_pid)
        alive = [(self.rss(pid), pid) for pid in found if os.path.isdir(below(self.root, "proc/%d" % pid))]
        if not alive:
            raise Skipped("its processes are gone")
        return [pid for _rss, pid in sorted(alive, reverse=True)]

    def rss(self, pid):
        words = (self.text("proc/%d/statm" % pid) or "0 0").split()
        return int(words[1]) * os.sysconf("SC_PAGE_SIZE")


def status(subject):
    state = subject.state
    lines = [
        "service      %s" % state.key,
        "state        %s (%s)" % (state.active, state.sub),
        "result       %s, exit code %s, signal %s" % (state.result, state.exit_code, state.exit_signal),
        "restarts     %s by the manager itself" % state.n_restarts,
        "incarnation  %s" % (state.incarnation.id if state.incarnation else None),
        "started at   %s (epoch seconds)" % (state.incarnation.started_at if state.incarnation else None),
        "stopped at   %s (epoch seconds)" % state.stopped_at,
    ]
    lines += ["note         %s" % note for note in state.notes]
    if state.main_pid:
        lines += ["", "/proc/%d/status of the main process:" % state.main_pid, subject.text("proc/%d/status" % state.main_pid) or "(gone)"]
    return "\n".join(lines)


def processes(subject):
    pids = subject.pids()
    lines = ["%d processes, largest first" % len(pids), "     PID     PPID S THREADS        RSS       ANON       SWAP  COMMAND"]
    for pid in pids[:MOST_PROCESSES]:
        process = procfs.read_process(subject.root, pid)
        memory = procfs.read_memory(subject.root, pid)
        if process is None or memory is None:
            continue  # ended meanwhile
        numbers = (pid, process.ppid, process.state, process.threads, human_size(subject.rss(pid)), human_size(memory["anon"]), human_size(memory["swap"]))
        lines.append("%8d %8d %1s %7d %10s %10s %10s  " % numbers + (_command(subject, pid) or "[%s]" % process.comm))
    return "\n".join(lines)


def _command(subject, pid):
    raw = subject.text("proc/%d/cmdline" % pid) or ""
    return redact_argv([word for word in raw.split("\0") if word])


def limits(subject):
    lines = ["limits that the manager knows: %s" % (subject.state.limits or "none")]
    if subject.state.main_pid:
        where = cgroup.locate(subject.root, subject.state.main_pid)
        lines += ["%-24s %d, used %d" % (one["name"], one["value"], one["used"]) for one in cgroup.limits(subject.root, where)]
        lines += ["", "/proc/%d/limits:" % subject.state.main_pid, subject.text("proc/%d/limits" % subject.state.main_pid) or "(gone)"]
    return "\n".join(lines)


def smaps_rollup(subject):
    affordable = [pid for pid in subject.pids() if 0 < subject.rss(pid) <= subject.smaps_max_rss]
    if not affordable:
        raise Skipped("every process is larger than smaps_max_rss (%s): reading it would stall them" % human_size(subject.smaps_max_rss))
    texts = ["/proc/%d/smaps_rollup:\n%s" % (pid, subject.text("proc/%d/smaps_rollup" % pid) or "(gone)") for pid in affordable[:ROLLUPS]]
    return "\n".join(texts)


def mappings(subject):
    """Sizes are address space, not memory: unlike smaps, maps costs the process nothing."""
    texts = []
    for pid in subject.pids()[:ROLLUPS]:
        sizes, counts = collections.Counter(), collections.Counter()
        for line in (subject.text("proc/%d/maps" % pid) or "").splitlines():
            fields = line.split(None, 5)
            begin, end = fields[0].split("-")
            name = (fields[5] if len(fields) > 5 else "[anonymous]") + " " + fields[1]
            sizes[name] += int(end, 16) - int(begin, 16)
            counts[name] += 1
        rows = ["%10s %6d  %s" % (human_size(size), counts[name], name) for name, size in sizes.most_common(TOP)]
        texts.append("\n".join(["largest mappings of %d (%d in all; size is address space):" % (pid, sum(counts.values())), *rows]))
    return "\n\n".join(texts)


def descriptors(subject):
    total, rows = collections.Counter(), []
    targets = collections.Counter()
    for pid in subject.pids()[:MOST_PROCESSES]:
        folder = below(subject.root, "proc/%d/fd" % pid)
        try:
            names = os.listdir(folder)
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
        kinds = collections.Counter()
        for name in names[:MOST_DESCRIPTORS]:
            target = _link(os.path.join(folder, name))
            if target:
                kinds[fds.kind_of(target)] += 1
                targets[re.sub(r":\[\d+\]$", "", target)] += 1
        total.update(kinds)
        rows.append("%8d %7d  %s" % (pid, len(names), _counted(kinds)))
    frequent = ["%7d  %s" % (count, target) for target, count in targets.most_common(TOP)]
    return "\n".join(["open files by kind: %s" % _counted(total), "", "     PID    OPEN  BY KIND", *rows, "", "most frequent targets:", *frequent])


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None  # closed since it was listed


def _counted(kinds):
    return ", ".join("%d %s" % (count, kind) for kind, count in kinds.most_common()) or "none"


def control_groups(subject):
    cgroups = subject.state.cgroups or {}
    folders = [(cgroups.get("v2"), _CGROUP_FILES["v2"])]
    folders += [(folder, _CGROUP_FILES[kind]) for kind, folder in sorted((cgroups.get("v1") or {}).items()) if kind in _CGROUP_FILES]
    texts = []
    for folder, names in folders:
        for name in names.split() if folder else ():
            text = subject.text(folder, name)
            if text is not None:
                texts.append("%s/%s:\n%s" % (folder, name, text))
    if not texts:
        raise Skipped("the service has no control group of its own")
    return "\n".join(texts)


def unit(subject):
    lines = []
    for name, value in sorted(subject.state.properties.items()):
        if not _ENVIRONMENT.search(name):
            lines.append("%s=%s" % (name, "***" if is_secret_name(name) and value else _without_environment(value)))
    if not lines:
        raise Skipped("the manager tells no properties")
    return "\n".join(lines)


def _without_environment(value):
    """Docker and Podman nest the environment in their answer."""
    if isinstance(value, dict):
        return {key: _without_environment(inner) for key, inner in value.items() if not _ENVIRONMENT.search(str(key))}
    if isinstance(value, list):
        return [_without_environment(inner) for inner in value]
    return value


def log(subject):
    lines = subject.manager.logs(subject.state.name, lines=subject.log_lines)
    if not lines:
        raise Skipped("%s has no log lines of it" % subject.manager.name)
    return "\n".join(lines)


def kernel_oom(subject):
    rc, out, err = subject.run(["dmesg"])
    if rc:
        raise RuntimeError("dmesg: %s" % err.strip())
    lines = [line for line in out.splitlines() if _OOM_LINE.search(line)]
    if not lines:
        raise Skipped("the kernel has reported no lack of memory")
    return "\n".join(lines[-TOP:])


def host(subject):
    meminfo = read_meminfo(subject.root)
    largest = sorted(((subject.rss(pid), pid, one.comm) for pid, one in procfs.scan(subject.root).items()), reverse=True)[:TOP]
    texts = ["memory available: %s of %s" % (human_size(meminfo.get("MemAvailable", 0)), human_size(meminfo.get("MemTotal", 0)))]
    texts += ["/proc/%s:\n%s" % (name, subject.text("proc", name)) for name in ("loadavg", "pressure/memory", "meminfo") if subject.text("proc", name)]
    return "\n".join([*texts, "largest processes of the host:", *["%8d %10s  %s" % (pid, human_size(rss), comm) for rss, pid, comm in largest]])


# In the order of their worth: when time or space runs out, the last ones are missing.
PARTS = (
    Part("status", status, 5, 64 * KIB, False),
    Part("limits", limits, 5, 64 * KIB, False),
    Part("cgroup", control_groups, 5, 128 * KIB, False),
    Part("unit", unit, 5, 128 * KIB, False),
    Part("log", log, 10, 1024 * KIB, True),
    Part("processes", processes, 5, 256 * KIB, False),
    Part("fds", descriptors, 5, 128 * KIB, False),
    Part("mappings", mappings, 5, 64 * KIB, False),
    Part("smaps_rollup", smaps_rollup, 10, 16 * KIB, False),
    Part("kernel_oom", kernel_oom, 10, 64 * KIB, True),
    Part("host", host, 5, 128 * KIB, False),
)
