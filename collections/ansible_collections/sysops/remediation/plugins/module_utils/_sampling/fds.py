# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open file descriptors by kind, and the memory that hides behind some of them (memfd, unlinked tmpfs files)."""

from __future__ import annotations

import collections
import os

from .._kernel import below, read_text

CLASSIFY_AT_MOST = 4096  # descriptors of one process whose kind is read at each sample: ~2 us each

Fds = collections.namedtuple("Fds", "total kinds unlinked once again")
STANDARD_STREAMS = ("0", "1", "2")  # handed down to each process, often all of them the same log

_PREFIXES = (
    ("socket:", "socket"),
    ("pipe:", "pipe"),
    ("/memfd:", "memfd"),
    ("anon_inode:[eventpoll]", "epoll"),
    ("anon_inode:[eventfd]", "eventfd"),
    ("anon_inode:[timerfd]", "timerfd"),
    ("anon_inode:[signalfd]", "signalfd"),
    ("anon_inode:inotify", "inotify"),
    ("anon_inode:", "anon_inode"),
    ("/dev/shm/", "file"),
    ("/dev/", "device"),
)


def read_fds(root, pid, tmpfs=()):
    """Return the Fds of one process; None when it is gone. Raises PermissionError for a process of someone else.

    ``kinds`` is None when there are more descriptors than CLASSIFY_AT_MOST: then only the total is known.
    ``once`` and ``again`` count regular files: each for the first time, and those that the process has open already, or that are deleted.
    ``unlinked`` is {(device, inode): bytes} of memory that only these descriptors keep alive.

    :param tmpfs: mount points of tmpfs as the process sees them (:class:`Tmpfs`); nothing else is ever stat'ed, as a dead NFS server would hang us.
    """
    folder = below(root, "proc/%d/fd" % pid)
    try:
        names = os.listdir(folder)
    except PermissionError:
        raise
    except OSError:
        return None
    if len(names) > CLASSIFY_AT_MOST:
        return Fds(len(names), None, None, None, None)
    kinds = collections.Counter()
    unlinked, files, again = {}, set(), 0
    for name in names:
        path = os.path.join(folder, name)
        try:
            target = os.readlink(path)
        except OSError:
            continue  # closed since it was listed
        kind = kind_of(target)
        kinds[kind] += 1
        if kind in ("file", "deleted") and name not in STANDARD_STREAMS:
            again += kind == "deleted" or target in files
            files.add(target)
        if kind == "memfd" or (kind == "deleted" and on_tmpfs(target, tmpfs)):
            unlinked.update(_memory_behind(path))
    return Fds(len(names), dict(kinds), unlinked, sum(1 for target in files if kind_of(target) == "file"), again)


def kind_of(target):
    """Return the kind of a descriptor from where its link in /proc/PID/fd points."""
    kind = next((kind for prefix, kind in _PREFIXES if target.startswith(prefix)), "file" if target.startswith("/") else "other")
    return "deleted" if kind == "file" and target.endswith(" (deleted)") else kind


def on_tmpfs(target, tmpfs):
    """Tell whether a path lies below one of the tmpfs mount points."""
    return any(target.startswith(mount.rstrip("/") + "/") for mount in tmpfs)


def _memory_behind(path):
    try:
        status = os.stat(path)
    except OSError:
        return {}
    if status.st_nlink:
        return {}  # a name still leads to it: not lost
    return {(status.st_dev, status.st_ino): status.st_blocks * 512}


class Tmpfs:
    """The tmpfs mount points as one process sees them, read when first asked for: only unlinked files make anybody ask, and on a host with
    many mounts the answer costs more than the rest of a sample."""

    def __init__(self, root, pid):
        self._where = (root, pid)
        self._mounts = None

    def __iter__(self):
        if self._mounts is None:
            self._mounts = tmpfs_mounts(*self._where)
        return iter(self._mounts)


def tmpfs_mounts(root, pid):
    """Return the tmpfs mount points as this process sees them (it may have a private /tmp)."""
    try:
        text = read_text(below(root, "proc/%d/mountinfo" % pid)) or ""
    except PermissionError:
        return []
    mounts = []
    for line in text.splitlines():
        head, _separator, tail = line.partition(" - ")
        if tail.split(" ", 1)[0] == "tmpfs":
            mounts.append(_unescape(head.split()[4]))
    return mounts


def _unescape(path):
    """Undo the octal escapes of mountinfo (a blank is ``\\040``)."""
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")


def sysv_segments(root):
    """Return [(creator pid, last pid, resident bytes, attached)] of System V shared memory."""
    rows = [line.split() for line in (read_text(below(root, "proc/sysvipc/shm")) or "").splitlines()]
    if not rows or "rss" not in rows[0]:
        return []
    column = {name: place for place, name in enumerate(rows[0])}
    return [tuple(int(row[column[name]]) for name in ("cpid", "lpid", "rss", "nattch")) for row in rows[1:] if len(row) == len(rows[0])]
