# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad points: dropped, counted and named in a gate; never an exception, never a leak."""

from __future__ import annotations

import math
import random
import tracemalloc

import leaks_shapes as shapes
import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import LEAKS, diagnose_series, unreadable
from ansible_collections.sysops.remediation.plugins.module_utils._leaks._clean import thin
from leaks_shapes import EPOCH, MIB, series


def gate(result, name):
    return next(one for one in result["gates"] if one["name"] == name)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "0 points"),
        (None, "0 points"),
        ([(EPOCH, 1.0)], "1 points"),
        (series(shapes.leak(9)), "9 points over 8 s"),
        ([(EPOCH, 5.0)] * 100, "1 points"),
        (series(shapes.leak(30), interval=0.001), "30 points over 0 s"),
        (series([math.nan] * 30), "0 points"),
        (series(shapes.leak(8)) + series(shapes.leak(8), start=EPOCH + 9e9), "spread over the time"),
    ],
)
def test_too_little_to_judge_is_said_not_guessed(points, why):
    result = diagnose_series(points, "bytes")
    assert result["verdict"] == "insufficient_data"
    assert result["decided_by"] == "enough_points"
    assert why in gate(result, "enough_points")["detail"]


def test_bad_points_are_dropped_and_counted_by_reason():
    bad = [
        (EPOCH + 1.5, math.nan),
        (EPOCH + 2.5, math.inf),
        (math.nan, 5.0),
        (EPOCH + 3.5, -1),
        (EPOCH + 4.5, "many"),
        (EPOCH + 5.5,),
        None,
        (EPOCH + 6.5, 1e30),
        (EPOCH + 1, 5.0),
    ]
    result = diagnose_series(bad + series(shapes.leak(60)), "bytes")
    assert result["verdict"] == "leak_suspected"
    clean = gate(result, "points_clean")
    assert not clean["passed"]
    assert clean["value"] == 9
    for words in ("3 not finite", "1 negative", "3 malformed", "1 out of range", "1 duplicate"):
        assert words in clean["detail"]


def test_order_does_not_matter():
    points = series(shapes.leak(60, noise=MIB))
    shuffled = points[:]
    random.Random(1).shuffle(shuffled)
    assert diagnose_series(shuffled, "bytes") == diagnose_series(points, "bytes")


def test_a_huge_gap_is_named_and_nothing_is_assumed_about_it():
    values = shapes.leak(200)
    points = series(values[:100]) + series(values[100:], start=EPOCH + 400)
    result = diagnose_series(points, "bytes")
    assert "1 gaps, the longest of 5 min" in gate(result, "no_gaps")["detail"]


def test_growth_only_across_a_gap_is_no_steady_growth():
    """A suspended host: flat before, flat after, higher after."""
    points = series(shapes.flat(100)) + series(shapes.flat(100, level=300 * MIB), start=EPOCH + 400)
    assert diagnose_series(points, "bytes")["verdict"] == "growth_unexplained"


def test_a_clock_that_jumps_back_an_hour_and_forth_again_makes_no_leak_of_a_flat_series():
    values = shapes.flat(300)
    points = series(values[:100]) + series(values[100:200], start=EPOCH + 100 - 3600) + series(values[200:], start=EPOCH + 200)
    assert diagnose_series(points, "bytes")["verdict"] == "healthy"


def test_bytes_given_as_percent_are_refused_with_a_hint():
    result = diagnose_series(series(shapes.leak(60)), "percent")
    assert result["verdict"] == "insufficient_data"
    assert "are the units mixed up?" in gate(result, "points_clean")["detail"]


def test_a_limit_of_another_unit_is_ignored_with_a_hint():
    result = diagnose_series(series(shapes.leak(60)), "bytes", [{"name": "MemoryMax", "value": 512}])
    assert result["limit"] is None
    assert "MemoryMax (512 B) lies far below the 159 MiB in use and is ignored: are the units mixed up?" in gate(result, "limits_plausible")["detail"]


def test_limits_without_a_usable_number_are_no_limits():
    known = [{"name": "a", "value": None}, {"name": "b", "value": math.inf}, {"name": "c", "value": -1}, {"name": "d", "value": "max"}, {"name": "e"}]
    assert diagnose_series(series(shapes.leak(60)), "bytes", known)["limit"] is None


def test_an_unknown_unit_is_a_programming_error():
    with pytest.raises(ValueError, match="unit 'MB' is not known: bytes, percent, count"):
        diagnose_series([], "MB")


def test_a_million_points_are_thinned_not_refused():
    count = 1_000_000
    points = [(EPOCH + at, 1e8 + 1e3 * at) for at in range(count)]
    tracemalloc.start()
    result = diagnose_series(points, "bytes")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result["verdict"] in LEAKS
    assert peak < 200 * MIB
    assert "stand behind the lowest and highest of their block" in gate(result, "points_clean")["detail"]


def test_thinning_keeps_floors_and_peaks():
    points = series(shapes.sawtooth(50_000))
    thinned = thin(points, 1000)
    assert len(thinned) <= 1000
    assert min(thinned, key=lambda point: point[1])[1] == min(value for _when, value in points)
    assert max(thinned, key=lambda point: point[1])[1] == max(value for _when, value in points)


def test_bad_context_is_ignored():
    context = {"prior": [(1, math.nan, 2), None, ("a",), (1, -5, 0)], "previous": [(1, "x")], "live_after_gc": [(1, None)], "load": [], "boundaries": []}
    assert diagnose_series(series(shapes.leak(60)), "bytes", None, context)["verdict"] == "leak_suspected"


def test_what_cannot_be_read_says_why():
    result = unreadable("count", "no permission to list /proc/17/fd")
    assert (result["verdict"], result["decided_by"]) == ("insufficient_data", "readable")
    assert "no permission to list /proc/17/fd" in result["explanation"][0]
