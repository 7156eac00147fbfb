# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparisons with what else is known: a healthy cycle, the same hour yesterday, the previous incarnation, load, the allocator."""

from __future__ import annotations

from .._gates import gate
from . import _numbers, _stats, _words
from . import _thresholds as limits


def above_prior_cycle(case):
    """Higher than anything in the healthy cycle before, and for longer than a daily peak lasts."""
    highest = max(high for _when, high, _low in case.prior)
    border = highest * (1 + limits.PRIOR_MARGIN)
    floors = [value for _when, value in case.whole.floors]
    above = _share_above(floors, border)
    last = min(floors[-2:])
    passed = last > border and (above >= limits.PRIOR_ABOVE or last > highest * (1 + limits.PRIOR_FAR))
    return gate(
        "above_prior_cycle",
        passed,
        "its floor is at %s now; it was above everything in the cycle before (%s) for %s of the time"
        % (_numbers.amount(last, case.unit), _numbers.amount(highest, case.unit), _numbers.share(above)),
        last,
        border,
        case.unit,
    )


def _share_above(values, border):
    return sum(1 for value in values if value > border) / float(len(values))


def without_the_rhythm_of_the_day(case):
    return gate("without_the_rhythm_of_the_day", True, "the usual rhythm of the day, as in the days before, was taken out before judging")


def no_step_beside_the_rhythm(case):
    """A new release in the morning and the rush of the day make a ramp together; without the rhythm a step is left."""
    curve = case.curve_without_rhythm
    if curve is None:
        return gate(
            "no_step_beside_the_rhythm",
            True,
            "the days before have no rhythm that could hide a step, or it is taken out",
            None,
            limits.PRIOR_MIN_SPREAD,
            "share",
        )
    is_step = curve.growth >= case.least_growth and curve.spread < limits.PRIOR_MIN_SPREAD
    return gate(
        "no_step_beside_the_rhythm",
        not is_step,
        "without the rhythm of the day the middle three fifths of the growth took %s of the time" % _numbers.share(curve.spread),
        curve.spread,
        limits.PRIOR_MIN_SPREAD,
        "share",
    )


def heap_was_collected(case):
    """In minutes, the growth of a heap that was not collected meanwhile may be garbage."""
    seen = len(case.context["live_after_gc"])
    pending = case.context.get("gc_pending")
    if seen < limits.MIN_POINTS_AFTER_GC and (seen or pending) and case.tier == _words.WINDOW:
        detail = pending or "the heap was collected %d times; %d are needed to tell growth from garbage" % (seen, limits.MIN_POINTS_AFTER_GC)
        return gate("heap_was_collected", False, str(detail), seen, limits.MIN_POINTS_AFTER_GC, "collections")
    return gate("heap_was_collected", True, "no garbage is known to wait for collection", None, limits.MIN_POINTS_AFTER_GC, "collections")


def not_explained_by_load(case):
    """Memory that follows the load falls with it; memory that follows the sum of all load so far is a leak per request."""
    pairs = _with_load(case)
    loads = [load for _when, load in case.context["load"]]  # all of it: a part of a rising load seems to be even
    if len(pairs) < limits.MIN_FLOORS or _spread(loads) < limits.LOAD_VARIES:
        return gate("not_explained_by_load", True, "no load series that varies is known", None, limits.LOAD_EXPLAINS, "correlation")
    with_load = _stats.correlation([(load, value) for load, _total, value in pairs])
    with_total = _stats.correlation([(total, value) for _load, total, value in pairs])
    explained = with_load >= limits.LOAD_EXPLAINS and with_load >= with_total
    return gate(
        "not_explained_by_load",
        not explained,
        "its correlation with the load is %.2f, with all load so far %.2f" % (with_load, with_total),
        with_load,
        limits.LOAD_EXPLAINS,
        "correlation",
    )


def _with_load(case):
    """Return ``[(load, load so far, value), ...]``, one per block that both series have points in."""
    load = case.context["load"]
    blocks = _stats.blocks_of(case.judged, min(limits.MAX_FLOORS, len(case.judged)))
    pairs, total = [], 0.0
    for block in blocks:
        begin, end = block[0][0], block[-1][0]
        inside = [value for when, value in load if begin <= when <= end]
        if not inside:
            continue
        mean = sum(inside) / len(inside)
        total += mean
        pairs.append((mean, total, _stats.median([value for _when, value in block])))
    return pairs


def _spread(values):
    mean = sum(values) / len(values) if values else 0.0
    if mean <= 0:
        return 0.0
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 / mean


def not_free_chunks(case):
    """Growth that the allocator holds as free chunks is fragmentation: the program has given it back."""
    grown = _grown_free(case.context["allocator_free"])
    if grown is None:
        return gate("not_free_chunks", True, "what the allocator holds free is not known", None, limits.FREE_CHUNKS, "share")
    share = grown / case.curve.growth
    return gate(
        "not_free_chunks",
        share < limits.FREE_CHUNKS,
        "the allocator holds %s free: %s of the growth" % (_numbers.amount(max(grown, 0), case.unit), _numbers.share(share)),
        share,
        limits.FREE_CHUNKS,
        "share",
    )


def not_mostly_free(case):
    """A process that holds mostly free chunks has the size of one that leaks, whether it still grows or not."""
    free = case.context["allocator_free"]
    held = free[-1][1] if isinstance(free, list) and free else free or 0.0
    now = case.points[-1][1]
    share = held / now if now > 0 else 0.0
    return gate(
        "not_mostly_free",
        share < limits.FREE_CHUNKS,
        "the allocator holds %s of %s free: %s" % (_numbers.amount(held, case.unit), _numbers.amount(now, case.unit), _numbers.share(share)),
        share,
        limits.FREE_CHUNKS,
        "share",
    )


def not_page_tables(case):
    """Kernel memory that is a trace of the growth of what it maps is the page tables of that: garbage has them too."""
    mapped = case.context["mapped_growth"]
    share = case.curve.growth / mapped
    detail = "kernel memory grew by %s, what it maps by %s" % (_numbers.amount(case.curve.growth, case.unit), _numbers.amount(mapped, case.unit))
    return gate("not_page_tables", share >= limits.PAGE_TABLES, detail, share, limits.PAGE_TABLES, "share")


def _grown_free(free):
    """Of a single reading all free chunks may stem from the growth; of a series only what was added."""
    if isinstance(free, list):
        return free[-1][1] - free[0][1] if len(free) > 1 else None
    return free


def proofs(case):
    """What turns a suspicion into a confirmation; a window alone has none of these."""
    if case.tier == _words.WINDOW:
        return [
            gate(
                "proven",
                False,
                "a window of minutes without history can at best raise a suspicion",
                case.whole.span,
                limits.HISTORY_FROM,
                "seconds",
            )
        ]
    found = [check(case) for check in (_long_above_prior, _higher_than_same_hour, _previous_leaked, _was_oom_killed)]
    return [one for one in found if one] or [
        gate("proven", False, "no healthy cycle, day before, earlier incarnation or OOM kill to compare with", case.whole.span, limits.CYCLES_FROM, "seconds")
    ]


def _long_above_prior(case):
    if not case.prior or case.tier != _words.CYCLES:
        return None
    border = max(high for _when, high, _low in case.prior) * (1 + limits.CONFIRM_MARGIN)
    above = _share_above([value for _when, value in case.whole.floors], border)
    lasted = above * case.whole.span >= limits.PRIOR_ABOVE * limits.DAY
    return gate(
        "long_above_prior_cycle",
        lasted and above >= limits.CONFIRM_ABOVE,
        "for %s of the time it was clearly above everything before (%s)" % (_numbers.share(above), _numbers.amount(border, case.unit)),
        above,
        limits.CONFIRM_ABOVE,
        "share",
    )


def _higher_than_same_hour(case):
    if case.prior or case.whole.span < limits.CYCLES_FROM:
        return None
    floors = case.whole.floors
    tolerance = case.whole.span / limits.MAX_FLOORS
    compared = higher = 0
    for when, value in floors:
        same_hour = [earlier for then, earlier in floors if abs(when - limits.DAY - then) <= tolerance]
        if same_hour:
            compared += 1
            higher += value > max(same_hour)
    share = higher / float(compared) if compared else 0.0
    return gate(
        "higher_than_same_hour_the_day_before",
        share >= limits.SAME_HOUR_HIGHER,
        "%s of %d floors lie above the same hour of the day before" % (_numbers.share(share), compared),
        share,
        limits.SAME_HOUR_HIGHER,
        "share",
    )


def _previous_leaked(case):
    verdict = case.context.get("previous_verdict")
    if not verdict:
        return None
    return gate(
        "previous_incarnation_leaked",
        verdict in _words.LEAKS,
        "the previous incarnation was: %s" % verdict,
        verdict,
        _words.LEAK_SUSPECTED,
        "verdict",
    )


def _was_oom_killed(case):
    if not case.context.get("oom_killed"):
        return None
    return gate("ended_in_oom_kill", True, "growth like this has already ended in an OOM kill", True, True, "truth")


def teeth(points):
    """Count the falls by more than ``TOOTH`` of the level before them."""
    high = low = points[0][1]
    falls, falling = 0, False
    for _when, value in points:
        if falling:
            low = min(low, value)
            if value > low + limits.TOOTH * high:
                falling, high = False, value
        else:
            high = max(high, value)
            if value < high * (1 - limits.TOOTH):
                falls, falling, low = falls + 1, True, value
    return falls
