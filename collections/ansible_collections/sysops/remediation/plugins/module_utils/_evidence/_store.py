# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep bundles on disk: whole or not at all, for their owner only, and not more than was asked for."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tarfile
import tempfile
import time

from .._host_state.paths import sync_directory
from .._units import human_size

SUFFIX = ".tar.gz"
_INCOMING = ".incoming-"
_STALE_SECONDS = 3600  # an incoming file this old belongs to a writer that died


class EvidenceError(Exception):
    """No evidence could be kept; the message is one line for people."""


def write(path, files, now):
    """Write ``[(name, bytes)]`` as one tar.gz and return (size, sha256)."""
    content = _pack(files, now)
    beside = None
    try:
        descriptor, beside = tempfile.mkstemp(prefix=_INCOMING, dir=os.path.dirname(path))  # mode 0600
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        os.rename(beside, path)
        sync_directory(os.path.dirname(path))
    except OSError as problem:
        _remove(beside)
        hint = " (%s are needed; free some space)" % human_size(len(content)) if problem.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise EvidenceError("cannot write the evidence %s: %s%s; nothing was kept" % (path, problem.strerror, hint)) from problem
    return len(content), hashlib.sha256(content).hexdigest()


def _pack(files, now):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o600
            entry.mtime = int(now)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def drop_oldest(folder, newest, keep, keep_size):
    """Remove the oldest bundles beyond ``keep`` files or ``keep_size`` bytes, never ``newest``; return the names removed.

    The names begin with the time, so their order is the order of age even if somebody touched the files.
    """
    sizes = {}
    for entry in os.listdir(folder):
        path = os.path.join(folder, entry)
        if entry.startswith(_INCOMING):
            _remove_stale(path)
        elif entry.endswith(SUFFIX) and entry != newest:
            sizes[entry] = _size(path)
    count, total = 1, _size(os.path.join(folder, newest))
    dropped = []
    for name in sorted(sizes, reverse=True):
        count, total = count + 1, total + sizes[name]
        if count > keep or total > keep_size:
            _remove(os.path.join(folder, name))
            dropped.append(name)
    return sorted(dropped)


def _size(path):
    try:
        return os.lstat(path).st_size
    except OSError:  # another run dropped it just now
        return 0


def _remove_stale(path):
    try:
        if time.time() - os.lstat(path).st_mtime > _STALE_SECONDS:
            os.unlink(path)
    except OSError:
        pass


def _remove(path):
    try:
        if path:
            os.unlink(path)
    except OSError:
        pass  # somebody else removed it, or it cannot be removed: bookkeeping never hides the evidence itself
