# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What managers need from /proc to tell one life of a service from another."""

from __future__ import annotations

import os

from .._kernel import below, boot_id, read_text
from ._base import Incarnation

_DEAD = ("Z", "X")


def read(root, path):
    """Return the text of ``path`` below ``root``, or None if it cannot be read."""
    try:
        return read_text(below(root, path))
    except PermissionError:
        return None


def boot_time(root):
    """Return the epoch second of the boot, or None."""
    for line in (read(root, "proc/stat") or "").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1])
    return None


def runtime_dir():
    """Return the runtime directory of our user; sessions of sudo, become and cron have no XDG_RUNTIME_DIR, or that of somebody else."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and os.path.isdir(given) and os.stat(given).st_uid == os.geteuid():
        return given
    return "/run/user/%d" % os.geteuid()


def start_ticks(root, pid):
    """Return field 22 of /proc/PID/stat, or None when the process is gone or a zombie."""
    fields = _stat(root, pid)
    return int(fields[19]) if len(fields) > 19 and fields[0] not in _DEAD else None


def is_zombie(root, pid):
    return _stat(root, pid)[:1] == ["Z"]


def _stat(root, pid):
    """Return the fields of /proc/PID/stat from the third one on; the second, the command name, may hold blanks and parentheses."""
    return (read(root, "proc/%d/stat" % pid) or "").rpartition(")")[2].split()


def incarnation(root, pid, invocation_id=None):
    """Return the :class:`Incarnation` whose main process is ``pid``, or None when it is gone."""
    ticks = start_ticks(root, pid) if pid else None
    if ticks is None:
        return None
    booted = boot_time(root)
    started_at = None if booted is None else booted + ticks / os.sysconf("SC_CLK_TCK")
    return Incarnation(boot_id(root), pid, ticks, invocation_id, started_at)


def oldest(root, pids):
    """Return the PID that started first: the main process, where the manager itself does not know it."""
    alive = [(ticks, pid) for ticks, pid in ((start_ticks(root, pid), pid) for pid in pids) if ticks is not None]
    return min(alive)[1] if alive else None


def pids_of_program(root, path):
    """Return the PIDs whose executable is ``path``."""
    found = []
    for entry in os.listdir(os.path.join(root, "proc")) if path else ():
        if entry.isdigit():
            try:
                executable = os.readlink(os.path.join(root, "proc", entry, "exe"))
            except OSError:
                continue  # gone, a kernel thread, or not ours to see
            if executable in (path, path + " (deleted)"):  # deleted: the package was upgraded meanwhile
                found.append(int(entry))
    return found
