# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad points out, order in, size bounded; and the points of one incarnation told from those of the next."""

from __future__ import annotations

import math

from . import _thresholds as limits
from . import _words


def clean_points(points, unit):
    """Return ``(points, dropped)``: finite, non-negative, sorted, one per time, at most ``MAX_POINTS``.

    ``dropped`` counts why points went: ``malformed``, ``not_finite``, ``negative``, ``out_of_range`` (percent above 100, more than an exbibyte), ``duplicate``;
    and ``thinned``, which are not lost but stand behind the lowest and the highest point of their block.
    """
    dropped = {"malformed": 0, "not_finite": 0, "negative": 0, "out_of_range": 0, "duplicate": 0, "thinned": 0}
    kept = []
    for point in points or ():
        try:
            when, value = float(point[0]), float(point[1])
        except (TypeError, ValueError, IndexError, KeyError, OverflowError):
            dropped["malformed"] += 1
            continue
        if not (math.isfinite(when) and math.isfinite(value)):
            dropped["not_finite"] += 1
        elif value < 0:
            dropped["negative"] += 1
        elif value > limits.MAX_VALUE or abs(when) > limits.MAX_EPOCH or (unit == _words.PERCENT and value > limits.PERCENT_FULL):
            dropped["out_of_range"] += 1
        else:
            kept.append((when, value))
    kept.sort()
    unique = [point for number, point in enumerate(kept) if number == 0 or kept[number - 1][0] != point[0]]
    dropped["duplicate"] = len(kept) - len(unique)
    thinned = thin(unique, limits.MAX_POINTS)
    dropped["thinned"] = len(unique) - len(thinned)
    return thinned, dropped


def number(value):
    """Return a finite float, or None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) <= limits.MAX_VALUE else None


def clean_context(context):
    """Return a copy of the context in which every number is a number and every series is clean; what is unusable is left out."""
    found = dict(context or {})
    for key in ("started_at", "previous_started_at"):
        found[key] = number(found.get(key))
    found["boundaries"] = [when for when in map(number, found.get("boundaries") or ()) if when is not None]
    for key in ("previous", "load", "live_after_gc"):
        found[key], _dropped = clean_points(found.get(key), _words.COUNT)
    found["prior"] = found["days_before"] = sorted(_clean_prior(found.get("prior")))
    found["mapped_growth"] = max(0.0, number(found.get("mapped_growth")) or 0.0)
    found["memory"] = max(0.0, number(found.get("memory")) or 0.0)
    found["shared"], found["files"] = _clean_shared(found.get("shared")), _clean_numbers(found.get("files"), ("once", "again"))
    free = found.get("allocator_free")
    found["allocator_free"] = clean_points(free, _words.BYTES)[0] if isinstance(free, (list, tuple)) else number(free)
    return found


def _clean_shared(shared):
    if not isinstance(shared, dict):
        return None
    regions = [_clean_numbers(one, ("size", "allocated", "since")) for one in shared.get("fixed") or ()]
    return {"fixed": [one for one in regions if one], "unlinked": number(shared.get("unlinked")) or 0.0}


def _clean_numbers(facts, names):
    """Return the named numbers, None if one of them is missing or no number."""
    found = {name: number(facts.get(name)) for name in names} if isinstance(facts, dict) else {}
    return None if not found or None in found.values() else found


def _clean_prior(rows):
    """Return the usable ``(t, hi, lo)`` of a healthy cycle."""
    found = []
    for row in rows or ():
        try:
            values = [number(column) for column in row]
        except TypeError:
            continue
        if len(values) >= 2 and None not in values and values[1] >= 0:
            found.append((values[0], values[1], values[-1]))
    return found


def thin(points, at_most):
    """Keep the lowest and the highest point of equally many points each: floors and peaks are what is judged."""
    if len(points) <= at_most:
        return points
    size = -(-len(points) * 2 // at_most)
    kept = []
    for start in range(0, len(points), size):
        block = points[start : start + size]
        extremes = {min(block, key=_value), max(block, key=_value)}
        kept.extend(sorted(extremes))
    return kept


def _value(point):
    return point[1]


def last_incarnation(points, boundaries):
    """Return ``(points of the last incarnation, points of the one before)`` for the epochs at which incarnations began."""
    borders = sorted(border for border in boundaries if points and border <= points[-1][0])
    if not borders:
        return points, []
    current = [point for point in points if point[0] >= borders[-1]]
    begin = borders[-2] if len(borders) > 1 else float("-inf")
    return current, [point for point in points if begin <= point[0] < borders[-1]]


def gaps(points):
    """Return ``[(start, end), ...]`` of the holes that are far longer than the usual distance of two points."""
    distances = sorted(later[0] - earlier[0] for earlier, later in zip(points, points[1:]))
    if not distances:
        return []
    usual = distances[len(distances) // 2]
    return [(earlier[0], later[0]) for earlier, later in zip(points, points[1:]) if later[0] - earlier[0] > limits.GAP_FACTOR * usual]


def longest_stretch(points):
    """Return the points between two gaps that cover the longest time; of equally long ones the last."""
    stretches, begin = [], 0
    ends = {start for start, _end in gaps(points)}
    for number, point in enumerate(points):
        if point[0] in ends or number == len(points) - 1:
            stretches.append(points[begin : number + 1])
            begin = number + 1
    return max(reversed(stretches), key=lambda stretch: stretch[-1][0] - stretch[0][0], default=points)
