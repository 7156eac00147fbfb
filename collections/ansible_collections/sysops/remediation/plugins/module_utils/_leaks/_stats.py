# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Robust statistics on a handful of floors: block minima, Theil-Sen slope with its confidence interval, ranks."""

from __future__ import annotations

import math

from . import _thresholds as limits


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2.0


def quantile(ordered, fraction):
    """Linear interpolation in an already sorted list."""
    position = fraction * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def blocks_of(points, count):
    """Cut the time span into ``count`` equal blocks; blocks without a point (gaps) are left out."""
    start, span = points[0][0], points[-1][0] - points[0][0]
    blocks = [[] for _unused in range(count)]
    for point in points:
        blocks[min(int((point[0] - start) / span * count), count - 1)].append(point)
    return [block for block in blocks if block]


def floors_of(points, count):
    """Return the lowest point of each block: what stays allocated when the work is done and the garbage collected.

    Where half of the points crowd in a small part of the time (a window of seconds after a few recorded samples), blocks of an equal share
    of the time would leave all of them one floor, that of their beginning, and a line would seem to level off: shorter blocks stand in, as
    long as the crowd fills with points.
    """
    if _crowd(points):
        distances = [later[0] - earlier[0] for earlier, later in zip(points, points[1:])]
        span, per_block = points[-1][0] - points[0][0], limits.POINTS_PER_FLOOR * median(distances)
        count = max(count, math.ceil(min(span / per_block, limits.MAX_FLOORS))) if per_block > 0 else count
    return [min(block, key=lambda point: (point[1], point[0])) for block in blocks_of(points, count)]


def _crowd(points):
    half, span = len(points) // 2, points[-1][0] - points[0][0]
    densest = min(later[0] - earlier[0] for earlier, later in zip(points, points[half:]))
    return densest < limits.CROWDED * span


def theil_sen(points, z):
    """Return ``(low, mid, high)`` slope per second: Sen's estimate with the interval of Kendall's statistic at normal quantile ``z``.

    For a few dozen points only: all pairs are looked at.
    """
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(points)
        for later in points[number + 1 :]
        if later[0] - earlier[0] > limits.SAME_MOMENT
    )
    if not slopes:
        return 0.0, 0.0, 0.0
    count = len(points)
    spread = z * math.sqrt(_kendall_variance([point[1] for point in points]))
    low = max(int((len(slopes) - spread) / 2.0), 0)
    high = min(int((len(slopes) + spread) / 2.0 + 1), len(slopes) - 1)
    return slopes[low], median(slopes), slopes[high] if count > 2 else slopes[-1]


def _kendall_variance(values):
    """Variance of Kendall's S, with the correction for ties."""
    count = len(values)
    ties = {}
    for value in values:
        ties[value] = ties.get(value, 0) + 1
    tied = sum(number * (number - 1) * (2 * number + 5) for number in ties.values())
    return max((count * (count - 1) * (2 * count + 5) - tied) / 18.0, 0.0)


def correlation(pairs):
    """Pearson's r of ``[(x, y), ...]``; 0.0 when either does not vary."""
    count = len(pairs)
    mean_x = sum(x for x, _y in pairs) / count
    mean_y = sum(y for _x, y in pairs) / count
    cov = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    var_x = sum((x - mean_x) ** 2 for x, _y in pairs)
    var_y = sum((y - mean_y) ** 2 for _x, y in pairs)
    if var_x <= 0 or var_y <= 0:
        return 0.0
    return cov / math.sqrt(var_x * var_y)


def quantum(points):
    """Return the smallest step the meter shows: a page, a digit of the percentage, one descriptor. 0 when nothing moves."""
    levels = sorted({point[1] for point in points})
    steps = [high - low for low, high in zip(levels, levels[1:])]
    return min(steps) if steps else 0.0
