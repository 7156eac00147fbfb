# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live part of a diagnosis: one window over all services, and whose memory it is that grows."""

from __future__ import annotations

import math

from .._runtimes import Watch, recognise
from .._sampling import procfs
from .._sampling.sampler import RESOURCES
from .._sampling.window import observe
from .._services import nested

NAMED = 5  # services of a warning: a Prometheus knows hundreds of a host of which a policy names one
SERIES_POINTS = 500  # of one resource that the caller may hand in; of more, every n-th is taken
PSS_UP_TO = 512 * 1024 * 1024  # bytes: reading smaps_rollup of a bigger process would stall it for too long
_GROWING = ("leak_confirmed", "leak_suspected", "growth_unexplained")


def observe_all(evidence, window, interval, root, clock=None):
    """Sample every service that runs; put segments and notes into its evidence; return the Observation."""
    targets = [target for target in (one.service.target() for one in evidence.values()) if target is not None]
    runtimes = RuntimeWatches(root)
    seen = observe(targets, window if targets else 0.0, interval, root, lambda identity: evidence[identity].service.refresh(), clock, runtimes.tick)
    for identity, segments in seen.segments.items():
        evidence[identity].lives_watched = {segment.target.life for segment in segments}
        evidence[identity].segments = [segment for segment in segments if segment.last is not None]
        runtimes.tell(evidence[identity])
    for identity, notes in seen.notes.items():
        evidence[identity].notes += ["The service %s." % note for note in notes]
    pids = {identity: one.segments[-1].last.pids for identity, one in evidence.items() if one.segments}
    for outer, inner in nested([one.service for one in evidence.values()], pids).items():
        evidence[outer].notes.append("Its processes include those of %s: what leaks may be theirs." % ", ".join(sorted(inner)))
    return seen


class RuntimeWatches:
    """What the runtime of each service (a JVM's heap ...) gives at each tick, without touching it."""

    def __init__(self, root):
        self._root = root
        self._of = {}  # segment -> (runtime, Watch)

    def tick(self, segment, when, processes):
        if segment.target.main_pid not in processes:
            return
        if segment not in self._of:
            runtime = recognise(self._root, segment.target.main_pid, processes)
            self._of[segment] = (runtime, Watch(self._root, segment.target.main_pid, runtime))
        self._of[segment][1].tick(when)

    def tell(self, one):
        """Put what was seen of the last incarnation into the evidence of its service."""
        if one.segments and one.segments[-1] in self._of:
            runtime, watch = self._of[one.segments[-1]]
            one.runtime = dict(runtime, **watch.facts())
            one.context["anon"] = watch.context()
            one.limits["anon"] = watch.limits()


def hand_out_series(series, evidence):
    """Give each service the series that the caller has for it, by service key or name; return warnings, raise ValueError for what is no series."""
    warnings, strangers = [], []
    for given, resources in series.items():
        if not isinstance(resources, dict) or not all(isinstance(points, (list, tuple, type(None))) for points in resources.values()):
            raise ValueError("series: what is given for '%s' is no series: write {anon: [[epoch, value], ...]}" % given)
        owners = [one for identity, one in evidence.items() if given in (identity, one.service.state.key, one.service.state.name)]
        if not owners:
            strangers.append("'%s'" % given)
        for one in owners:
            unknown = [name for name in resources if name not in RESOURCES]
            if unknown:
                warnings.append("series of '%s': unknown resources %s" % (given, ", ".join(sorted(unknown))))
            one.series = {name: _clean(points) for name, points in resources.items() if name in RESOURCES}
    if strangers:
        more = " and %d more" % (len(strangers) - NAMED) if len(strangers) > NAMED else ""
        warnings.append("series for %s%s were handed in, but no such service is diagnosed here" % (", ".join(strangers[:NAMED]), more))
    return warnings


def _clean(points):
    """Return usable points as floats; what cannot be a measurement is left out."""
    usable = []
    for point in points or ():
        try:
            when, value = float(point[0]), float(point[1])
        except (TypeError, ValueError, IndexError, KeyError, OverflowError):
            continue
        if math.isfinite(when) and math.isfinite(value) and value >= 0:
            usable.append((when, value))
    usable.sort()
    return usable[:: -(-len(usable) // SERIES_POINTS)] if usable else []


def attribute(diagnoses, root):
    """Add the proportional set size to the biggest processes of those services whose memory grows.

    This is the one place where smaps_rollup is read: once, after the window, and of no big process.
    """
    for one in diagnoses:
        if one["verdict"] in _GROWING and one["resource"] in ("anon", "shmem") and one["process"]["count"] > 1:
            for process in one["process"]["top"]:
                if process["anon"] <= PSS_UP_TO:
                    process["pss"] = _pss(root, process["pid"])


def _pss(root, pid):
    try:
        return procfs.read_pss(root, pid)
    except PermissionError:
        return None
