# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The heap of a JVM from its performance data file: no attach, no signal, no stall; the JVM updates it at each collection.

Format: the comments of HotSpot's ``perfMemory.hpp`` (magic 0xcafec0c0, version 2.0, a list of named entries). HotSpot writes the file
unless it runs with ``-XX:-UsePerfData``. ZGC and Shenandoah have no old generation there, and then there is no evidence.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import struct

from .._kernel import below, read_text

_MAGIC = b"\xca\xfe\xc0\xc0"
_HEADER = 32  # bytes
_ENTRY = struct.calcsize("iii4Bi")
_LARGEST = 4 * 1024 * 1024  # bytes; the file is 32 KiB by default
_MOST_ENTRIES = 10000
_LONGEST_TEXT = 32 * 1024  # bytes: as long as HotSpot itself lets one be
_OLD_USED, _OLD_MAXIMUM = "sun.gc.generation.1.space.0.used", "sun.gc.generation.1.maxCapacity"
_OLD_COLLECTORS = ("sun.gc.collector.1.invocations", "sun.gc.collector.2.invocations")  # 0 is the young one; 1 the full, 2 (G1) the concurrent one
_OPTIONS, _POLICY = "java.rt.vmArgs", "sun.gc.policy.name"
_WANTED = frozenset([_OLD_USED, _OLD_MAXIMUM, *_OLD_COLLECTORS, _OPTIONS, _POLICY])


class Heap:
    """What one look at the performance data tells."""

    def __init__(self, values):
        self.old_used = values[_OLD_USED]
        self.max_heap = _xmx(values)
        self.old_collections = sum(values.get(name, 0) for name in _OLD_COLLECTORS)

    def old_was_collected_since(self, earlier):
        """Tell whether the old generation was cleaned in between: counted collections, or less in it (G1's mixed collections)."""
        return self.old_collections > earlier.old_collections or self.old_used < earlier.old_used

    def as_dict(self):
        return {"heap_old_used": self.old_used, "heap_max": self.max_heap, "old_collections": self.old_collections}


def read_heap(root, pid):
    """Return ``(Heap, None)`` or ``(None, reason)``."""
    path = _find(root, pid)
    if path is None:
        return None, "the JVM has no performance data file (hsperfdata): it runs with -XX:-UsePerfData, or its /tmp is not visible"
    try:
        data = _read_safely(path)
    except OSError as error:
        return None, "hsperfdata: %s" % os.strerror(error.errno)
    values = parse(data)
    if values is None:
        return None, "hsperfdata: not in a format that is known (version 2.0)"
    if not all(isinstance(values.get(name, 0), int) for name in (_OLD_USED, _OLD_MAXIMUM, *_OLD_COLLECTORS)):
        return None, "hsperfdata: not in a format that is known (texts where numbers should be)"
    if _OLD_USED not in values:
        return None, "this garbage collector (%s) tells nothing of an old generation" % values.get(_POLICY, "unknown")
    return Heap(values), None


def _find(root, pid):
    """Return the file's path: it lies in the /tmp that the process sees, under the PID that the process sees."""
    try:
        status = read_text(below(root, "proc/%d/status" % pid)) or ""
    except PermissionError:
        return None
    found = re.search(r"^NSpid:\s*(.+)$", status, re.MULTILINE)
    own_pid = found.group(1).split()[-1] if found else str(pid)
    paths = glob.glob(os.path.join(below(root, "proc/%d/root" % pid), "tmp", "hsperfdata_*", own_pid))
    return paths[0] if paths else None


def _read_safely(path):
    """Read a file that its owner may have replaced by anything: no links, no pipes, no endless files."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as data:
        if not stat.S_ISREG(os.fstat(data.fileno()).st_mode):
            return b""
        return data.read(_LARGEST)


def parse(data):
    """Return ``{name: int or str}`` of what is wanted of the performance data, or None when it is not in the known format.

    Who owns the process can write anything into it: so nothing is kept that is not asked for, and no text is longer than HotSpot writes one.
    """
    if len(data) < _HEADER or data[:4] != _MAGIC or data[5] != 2:
        return None
    order = "<" if data[4] == 1 else ">"
    at, count = struct.unpack_from(order + "ii", data, 24)
    values = {}
    try:
        for _unused in range(min(count, _MOST_ENTRIES)):
            length, name_at, vector, kind, _flags, _units, _variability, data_at = struct.unpack_from(order + "iii4Bi", data, at)
            if length < _ENTRY or min(name_at, data_at) < 0:
                return None
            name = _text(data, at + name_at)
            if name in _WANTED and vector == 0 and kind == ord("J"):
                values[name] = struct.unpack_from(order + "q", data, at + data_at)[0]
            elif name in _WANTED and kind == ord("B"):
                values[name] = _text(data, at + data_at, min(vector, _LONGEST_TEXT))
            at += length
    except (struct.error, ValueError):
        return None
    return values


def _text(data, at, longest=256):
    end = data.index(b"\0", at, at + longest + 1) if b"\0" in data[at : at + longest + 1] else at + longest
    return data[at:end].decode("utf-8", "replace")


def _xmx(values):
    """Return the largest heap in bytes: -Xmx if it was given, else what the old generation may grow to."""
    found = re.findall(r"-(?:Xmx|XX:MaxHeapSize=)(\d{1,19})([kKmMgGtT]?)", str(values.get(_OPTIONS, "")))
    if found:
        number, unit = found[-1]
        return int(number) * 1024 ** " kmgt".index(unit.lower() or " ")
    return values.get(_OLD_MAXIMUM)
