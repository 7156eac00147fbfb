# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One series out of several sources: the live window, the host's own history, and a series that the caller handed in (Prometheus).

Only values of the same incarnation are joined, and only values that measure the same thing: a foreign series is believed where it
overlaps with our own and agrees there.
"""

from __future__ import annotations

import bisect
import collections

from .._units import human_duration

AGREES = 0.10  # share by which a foreign series may differ from our own where both have values
ENOUGH = 10  # recorded samples from which on a history says more than the window
STRETCHES = 1000  # of a history, each of which keeps two points at most
FEWEST = 30  # points that thinning must leave
AHEAD = 30.0  # seconds that a foreign clock may be ahead without being corrected

# points: what to judge; used: names of the sources in it; carried_by: the one that gave most of the time; reasons: why one was not used
Merged = collections.namedtuple("Merged", "points used carried_by reasons")


def merge(live, history, series):
    """Return the Merged points of one resource in one incarnation."""
    given = {"live": dedupe(live), "history": dedupe(history), "series": dedupe(series)}
    own = even(dedupe(history + live) if live else given["history"], given["history"])
    reasons = {}
    if not series:
        points = own
    elif not own:
        points = given["series"]
    else:
        points, reasons = _join(own, given["series"])
    chosen = set(points)
    used = [name for name, its in given.items() if not chosen.isdisjoint(its)]
    carrier = max(used, key=lambda name: _span(given[name])) if used else None
    return Merged(points, used, carrier, reasons)


def _join(own, series):
    agreement = compare(own, series)
    if agreement is not None and agreement <= AGREES:
        first, last = own[0][0], own[-1][0]
        return dedupe([point for point in series if not first <= point[0] <= last] + own), {}
    why = "it has no values at the time of the host's own" if agreement is None else "its values differ by %d %% from the host's own" % round(agreement * 100)
    if _span(series) > _span(own):
        return series, {"live": "the series covers more time, and %s" % why, "history": "the series covers more time, and %s" % why}
    return own, {"series": "%s, which cover %s" % (why, human_duration(_span(own)))}


def compare(own, series):
    """Return the median relative difference of the two where they overlap; None where they do not.

    A sample of each minute and one of each second never meet: the nearest of ours within twice the distance of theirs will do.
    """
    times = [when for when, _value in own]
    reach = 2 * _span(series) / max(1, len(series) - 1)
    differences = []
    for when, value in series:
        place = bisect.bisect_left(times, when)
        near = min(own[max(0, place - 1) : place + 1], key=lambda point: abs(point[0] - when))
        if abs(near[0] - when) <= reach:
            differences.append(abs(value - near[1]) / max(abs(near[1]), 1.0))
    return sorted(differences)[len(differences) // 2] if differences else None


def correct_clock(points, now):
    """Return (points, seconds): a series from a clock that is ahead of ours is moved back, so that it does not end in the future."""
    ahead = max([when for when, _value in points] + [now]) - now
    return ([(when - ahead, value) for when, value in points], ahead) if ahead > AHEAD else (points, 0.0)


def even(points, history):
    """Thin what was sampled densely, so that a window of seconds does not outweigh the hours of history before it.

    Of each stretch as long as the usual distance of two recorded samples the lowest and the highest point stay. A history of a few
    samples, left by an earlier window, must not thin the window away.
    """
    if len(history) < ENOUGH:
        return points
    gaps = sorted(later[0] - earlier[0] for earlier, later in zip(history, history[1:]))
    width = max(gaps[len(gaps) // 2], _span(points) / STRETCHES)
    kept, end = [], points[0][0]
    lowest = highest = points[0]
    for point in points:
        if point[0] >= end:
            kept += [lowest, highest]
            end = points[0][0] + width * (int((point[0] - points[0][0]) / width) + 1)
            lowest = highest = point
        elif point[1] < lowest[1]:
            lowest = point
        elif point[1] > highest[1]:
            highest = point
    kept = dedupe([*kept, lowest, highest, points[-1]])  # and where it stands now
    return kept if len(kept) >= FEWEST else points


def dedupe(points):
    """Return the points in order of time; of several of one moment, the last that was given."""
    return sorted(dict(points).items())


def _span(points):
    return points[-1][0] - points[0][0] if points else 0.0
