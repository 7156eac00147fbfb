# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rhythm of the day, learned from the days before and taken out of a series.

A leak under a daily rhythm seems to rest every evening, and the morning of a healthy day seems to leak. What is left when each hour is
compared with the same hour of the days before has neither.
"""

from __future__ import annotations

from . import _stats
from . import _thresholds as limits

HOURS = 24


def without_rhythm(points, prior):
    """Return the points, and the prior, with the rhythm of the day taken out around its median; None if the days before have none, or are not two."""
    levels = _levels(prior)
    if levels is None:
        return None, []
    middle = _stats.median(levels)

    def level(when, value):
        return max(value - _at(levels, when) + middle, 0.0)

    return [(when, level(when, value)) for when, value in points], [(when, level(when, high), level(when, low)) for when, high, low in prior]


def _levels(prior):
    """The usual level of each hour: the median over the days."""
    if not prior or max(row[0] for row in prior) - min(row[0] for row in prior) < limits.PAST_FROM * (1 - 1.0 / HOURS):
        return None
    hours = [{} for _hour in range(HOURS)]
    for when, high, low in prior:
        day, second = divmod(when, limits.DAY)
        hours[int(second * HOURS / limits.DAY) % HOURS].setdefault(day, []).append((high + low) / 2.0)
    if any(len(days) < 2 for days in hours):
        return None
    hours = [[_stats.median(values) for values in days.values()] for days in hours]
    levels = [_stats.median(days) for days in hours]
    followed = _stats.correlation([(level, value) for level, days in zip(levels, hours) for value in days])
    # Days that follow no rhythm would only add their noise.
    return levels if followed >= limits.RHYTHM_EXPLAINS else None


def _at(levels, when):
    """Between the middles of two hours on the straight line: a jump at the full hour would be a step of our own making."""
    hour = (when % limits.DAY) * HOURS / limits.DAY - 0.5
    before = int(hour // 1)
    part = hour - before
    return levels[before % HOURS] * (1 - part) + levels[(before + 1) % HOURS] * part
