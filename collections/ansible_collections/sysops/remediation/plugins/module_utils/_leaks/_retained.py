# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retained curve: what was never given back.

For each floor the lowest level from then on. A leak raises it from the first floor to the last; a sawtooth leaves it flat until the
last tooth; a warm-up raises it in the beginning only, a step at once. So *when* the curve reaches which part of its growth tells one
from the other, whatever the scale.
"""

from __future__ import annotations

from . import _stats
from . import _thresholds as limits


class Retained:
    """Floors of a series and the retained curve above them."""

    def __init__(self, points, points_per_floor=limits.POINTS_PER_FLOOR):
        count = max(limits.MIN_FLOORS, min(limits.MAX_FLOORS, len(points) // points_per_floor))
        self.start, self.end = points[0][0], points[-1][0]
        self.span = self.end - self.start
        self.floors = _stats.floors_of(points, count)
        self.levels = _suffix_minima([value for _when, value in self.floors])
        self.times = [self.start] + [when for when, _value in self.floors[1:-1]] + [self.end]
        self.base, self.growth = self.levels[0], self.levels[-1] - self.levels[0]
        self.slope = _stats.theil_sen(self.floors, limits.Z_95)

    def share_of_time(self, share_of_growth):
        """Return the share of the time after which this share of the growth is reached."""
        wanted = self.base + self.growth * share_of_growth
        for number in range(1, len(self.levels)):
            low, high = self.levels[number - 1], self.levels[number]
            if high >= wanted:
                begin, end = self.times[number - 1], self.times[number]
                part = (wanted - low) / (high - low) if high > low else 1.0
                return (begin + (end - begin) * part - self.start) / self.span
        return 1.0

    def share_of_growth(self, share_of_time):
        """Return the share of the growth that is reached after this share of the time."""
        when = self.start + self.span * share_of_time
        reached = [level for time, level in zip(self.times, self.levels) if time <= when]
        return (reached[-1] - self.base) / self.growth if self.growth > 0 else 0.0

    @property
    def steadiness(self):
        """Lower end of the slope, as growth over the whole time, against the growth: 1 for a line, <= 0 for no trend."""
        return self.slope[0] * self.span / self.growth if self.growth > 0 else 0.0

    @property
    def spread(self):
        return self.share_of_time(0.8) - self.share_of_time(0.2)

    @property
    def quiet_start(self):
        return self.share_of_time(0.1)

    @property
    def quiet_end(self):
        return 1.0 - self.share_of_time(0.9)

    @property
    def late_share(self):
        """The share of the growth in the second half of the time."""
        return 1.0 - self.share_of_growth(0.5)

    @property
    def rising_share(self):
        """The share of floors with a higher level than the one before: few where growth comes in bursts."""
        return sum(later > earlier for earlier, later in zip(self.levels, self.levels[1:])) / (len(self.levels) - 1)

    @property
    def is_line(self):
        return self.is_even and self.quiet_end <= limits.MAX_QUIET_END

    @property
    def is_even(self):
        even = abs(self.late_share - 0.5) <= limits.LINE_EVENNESS
        return self.growth > 0 and self.steadiness >= limits.LINE_STEADINESS and even

    @property
    def is_straight(self):
        """Does each third of the time bring its third of the growth?"""
        first, second = self.share_of_growth(1 / 3.0), self.share_of_growth(2 / 3.0)
        return self.is_even and max(abs(part - 1 / 3.0) for part in (first, second - first, 1 - second)) <= limits.LINE_EVENNESS

    @property
    def longest_rest(self):
        """The longest pause between two tenths of the growth: how long a staircase rests on a step."""
        reached = [self.share_of_time(tenth / 10.0) for tenth in range(1, 10)]
        return max(later - earlier for earlier, later in zip(reached, reached[1:]))


def _suffix_minima(values):
    levels = list(values)
    for number in range(len(levels) - 2, -1, -1):
        levels[number] = min(levels[number], levels[number + 1])
    return levels


def without_warm_up(points, curve, points_per_floor=limits.POINTS_PER_FLOOR):
    """Cut the beginning while far more than its share of the growth lies in it; return ``(points, Retained of them)``.

    :param curve: Retained of the points as they are.
    """
    for _cut in range(limits.WARM_UP_CUTS):
        if curve.growth <= 0 or curve.share_of_growth(limits.WARM_UP_SLICE) <= limits.WARM_UP_SHARE:
            break
        rest = [point for point in points if point[0] >= curve.start + curve.span * limits.WARM_UP_SLICE]
        if len(rest) < limits.MIN_POINTS or rest[-1][0] <= rest[0][0]:
            break
        points, curve = rest, Retained(rest, points_per_floor)
    return points, curve
