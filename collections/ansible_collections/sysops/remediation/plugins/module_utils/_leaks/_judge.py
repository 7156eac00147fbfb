# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder of gates: a series must pass every one of them to be called a leak.

A gate that passes speaks for a leak; the first that does not pass names what the series is instead. Ladders differ in what is known:
``ALONE`` for a series by itself, ``AFTER_PRIOR`` where a healthy cycle before it is known, ``STANDING_OUT`` for a window, or the last part
of a long series, which must be above what came before and a leak by itself.
"""

from __future__ import annotations

from .._gates import gate
from .._units import human_duration
from . import _numbers, _references, _stats, _words
from . import _thresholds as limits
from ._retained import Retained, without_warm_up


class Case:
    """One series to be judged, and what is derived from it once."""

    def __init__(self, points, unit, tier, context, end=None, prior=(), own_past=False, per_floor=limits.POINTS_PER_FLOOR):
        self.points, self.unit, self.tier, self.context = points, unit, tier, context
        self.end = end  # value of the nearest limit, or None
        self.prior = prior  # [(t, hi, lo), ...] of a healthy cycle
        self.own_past = own_past  # the prior is but the earlier part of the same series
        self.whole = Retained(points, per_floor)
        self.judged, self.curve = without_warm_up(points, per_floor)
        self.quantum = _stats.quantum(points)

    @property
    def least_growth(self):
        """The growth that would matter: a share of the level or of the room left, whichever is less; never below the meter's noise."""
        share = self._least_share()
        room = self.curve.base if self.end is None else max(self.end - self.curve.base, 0.0)
        relative = share * min(self.curve.base, room)
        smallest = limits.MIN_COUNT if self.unit == _words.COUNT else 0.0
        return max(relative, smallest, limits.MIN_QUANTA * self.quantum)

    @property
    def has_known_cycle(self):
        """Is normal known from elsewhere, and is there enough to hold against it, so that the shape matters less?"""
        return bool(self.prior) and not self.own_past and self.tier != _words.WINDOW

    def _least_share(self):
        if self.has_known_cycle:
            return limits.MIN_GROWTH_AFTER_PRIOR
        if self.tier == _words.CYCLES:
            return limits.MIN_GROWTH_CYCLES
        if self.tier == _words.HISTORY:
            return limits.MIN_GROWTH_HISTORY
        return limits.MIN_GROWTH_LINE if self.curve.is_line else limits.MIN_GROWTH_WINDOW


def judge(case):
    """Return ``(verdict, gates, decided_by)``; the verdict is a leak when every gate passes."""
    ladder = AFTER_PRIOR if case.has_known_cycle else STANDING_OUT if case.prior else ALONE
    gates = []
    for check, otherwise in ladder:
        one = check(case)
        gates.append(one)
        if not one["passed"]:
            return otherwise(case), gates, one["name"]
    return _confirm(case, gates)


def _confirm(case, gates):
    proofs = _references.proofs(case)
    gates.extend(proofs)
    proven = [one["name"] for one in proofs if one["passed"]]
    if proven:
        return _words.LEAK_CONFIRMED, gates, proven[0]
    return _words.LEAK_SUSPECTED, gates, gates[-1]["name"]


# --- gates ---------------------------------------------------------------------------------------------------------------------


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
    slower = earlier[0] > 0 and later[2] < limits.SLOWDOWN * earlier[0]
    return gate(
        "growth_does_not_level_off",
        late >= limits.MIN_LATE_SHARE and not slower,
        "%s of the growth came in the second half; at %s after %s in the first"
        % (_numbers.share(late), _numbers.rate(later[1], case.unit), _numbers.rate(earlier[1], case.unit)),
        late,
        limits.MIN_LATE_SHARE,
        "share",
    )


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
    peaks = _peaks(case.points)
    third = max(len(peaks) // 3, 1)
    earlier = sorted(peaks[:-third])
    before = earlier[-2] if len(earlier) > limits.MIN_FLOORS else earlier[-1]  # one spike is no level that was held
    late = _stats.median(peaks[-third:])
    return gate(
        "never_as_high_before",
        late > before,
        "its latest peaks lie at %s, and it has held %s before" % (_numbers.amount(late, case.unit), _numbers.amount(before, case.unit)),
        late,
        before,
        case.unit,
    )


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
    values = [value for _when, value in block]
    return max(values) - min(values)


# --- what it is when a gate does not pass ----------------------------------------------------------------------------------------


def _without_growth(case):
    """It does not grow now: say what its past looks like."""
    whole = case.whole
    grew = whole.growth > 0 and whole.growth >= limits.MIN_GROWTH_HISTORY * whole.base
    if grew and whole.quiet_end > limits.MAX_QUIET_END:
        return _ended_growth(case)
    if _references.teeth(case.points) >= limits.TEETH:
        return _words.SAWTOOTH
    return _words.HEALTHY


def _ended_growth(case):
    """It grew and has come to rest: at once, or bit by bit."""
    whole = case.whole
    return _words.STEP_CHANGE if whole.spread < 0.1 and whole.quiet_start > limits.WARM_UP_SLICE / 2 else _words.WARMUP


def _no_steady_rise(case):
    if case.curve.slope[0] <= 0:
        return _without_growth(case)
    return _lumpy(case)


def _lumpy(case):
    """It grew, but not over the time."""
    if case.curve.quiet_end > max(limits.MAX_QUIET_END, case.curve.longest_rest):
        return _ended_growth(case)
    if case.curve.quiet_start > 0.5 and _references.teeth(case.points) >= 1:
        return _words.SAWTOOTH
    if case.curve.spread < 0.1:
        return _words.STEP_CHANGE
    return _words.GROWTH_UNEXPLAINED


def _came_down_before(case):
    return _words.SAWTOOTH if _references.teeth(case.points) >= limits.TEETH else _words.GROWTH_UNEXPLAINED


def _always(verdict):
    return lambda _case: verdict


EXPLAINED = (
    (_references.not_explained_by_load, _always(_words.LOAD_CORRELATED)),
    (_references.not_free_chunks, _always(_words.FRAGMENTATION)),
)

ALONE = (
    (growth_matters, _without_growth),
    (floor_rises, _no_steady_rise),
    (past_warm_up, _always(_words.WARMUP)),
    (growth_goes_on, _ended_growth),
    (growth_is_spread, _lumpy),
    (growth_began_early, _lumpy),
    (growth_does_not_level_off, _always(_words.WARMUP)),
    (outgrows_its_teeth, _came_down_before),
    (peaks_rise_too, _came_down_before),
    (never_as_high_before, _came_down_before),
    *EXPLAINED,
)

AFTER_PRIOR = (
    (_references.above_prior_cycle, _without_growth),
    (growth_matters, _without_growth),
    (floor_rises, _no_steady_rise),
    (growth_is_spread, _always(_words.STEP_CHANGE)),
    (growth_goes_on, _ended_growth),
    (at_its_own_high, _came_down_before),
    *EXPLAINED,
)

STANDING_OUT = ((_references.above_prior_cycle, _without_growth), *ALONE)
