# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample store: what each service of this host used, minute by minute, for two weeks.

Below the state directory there is ``history/SERVICE/YYYYMMDD-NNN.jsonl``; old days are dropped by removing whole files, so a sample once
written is never written again. A line (version 1) is one sample::

    [1, epoch, seconds since boot, boot, main pid, start ticks, [anon, swap, shmem, kernel, fds, ...]]

Both clocks are kept: within a boot the boot clock orders the samples, whatever the wall clock did. Lines are not synced to the disk one
by one: a power cut may cost the last minute, and leaves at worst a torn last line. Whatever is not a sample is moved aside into
``damaged.txt`` and reported; it never stops a diagnosis.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import re
import time

from . import paths
from .lock import try_lock

VERSION = 1
COLUMNS = ("anon", "swap", "shmem", "kernel", "fds", "threads", "children", "zombies", "sockets", "file")  # of version 1, for ever
RETENTION = 14 * 86400  # seconds
SERVICE_BYTES = 4 * 1024 * 1024  # of one service: 14 days at one sample a minute are 2.2 MB
TOTAL_BYTES = 64 * 1024 * 1024  # of all services of the host
SEGMENT_BYTES = 1024 * 1024
DAMAGED_BYTES = 64 * 1024  # of garbage that is kept for a person to look at
PATIENCE = 2.0  # seconds to wait for another writer

_DAMAGED = "damaged.txt"
_SEGMENT = re.compile(r"\d{8}-\d{3}\.jsonl\Z")  # whatever else lies there is not ours

Sample = collections.namedtuple("Sample", "epoch uptime boot pid ticks values")


def short_boot(boot_id):
    """Return the part of a boot id that the store keeps."""
    return (boot_id or "").replace("-", "")[:8]


class History:
    """The sample store of one state directory."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "history")

    def read(self, service):
        """Return ``(samples, problems)`` of one service: oldest file first, and a sentence for each file that has damage."""
        samples, problems = [], []
        for name in self._segments(service):
            path = os.path.join(self._folder(service), name)
            try:
                good, bad, newer = _parse(_read_end(path))
            except paths.StateError as error:
                problems.append(str(error))
                continue
            samples += [sample for sample, _line in good]
            if bad:
                problems.append("%s: %d damaged lines were left out" % (path, len(bad)))
            if newer:
                problems.append("%s: %d samples of a newer release were left out" % (path, newer))
        return samples, problems

    def append(self, batches, now=None):
        """Append ``{service: [Sample, ...]}``, then drop what is too old or too much. Raises StateError when it cannot be written."""
        now = time.time() if now is None else now
        paths.ensure_directory(os.path.dirname(self.directory), 0o755)
        paths.ensure_directory(self.directory)
        with self._alone():
            for service, samples in batches.items():
                if samples and self._append_one(service, samples, now):
                    self._prune(service, now)
            self._bound_total()

    def repair(self, service):
        """Move damaged lines aside, each into ``damaged.txt`` of its service; return a sentence for each repaired file."""
        done = []
        with self._alone():
            for name in self._segments(service):
                path = os.path.join(self._folder(service), name)
                good, bad, newer = _parse(_read_end(path))
                if bad and not newer:
                    self._set_aside(service, bad)
                    paths.replace_file(path, b"".join(line + b"\n" for _sample, line in good))
                    done.append("%s: %d damaged lines moved to %s" % (path, len(bad), _DAMAGED))
        return done

    def size(self):
        """Return the bytes of all files of the store."""
        return sum(size for _name, _path, size in self._all())

    def _folder(self, service):
        return os.path.join(self.directory, paths.file_name(service, ""))

    def _segments(self, service):
        try:
            names = os.listdir(self._folder(service))
        except OSError:
            return []
        return sorted(name for name in names if _SEGMENT.match(name))

    @contextlib.contextmanager
    def _alone(self):
        """Hold the store's lock: the recorder and a diagnosis may come at the same time."""
        fd = paths.open_file(os.path.join(self.directory, "lock"), os.O_RDWR | os.O_CREAT)
        try:
            deadline = time.monotonic() + PATIENCE
            while not try_lock(fd):
                if time.monotonic() > deadline:
                    raise paths.StateError("%s: another process has been writing to it for %g s; nothing was recorded" % (self.directory, PATIENCE))
                time.sleep(0.02)
            yield
        finally:
            os.close(fd)

    def _append_one(self, service, samples, now):
        """Write the lines of one service; return True when that began a new file, which is the time to look for old ones."""
        folder = paths.ensure_directory(self._folder(service))
        path = self._current(service, folder, now)
        is_new = not os.path.exists(path)
        fd = paths.open_file(path, os.O_RDWR | os.O_CREAT)
        try:
            end = self._mend_tail(service, fd)
            try:
                _write_all(fd, b"".join(_encode(sample) for sample in samples), end)
            except OSError as error:
                os.ftruncate(fd, end)
                raise paths.StateError("cannot write %s: %s" % (path, error.strerror)) from error
        finally:
            os.close(fd)
        return is_new

    def _current(self, service, folder, now):
        """Return the file to write to: one per day, and another one when that has become big."""
        day = time.strftime("%Y%m%d", time.gmtime(now))
        names = [name for name in self._segments(service) if name.startswith(day)]
        if not names:
            return os.path.join(folder, "%s-000.jsonl" % day)
        path = os.path.join(folder, names[-1])
        if os.path.getsize(path) < SEGMENT_BYTES:
            return path
        return os.path.join(folder, "%s-%03d.jsonl" % (day, int(names[-1][9:12]) + 1))

    def _mend_tail(self, service, fd):
        """End or cut off a last line that a power cut has torn; return where to write."""
        size = os.fstat(fd).st_size
        tail = os.pread(fd, 4096, max(0, size - 4096))
        torn = tail[tail.rfind(b"\n") + 1 :]
        if not torn:
            return size
        if isinstance(_decode(torn), Sample):  # only its end is missing
            return size + os.pwrite(fd, b"\n", size)
        self._set_aside(service, [torn])
        os.ftruncate(fd, size - len(torn))
        return size - len(torn)

    def _set_aside(self, service, lines):
        fd = paths.open_file(os.path.join(self._folder(service), _DAMAGED), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            room = DAMAGED_BYTES - os.fstat(fd).st_size
            os.write(fd, b"".join(line + b"\n" for line in lines)[: max(0, room)])
        finally:
            os.close(fd)

    def _prune(self, service, now):
        oldest = time.strftime("%Y%m%d", time.gmtime(now - RETENTION))
        folder = self._folder(service)
        kept = []
        for name in self._segments(service):
            if name[:8] < oldest:
                os.unlink(os.path.join(folder, name))
            else:
                kept.append((name, os.path.join(folder, name), os.path.getsize(os.path.join(folder, name))))
        _drop_oldest(kept, SERVICE_BYTES)

    def _bound_total(self):
        _drop_oldest(sorted(self._all()), TOTAL_BYTES)

    def _all(self):
        """Return [(segment name, path, size)] of all services."""
        found = []
        for folder, _folders, names in os.walk(self.directory):
            for name in names:
                if _SEGMENT.match(name):
                    path = os.path.join(folder, name)
                    found.append((name, path, os.path.getsize(path)))
        return found


def _drop_oldest(segments, bound):
    """Remove files until the rest fits; never the newest, which is being written."""
    total = sum(size for _name, _path, size in segments)
    for _name, path, size in segments[:-1]:
        if total <= bound:
            return
        os.unlink(path)
        total -= size


def _write_all(fd, data, offset):
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def _read_end(path):
    """Return the bytes of a segment; of one that somebody has blown up, the last part."""
    try:
        fd = paths.open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        size = os.fstat(fd).st_size
        return os.pread(fd, 2 * SEGMENT_BYTES, max(0, size - 2 * SEGMENT_BYTES))
    finally:
        os.close(fd)


def _encode(sample):
    values = [None if sample.values.get(name) is None else int(sample.values[name]) for name in COLUMNS]
    line = [VERSION, round(sample.epoch, 1), round(sample.uptime, 1), sample.boot, sample.pid, sample.ticks, values]
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _parse(content):
    """Return ([(Sample, line)], damaged lines, number of lines of a newer version)."""
    good, bad, newer = [], [], 0
    for line in content.split(b"\n"):
        if not line:
            continue
        record = _decode(line)
        if isinstance(record, Sample):
            good.append((record, line))
        elif record == "newer":
            newer += 1
        else:
            bad.append(line)
    return good, bad, newer


def _decode(line):
    """Return the Sample of a line, "newer" for one of a later version, None for garbage."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, list) or not record or not isinstance(record[0], int):
        return None
    if record[0] > VERSION:
        return "newer"
    if len(record) != 7 or not isinstance(record[6], list) or len(record[6]) != len(COLUMNS):
        return None
    _version, epoch, uptime, boot, pid, ticks, values = record
    if not (_is_amount(epoch) and _is_amount(uptime) and isinstance(boot, str) and all(value is None or _is_amount(value) for value in values)):
        return None
    if not all(one is None or (isinstance(one, int) and _is_amount(one)) for one in (pid, ticks)):
        return None
    return Sample(epoch, uptime, boot, pid, ticks, {name: value for name, value in zip(COLUMNS, values) if value is not None})


def _is_amount(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e18
