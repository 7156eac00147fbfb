# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates on the series itself: does it grow, evenly, still, and beyond what it has held before?"""

from __future__ import annotations

from .._gates import gate
from .._units import human_duration
from . import _numbers, _stats, _words
from . import _thresholds as limits


def growth_matters(case):
    growth, least = case.curve.growth, case.least_growth
    return gate(
        "growth_matters",
        growth > 0 and growth >= least,
        "its floor rose by %s in %s; %s or more would matter"
        % (_numbers.amount(growth, case.unit), human_duration(case.curve.span), _numbers.amount(least, case.unit)),
        growth,
        least,
        case.unit,
    )


def floor_rises(case):
    low, _mid, high = case.curve.slope
    needed = 0.0 if case.has_known_cycle else limits.STEADY_RISE
    return gate(
        "floor_rises",
        low > 0 and case.curve.steadiness >= needed,
        "the slope of its floor is %s to %s (95 %%), at least %s of the growth as a steady rise"
        % (_numbers.rate(low, case.unit), _numbers.rate(high, case.unit), _numbers.share(max(case.curve.steadiness, 0.0))),
        case.curve.steadiness,
        needed,
        "share",
    )


def past_warm_up(case):
    started = case.context.get("started_at")
    age = None if started is None else case.points[-1][0] - started
    return gate(
        "past_warm_up",
        age is None or age >= limits.WARM_UP_AGE,
        "the age of the service is not known" if age is None else "the service is %s old" % human_duration(max(age, 0)),
        age,
        limits.WARM_UP_AGE,
        "seconds",
    )


def growth_is_spread(case):
    needed = limits.PRIOR_MIN_SPREAD if case.has_known_cycle else limits.MIN_SPREAD
    return gate(
        "growth_is_spread",
        case.curve.spread >= needed,
        "the middle three fifths of the growth took %s of the time" % _numbers.share(case.curve.spread),
        case.curve.spread,
        needed,
        "share",
    )


def growth_began_early(case):
    return gate(
        "growth_began_early",
        case.curve.quiet_start <= limits.MAX_QUIET_START,
        "the first %s of the time brought less than a tenth of the growth" % _numbers.share(case.curve.quiet_start),
        case.curve.quiet_start,
        limits.MAX_QUIET_START,
        "share",
    )


def growth_goes_on(case):
    most = max(limits.PRIOR_QUIET_END if case.has_known_cycle else limits.MAX_QUIET_END, case.curve.longest_rest)
    return gate(
        "growth_goes_on",
        case.curve.quiet_end <= most,
        "the last %s of the time brought less than a tenth of the growth" % _numbers.share(case.curve.quiet_end),
        case.curve.quiet_end,
        most,
        "share",
    )


def growth_does_not_level_off(case):
    late = case.curve.late_share
    floors = case.curve.floors
    half = len(floors) // 2
    earlier = _stats.theil_sen(floors[: half + 1], limits.Z_95)
    later = _stats.theil_sen(floors[half:], limits.Z_95)
    slower = earlier[0] > 0 and later[2] < limits.SLOWDOWN * earlier[0] and not (case.tier != _words.WINDOW and _picks_up_again(floors))
    return gate(
        "growth_does_not_level_off",
        late >= limits.MIN_LATE_SHARE and not slower,
        "%s of the growth came in the second half; at %s after %s in the first"
        % (_numbers.share(late), _numbers.rate(later[1], case.unit), _numbers.rate(earlier[1], case.unit)),
        late,
        limits.MIN_LATE_SHARE,
        "share",
    )


def _picks_up_again(floors):
    """Is the last third certainly faster than the one before? A warm-up only ever gets slower; a leak per request follows the load of the day."""
    third = len(floors) // 3
    middle = _stats.theil_sen(floors[third : 2 * third + 1], limits.Z_95)
    last = _stats.theil_sen(floors[2 * third :], limits.Z_95)
    return third >= limits.MIN_FLOORS and last[0] > middle[2] > 0


def peaks_rise_too(case):
    peaks = _peaks(case.judged)
    third = max(len(peaks) // 3, 1)
    rise = _stats.median(peaks[-third:]) - _stats.median(peaks[:third])
    needed = limits.MIN_PEAK_RISE * case.curve.growth
    return gate(
        "peaks_rise_too",
        rise >= needed,
        "its peaks rose by %s, its floor by %s" % (_numbers.amount(rise, case.unit), _numbers.amount(case.curve.growth, case.unit)),
        rise,
        needed,
        case.unit,
    )


def outgrows_its_teeth(case):
    """Growth that is no higher than a tooth or two can be the collector taking its time."""
    blocks = _blocks(case.judged)
    drift = abs(case.curve.slope[1])
    height = _stats.median([_height(block) - drift * (block[-1][0] - block[0][0]) for block in blocks])
    needed = limits.TEETH_OUTGROWN * max(height, 0.0)
    return gate(
        "outgrows_its_teeth",
        case.curve.growth >= needed,
        "its floor rose by %s, and its teeth are %s high" % (_numbers.amount(case.curve.growth, case.unit), _numbers.amount(max(height, 0.0), case.unit)),
        case.curve.growth,
        needed,
        case.unit,
    )


def never_as_high_before(case):
    peaks = _peaks(case.seen)
    third = max(len(peaks) // 3, 1)
    before, late = _held(peaks[:-third]), _stats.median(peaks[-third:])
    # A job now and then stands out of a leak: then its busy times are to be held against its busy times, and its usual level against its usual level.
    thirds = [peaks[:third], peaks[third:-third], peaks[-third:]]
    busier = all(later > earlier for held in (_stats.median, _held) for earlier, later in zip(map(held, thirds), map(held, thirds[1:])))
    detail = "its latest peaks lie at %s, and it has held %s before" % (_numbers.amount(late, case.unit), _numbers.amount(before, case.unit))
    return gate(
        "never_as_high_before",
        late > before or busier,
        detail + ("; each third of the time it held more than in the one before" if busier else ""),
        late,
        before,
        case.unit,
    )


def _held(peaks):
    """The highest level that was held: one spike is none."""
    ordered = sorted(peaks)
    return ordered[-2] if len(ordered) > limits.MIN_FLOORS else ordered[-1]


def at_its_own_high(case):
    values = [value for _when, value in case.whole.floors]
    before = max(values[:-2]) if len(values) > 2 else values[0]
    return gate(
        "at_its_own_high",
        values[-1] >= limits.OWN_HIGH * before,
        "its floor is at %s now and was at %s before" % (_numbers.amount(values[-1], case.unit), _numbers.amount(before, case.unit)),
        values[-1],
        limits.OWN_HIGH * before,
        case.unit,
    )


def _blocks(points):
    count = max(limits.MIN_FLOORS, min(limits.MAX_FLOORS, len(points) // limits.POINTS_PER_FLOOR))
    return _stats.blocks_of(points, count)


def _peaks(points):
    return [max(value for _when, value in block) for block in _blocks(points)]


def _height(block):
    """Of a heap that fills evenly its whole tooth; of a service that rests at its floor between two jobs next to nothing: its floor is plain."""
    values = [value for _when, value in block]
    return min(max(values) - min(values), 2 * (_stats.median(values) - min(values)))
