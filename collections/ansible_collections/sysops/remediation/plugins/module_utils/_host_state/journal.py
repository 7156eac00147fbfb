# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attempts journal of one service: what was tried, written before it is tried, and how it ended.

Append-only JSON lines. An intent reaches the disk before the action begins, so a caller who dies leaves an unfinished attempt that
the next one sees. Only the holder of the service's lock writes. The file is bounded: now and then the oldest attempts are dropped, in
one atomic step.

Line formats (version 1):
    {"v": 1, "kind": "intent",  "id": …, "service": …, "action": …, "at": stamp, …}
    {"v": 1, "kind": "outcome", "id": …, "outcome": …, "at": stamp, …}
"""

from __future__ import annotations

import json
import os

from . import paths
from .clock import is_stamp

VERSION = 1
KEEP = 500  # attempts that survive a compaction; limits may not ask for more
_COMPACT_AT = 4 * KEEP  # lines: intents and outcomes of twice as many attempts as are kept


class Journal:
    """Reads and appends; holds nothing in memory between calls."""

    def __init__(self, directory, service):
        self.directory = os.path.join(directory, "attempts")
        self.path = os.path.join(self.directory, paths.file_name(service, ".jsonl"))

    def attempts(self):
        """Return all attempts, oldest first: the intent's fields and ``outcome``, the outcome's line or None if unfinished.

        Raises StateError if the file cannot be read or understood: without the past there is no limit to keep.
        """
        return _pair(self._lines(), self.path)

    def intend(self, attempt, now, **fields):
        """Put an intent on the disk; when this returns, it survives a power cut."""
        self._append(dict(fields, v=VERSION, kind="intent", id=attempt, at=now))

    def settle(self, attempt, now, outcome, **fields):
        """Put an attempt's outcome on the disk."""
        self._append(dict(fields, v=VERSION, kind="outcome", id=attempt, at=now, outcome=outcome))

    def check_writable(self):
        """Raise StateError if an intent could not be written; changes nothing (check mode)."""
        place = self.path
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        if not os.access(place, os.W_OK):
            raise paths.StateError("cannot write %s: %s is not writable for this user" % (self.path, place))

    def _lines(self):
        content = paths.read_file(self.path) or b""
        return content[: content.rfind(b"\n") + 1].splitlines()  # a last line without its end was torn by a crash: never acted upon

    def _append(self, record):
        paths.ensure_directory(self.directory)
        if record["kind"] == "intent":
            self._compact()
        try:
            fd = paths.open_file(self.path, os.O_RDWR | os.O_CREAT)
            try:
                _append_durably(fd, json.dumps(record, sort_keys=True).encode() + b"\n")
            finally:
                os.close(fd)
            paths.sync_directory(self.directory)
        except OSError as error:
            raise paths.StateError("cannot write %s: %s" % (self.path, error.strerror)) from error

    def _compact(self):
        lines = self._lines()
        if len(lines) < _COMPACT_AT:
            return
        kept = {attempt["id"] for attempt in _pair(lines, self.path)[-KEEP:]}
        paths.replace_file(self.path, b"".join(line + b"\n" for line in lines if json.loads(line)["id"] in kept))


def _append_durably(fd, line):
    """Write a whole line or nothing, on the disk."""
    end = _end_of_last_line(fd)
    os.ftruncate(fd, end)
    try:
        written = os.pwrite(fd, line, end)
        if written < len(line):
            os.pwrite(fd, line[written:], end + written)  # tells why: disk full, quota …
        os.fsync(fd)
    except OSError:
        os.ftruncate(fd, end)
        raise


def _end_of_last_line(fd):
    """Return the offset behind the last complete line."""
    position = os.fstat(fd).st_size
    while position > 0:
        start = max(0, position - 4096)
        newline = os.pread(fd, position - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        position = start
    return 0


def _pair(lines, path):
    attempts = {}
    for number, line in enumerate(lines, start=1):
        record = _parse(line, "%s line %d" % (path, number))
        if record["kind"] == "intent":
            attempts[record["id"]] = dict(record, outcome=None)
        elif record["id"] in attempts:
            attempts[record["id"]]["outcome"] = record
    return list(attempts.values())


def _parse(line, where):
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if isinstance(record, dict) and isinstance(record.get("v"), int) and record["v"] > VERSION:
        raise paths.StateError("%s was written by a newer release (format %d, this one knows %d): use that release" % (where, record["v"], VERSION))
    if not _is_sound(record):
        raise paths.StateError("%s is damaged: look at it, then move the file away; limits count from zero after that" % where)
    return record


def _is_sound(record):
    return (
        isinstance(record, dict)
        and record.get("v") == VERSION
        and isinstance(record.get("id"), str)
        and is_stamp(record.get("at"))
        and (record.get("kind") == "intent" or (record.get("kind") == "outcome" and isinstance(record.get("outcome"), str)))
    )
