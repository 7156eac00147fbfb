# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One series out of several sources, and the recorded history cut into lives."""

from __future__ import annotations

import os

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis import lives, sources
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import Sample
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_764_000_000.0
BOOT = "61796219"


def line(begin, end, step, level=1000.0, slope=0.0):
    count = int((end - begin) / step) + 1
    return [(NOW + begin + place * step, level + slope * place * step) for place in range(count)]


points = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e12)), max_size=60)


class TestMerge:
    def test_the_window_alone(self):
        live = line(0, 20, 1)
        assert sources.merge(live, [], []) == sources.Merged(live, ["live"], "live", {})

    def test_the_window_continues_the_history(self):
        history, live = line(-7200, -60, 60), line(0, 20, 1)
        merged = sources.merge(live, history, [])
        assert merged.used == ["live", "history"]
        assert merged.carried_by == "history"
        assert (merged.points[0], merged.points[-1]) == (history[0], live[-1])

    def test_a_window_of_seconds_does_not_outweigh_hours(self):
        merged = sources.merge(line(0, 20, 1), line(-7200, -60, 60), [])
        assert len([point for point in merged.points if point[0] >= NOW]) <= 3

    def test_a_history_of_three_samples_does_not_thin_the_window(self):
        live = line(0, 20, 1)
        assert set(live) <= set(sources.merge(live, line(-120, -110, 5), []).points)

    def test_a_foreign_series_that_agrees_is_joined(self):
        own, foreign = line(-600, 0, 10, slope=1), line(-86400, 0, 300, level=1000 - 85800, slope=1)
        merged = sources.merge(own[-10:], own, foreign)
        assert merged.used == ["live", "history", "series"]
        assert merged.carried_by == "series"
        assert merged.points[0] == foreign[0]

    def test_where_both_have_values_the_hosts_own_count(self):
        own, foreign = line(-600, 0, 10), line(-1200, 0, 60, level=1001)
        assert {value for when, value in sources.merge([], own, foreign).points if when >= NOW - 600} == {1000.0}

    def test_a_foreign_series_of_another_quantity_is_not_joined(self):
        """RSS instead of anonymous memory, say: a step where both meet would be an artefact."""
        merged = sources.merge(line(0, 20, 1), [], line(-20, 20, 5, level=3000))
        assert merged.used == ["series"] or merged.used == ["live"]
        assert len({value for _when, value in merged.points}) == 1

    def test_the_one_that_covers_more_time_is_judged_and_the_other_one_says_why_not(self):
        long_ago = sources.merge(line(0, 20, 1), [], line(-7200, 0, 60, level=3000))
        assert long_ago.used == ["series"]
        assert long_ago.reasons["live"] == "the series covers more time, and its values differ by 200 % from the host's own"
        recent = sources.merge(line(0, 20, 1), line(-7200, 0, 60), line(-60, 20, 5, level=3000))
        assert recent.used == ["live", "history"]
        assert recent.reasons["series"] == "its values differ by 200 % from the host's own, which cover 2 h"

    def test_nothing_at_all(self):
        assert sources.merge([], [], []) == sources.Merged([], [], None, {})

    @given(live=points, history=points, series=points)
    def test_any_points_give_times_in_order_and_without_doubles(self, live, history, series):
        merged = sources.merge(live, history, series)
        times = [when for when, _value in merged.points]
        assert times == sorted(set(times))
        assert set(merged.points) <= set(live) | set(history) | set(series)
        assert bool(merged.points) == bool(merged.used)

    @given(history=points, seed=st.randoms())
    def test_the_order_of_the_points_does_not_matter(self, history, seed):
        unique = list(dict(history).items())
        shuffled = list(unique)
        seed.shuffle(shuffled)
        assert sources.merge([], shuffled, []).points == sources.merge([], unique, []).points


class TestClock:
    def test_a_clock_that_is_ahead_is_moved_back(self):
        moved, ahead = sources.correct_clock(line(3000, 3600, 60), NOW)
        assert ahead == 3600
        assert moved[-1][0] == NOW

    def test_seconds_of_difference_are_left_alone(self):
        given_points = line(-600, 10, 10)
        assert sources.correct_clock(given_points, NOW) == (given_points, 0.0)

    def test_no_points(self):
        assert sources.correct_clock([], NOW) == ([], 0.0)


def sample(uptime, anon=1000, boot=BOOT, pid=812, ticks=5120, booted=NOW - 5000):
    return Sample(booted + uptime, uptime, boot, pid, ticks, {"anon": anon})


class TestLives:
    def test_one_life(self):
        (life,) = lives.cut([sample(100), sample(160), sample(220)], BOOT, NOW, 5000)
        assert life.identity == (BOOT, 812, 5120)
        assert life.points["anon"] == [(NOW - 4900, 1000), (NOW - 4840, 1000), (NOW - 4780, 1000)]
        assert life.started_at == pytest.approx(NOW - 5000 + 5120 / os.sysconf("SC_CLK_TCK"))
        assert (life.samples, life.begin, life.end) == (3, NOW - 4900, NOW - 4780)

    def test_restarts_and_reused_pids_are_other_lives(self):
        samples = [sample(100), sample(200, ticks=9000), sample(300, pid=900, ticks=9000), sample(50, boot="other")]
        found = lives.cut(samples, BOOT, NOW, 5000)
        assert len({life.identity for life in found}) == 4

    @pytest.mark.parametrize("jump", [-3600, 3600])
    def test_a_clock_that_jumped_bends_nothing_within_a_boot(self, jump):
        """Half of the samples were labelled by a clock that was an hour off."""
        samples = [sample(100), sample(160), sample(220, booted=NOW - 5000 + jump), sample(280, booted=NOW - 5000 + jump)]
        (life,) = lives.cut(samples, BOOT, NOW, 5000)
        assert [when for when, _value in life.points["anon"]] == [NOW - 4900, NOW - 4840, NOW - 4780, NOW - 4720]

    def test_an_earlier_boot_is_placed_by_its_last_wall_clock(self):
        """A board without a battery boots in 1970 and learns the time later."""
        samples = [sample(10, boot="before", booted=0), sample(70, boot="before", booted=NOW - 90000), sample(100)]
        before, _now = lives.cut(samples, BOOT, NOW, 5000)
        assert [when for when, _value in before.points["anon"]] == [NOW - 90000 + 10, NOW - 90000 + 70]

    def test_nothing_recorded(self):
        assert lives.cut([], BOOT, NOW, 5000) == []
