# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged: the whole series, the live heap instead of it, and its parts against all that came before them."""

from __future__ import annotations

from . import _thresholds as limits
from . import _words
from ._case import Case
from ._retained import Retained, without_warm_up
from ._rhythm import HOURS, without_rhythm


def cases_of(points, unit, context, limit=None, heap_limit=None):
    """Return the cases of one incarnation, each with the limit that it runs into."""
    prior, collected = context["prior"], context["live_after_gc"]
    whole = Case(points, unit, tier_of(points, prior), context, limit, prior)
    if was_collected(collected):
        heap = Case(collected, unit, tier_of(collected, ()), context, heap_limit, per_floor=1)
        # What is not heap can leak as well: it did when the process is larger than its heap may be.
        beyond = heap_limit and whole.tier != _words.WINDOW and points[-1][1] > heap_limit["value"]
        return [heap, whole] if beyond else [heap]
    if whole.has_known_cycle:
        return [whole, *_without_rhythm(whole), *_with_days_before(whole)]
    if prior:
        return [whole]
    late = _since_late_start(whole)
    if whole.tier == _words.WINDOW:
        return [whole, *late, *_second_half(whole)]
    return [whole, *late, *_second_half(whole), *_since_lowest(whole), *_last_parts(points, unit, context, limit)]


def was_collected(collected):
    """Were enough collections seen for their floor to be judged instead of what is mostly garbage?"""
    return len(collected) >= limits.MIN_POINTS_AFTER_GC and collected[-1][0] - collected[0][0] >= limits.MIN_SPAN


def tier_of(points, prior):
    span = points[-1][0] - points[0][0]
    if span < limits.HISTORY_FROM:
        return _words.WINDOW
    return _words.CYCLES if prior or span >= limits.CYCLES_FROM else _words.HISTORY


def _without_rhythm(whole):
    """By day a leak hides behind the evening; so a service that stands above all days before is judged without their rhythm as well."""
    if whole.points[-1][1] <= max(high for _when, high, _low in whole.prior):
        return
    levelled, levelled_prior = without_rhythm(whole.points, whole.prior)
    if levelled:
        case = Case(whole.points, whole.unit, whole.tier, whole.context, whole.limit, whole.prior, levelled=levelled)
        case.levelled_prior = levelled_prior
        whole.curve_without_rhythm = case.whole
        yield case
        yield from _since_late_start(case)


def _with_days_before(whole):
    """A leak of a few points a day has gone on in the days before already: then they are no healthy cycle, but its beginning."""
    days = whole.context["days_before"]
    if not days or days[-1][0] - days[0][0] < limits.PAST_FROM - limits.DAY / HOURS:
        return
    border = max(high for _when, high, _low in days) * (1 + limits.PRIOR_MARGIN)
    if min(value for _when, value in whole.whole.floors[-2:]) <= border:
        return
    shift = limits.DAY * ((days[-1][0] - whole.points[0][0]) // limits.DAY + 1)  # whole days: each hour stays the hour it is
    joined = [(when - shift, value) for when, high, low in days for value in (low, high)] + whole.points
    life = Case(joined, whole.unit, whole.tier, whole.context, whole.limit)
    yield life
    # What began today only is judged against the days before, as all of today is.
    yield from (case for case in _since_late_start(life) if case.points[0][0] < whole.points[0][0])


def _since_late_start(whole):
    """A leak that began in the middle is a line from there on, for as long as a window of its own or a third of the time, and above all before it."""
    if whole.curve.growth <= 0:
        return
    border = whole.curve.start + whole.curve.span * whole.curve.quiet_start
    earlier = [point for point in whole.seen if point[0] < border]
    later = [point for point in whole.seen if point[0] >= border]
    lasted = len(later) >= limits.SURE_POINTS or whole.curve.end - border >= limits.LAST_PART * whole.curve.span
    if lasted and min(len(later), len(earlier)) >= limits.LAST_PART_POINTS and _grows_evenly(later):
        own_past = [(when, value, value) for when, value in earlier] + whole.levelled_prior
        measured = [point for point in whole.points if point[0] >= border]
        levelled = later if whole.levelled else None
        yield Case(measured, whole.unit, whole.tier, whole.context, whole.limit, own_past, own_past=True, levelled=levelled)


def _grows_evenly(points):
    return without_warm_up(points, Retained(points))[1].is_even


def _second_half(whole):
    """A service that warmed up and leaks looks like one that only warms up; but then it grows on like a line, and a warm-up never does."""
    border = whole.whole.start + whole.whole.span / 2
    later = [point for point in whole.points if point[0] >= border]
    if len(later) >= limits.SURE_POINTS and Retained(later).is_straight:
        own_past = [(when, value, value) for when, value in whole.points if when < border]
        yield Case(later, whole.unit, whole.tier, whole.context, whole.limit, own_past, own_past=True)


def _since_lowest(whole):
    """A fall below everything before is a new life, whoever restarted it: it may leak where the old one did not."""
    points = whole.points
    border = min(points, key=lambda point: (point[1], -point[0]))[0]
    earlier = [point for point in points if point[0] < border]
    later = [point for point in points if point[0] >= border]
    if len(earlier) < limits.LAST_PART_POINTS or later[-1][0] - border < limits.LAST_PART * whole.whole.span:
        return
    if later[0][1] < (1 - limits.TOOTH) * min(value for _when, value in earlier):
        own_past = [(when, value, value) for when, value in earlier]
        yield Case(later, whole.unit, whole.tier, whole.context, whole.limit, own_past, own_past=True)


def _last_parts(points, unit, context, limit):
    """A leak may begin late in a long life: each last part that stands out is a case of its own, with all before it as its prior."""
    start, stop = points[0][0], points[-1][0]
    share = limits.LAST_PART
    while True:
        border = stop - (stop - start) * share
        earlier = [point for point in points if point[0] < border]
        later = [point for point in points if point[0] >= border]
        if len(later) < limits.LAST_PART_POINTS or len(earlier) < limits.LAST_PART_POINTS:
            return
        if _stands_out(earlier, later):
            own_past = [(when, value, value) for when, value in earlier]
            yield Case(later, unit, tier_of(points, ()), context, limit, own_past, own_past=True)
        share /= 2


def _stands_out(earlier, later):
    """For a day after days, or else far above all that was before; and growing faster than what was before (a warm-up does not)."""
    lasted = later[-1][0] - later[0][0] >= limits.DAY and earlier[-1][0] - earlier[0][0] >= limits.PAST_FROM
    if not lasted and later[-1][1] <= (1 + limits.PRIOR_FAR) * max(value for _when, value in earlier):
        return False
    return Retained(later).slope[1] > Retained(earlier).slope[1]
