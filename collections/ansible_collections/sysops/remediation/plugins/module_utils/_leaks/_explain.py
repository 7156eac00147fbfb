# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences for people at 2 AM: what grows and how fast, why it is not something harmless, when it ends and how sure that is."""

from __future__ import annotations

from .._units import human_duration
from . import _numbers, _words

MEANS = {
    _words.GROWTH_UNEXPLAINED: "It grows, but not as a leak does",
    _words.FRAGMENTATION: "The program has given this memory back, the allocator keeps it",
    _words.CACHE_GROWTH: "Page cache is given back when memory gets short: this is no leak",
    _words.WARMUP: "It grew and levels off, as a service does that warms up or fills a bounded cache",
    _words.SAWTOOTH: "It goes up and comes down again, as with garbage collection or batch jobs",
    _words.STEP_CHANGE: "It grew in one step and stays there",
    _words.LOAD_CORRELATED: "It follows the load",
    _words.HEALTHY: "Nothing grows that matters",
}

BOUNDED = {
    "not_filling_fixed_memory": "Memory of fixed size fills up, and cannot outgrow it",
    "not_files_open_once": "It keeps files open for their next use, each of them once",
}

SURE = {
    _words.WINDOW: "a live window of %s can at best raise a suspicion",
    _words.HISTORY: "the history of %s has no healthy cycle to compare with",
    _words.CYCLES: "judged on %s and what came before",
}


def sentences(resource, verdict, case, gates, decided_by, end, confidence):
    """Return two or three sentences with numbers."""
    found = [_what(resource, verdict, case), _why(verdict, gates, decided_by)]
    if case.levelled:
        found[0] = "Without the usual rhythm of the day, " + found[0]
    if verdict in _words.GROWING:
        found.append(_when(end, case, confidence))
    return found


def _what(resource, verdict, case):
    unit, curve = case.unit, case.curve
    span = human_duration(curve.span)
    if curve.growth > 0 and (verdict in _words.GROWING or verdict == _words.CACHE_GROWTH):
        low, mid, high = curve.slope
        return "%s grows by %s (95 %% interval %s to %s): its floor rose from %s to %s in the last %s%s." % (
            resource,
            _numbers.rate(mid, unit),
            _numbers.rate(low, unit),
            _numbers.rate(high, unit),
            _numbers.amount(curve.base, unit),
            _numbers.amount(curve.levels[-1], unit),
            span,
            _since_start(case),
        )
    values = [value for _when_, value in case.points]
    return "%s is at %s; it held %s to %s in the last %s%s." % (
        resource,
        _numbers.amount(values[-1], unit),
        _numbers.amount(min(values), unit),
        _numbers.amount(max(values), unit),
        human_duration(case.whole.span),
        _since_start(case),
    )


def _since_start(case):
    started = case.context.get("started_at")
    if started is None:
        return ""
    return " (the service is %s old)" % human_duration(max(case.points[-1][0] - started, 0))


def _why(verdict, gates, decided_by):
    details = {one["name"]: one for one in gates}
    if decided_by in BOUNDED:
        return "%s: %s." % (BOUNDED[decided_by], details[decided_by]["detail"])
    if verdict not in _words.LEAKS:
        return "%s: %s." % (MEANS[verdict], details[decided_by]["detail"])
    reasons = ["not %s (%s)" % (excuse, details[name]["detail"]) for name, excuse in EXCUSES if _known(details.get(name))]
    return "It is %s." % ", ".join(reasons)


def _known(one):
    """A comparison for which there was nothing to compare with says nothing."""
    return one is not None and one["value"] is not None


# Which harmless explanation is ruled out by which gate.
EXCUSES = (
    ("above_prior_cycle", "the usual cycle"),
    ("no_step_beside_the_rhythm", "a step"),
    ("growth_does_not_level_off", "a warm-up"),
    ("outgrows_its_teeth", "a sawtooth"),
    ("not_explained_by_load", "the load"),
    ("not_filling_fixed_memory", "memory of fixed size that fills"),
    ("not_free_chunks", "fragmentation"),
)


def _when(end, case, confidence):
    sure = SURE[case.tier] % human_duration(case.whole.span)
    if end is None:
        return "No limit is known that it would reach. Confidence %s: %s." % (confidence, sure)
    return "%s Confidence %s: %s." % (until(end), confidence, sure)


def until(end):
    """``"MemoryMax (256 MiB) is reached in 48 min to 1 h 5 min."``"""
    name = "%s (%s)" % (end["limit_name"], _numbers.amount(end["limit"], end["unit"]))
    if end["seconds_low"] <= 0:
        return "%s is reached." % name
    low = human_duration(end["seconds_low"])
    if end["seconds_high"] is None:
        return "%s is reached in %s at the earliest." % (name, low)
    high = human_duration(end["seconds_high"])
    return "%s is reached in %s." % (name, low if low == high else "%s to %s" % (low, high))
