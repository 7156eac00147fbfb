# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and freezes: what people write, what is refused, and when exactly they open."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy
from ansible_collections.sysops.remediation.plugins.plugin_utils._windows import next_windows, timing_gates
from hypothesis import given, settings
from hypothesis import strategies as st

BERLIN = "Europe/Berlin"
HOUR = 3600
SUNDAY = {"rrule": "FREQ=WEEKLY;BYDAY=SU", "start": "02:00", "duration": "4h", "timezone": BERLIN}


def entry(**keys):
    services, problems = read_policy({"remediation_services": [{"name": "postfix", **keys}]})
    assert not problems, [str(problem) for problem in problems]
    return services[0]


def mistakes(groups=None, **keys):
    services, problems = read_policy({"remediation_services": [{"name": "postfix", **keys}]}, groups)
    assert not (services and problems)
    return [str(problem) for problem in problems]


def at(text, zone=BERLIN):
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def gates(policy, now, exhaustion=None, dead=False):
    return {gate["name"]: gate for gate in timing_gates(policy, now, exhaustion, dead)}


def limit(hours):
    return {"seconds_low": hours * HOUR, "seconds_high": 2 * hours * HOUR, "limit_name": "MemoryMax"}


class TestWindows:
    def test_without_any_every_time_is_right(self):
        assert all(gate["passed"] for gate in timing_gates(entry(), at("2026-11-25 23:00"), None, False))

    def test_inside_is_right_and_the_end_is_no_longer_inside(self):
        policy = entry(windows=[SUNDAY])
        assert not gates(policy, at("2026-11-29 01:59"))["window"]["passed"]
        assert gates(policy, at("2026-11-29 02:00"))["window"]["passed"]
        assert gates(policy, at("2026-11-29 05:59"))["window"]["passed"]
        assert not gates(policy, at("2026-11-29 06:00"))["window"]["passed"]

    def test_outside_it_waits_for_the_window_while_there_is_time(self):
        gate = gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"), limit(hours=8))["window"]
        assert (gate["passed"], gate["opens_at"]) == (False, at("2026-11-29 02:00"))
        assert "there is time: MemoryMax may be reached in 8 h at the earliest; the next window opens Sun 2026-11-29 02:00 CET, in 3 h" in gate["detail"]

    def test_outside_it_acts_when_the_limit_may_be_reached_before_the_next_window_is_over(self):
        gate = gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"), limit(hours=6))["window"]
        assert gate["passed"] and "before the next window is over" in gate["detail"]

    def test_outside_it_acts_on_what_does_not_run(self):
        assert gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"), dead=True)["window"]["passed"]

    def test_outside_it_waits_when_no_limit_is_in_sight(self):
        assert not gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"))["window"]["passed"]

    @pytest.mark.parametrize("case", [{"dead": True}, {"exhaustion": limit(hours=1)}])
    def test_never_means_never(self, case):
        gate = gates(entry(windows=[SUNDAY], outside_windows="never"), at("2026-11-28 23:00"), **case)["window"]
        assert (gate["passed"], gate["opens_at"]) == (False, at("2026-11-29 02:00"))

    def test_the_next_one_of_several_counts(self):
        policy = entry(windows=[SUNDAY, {"start": "22:00", "duration": "1h", "timezone": "UTC"}])
        assert next_windows(policy, at("2026-11-28 23:30", "UTC"), 2) == [
            (at("2026-11-29 02:00"), at("2026-11-29 06:00")),
            (at("2026-11-29 22:00", "UTC"), at("2026-11-29 23:00", "UTC")),
        ]

    def test_every_second_week_counts_from_its_first_day(self):
        policy = entry(windows=[{**SUNDAY, "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "start": "2026-01-04 02:00"}])
        assert [start for start, _end in next_windows(policy, at("2026-01-05 00:00"), 2)] == [at("2026-01-18 02:00"), at("2026-02-01 02:00")]

    def test_a_rule_that_never_comes_does_not_hang_and_says_so(self):
        policy = entry(windows=[{"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "start": "02:00", "duration": "1h"}], outside_windows="never")
        gate = gates(policy, at("2026-11-28 23:00"))["window"]
        assert (gate["passed"], gate["opens_at"]) == (False, None)
        assert "no window opens within two years" in gate["detail"]


class TestClockChanges:
    DAILY: ClassVar = {"start": "02:30", "duration": "4h", "timezone": BERLIN}

    def test_a_time_that_is_skipped_opens_right_after_the_gap(self):
        [(start, end)] = next_windows(entry(windows=[self.DAILY]), at("2026-03-29 00:00"), 1)
        assert (start, end - start) == (at("2026-03-29 03:30"), 4 * HOUR)

    def test_a_time_that_comes_twice_opens_the_first_time(self):
        [(start, end)] = next_windows(entry(windows=[self.DAILY]), at("2026-10-25 00:00"), 1)
        assert (start, end - start) == (at("2026-10-25 02:30"), 4 * HOUR)
        assert dt.datetime.fromtimestamp(start, ZoneInfo(BERLIN)).tzname() == "CEST"

    def test_a_window_over_the_change_lasts_as_long_as_written(self):
        policy = entry(windows=[{"start": "01:00", "duration": "4h", "timezone": BERLIN}])
        [(_start, end)] = next_windows(policy, at("2026-03-29 00:00"), 1)
        assert end == at("2026-03-29 06:00")
        assert not gates(policy, end)["window"]["passed"]
        assert gates(policy, end - 1)["window"]["passed"]


class TestFreezes:
    CHRISTMAS: ClassVar = {"from": "2026-12-24 00:00", "until": "2026-12-27 00:00", "timezone": BERLIN, "reason": "Christmas"}

    def test_nothing_is_acted_on_inside_however_urgent(self):
        gate = gates(entry(freezes=[self.CHRISTMAS]), at("2026-12-25 12:00"), limit(hours=1), dead=True)["freeze"]
        assert (gate["passed"], gate["opens_at"]) == (False, at("2026-12-27 00:00"))
        assert gate["detail"] == "frozen (Christmas) until Sun 2026-12-27 00:00 CET, in 1 d 12 h"

    def test_before_and_after_it_is_open(self):
        policy = entry(freezes=[self.CHRISTMAS])
        assert gates(policy, at("2026-12-23 23:59"))["freeze"]["passed"]
        assert gates(policy, at("2026-12-27 00:00"))["freeze"]["passed"]

    def test_one_can_recur(self):
        policy = entry(freezes=[{"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "start": "00:00", "duration": "1d", "timezone": "UTC", "reason": "billing"}])
        assert not gates(policy, at("2026-12-01 23:59", "UTC"))["freeze"]["passed"]
        assert gates(policy, at("2026-12-02 00:00", "UTC"))["freeze"]["passed"]


class TestMistakes:
    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            (
                {"windows": [{**SUNDAY, "start": 1320}]},
                "remediation_services[0].windows[0].start: 1320 is not allowed here; write the time in quotes ('22:00')",
            ),
            ({"windows": [{**SUNDAY, "start": "25:00"}]}, "'25:00' is not allowed here; allowed: a local time such as '22:00'"),
            ({"windows": [{**SUNDAY, "timezone": "Europe/Belin"}]}, "(did you mean 'Europe/Berlin'?)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=SECONDLY"}]}, "daily or rarer"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;BYHOUR=3"}]}, "'BYHOUR' is not understood"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;BYDAY=XX"}]}, "windows[0].rrule: 'FREQ=WEEKLY;BYDAY=XX' is not allowed here"),
            ({"windows": [{**SUNDAY, "rrule": "sundays"}]}, "windows[0].rrule: 'sundays' is not allowed here"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"}]}, "which counts from a first day; write it too: '2026-01-04 02:00'"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY"}]}, "which counts from a first day"),
            ({"windows": [{"start": "02:00"}]}, "the key 'duration' is missing"),
            ({"outside_windows": "never"}, "'never' is impossible without windows"),
            ({"freezes": [{"from": "2026-12-24 00:00"}]}, "has from; a freeze needs either from and until, or rrule, start and duration"),
            ({"freezes": [{}]}, "has no time; a freeze needs"),
            ({"freezes": [{"from": "2026-12-24 00:00", "until": "2026-12-24 00:00"}]}, "is not after from"),
            ({"freezes": [{"from": "Christmas", "until": "2026-12-24 00:00"}]}, "'Christmas' is not allowed here; allowed: a local day and time such as"),
            ({"max_unavailable": 0}, "max_unavailable: 0 is not allowed here; allowed: a whole number from 1 to 10000, or a share from 1% to 100%"),
            ({"max_unavailable": "101%"}, "max_unavailable: '101%' is not allowed here"),
            ({"approve": {"expires": "1s"}}, "approve.expires: '1s' is not allowed here"),
            ({"allow_outage": "yes"}, "allow_outage: 'yes' is not allowed here; allowed: true or false"),
        ],
    )
    def test_each_is_one_line_with_path_value_and_what_is_allowed(self, keys, said):
        [line] = mistakes(**keys)
        assert said in line and "\n" not in line

    def test_a_group_that_the_host_is_not_in(self):
        [line] = mistakes(groups=["mail", "all"], group="mial")
        assert line == "remediation_services[0].group: 'mial' is no group of this host (did you mean 'mail'?); allowed: all, mail"

    def test_an_approved_action_needs_something_to_do(self):
        [line] = mistakes(mode="approve", ladder=[])
        assert "mode 'approve' could never act" in line


ZONES = st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
WINDOWS = st.lists(
    st.builds(
        lambda rule, hour, minute, hours, zone: {"rrule": rule, "start": f"{hour:02}:{minute:02}", "duration": hours * HOUR, "timezone": zone},
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYDAY=-1FR"]),
        st.integers(0, 23),
        st.sampled_from([0, 30, 59]),
        st.integers(1, 30),
        ZONES,
    ),
    min_size=1,
    max_size=3,
)
MOMENTS = st.integers(int(at("2026-01-01 00:00")), int(at("2027-12-31 00:00")))


@settings(deadline=None, max_examples=60)
@given(WINDOWS, MOMENTS)
def test_a_closed_window_opens_exactly_when_it_says(windows, now):
    policy = entry(windows=windows)
    gate = gates(policy, now)["window"]
    if gate["passed"]:
        assert any(start <= now < end for start, end in next_windows(policy, now, 50))
    else:
        opens = gate["opens_at"]
        assert opens > now
        assert not gates(policy, opens - 1)["window"]["passed"]
        assert gates(policy, opens)["window"]["passed"]
