# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded kernel files (``fixtures/trees/*.tree``), laid out below a temporary root."""

from __future__ import annotations

import os
from pathlib import Path

TREES = Path(__file__).parent.parent / "fixtures" / "trees"


def lay_out(root: Path, name: str) -> str:
    """Write the files and links of a recording below ``root``; return the root as text."""
    content: list[str] = []
    path = None
    for line in [*(TREES / name).read_text().splitlines(keepends=True), "== \n"]:
        if line.startswith(("== ", "-> ", "~~ ")):
            if path is not None:
                write(root, path, "".join(content))
            path, content = None, []
        if line.startswith("== "):
            path = line[3:].rstrip("\n")
        elif line.startswith("-> "):
            _arrow, link, target = line.rstrip("\n").split(" ", 2)
            (root / link).parent.mkdir(parents=True, exist_ok=True)
            os.symlink(target, root / link)
        elif line.startswith("~~ "):
            _tildes, place, size, allocated, atime = line.split()
            write_memory(root, place, int(size), int(allocated), float(atime))
        else:
            content.append(line)
    return str(root)


def write_memory(root: Path, path: str, size: int, allocated: int, atime: float) -> None:
    """Write a sparse file that is as large as a mapped region, and holds as much of it."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    with open(root / path, "wb") as region:
        for _block in range(min(size, allocated) // 4096):
            region.write(b"x" * 4096)
        region.truncate(size)
    os.utime(root / path, (atime, atime))


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def write_process(root: Path, pid: int, **facts: object) -> None:
    """Write a process as /proc shows it: ``comm``, ``state``, ``ppid``, ``group``, ``session``, ``threads``, ``ticks``, ``stack``; ``anon`` in kB."""
    get = facts.get
    fields = ["0"] * 49
    fields[0:4] = [str(get("state", "S")), str(get("ppid", 1)), str(get("group", pid)), str(get("session", pid))]
    fields[17], fields[19], fields[25] = str(get("threads", 1)), str(get("ticks", 1000)), str(get("stack", 0))
    write(root, "proc/%d/stat" % pid, "%d (%s) %s\n" % (pid, get("comm", "worker"), " ".join(fields)))
    write(root, "proc/%d/status" % pid, "Name:\tworker\nVmRSS:\t%d kB\nRssAnon:\t%d kB\nVmSwap:\t0 kB\nVmPTE:\t40 kB\n" % (get("anon", 100), get("anon", 100)))
    (root / "proc" / str(pid) / "fd").mkdir(exist_ok=True)
