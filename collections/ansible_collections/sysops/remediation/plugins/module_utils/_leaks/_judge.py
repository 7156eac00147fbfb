# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder of gates: a series must pass every one of them to be called a leak.

A gate that passes speaks for a leak; the first that does not pass names what the series is instead. Ladders differ in what is known:
``ALONE`` for a series by itself, ``AFTER_PRIOR`` where a healthy cycle before it is known, ``STANDING_OUT`` for a window, or the last part
of a long series, which must be above what came before and a leak by itself.
"""

from __future__ import annotations

from . import _bounds, _growth, _references, _words
from . import _thresholds as limits


def judge(case):
    """Return ``(verdict, gates, decided_by)``; the verdict is a leak when every gate passes."""
    verdict, gates, decided_by = _climb(case)
    if case.context["files"] and (verdict in UNEXPLAINED or (verdict == _words.LEAK_SUSPECTED and case.tier == _words.WINDOW)):
        gates.append(_bounds.not_files_open_once(case, verdict))
        if not gates[-1]["passed"]:
            return _words.WARMUP, gates, gates[-1]["name"]
    if case.context["memory"] and verdict in ENDED:
        gates.append(_bounds.more_than_a_trace(case))
        if not gates[-1]["passed"]:
            return _words.HEALTHY, gates, gates[-1]["name"]
    return verdict, gates, decided_by


def _climb(case):
    ladder = AFTER_PRIOR if case.has_known_cycle else STANDING_OUT if case.prior else ALONE
    if case.levelled:
        ladder = (WITHOUT_RHYTHM, *ladder)
    if case.context["allocator_free"]:
        ladder = (MOSTLY_FREE, *ladder)
    if case.context["shared"]:
        ladder = (FILLING, *ladder)
    if case.context["mapped_growth"]:
        ladder = (PAGE_TABLES, *ladder)
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
    return _words.STEP_CHANGE if whole.spread < limits.STEP_SPREAD and whole.quiet_start > limits.STEP_START else _words.WARMUP


def _no_steady_rise(case):
    if case.curve.slope[0] <= 0:
        return _without_growth(case)
    return _lumpy(case)


def _lumpy(case):
    """It grew, but not over the time."""
    if case.curve.quiet_end > max(limits.MAX_QUIET_END, case.curve.longest_rest):
        return _ended_growth(case)
    if case.curve.quiet_start > limits.LAST_TOOTH and _references.teeth(case.points) >= 1:
        return _words.SAWTOOTH
    if case.curve.spread < limits.STEP_SPREAD:
        return _words.STEP_CHANGE
    return _words.GROWTH_UNEXPLAINED


def _came_down_before(case):
    return _words.SAWTOOTH if _references.teeth(case.points) >= limits.TEETH else _words.GROWTH_UNEXPLAINED


def _always(verdict):
    return lambda _case: verdict


ENDED = (_words.STEP_CHANGE, _words.WARMUP)  # growth that has come to rest
UNEXPLAINED = (_words.GROWTH_UNEXPLAINED, _words.STEP_CHANGE)  # shapes of which files that are open once are an explanation

WITHOUT_RHYTHM = (_references.without_the_rhythm_of_the_day, _always(_words.HEALTHY))
PAGE_TABLES = (_references.not_page_tables, _always(_words.HEALTHY))
FILLING = (_bounds.not_filling_fixed_memory, _bounds.fills)
MOSTLY_FREE = (_references.not_mostly_free, _always(_words.FRAGMENTATION))

EXPLAINED = (
    (_references.heap_was_collected, _always(_words.GROWTH_UNEXPLAINED)),
    (_references.not_explained_by_load, _always(_words.LOAD_CORRELATED)),
    (_references.not_free_chunks, _always(_words.FRAGMENTATION)),
)

ALONE = (
    (_growth.growth_matters, _without_growth),
    (_growth.floor_rises, _no_steady_rise),
    (_growth.past_warm_up, _always(_words.WARMUP)),
    (_growth.growth_goes_on, _ended_growth),
    (_growth.growth_is_spread, _lumpy),
    (_growth.growth_began_early, _lumpy),
    (_growth.growth_does_not_level_off, _always(_words.WARMUP)),
    (_growth.outgrows_its_teeth, _came_down_before),
    (_growth.peaks_rise_too, _came_down_before),
    (_growth.never_as_high_before, _came_down_before),
    *EXPLAINED,
)

AFTER_PRIOR = (
    (_references.above_prior_cycle, _without_growth),
    (_growth.growth_matters, _without_growth),
    (_growth.floor_rises, _no_steady_rise),
    (_growth.growth_is_spread, _always(_words.STEP_CHANGE)),
    (_references.no_step_beside_the_rhythm, _always(_words.STEP_CHANGE)),
    (_growth.growth_goes_on, _ended_growth),
    (_growth.growth_does_not_level_off, _always(_words.WARMUP)),
    (_growth.at_its_own_high, _came_down_before),
    *EXPLAINED,
)

STANDING_OUT = ((_references.above_prior_cycle, _without_growth), *ALONE)
