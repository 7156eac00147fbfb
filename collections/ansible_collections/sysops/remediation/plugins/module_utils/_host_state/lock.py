# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lock per service. The kernel releases it when its holder dies, however it dies, so there are no stale locks to clean up."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time

from . import paths


class ServiceLock:
    """An exclusive lock on a file below ``directory``; a detached helper keeps it by inheriting ``fd``."""

    def __init__(self, directory, service):
        self.directory = os.path.join(directory, "locks")
        self.path = os.path.join(self.directory, paths.file_name(service, ".lock"))
        self.fd = None

    def acquire(self, patience=1.0):
        """Return True if the lock is ours now. Waits a moment, because a check-mode run may be looking at it; never longer."""
        paths.ensure_directory(self.directory)
        deadline = time.monotonic() + patience
        while True:
            fd = paths.open_file(self.path, os.O_RDWR | os.O_CREAT)
            if try_lock(fd, fcntl.LOCK_EX) and _is_named(fd, self.path):
                self.fd = fd
                return True
            os.close(fd)
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)

    def is_held(self):
        """Tell whether somebody holds the lock, without creating or writing anything (check mode)."""
        try:
            fd = paths.open_file(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return not try_lock(fd, fcntl.LOCK_SH)
        finally:
            os.close(fd)

    def describe(self, **facts):
        """Leave a note in the lock file for those who are refused: who holds it."""
        with contextlib.suppress(OSError):  # a courtesy: a full disk is for the journal to complain about
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, json.dumps(facts).encode(), 0)

    def holder(self):
        """Return the holder's note, {} if there is none that can be read."""
        try:
            note = json.loads(paths.read_file(self.path) or b"{}")
        except (paths.StateError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def release(self):
        """Let go. A helper that inherited ``fd`` still holds the lock: closing our copy does not unlock its."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def try_lock(fd, kind=fcntl.LOCK_EX):
    """Return whether the lock on an open file is ours now; raise StateError where files cannot be locked."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise paths.StateError("the file system of the state directory cannot lock files: %s" % error.strerror) from error
    return True


def _is_named(fd, path):
    """A lock on a file that somebody has deleted or replaced guards nothing."""
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    ours = os.fstat(fd)
    return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)
