# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of process a service is, and what evidence its runtime gives without any risk.

``recognise`` reads names, mapped libraries and a few bytes of the program; ``Watch`` collects evidence while the live window
runs. Neither signals, attaches to or stops a process. What does is in ``probes.py`` and runs only when a person asks for it.
"""

from __future__ import annotations

from . import jvm
from .recognise import recognise

__all__ = ["Watch", "recognise"]

OLD_COLLECTIONS_NEEDED = 5  # as `_leaks` needs them: below that a trend of the live heap is a guess


class Watch:
    """Evidence of one main process, collected at each tick of the window; cheap (one small file for a JVM, nothing else)."""

    def __init__(self, root, pid, runtime):
        self._root = root
        self._pid = pid
        self._is_jvm = runtime["kind"] == "jvm"
        self._live = []  # (epoch, bytes) of the old generation right after it was collected
        self._first = self._last = None
        self.reason = None  # why there is no evidence of the runtime

    def tick(self, now):
        """Look once. ``now`` is the epoch on the clock of the samples."""
        if not self._is_jvm:
            return
        heap, self.reason = jvm.read_heap(self._root, self._pid)
        if heap is None:
            return
        if self._last is not None and heap.old_was_collected_since(self._last):
            self._live.append((now, heap.old_used))
        self._first, self._last = self._first or heap, heap

    def context(self):
        """Return what ``_leaks.diagnose_series`` takes about resource anon: ``live_after_gc``, ``gc_pending``."""
        if self._last is None:
            return {}
        if len(self._live) >= OLD_COLLECTIONS_NEEDED:
            return {"live_after_gc": list(self._live)}
        return {"gc_pending": self._pending()}

    def limits(self):
        """Return the limit that the live heap runs into, as ``_leaks`` takes it."""
        if self._last is None or not self._last.max_heap or len(self._live) < OLD_COLLECTIONS_NEEDED:
            return []
        return [{"name": "-Xmx", "value": self._last.max_heap}]

    def facts(self):
        """Return the heap as it was seen last, for the result, or {}."""
        if self._last is None:
            return {"heap_unreadable": self.reason} if self._is_jvm and self.reason else {}
        return dict(self._last.as_dict(), heap_old_first=self._first.old_used, old_collections_seen=len(self._live))

    def _pending(self):
        return "the JVM collected its old generation %d times in the window and %d are needed: growth of its heap cannot be told from garbage yet" % (
            len(self._live),
            OLD_COLLECTIONS_NEEDED,
        )
