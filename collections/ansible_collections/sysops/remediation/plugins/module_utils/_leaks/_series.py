# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnose one resource: clean, choose what to judge, judge, add limits and sentences."""

from __future__ import annotations

from .._gates import gate
from .._units import human_duration
from . import _clean, _exhaustion, _explain, _numbers, _words
from . import _thresholds as thresholds
from ._cases import cases_of
from ._judge import judge
from ._retained import Retained


def diagnose_series(points, unit, limits=None, context=None):
    """Judge one resource; see the package's docstring for parameters and result."""
    context = _clean.clean_context(context)
    current, gates, cases = prepare(points, unit, limits, context)
    if not cases:
        return _insufficient(current, unit, context, gates)
    case, verdict, found, decided_by = _gravest(cases)
    return _result(case, verdict, gates + found, decided_by)


def prepare(points, unit, limits, context):
    """Return ``(points of the last incarnation, gates so far, cases to be judged)``; no cases, and the last gate says why."""
    if unit not in _words.UNITS:
        raise ValueError("unit '%s' is not known: %s" % (unit, ", ".join(_words.UNITS)))
    clean, dropped = _clean.clean_points(points, unit)
    current, before = _clean.last_incarnation(clean, context["boundaries"])
    gates = [_points_clean(dropped, unit), *_gap_gates(current)]
    enough = _enough(current, context)
    if not enough["passed"] and _clean.gaps(current):
        # Two or three islands in a sea of time (a clock that jumped, a window now and then): the largest is judged by itself.
        current = _clean.longest_stretch(current)
        enough = _enough(current, context)
    gates.append(enough)
    if not enough["passed"]:
        return current, gates, []
    known, odd = _exhaustion.usable_limits(limits, unit, current[-1][1])
    if odd:
        gates.append(odd)
    limit = next((one for one in known if one["name"] != _words.HEAP_LIMIT), None)
    heap_limit = next((one for one in known if one["name"] == _words.HEAP_LIMIT), None)
    _learn_from_previous(context, before, unit, current[-1][0])
    return current, gates, cases_of(current, unit, context, limit, heap_limit)


def unreadable(unit, reason, resource=None):
    """The result for a resource that could not be read."""
    return _insufficient([], unit, {"resource": resource}, [gate("readable", False, reason)])


def _points_clean(dropped, unit):
    lost = {why: count for why, count in dropped.items() if count and why != "thinned"}
    parts = ["%d %s" % (count, why.replace("_", " ")) for why, count in sorted(lost.items())]
    detail = "dropped points: " + ", ".join(parts) if parts else "no bad points"
    if dropped["thinned"]:
        detail += "; %d points stand behind the lowest and highest of their block" % dropped["thinned"]
    if dropped["out_of_range"] and unit == _words.PERCENT:
        detail += "; a percentage above 100: are the units mixed up?"
    return gate("points_clean", not lost, detail, sum(lost.values()), 0, "points")


def _enough(points, context):
    least = thresholds.MIN_POINTS
    span = points[-1][0] - points[0][0] if points else 0.0
    floors = len(Retained(points).floors) if len(points) >= least and span >= thresholds.MIN_SPAN else 0
    passed = floors >= thresholds.MIN_FLOORS
    detail = "%d points over %s" % (len(points), human_duration(span))
    if not passed:
        detail += "; at least %d, spread over the time, are needed" % least
        if context.get("boundaries"):
            detail += " since the service last started"
    return gate("enough_points", passed, detail, len(points), least, "points")


def _gap_gates(points):
    holes = _clean.gaps(points)
    if not holes:
        return []
    longest = max(end - start for start, end in holes)
    detail = "%d gaps, the longest of %s: nothing is assumed about them" % (len(holes), human_duration(longest))
    return [gate("no_gaps", False, detail, longest, thresholds.GAP_FACTOR, "seconds")]


def _learn_from_previous(context, before, unit, now):
    """A previous incarnation that leaked makes this one's growth more credible; a healthy one that lived as long shows what is normal."""
    earlier, _dropped = _clean.clean_points(context["previous"] or before, unit)
    if not _enough(earlier, {})["passed"]:
        return
    case, verdict, _gates, _decided_by = _gravest(cases_of(earlier, unit, _clean.clean_context({})))
    context["previous_verdict"] = verdict
    if context["started_at"] is None or verdict in _words.LEAKS or context.get("oom_killed"):
        return
    begun = earlier[0][0] if context["previous_started_at"] is None else context["previous_started_at"]
    if earlier[-1][0] - begun >= now - context["started_at"]:
        context["prior"] = [*context["prior"], *((when, value, value) for when, value in case.points)]


def _gravest(cases):
    judged = []
    for case in cases:
        if case.context.get("resource") == _words.PAGE_CACHE:
            judged.append((case, *_page_cache(case)))
        else:
            judged.append((case, *judge(case)))
    return min(judged, key=lambda one: _words.GRAVITY.index(one[1]))


def _page_cache(case):
    grows = case.curve.growth > 0 and case.curve.growth >= case.least_growth
    detail = "page cache %s; it is watched so that it can be ruled out" % (
        "grew by %s" % _numbers.amount(case.curve.growth, case.unit) if grows else "does not grow"
    )
    return (_words.CACHE_GROWTH if grows else _words.HEALTHY), [gate("not_page_cache", False, detail)], "not_page_cache"


def _result(case, verdict, gates, decided_by):
    end = None
    grows_surely = case.curve.slope[0] > 0 and case.curve.growth >= case.least_growth
    if verdict in _words.LEAKS or (verdict in _words.GROWING and grows_surely):
        end = _exhaustion.exhaustion(case.limit, case.curve.slope, case.points[-1][1], case.unit)
    confidence = _confidence(verdict, case)
    resource = case.context.get("resource") or "the series"
    return {
        "unit": case.unit,
        "source": case.context.get("source"),
        "first": case.points[0][1],
        "now": case.points[-1][1],
        "started_at": case.context.get("started_at"),
        "span": case.whole.span,
        "tier": case.tier,
        "verdict": verdict,
        "urgency": _exhaustion.urgency(verdict, end),
        "confidence": confidence,
        "slope": dict(zip(("low", "mid", "high"), case.curve.slope)),
        "growth": case.curve.growth,
        "limit": case.limit,
        "exhaustion": end,
        "explanation": _explain.sentences(resource, verdict, case, gates, decided_by, end, confidence),
        "gates": gates,
        "decided_by": decided_by,
        "points": [list(point) for point in _clean.thin(case.points, thresholds.CHART_POINTS)],
    }


def _confidence(verdict, case):
    if verdict == _words.LEAK_CONFIRMED:
        return "high"
    if case.tier == _words.WINDOW:
        return "medium" if verdict == _words.LEAK_SUSPECTED and len(case.points) >= thresholds.SURE_POINTS else "low"
    return "medium"


def _insufficient(points, unit, context, gates):
    resource = context.get("resource") or "the series"
    return {
        "unit": unit,
        "source": context.get("source"),
        "first": points[0][1] if points else None,
        "now": points[-1][1] if points else None,
        "started_at": context.get("started_at"),
        "span": points[-1][0] - points[0][0] if points else 0.0,
        "tier": _words.WINDOW,
        "verdict": _words.INSUFFICIENT_DATA,
        "urgency": _words.NONE,
        "confidence": "low",
        "slope": None,
        "growth": None,
        "limit": None,
        "exhaustion": None,
        "explanation": ["%s cannot be judged: %s." % (resource, gates[-1]["detail"])],
        "gates": gates,
        "decided_by": gates[-1]["name"],
        "points": [list(point) for point in _clean.thin(points, thresholds.CHART_POINTS)],
    }
