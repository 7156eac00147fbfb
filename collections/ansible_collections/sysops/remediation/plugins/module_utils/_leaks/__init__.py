# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Series in, verdict out. Pure: no I/O, no clock, no ansible; Python 3.8 and the standard library.

Two calls are the whole room::

    one = diagnose_series(points, unit, limits, context)    # one resource
    whole = summarise({"anon": one, "fds": ...}, ...)         # one service

``diagnose_series(points, unit, limits=None, context=None)`` judges one resource and never raises on bad points.

``points``
    ``[(epoch_seconds, value), ...]`` in any order. NaN, infinite, negative, duplicate and non-numeric points are dropped, and
    gate ``points_clean`` says how many. More than 4,000 points are thinned to the lowest and highest of each block.
``unit``
    ``bytes`` (anon, swap, shmem, kernel, file), ``percent`` (0..100) or ``count`` (fds, threads, children, zombies, sockets).
``limits``
    ``[{"name": "MemoryMax", "value": 268435456}, {"name": "host MemAvailable", "free": 104857600}]``: ``value`` is where the resource
    ends, ``free`` is the room left at the last point. The one that is reached first counts. Unit ``percent`` ends at 100 by itself.
``context`` (a dict; every key optional; times are epoch seconds on the clock of the points)
    ``resource``       name from design.md (``anon``, ``fds`` ...). Growth of ``file`` is ``cache_growth``, never a leak.
    ``source``         ``live`` | ``history`` | ``series``: handed through to the result, no influence on the verdict.
    ``started_at``     start of the incarnation: age and warm-up.
    ``boundaries``     epochs at which an incarnation began (restarts inside the points). Only points of the last one are judged;
                       those of the one before become ``previous`` unless that is given.
    ``prior``          ``[(t, hi, lo), ...]``: envelope of a preceding healthy cycle (days) of this series; of its clock only the hour of the day matters.
    ``previous``       points of the previous incarnation; ``previous_started_at`` its start (default: its first point).
    ``load``           ``[(epoch, value), ...]``: work per time (requests/s); tells load from leak.
    ``live_after_gc``  ``[(epoch, bytes), ...]``: live heap after garbage collections (JVM old generation, Go heap marked ...). When
                       there are 5 of them they are judged instead of the points: a growing but collected heap is no leak. A limit named
                       ``-Xmx`` is theirs; hours of growth of the process beyond it are judged as well.
    ``gc_pending``     a sentence: why the runtime cannot tell the live heap from garbage yet. In a window, growth is then unexplained, not a leak.
    ``allocator_free`` bytes the allocator holds free at the last point, or a series of them: growth made of free chunks is
                       ``fragmentation``.
    ``mapped_growth``  for ``kernel``: bytes by which the memory grew that its page tables map; a trace of that is no leak of its own.
    ``memory``         for resources in bytes: bytes that the service holds altogether. A step or warm-up of a trace of it is ``healthy``.
    ``shared``         for ``shmem``: ``{"fixed": [{"size", "allocated", "since"}], "unlinked": bytes}``: shared memory whose size cannot change, and
                       what is held by descriptors only. Growth within the former fills up to a bound.
    ``files``          for ``fds``: ``{"once": n, "again": n}``: existing files that a process has open for the first time, and those it has open
                       more than once or deleted. Growth that is made of the former, and is no leak by its shape or comes in bursts within a
                       window, is a warm-up.
    ``oom_killed``     true when this incarnation or the one before it was OOM-killed: proof that growth does not end by itself.

Returned, JSON-ready::

    {"unit": "bytes", "source": "live", "first": 1.0e8, "now": 1.6e8, "started_at": 1764000000.0 | None,
     "span": 3600.0,                      # seconds judged (of the last incarnation)
     "tier": "window" | "history" | "cycles",   # minutes; hours; days, or hours after a prior cycle. A window can at best say leak_suspected
     "verdict": "leak_suspected", "urgency": "hours",
     "confidence": "low" | "medium" | "high",
     "slope": {"low": .., "mid": .., "high": ..} | None,      # unit per second: Theil-Sen with 95 % interval on the robust floor
     "growth": 6.0e7,                     # floor at the end minus floor at the beginning
     "limit": {"name": "MemoryMax", "value": 268435456} | None,
     "exhaustion": {"limit_name", "limit", "now", "unit", "seconds_low", "seconds_high"} | None,   # seconds_high None: may never
     "explanation": ["sentence", ...],    # two or three sentences with numbers
     "gates": [gate, ...],                # every gate that was looked at; the last one that failed or decided is "decided_by"
     "decided_by": "gate_name",
     "points": [[epoch, value], ...]}     # at most 60, for charts

``summarise(resources, post_mortem=None, state=None, notes=None)`` speaks for the service.

``resources``    ``{"anon": result of diagnose_series, ...}``; a resource that could not be read: ``unreadable(unit, reason, name)``.
``post_mortem``  ``{"kind": "oom_killed" | "crashed" | "stopped", "cause": "unit_limit" | "group_limit" | "host_oom" | "loop" | "other", "culprit":
                 {"comm", "pid", "rss"} | None, "evidence": [lines]}`` for a dead service: its kind becomes the verdict, and the history in
                 ``resources`` says whether a leak led there.
``state``        optional dict of the manager's state; ``exit_code``, ``exit_signal`` and ``result`` are quoted for a dead service.
``notes``        optional sentences to add to the explanation (runtime, merged sources ...).

Returned: ``{"verdict", "urgency", "resource", "summary", "explanation": [..], "gates": [..], "exhaustion": {.. "resource"} | None,
"sparkline"}``; the words are those of ``VERDICTS`` and ``URGENCIES``.
"""

from __future__ import annotations

from ._series import diagnose_series, unreadable
from ._summary import sparkline, summarise
from ._words import DEAD, LEAKS, RESOURCES, URGENCIES, VERDICTS

__all__ = ["DEAD", "LEAKS", "RESOURCES", "URGENCIES", "VERDICTS", "diagnose_series", "sparkline", "summarise", "unreadable"]
