# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live window: all services of a host, sampled together at every tick."""

from __future__ import annotations

import math
import time

from . import fds, host, procfs
from .sampler import RESOURCES, by_process, sample

NEEDED = 10  # samples: with fewer, no trend can be told from noise
OVERTIME = 3.0  # times the window: so long a slow host may take for the samples that are needed
AT_MOST = 20000  # samples: what a host should hold in memory for it


class Clock:
    """Time as the window needs it; tests bring their own."""

    def monotonic(self):
        return time.monotonic()

    def epoch(self):
        return time.time()

    def asleep(self):
        return host.asleep()

    def sleep(self, seconds):
        time.sleep(seconds)


class Segment:
    """What was seen of one incarnation within the window."""

    def __init__(self, target):
        self.target = target
        self.points = {name: [] for name in RESOURCES}
        self.unreadable = {}
        self.tmpfs = None  # mount points as its main process sees them
        self.last = None  # the last Sample
        self.first_processes = {}  # {pid: {"comm", "anon"}} at the first and the last sample
        self.last_processes = {}

    def add(self, when, taken):
        for name, value in taken.values.items():
            self.points[name].append((when, value))
        self.unreadable.update(taken.unreadable)
        self.last = taken


class Observation:
    """Segments by service key, oldest first, and sentences about what disturbed the window."""

    def __init__(self):
        self.segments = {}
        self.notes = {}
        self.warnings = []
        self.ticks = 0
        self.window = 0.0  # seconds that were watched
        self.epoch = self.uptime = None  # both clocks at the first tick


def check_window(window, interval):
    """Raise ValueError, for people, when the window cannot hold the samples that a diagnosis needs."""
    if interval < 0.05:
        raise ValueError("interval %gs is too short: at least 0.05s, as each sample reads the whole of /proc" % interval)
    samples = int(window / interval) + 1
    if samples > AT_MOST:
        raise ValueError(
            "window %gs at interval %gs gives %d samples and %d are the most: use an interval of at least %gs"
            % (window, interval, samples, AT_MOST, math.ceil(window / AT_MOST * 1000 + 1) / 1000)
        )
    if samples < NEEDED:
        raise ValueError(
            "window %gs at interval %gs gives %d samples and a diagnosis needs %d: use a window of at least %gs, or an interval of at most %gs"
            % (window, interval, samples, NEEDED, (NEEDED - 1) * interval, math.floor(window / (NEEDED - 1) * 1000) / 1000)
        )


def observe(targets, window, interval, root="/", refresh=None, clock=None, on_sample=None):
    """Sample the targets for ``window`` seconds every ``interval`` seconds; a window of 0 takes one sample.

    A host too busy for the needed samples gets some overtime: a diagnosis a little later is better than none. Ticks are counted on the
    monotonic clock, so that a jump of the wall clock neither stretches nor bends the series; labels are the epoch of the beginning plus that.

    :param refresh: callable(key) -> Target or None: asks the manager again after a main process has gone.
    :param on_sample: callable(segment, epoch, processes): looks at the same moment at what else there is to see of a service.
    """
    clock = clock or Clock()
    seen = Observation()
    current = {target.key: _open(seen, target) for target in targets}
    begin, epoch, slept = clock.monotonic(), clock.epoch(), clock.asleep()
    seen.epoch, seen.uptime = epoch, begin + slept
    tick, last_tick = 0, int(window / interval + 1e-9) if window else 0
    while tick <= last_tick or (seen.ticks < NEEDED and window and clock.monotonic() - begin < OVERTIME * window):
        clock.sleep(max(0.0, begin + tick * interval - clock.monotonic()))
        processes = procfs.scan(root)
        for key in current:
            current[key] = _follow(seen, current[key], key, processes, refresh)
            when = epoch + clock.monotonic() - begin  # of each by itself: on a busy host a tick over many services takes its time
            if _sample_into(root, current[key], when, processes) and on_sample:
                on_sample(current[key], when, processes)
        seen.ticks += 1
        tick = max(tick + 1, math.ceil((clock.monotonic() - begin) / interval)) if interval else tick + 1
    _attribute(root, current.values(), processes)
    seen.window = round(clock.monotonic() - begin, 1) if window else 0.0
    _judge_clock(seen, window, clock, begin, epoch, slept)
    return seen


def _open(seen, target):
    segment = Segment(target)
    seen.segments.setdefault(target.key, []).append(segment)
    return segment


def _follow(seen, segment, key, processes, refresh):
    """Return the segment of the incarnation that lives now; a new one when the service was restarted meanwhile."""
    known = segment.target if segment is not None else None
    if known is not None and (known.start_ticks is None or known.is_alive(processes)):
        return segment
    fresh = refresh(key) if refresh else None
    if fresh is None:
        if segment is not None:
            seen.notes.setdefault(key, []).append("stopped during the window")
        return None
    if known is not None and fresh.life == known.life:
        return segment
    seen.notes.setdefault(key, []).append("restarted during the window: main process is now %s" % fresh.main_pid)
    return _open(seen, fresh)


def _sample_into(root, segment, when, processes):
    """Add a sample to the segment; return whether there was anything to sample."""
    if segment is None:
        return False
    if segment.tmpfs is None:
        segment.tmpfs = fds.Tmpfs(root, segment.target.main_pid) if segment.target.main_pid else ()
    taken = sample(root, segment.target, processes, segment.tmpfs)
    if taken is None:
        return False
    if segment.last is None:
        segment.first_processes = by_process(root, taken.pids, processes)
    segment.add(when, taken)
    return True


def _attribute(root, segments, processes):
    for segment in segments:
        if segment is not None and segment.last is not None:
            segment.last_processes = by_process(root, segment.last.pids & set(processes), processes)


def _judge_clock(seen, window, clock, begin, epoch, slept):
    slept = clock.asleep() - slept
    if slept > 1:
        seen.warnings.append("the host was suspended for %d s during the window" % slept)
    jumped = clock.epoch() - epoch - (clock.monotonic() - begin) - max(0.0, slept)
    if abs(jumped) > 1:
        seen.warnings.append("the clock of the host jumped by %+d s during the window; the series follow the monotonic clock" % jumped)
    if window and seen.ticks <= NEEDED and seen.window > 1.2 * window:
        seen.warnings.append("the host is busy: %d samples took %g s and not %g s" % (seen.ticks, seen.window, window))
