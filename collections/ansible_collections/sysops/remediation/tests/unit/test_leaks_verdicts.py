# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each verdict means: one series of known shape per verdict, and what the neighbours of that shape are called."""

from __future__ import annotations

import itertools
import math

import leaks_shapes as shapes
import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import LEAKS, URGENCIES, VERDICTS, diagnose_series
from leaks_shapes import EPOCH, MIB, series

HOUR = 3600.0
DAY = 86400.0
MEMORY_MAX = [{"name": "MemoryMax", "value": 512 * MIB}]


def verdict(points, unit="bytes", limits=None, **context):
    return diagnose_series(points, unit, limits, context)["verdict"]


def gate(result, name):
    return next(one for one in result["gates"] if one["name"] == name)


@pytest.mark.parametrize("count", [20, 60, 120, 300])
def test_steady_growth_in_a_live_window_is_suspected(count):
    assert verdict(series(shapes.leak(count))) == "leak_suspected"


def test_a_flat_series_is_healthy():
    assert verdict(series(shapes.flat())) == "healthy"


def test_a_constant_series_is_healthy():
    assert verdict(series([100 * MIB] * 60)) == "healthy"


def test_a_service_that_shrinks_is_healthy():
    assert verdict(series(shapes.leak()[::-1])) == "healthy"


def test_growth_that_levels_off_is_a_warm_up():
    assert verdict(series(shapes.warm_up())) == "warmup"


def test_a_cache_that_fills_to_its_bound_is_a_warm_up():
    assert verdict(series(shapes.cache_filling())) == "warmup"


def test_garbage_collection_with_a_flat_floor_is_a_sawtooth():
    assert verdict(series(shapes.sawtooth())) == "sawtooth"


def test_garbage_collection_with_a_rising_floor_is_a_leak():
    assert verdict(series(shapes.sawtooth(300, height=20 * MIB, rise=0.5 * MIB))) == "leak_suspected"


def test_growth_that_is_no_higher_than_the_teeth_is_not_yet_a_leak():
    result = diagnose_series(series(shapes.sawtooth(300, height=60 * MIB, rise=0.1 * MIB)), "bytes")
    assert result["verdict"] not in LEAKS


def test_one_jump_is_a_step():
    assert verdict(series(shapes.step())) == "step_change"


def test_a_staircase_that_rests_no_longer_than_before_is_a_leak():
    stairs = [50 * MIB + 20 * MIB * (at // 20) for at in range(200)]
    assert verdict(series(stairs)) == "leak_suspected"


def test_growth_that_it_has_had_and_given_back_before_is_not_a_leak():
    values = [400 * MIB] * 30 + shapes.leak(270, level=50 * MIB, per_step=0.5 * MIB)
    assert verdict(series(values)) not in LEAKS


def test_a_daily_load_is_not_a_leak():
    assert verdict(series(shapes.daily(5), 600.0)) not in LEAKS


def test_page_cache_is_never_a_leak():
    assert verdict(series(shapes.leak()), resource="file") == "cache_growth"
    assert verdict(series(shapes.flat()), resource="file") == "healthy"


def test_a_service_of_seconds_warms_up():
    points = series(shapes.leak(15, level=10 * MIB))
    assert verdict(points, started_at=EPOCH - 1) == "warmup"
    assert verdict(points, started_at=EPOCH - 60) == "leak_suspected"


def test_descriptors_that_are_never_closed_are_a_leak():
    result = diagnose_series(series([20 + at for at in range(60)]), "count", [{"name": "RLIMIT_NOFILE", "value": 1024}], {"resource": "fds"})
    assert (result["verdict"], result["urgency"]) == ("leak_suspected", "now")
    assert result["slope"]["mid"] == pytest.approx(1.0)


def test_zombies_that_grow_from_nothing_are_a_leak():
    assert verdict(series([at // 4 for at in range(80)]), "count", resource="zombies") == "leak_suspected"


def test_a_pool_that_opens_its_last_members_is_not_a_leak():
    assert verdict(series([20 + min(at // 10, 4) for at in range(60)]), "count", resource="threads") not in LEAKS


def test_a_window_without_history_is_never_confirmed():
    for count in (20, 120, 1700):
        assert verdict(series(shapes.leak(count, per_step=MIB / 4)), oom_killed=True) != "leak_confirmed"


def test_higher_than_the_healthy_cycle_before_and_still_rising_is_confirmed():
    day = series(shapes.leak(288, level=300 * MIB, per_step=MIB), 300.0)
    healthy = [(at * 1800.0, 320 * MIB, 200 * MIB) for at in range(288)]
    assert verdict(day, prior=healthy) == "leak_confirmed"


def test_a_window_above_the_healthy_cycle_before_is_suspected_only_if_it_looks_like_a_leak_itself():
    healthy = [(at * 1800.0, 90 * MIB, 50 * MIB) for at in range(288)]
    assert verdict(series(shapes.leak(60)), prior=healthy) == "leak_suspected"
    assert verdict(series(shapes.warm_up(60, level=100 * MIB)), prior=healthy) == "warmup"


def test_growth_within_the_healthy_cycle_before_is_not_a_leak():
    day = series(shapes.leak(288, level=300 * MIB, per_step=MIB), 300.0)
    healthy = [(at * 1800.0, 700 * MIB, 200 * MIB) for at in range(288)]
    result = diagnose_series(day, "bytes", None, {"prior": healthy})
    assert result["verdict"] not in LEAKS
    assert result["decided_by"] == "above_prior_cycle"


def days_before_and(today, **shape):
    """Six days that follow the hours, as a prior, and the series of the day after them."""
    points = series(shapes.daily(7, **shape), 600.0, 0.0)
    border = 6 * DAY
    healthy = [(when, value, value) for when, value in points if when < border]
    return [(when, value + today((when - border) / DAY)) for when, value in points if when >= border], healthy


def test_a_leak_that_the_evening_hides_is_seen_without_the_rhythm_of_the_day():
    day, healthy = days_before_and(lambda part: 400 * MIB * part)
    result = diagnose_series(day, "bytes", None, {"prior": healthy})
    assert result["verdict"] in LEAKS
    assert gate(result, "without_the_rhythm_of_the_day")["passed"]
    assert result["now"] == day[-1][1]  # what is shown is what was measured
    assert any("usual rhythm" in sentence for sentence in result["explanation"])


@pytest.mark.parametrize(("hour", "begin", "mebibytes"), [(0, 0.5, 300), (2, 0.3, 200), (2, 0.4, 300), (8, 0.3, 100), (8, 0.5, 100)])
def test_a_step_in_the_rush_of_the_day_is_a_step_and_no_leak(hour, begin, mebibytes):
    day, healthy = days_before_and(lambda part: mebibytes * MIB * (part >= begin), swing=100 * MIB, hour=hour)
    assert verdict(day, prior=healthy) == "step_change"


def test_a_busy_day_that_calms_down_is_not_a_leak():
    day, healthy = days_before_and(lambda part: 300 * MIB * math.sin(math.pi * part) ** 2)
    assert verdict(day, prior=healthy) not in LEAKS


def test_days_before_that_leak_already_are_no_healthy_cycle():
    """25 MiB a day are little within one day, and plain in a week."""
    points = series(shapes.daily(7, swing=10 * MIB, per_day=25 * MIB, hour=6), 600.0, 0.0)
    before = [(when, value, value) for when, value in points if when < 6 * DAY]
    today = [point for point in points if point[0] >= 6 * DAY]
    assert verdict(today, prior=before) in LEAKS
    assert verdict(today, prior=[*before, (1.0, 750 * MIB, 500 * MIB)]) not in LEAKS  # it held more before, and gave it back


def test_a_leak_that_began_at_noon_is_seen_without_the_rhythm_of_the_day():
    day, healthy = days_before_and(lambda part: 300 * MIB * max(part - 0.5, 0.0), swing=100 * MIB, hour=10)
    assert verdict(day, prior=healthy) in LEAKS


def restarted(after):
    """Four hours at 400 MiB, a restart at which it falls to 200 MiB and is warm again in half an hour, and what is added from then on."""
    settled = [400 * MIB + at % 7 * MIB for at in range(240)]
    fresh = [400 * MIB - 200 * MIB * math.exp(-at / 8.0) + at % 7 * MIB + after(at / 480.0) for at in range(480)]
    return series(settled + fresh, 60.0)


def test_a_leak_after_a_restart_that_nobody_told_of_is_a_leak():
    assert verdict(restarted(lambda part: 150 * MIB * part)) in LEAKS
    assert verdict(restarted(lambda part: 0.0)) not in LEAKS
    assert verdict(restarted(lambda part: 150 * MIB * (1 - math.exp(-5 * part)))) not in LEAKS


def test_hours_of_one_straight_line_are_a_leak_though_it_grew_little():
    """Eight per cent, be it in an hour or in twelve; a cache that fills, or half of a daily swing, is none."""
    assert verdict(series(shapes.leak(720, level=400 * MIB, per_step=32 * MIB / 720, noise=MIB), 60.0)) in LEAKS
    assert verdict(series(shapes.leak(720, level=400 * MIB, per_step=32 * MIB / 720, noise=MIB), 5.0)) in LEAKS
    assert verdict(series(shapes.warm_up(720, level=400 * MIB, grown=40 * MIB, tau=360.0), 60.0)) not in LEAKS
    assert verdict(series(shapes.daily(0.5, level=400 * MIB, swing=16 * MIB, interval=60.0, hour=18), 60.0)) not in LEAKS


def test_a_warm_up_that_goes_on_like_a_line_is_a_leak():
    warm = shapes.warm_up(1440, level=200 * MIB, grown=200 * MIB, tau=180.0)
    assert verdict(series(warm, 60.0)) not in LEAKS
    assert verdict(series([value + at * 100 * MIB / 1440 for at, value in enumerate(warm)], 60.0)) in LEAKS


def test_so_it_is_within_minutes():
    warm = shapes.warm_up(300, level=200 * MIB, grown=300 * MIB, tau=30.0)
    assert verdict(series(warm)) not in LEAKS
    assert verdict(series([value + at * 80 * MIB / 300 for at, value in enumerate(warm)])) in LEAKS


def test_jobs_on_top_of_a_leak_do_not_hide_it():
    """They are twice as high as what leaked, but between them the floor is plain; the floor of a heap that fills and is collected is not."""
    jobs = [300 * MIB * (at % 100 < 30) for at in range(720)]
    leaking = shapes.leak(720, level=400 * MIB, per_step=150 * MIB / 720, noise=2 * MIB)
    heap = shapes.sawtooth(720, level=400 * MIB, height=300 * MIB, period=24, rise=150 * MIB / 720)
    assert verdict(series([value + job for value, job in zip(leaking, jobs, strict=True)], 60.0)) in LEAKS
    assert verdict(series([400 * MIB + job for job in jobs], 60.0)) not in LEAKS
    assert verdict(series(heap, 60.0)) not in LEAKS


def test_days_without_a_rhythm_are_judged_as_they_are():
    day = series(shapes.leak(288, level=300 * MIB, per_step=MIB), 300.0, 6 * DAY)
    wandering = [(at * 1800.0, (200 + at * 7 % 90) * MIB, (150 + at * 7 % 90) * MIB) for at in range(288)]
    result = diagnose_series(day, "bytes", None, {"prior": wandering})
    assert result["verdict"] == "leak_confirmed"
    assert not [one for one in result["gates"] if one["name"] == "without_the_rhythm_of_the_day"]


@pytest.mark.parametrize("interval", [1.0, 60.0])
def test_a_leak_that_begins_in_the_middle_is_a_line_from_there_on(interval):
    values = shapes.flat(150) + shapes.leak(150, level=100 * MIB, per_step=MIB / 4)
    assert verdict(series(values, interval)) == "leak_suspected"


def test_a_leak_that_began_a_third_of_the_time_ago_needs_fewer_points():
    values = shapes.flat(30) + shapes.leak(30, level=100 * MIB)
    assert verdict(series(values, 5.0)) == "leak_suspected"
    assert verdict(series(values[:40], 5.0)) not in LEAKS


@pytest.mark.parametrize("interval", [1.0, 60.0])
def test_a_leak_below_jobs_is_seen_before_it_exceeds_them(interval):
    jobs = [60 * MIB if at % 40 < 12 else 0 for at in range(300)]
    assert verdict(series([level + job for level, job in zip(shapes.leak(300, per_step=MIB / 5), jobs, strict=True)], interval)) == "leak_suspected"
    assert verdict(series([level + job for level, job in zip(shapes.flat(300), jobs, strict=True)], interval)) not in LEAKS


def test_a_ramp_at_the_end_that_is_shorter_than_a_window_of_its_own_is_not_a_leak():
    assert verdict(series(shapes.flat(250) + shapes.leak(50, level=100 * MIB))) not in LEAKS


def test_a_warm_up_in_the_middle_is_not_a_leak():
    assert verdict(series(shapes.flat(150, level=20 * MIB) + shapes.warm_up(150, tau=60.0))) not in LEAKS


def test_a_leak_per_request_that_rests_at_night_is_no_warm_up():
    requests = itertools.accumulate(1.05 + 0.9 * math.cos(math.tau * (at / 1440 + 22 / 24)) for at in range(1440))
    assert verdict(series([200 * MIB + 0.15 * MIB * total for total in requests], 60.0)) == "leak_suspected"


def test_hours_of_a_life_do_not_confirm_a_leak_that_began_among_them():
    """What came before is not a healthy cycle: it has not shown a day."""
    values = shapes.flat(1000) + shapes.leak(440, level=100 * MIB, per_step=MIB / 4)
    assert verdict(series(values, 60.0)) == "leak_suspected"


def test_days_of_growth_above_the_same_hour_of_the_day_before_are_confirmed():
    result = diagnose_series(series(shapes.daily(5, swing=40 * MIB, per_day=200 * MIB), 600.0), "bytes")
    assert result["verdict"] == "leak_confirmed"
    assert gate(result, "higher_than_same_hour_the_day_before")["passed"]


def test_a_leak_that_began_two_days_ago_is_seen_against_the_days_before():
    values = shapes.daily(9, swing=40 * MIB) + shapes.leak(288, level=500 * MIB, per_step=3 * MIB)
    assert verdict(series(values, 600.0)) in LEAKS


def test_a_leak_that_began_two_hours_ago_in_ten_days_is_suspected():
    values = shapes.daily(10, swing=40 * MIB, interval=300.0) + shapes.leak(24, level=500 * MIB, per_step=20 * MIB)
    result = diagnose_series(series(values, 300.0), "bytes", [{"name": "MemoryMax", "value": 2048 * MIB}])
    assert (result["verdict"], result["urgency"]) == ("leak_suspected", "hours")


def test_the_peak_of_today_a_little_above_those_of_the_days_before_is_not_a_leak():
    values = shapes.daily(10, swing=200 * MIB)
    values[-72:] = [value * 1.1 for value in values[-72:]]
    assert verdict(series(values, 600.0)) not in LEAKS


def test_hours_of_history_alone_raise_a_suspicion_and_a_leaking_life_before_confirms_it():
    now = series(shapes.leak(240), 60.0)
    before = series(shapes.leak(240), 60.0, start=EPOCH - 5 * HOUR)
    assert verdict(now) == "leak_suspected"
    assert verdict(now, previous=before) == "leak_confirmed"
    assert verdict(now, oom_killed=True) == "leak_confirmed"


def test_an_earlier_life_that_was_healthy_at_this_age_shows_what_is_normal():
    now = series(shapes.leak(480, per_step=0.1 * MIB), 60.0)
    before = series(shapes.cache_filling(600, level=100 * MIB, per_step=0.2 * MIB, full_at=290), 60.0, start=EPOCH - 11 * HOUR)
    context = {"previous": before, "started_at": EPOCH, "previous_started_at": EPOCH - 11 * HOUR}
    assert verdict(now, **context) not in LEAKS
    context["previous"] = series(shapes.flat(600), 60.0, start=EPOCH - 11 * HOUR)
    assert verdict(now, **context) == "leak_confirmed"


def test_only_the_last_incarnation_is_judged():
    before, now = shapes.leak(100), shapes.flat(100, level=20 * MIB)
    points = series(before + now)
    result = diagnose_series(points, "bytes", None, {"boundaries": [EPOCH, EPOCH + 100]})
    assert (result["verdict"], result["first"]) == ("healthy", now[0])


def test_a_restart_a_moment_ago_leaves_too_little_to_judge():
    result = diagnose_series(series(shapes.leak(100)), "bytes", None, {"boundaries": [EPOCH + 96]})
    assert result["verdict"] == "insufficient_data"
    assert "since the service last started" in gate(result, "enough_points")["detail"]


def rising_load(count=120):
    return [100 + 50 * at / count + 20 * math.sin(at / 5.0) for at in range(count)]


def test_use_that_follows_the_load_is_not_a_leak():
    load = rising_load()
    points = series([20 * MIB + MIB * requests for requests in load])
    assert verdict(points, load=series(load)) in ("load_correlated", "sawtooth")
    steadily = [100 + at for at in range(120)]
    assert verdict(series([20 * MIB + MIB * requests for requests in steadily]), load=series(steadily)) == "load_correlated"


def test_a_leak_per_request_is_not_excused_by_the_load():
    load = [100 + 60 * math.sin(at / 12.0) for at in range(120)]
    total, values = 0.0, []
    for requests in load:
        total += requests
        values.append(50 * MIB + total * MIB / 100)
    assert verdict(series(values), load=series(load)) == "leak_suspected"


def test_growth_that_the_allocator_holds_free_is_fragmentation():
    points = series(shapes.leak(120))
    assert verdict(points, allocator_free=110 * MIB) == "fragmentation"
    assert verdict(points, allocator_free=5 * MIB) == "leak_suspected"
    assert verdict(points, allocator_free=series([100 * MIB + at * MIB for at in range(120)])) == "fragmentation"
    assert verdict(points, allocator_free=series([100 * MIB] * 120)) == "leak_suspected"


def test_page_tables_that_grow_with_what_they_map_are_no_leak_of_their_own():
    page_tables = series(shapes.leak(120, level=MIB // 2, per_step=4096))
    assert verdict(page_tables, resource="kernel", mapped_growth=240 * MIB) == "healthy"
    assert verdict(page_tables, resource="kernel", mapped_growth=4 * MIB) == "leak_suspected"
    assert verdict(page_tables, resource="kernel") == "leak_suspected"
    at_once = series([MIB // 2] * 60 + [MIB] * 60)
    assert verdict(at_once, resource="kernel", mapped_growth=240 * MIB) == "healthy"
    assert verdict(at_once, resource="kernel") == "step_change"


def test_a_process_of_mostly_free_chunks_is_fragmented_whether_it_grows_or_not():
    result = diagnose_series(series(shapes.flat()), "bytes", MEMORY_MAX, {"allocator_free": 95 * MIB, "resource": "anon"})
    assert (result["verdict"], result["urgency"]) == ("fragmentation", "none")
    assert "the allocator holds 95.0 MiB of 100 MiB free" in " ".join(result["explanation"])


def test_a_growing_heap_that_is_collected_is_not_a_leak_and_its_live_part_can_be():
    points = series(shapes.leak(1200))
    collected = series([80 * MIB] * 20, 60.0)
    growing = series(shapes.leak(20, level=80 * MIB, per_step=20 * MIB), 60.0)
    assert verdict(points, live_after_gc=collected) not in LEAKS
    assert verdict(points, live_after_gc=growing) in LEAKS


def test_a_heap_that_was_not_collected_in_the_window_is_not_called_a_leak_yet():
    points = series(shapes.leak(60))
    result = diagnose_series(points, "bytes", None, {"gc_pending": "the JVM collected its old generation 1 times in the window"})
    assert (result["verdict"], result["decided_by"]) == ("growth_unexplained", "heap_was_collected")
    assert "1 times in the window" in result["explanation"][1]
    assert verdict(points, live_after_gc=series([80 * MIB] * 3, 20.0)) == "growth_unexplained"
    assert verdict(series(shapes.leak(240), 60.0), gc_pending="none seen") == "leak_suspected"  # in hours it is collected


def test_a_process_that_outgrows_its_heap_leaks_outside_of_it():
    collected = series([80 * MIB] * 20, 600.0)
    heap = {"name": "-Xmx", "value": 256 * MIB}
    grown = series(shapes.leak(240), 60.0)
    assert verdict(grown, limits=[heap, {"name": "MemoryMax", "value": 900 * MIB}], live_after_gc=collected) == "leak_suspected"
    assert verdict(grown, limits=[dict(heap, value=512 * MIB)], live_after_gc=collected) not in LEAKS


def test_the_live_heap_runs_into_xmx_and_the_process_into_the_other_limits():
    growing = series(shapes.leak(20, level=80 * MIB, per_step=20 * MIB), 60.0)
    known = [{"name": "-Xmx", "value": 1024 * MIB}, {"name": "MemoryMax", "value": 900 * MIB}]
    result = diagnose_series(series(shapes.leak(1200, per_step=MIB / 4)), "bytes", known, {"live_after_gc": growing})
    assert result["limit"]["name"] == "-Xmx"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(300 * MIB, "now"), (40 * 1024 * MIB, "hours"), (1024 * 1024 * MIB, "days"), (2**20 * 1024 * MIB, "none")],
)
def test_urgency_follows_the_time_to_the_limit(limit, expected):
    result = diagnose_series(series(shapes.leak(120)), "bytes", [{"name": "MemoryMax", "value": limit}])
    assert result["urgency"] == expected


def test_time_to_the_limit_is_an_interval_around_the_truth():
    result = diagnose_series(series(shapes.leak(120, noise=MIB)), "bytes", MEMORY_MAX)
    end = result["exhaustion"]
    truth = (512 * MIB - result["now"]) / MIB
    assert end["limit_name"] == "MemoryMax"
    assert end["seconds_low"] <= truth * 1.02
    assert end["seconds_high"] >= truth * 0.98


def test_the_nearest_of_several_limits_counts():
    known = [*MEMORY_MAX, {"name": "host MemAvailable", "free": 50 * MIB}, {"name": "MemoryHigh", "value": None}]
    result = diagnose_series(series(shapes.leak(120)), "bytes", known)
    assert result["exhaustion"]["limit_name"] == "host MemAvailable"


def test_a_leak_without_a_known_limit_is_a_matter_of_days():
    result = diagnose_series(series(shapes.leak(120)), "bytes")
    assert (result["urgency"], result["exhaustion"]) == ("days", None)


def test_a_percentage_ends_at_a_hundred():
    result = diagnose_series(series([50 + at * 0.3 for at in range(60)]), "percent")
    assert result["exhaustion"]["limit"] == 100.0


def test_a_healthy_service_close_to_its_limit_is_not_urgent():
    result = diagnose_series(series(shapes.flat(level=500 * MIB)), "bytes", MEMORY_MAX)
    assert (result["verdict"], result["urgency"]) == ("healthy", "none")


def test_every_result_uses_the_words_and_keys_of_the_docstring():
    keys = {
        "unit",
        "source",
        "first",
        "now",
        "started_at",
        "span",
        "tier",
        "verdict",
        "urgency",
        "confidence",
        "slope",
        "growth",
        "limit",
        "exhaustion",
        "explanation",
        "gates",
        "decided_by",
        "points",
    }
    for values in (shapes.leak(), shapes.flat(), shapes.sawtooth(), shapes.step(), []):
        result = diagnose_series(series(values), "bytes", MEMORY_MAX, {"resource": "anon", "source": "live"})
        assert set(result) == keys
        assert result["verdict"] in VERDICTS
        assert result["urgency"] in URGENCIES
        assert result["decided_by"] in [one["name"] for one in result["gates"]]
        assert len(result["points"]) <= 60


def test_the_explanation_says_what_how_fast_why_not_and_when():
    result = diagnose_series(series(shapes.leak(120)), "bytes", MEMORY_MAX, {"resource": "anon", "started_at": EPOCH - HOUR})
    what, why_not, when = result["explanation"]
    assert "anon grows by 1.0 MiB/s" in what
    assert "the service is 1 h 1 min old" in what
    assert "not a warm-up" in why_not
    assert "not a sawtooth" in why_not
    assert "MemoryMax (512 MiB) is reached in 4 min 53 s" in when
    assert "Confidence medium" in when


@pytest.mark.parametrize("pause", [1, 5, 10, 15])
@pytest.mark.parametrize("recorded", [3, 4, 5, 6, 9])
def test_a_line_is_a_line_however_few_recorded_samples_a_window_of_seconds_follows(recorded, pause):
    times = [5.0 * number for number in range(recorded)]
    times += [times[-1] + pause + second for second in range(11)]
    line = [(shapes.EPOCH + when, 8 * MIB + 0.5 * MIB * int(when)) for when in times]
    assert verdict(line) == "leak_suspected"


@pytest.mark.parametrize("recorded", [3, 6, 9])
def test_a_warm_up_that_a_few_recorded_samples_saw_is_one_in_the_window_after_them(recorded):
    times = [3 + 5.0 * number for number in range(recorded)]
    times += [times[-1] + 5 + second for second in range(11)]
    warming = [(shapes.EPOCH + when, 20 * MIB + 80 * MIB * (1 - 0.5 ** (when / 8))) for when in times]
    assert verdict(warming) == "warmup"


@pytest.mark.parametrize("recorded", [3, 6, 9])
def test_what_rests_in_the_window_after_a_few_recorded_samples_is_no_leak(recorded):
    """The window sees nothing but rest: the growth lies before it."""
    filling = [(shapes.EPOCH + 5.0 * number, 8 * MIB + 2.5 * MIB * number) for number in range(recorded)]
    full = [(filling[-1][0] + 5 + second, filling[-1][1]) for second in range(16)]
    assert verdict(filling + full) in ("warmup", "healthy", "step_change")


@pytest.mark.parametrize(("memory", "says"), [(100 * MIB, "healthy"), (4 * MIB, "step_change"), (0, "step_change"), (None, "step_change")])
def test_a_step_that_rests_is_told_unless_it_is_a_trace_of_the_service(memory, says):
    pages = [MIB] * 60 + [MIB + 256 * 1024] * 60
    assert verdict(series(pages), resource="kernel", memory=memory) == says


def test_a_leak_is_no_trace_however_large_the_rest():
    assert verdict(series(shapes.leak(120, level=MIB, per_step=8192)), resource="kernel", memory=4096 * MIB) == "leak_suspected"
