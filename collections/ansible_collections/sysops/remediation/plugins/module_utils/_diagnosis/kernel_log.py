# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel wrote when it killed processes for lack of memory."""

from __future__ import annotations

import collections
import re
import time

# when: epoch; scope: "unit" (a control group was at its limit) or "host"; limited: the group at its limit; group: where the victim was;
# tasks: [(pid, comm, rss bytes)] of the table that the kernel prints; line: the sentence itself
OomKill = collections.namedtuple("OomKill", "when scope limited group pid comm rss tasks line")

TIMEOUT = 20
LINES = 20000  # of the kernel's log at most
PAGE = 4096  # the table counts pages; of 4 KiB wherever these figures are compared with each other

# Kernels with CONFIG_PRINTK_CALLER say who wrote it: [T123], or the number of a processor in an interrupt.
_STAMP = re.compile(r"^(?:\[\s*(?P<boot>\d+\.\d+)\]|(?P<epoch>\d+\.\d+) \S+ kernel:)\s?(?:\[\s*[TC]\d+\]\s?)?(?P<text>.*)$")
_TASK = re.compile(r"^\[\s*(?P<pid>\d+)\]\s+\d+\s+\d+\s+\d+\s+(?P<rss>\d+)(?:\s+-?\d+)*\s+(?P<comm>\S.*)$")
_CONSTRAINT = re.compile(r"^oom-kill:constraint=(?P<constraint>\w+).*?(?:oom_memcg=(?P<limited>[^,]*),)?task_memcg=(?P<group>[^,]*),task=.*,pid=(?P<pid>\d+)")
_OLD_GROUPS = re.compile(r"^Task in (?P<group>\S+) killed as a result of limit of (?P<limited>\S+)")  # before Linux 5.0
_KILLED = re.compile(r"Kill(?:ed)? process (?P<pid>\d+) \((?P<comm>.*?)\)(?= total-vm:|, UID | score |$)")
_ANON_RSS = re.compile(r"anon-rss:(?P<kib>\d+)kB")


def read_oom_kills(run, since=None):
    """Return (list of OomKill, warning or None); the journal keeps more than the kernel's own buffer, so it is asked first.

    :param since: epoch seconds; older kills are of no interest.
    """
    argv = ["journalctl", "--dmesg", "--output=short-unix", "--no-pager", "--quiet", "--lines=%d" % LINES]
    if since is not None:
        argv.append("--since=@%d" % since)
    rc, journal, _err = run(argv, timeout=TIMEOUT)
    kills = parse(journal) if rc == 0 else []
    if not kills:  # containers have no /dev/kmsg: their journal does not see the kernel
        rc, buffer, error = run(["dmesg"], timeout=TIMEOUT)
        if rc:
            return [], "the kernel's log cannot be read (%s): an OOM kill may go unseen" % (error.strip().splitlines() or ["dmesg failed"])[0]
        kills = parse(buffer, time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
    return [kill for kill in kills if since is None or kill.when >= since - 1], None


def parse(text, boot_time=0.0):
    """Return the OomKills in the text of ``dmesg`` or ``journalctl --dmesg -o short-unix``."""
    kills, tasks, groups = [], [], {}
    for line in text.splitlines():
        stamp = _STAMP.match(line)
        if not stamp:
            continue
        said = stamp.group("text")
        if "invoked oom-killer" in said:
            tasks, groups = [], {}
        elif _TASK.match(said):
            task = _TASK.match(said)
            tasks.append((int(task.group("pid")), task.group("comm"), int(task.group("rss")) * PAGE))
        elif _CONSTRAINT.match(said) or _OLD_GROUPS.match(said):
            groups = (_CONSTRAINT.match(said) or _OLD_GROUPS.match(said)).groupdict()
        elif _KILLED.search(said):
            when = float(stamp.group("epoch")) if stamp.group("epoch") else boot_time + float(stamp.group("boot"))
            kills.append(_kill(said, when, groups, tasks))
    return _whole_kills(kills)


def _kill(said, when, groups, tasks):
    killed = _KILLED.search(said)
    pid = int(killed.group("pid"))
    anon = _ANON_RSS.search(said)
    in_table = [rss for one, _comm, rss in tasks if one == pid]
    return OomKill(
        when=when,
        scope="unit" if groups.get("limited") or said.startswith("Memory cgroup") else "host",
        limited=groups.get("limited"),
        group=groups.get("group"),
        pid=pid,
        comm=killed.group("comm"),
        rss=int(anon.group("kib")) * 1024 if anon else (in_table or [None])[0],
        tasks=list(tasks),
        line=said,
    )


def _whole_kills(kills):
    """Join "Kill process" and "Killed process", which older kernels print both for one victim."""
    found = {}
    for kill in kills:
        found[(kill.pid, round(kill.when))] = kill
    return list(found.values())
