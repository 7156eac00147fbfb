# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded history of a service, cut into its incarnations, on one clock."""

from __future__ import annotations

import collections
import os

from .._sampling.sampler import RESOURCES


class Life:
    """What the history holds of one incarnation."""

    def __init__(self, identity, started_at):
        self.identity = identity  # (boot, main pid, start ticks)
        self.started_at = started_at
        self.points = {name: [] for name in RESOURCES}
        self.samples = 0
        self.begin = self.end = None

    def add(self, when, values):
        for name, value in values.items():
            if name in self.points:
                self.points[name].append((when, value))
        self.samples += 1
        self.begin = when if self.begin is None else min(self.begin, when)
        self.end = when if self.end is None else max(self.end, when)


def cut(samples, boot, epoch, uptime):
    """Return the lives in the samples, oldest first.

    Times are put on today's clock: within a boot the distance in seconds since boot counts, so a wall clock that jumped in between
    bends nothing. Earlier boots are placed by the last wall clock time that was recorded in them, when NTP had had the most time.

    :param boot: short id of the boot that runs. :param epoch: its wall clock now. :param uptime: seconds since its start.
    """
    booted = {sample.boot: sample.epoch - sample.uptime for sample in samples}
    booted[boot] = epoch - uptime
    ticks_per_second = os.sysconf("SC_CLK_TCK")
    lives = collections.OrderedDict()
    for sample in samples:
        identity = (sample.boot, sample.pid, sample.ticks)
        if identity not in lives:
            started = None if sample.ticks is None else booted[sample.boot] + sample.ticks / ticks_per_second
            lives[identity] = Life(identity, started)
        lives[identity].add(booted[sample.boot] + sample.uptime, sample.values)
    return sorted(lives.values(), key=lambda life: life.end)
