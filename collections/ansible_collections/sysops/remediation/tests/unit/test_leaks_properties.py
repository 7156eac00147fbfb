# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every series, whatever its shape (hypothesis)."""

from __future__ import annotations

import json
import math

import leaks_shapes as shapes
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import LEAKS, URGENCIES, VERDICTS, diagnose_series, summarise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from leaks_shapes import MIB, series

LIMIT = 4096 * MIB
checked = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def shaped(draw):
    """A series of one of the known shapes, of drawn size, noise and length."""
    count = draw(st.integers(20, 240))
    level = draw(st.floats(1 * MIB, 500 * MIB))
    noise = draw(st.floats(0, 0.05)) * level
    kind = draw(st.sampled_from(["leak", "flat", "warm_up", "cache", "sawtooth", "rising_sawtooth", "step"]))
    values = {
        "leak": lambda: shapes.leak(count, level, draw(st.floats(0.0, 0.05)) * level, noise),
        "flat": lambda: shapes.flat(count, level, noise),
        "warm_up": lambda: shapes.warm_up(count, level, level, draw(st.floats(1.0, 100.0))),
        "cache": lambda: shapes.cache_filling(count, level, 0.02 * level, draw(st.integers(5, 200))),
        "sawtooth": lambda: shapes.sawtooth(count, level, 0.5 * level, draw(st.integers(3, 60))),
        "rising_sawtooth": lambda: shapes.sawtooth(count, level, 0.2 * level, draw(st.integers(3, 15)), rise=0.01 * level),
        "step": lambda: shapes.step(count, level, level, draw(st.integers(1, count - 1))),
    }[kind]()
    return [float(round(value)) for value in values]


def kind_of(result):
    if result["verdict"] in LEAKS:
        return "leak"
    return "insufficient" if result["verdict"] == "insufficient_data" else "not a leak"


def judged(points, scale=1.0, limit=LIMIT, **context):
    return diagnose_series(points, "bytes", [{"name": "MemoryMax", "value": limit * scale}], context)


@checked
@given(shaped(), st.sampled_from([1 / 1024, 0.25, 0.5, 2.0, 8.0, 1024.0]))
def test_scaling_bytes_and_limits_alike_does_not_change_the_class(values, factor):
    scaled = [value * factor for value in values]
    assert kind_of(judged(series(scaled), factor)) == kind_of(judged(series(values)))


@checked
@given(shaped(), st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_time_within_the_tier_of_a_window_does_not_change_the_class(values, factor):
    assert kind_of(judged(series(values, factor, 0.0))) == kind_of(judged(series(values, 1.0, 0.0)))


@checked
@given(shaped(), st.sampled_from([0.2, 0.5, 2.0, 8.0]))
def test_scaling_time_within_the_tier_of_hours_does_not_change_the_class(values, factor):
    """Both between half an hour and a day and a half."""
    interval = 4 * 3600.0 / len(values)
    assert kind_of(judged(series(values, interval * factor, 0.0))) == kind_of(judged(series(values, interval, 0.0)))


@checked
@given(shaped(), st.randoms(use_true_random=False))
def test_a_permutation_of_the_points_does_not_change_anything(values, draw):
    points = series(values)
    shuffled = points[:]
    draw.shuffle(shuffled)
    assert judged(shuffled) == judged(points)


@checked
@given(
    st.integers(30, 240),
    st.floats(1 * MIB, 500 * MIB),
    st.floats(0.001, 0.02),
    st.floats(0.0, 0.05),
    st.floats(1.0, 20.0),
)
def test_more_leak_never_lowers_urgency(count, level, share, noise, factor):
    less = shapes.leak(count, level, share * level, noise * level)
    more = [value + at * (factor - 1) * share * level for at, value in enumerate(less)]
    limit = 10 * 500 * MIB * 1000
    before, after = judged(series(less), limit=limit), judged(series(more), limit=limit)
    assert URGENCIES.index(after["urgency"]) <= URGENCIES.index(before["urgency"])


@checked
@given(shaped(), st.booleans())
def test_a_window_of_minutes_is_never_a_confirmation(values, oom_killed):
    assert judged(series(values), oom_killed=oom_killed)["verdict"] != "leak_confirmed"


anything = st.one_of(
    st.tuples(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True)),
    st.tuples(st.integers(), st.integers()),
    st.tuples(st.floats(0, 1e4), st.floats(0, 1e12)),
    st.none(),
    st.text(max_size=3),
    st.tuples(),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@checked
@given(st.lists(anything, max_size=60), st.sampled_from(["bytes", "percent", "count"]), st.lists(anything, max_size=20))
def test_nothing_raises_and_the_result_is_finite_json(points, unit, other):
    limits = [{"name": "limit", "value": 1e9}, {"name": "host", "free": 0}]
    context = {"prior": other, "previous": other, "live_after_gc": other, "load": other, "allocator_free": other}
    context.update({"started_at": other and other[0], "previous_started_at": other and other[-1], "boundaries": [100.0, *other]})
    result = diagnose_series(points, unit, limits, context)
    assert result["verdict"] in VERDICTS
    json.dumps(result, allow_nan=False)
    json.dumps(summarise({"anon": result}), allow_nan=False)


@checked
@given(st.lists(st.tuples(st.floats(0, 3e6), st.floats(0, 1e12)), min_size=10, max_size=80))
def test_any_series_of_any_span_is_judged_in_words(points):
    result = judged(points)
    assert result["verdict"] in VERDICTS
    assert result["explanation"]
    end = result["exhaustion"]
    if end and end["seconds_high"] is not None:
        assert 0 <= end["seconds_low"] <= end["seconds_high"]
    assert all(math.isfinite(value) for _when, value in result["points"])
