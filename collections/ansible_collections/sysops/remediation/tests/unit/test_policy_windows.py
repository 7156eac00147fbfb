# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and freezes: what people write, what is refused, and when exactly they open."""

from __future__ import annotations

import datetime as dt
import time
from itertools import pairwise
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
        assert "there is time: MemoryMax is not reached before 8 h from now; the next window opens Sun 2026-11-29 02:00 CET, in 3 h" in gate["detail"]

    def test_outside_it_acts_when_the_limit_may_be_reached_before_the_next_window_opens(self):
        gate = gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"), limit(hours=2.99))["window"]
        assert gate["passed"] and "MemoryMax may be reached in 2 h 59 min, before the next one" in gate["detail"]

    def test_outside_it_waits_when_the_limit_is_reached_only_inside_the_window(self):
        assert not gates(entry(windows=[SUNDAY]), at("2026-11-28 23:00"), limit(hours=3))["window"]["passed"]

    def test_a_window_that_is_frozen_is_not_waited_for(self):
        freeze = {"from": "2026-11-29 00:00", "until": "2026-11-29 12:00", "timezone": BERLIN}
        policy = entry(windows=[SUNDAY], freezes=[freeze])
        assert gates(policy, at("2026-11-28 23:00"), limit(hours=8))["window"]["passed"], "it would be Sunday in a week"
        assert next_windows(policy, at("2026-11-28 23:00"), 1) == [(at("2026-12-06 02:00"), at("2026-12-06 06:00"))]

    def test_a_freeze_inside_a_window_leaves_the_rest_of_it(self):
        freeze = {"from": "2026-11-29 03:00", "until": "2026-11-29 04:00", "timezone": BERLIN}
        assert next_windows(entry(windows=[SUNDAY], freezes=[freeze]), at("2026-11-29 00:00"), 2) == [
            (at("2026-11-29 02:00"), at("2026-11-29 03:00")),
            (at("2026-11-29 04:00"), at("2026-11-29 06:00")),
        ]

    def test_windows_that_touch_are_one(self):
        policy = entry(windows=[SUNDAY, {**SUNDAY, "start": "06:00", "duration": "1h"}])
        assert next_windows(policy, at("2026-11-29 03:00"), 1) == [(at("2026-11-29 02:00"), at("2026-11-29 07:00"))]

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

    def test_a_rule_that_has_ended_says_so(self):
        policy = entry(windows=[{**SUNDAY, "rrule": "FREQ=WEEKLY;BYDAY=SU;UNTIL=20260601T000000"}], outside_windows="never")
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

    def test_it_ends_when_the_last_of_those_that_follow_each_other_ends(self):
        inventory = {"from": "2026-12-26 12:00", "until": "2026-12-31 00:00", "timezone": BERLIN, "reason": "stocktaking"}
        gate = gates(entry(freezes=[self.CHRISTMAS, inventory]), at("2026-12-25 12:00"))["freeze"]
        assert gate["opens_at"] == at("2026-12-31 00:00")
        assert gate["detail"].startswith("frozen (Christmas; stocktaking) until Thu 2026-12-31 00:00 CET")

    def test_over_the_end_of_a_window_it_waits_for_the_next_one_where_only_windows_count(self):
        moved = {"from": "2026-11-29 03:00", "until": "2026-11-29 12:00", "timezone": BERLIN}
        inside = at("2026-11-29 04:00")
        gate = gates(entry(windows=[SUNDAY], freezes=[moved], outside_windows="never"), inside)["freeze"]
        assert (gate["passed"], gate["opens_at"]) == (False, at("2026-12-06 02:00"))
        assert gate["detail"] == "frozen until Sun 2026-11-29 12:00 CET, in 8 h; the next window opens Sun 2026-12-06 02:00 CET, in 6 d 22 h"
        assert gates(entry(windows=[SUNDAY], freezes=[moved]), inside)["freeze"]["opens_at"] == at("2026-11-29 12:00"), "if it presses, then at its end"
        short = {**moved, "until": "2026-11-29 05:00"}
        assert gates(entry(windows=[SUNDAY], freezes=[short], outside_windows="never"), inside)["freeze"]["opens_at"] == at("2026-11-29 05:00")


def test_the_last_day_of_a_rule_is_part_of_it():
    [policy], problems = read_policy(
        {
            "remediation_services": [
                {"name": "postfix", "freezes": [{"rrule": "FREQ=DAILY;UNTIL=20261129", "start": "02:00", "duration": "4h", "timezone": BERLIN}]}
            ]
        }
    )
    assert not problems
    for day, open_ in (("2026-11-29", False), ("2026-11-30", True)):
        assert next(one for one in timing_gates(policy, at(f"{day} 03:00"), None, False) if one["name"] == "freeze")["passed"] is open_


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
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;BYDAY=1SU"}]}, "(a number in BYDAY, as the first Sunday, goes with FREQ=MONTHLY or YEARLY)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;BYDAY=SU;BYDAY=MO"}]}, "(a part is written twice)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=MONTHLY;BYDAY=9MO"}]}, "(a number in BYDAY is from 1 to 5, or the same from the end)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=YEARLY;BYMONTH=12;BYDAY=-6MO"}]}, "(a number in BYDAY is from 1 to 5, or the same from the end)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=YEARLY;BYDAY=60MO"}]}, "(a number in BYDAY is from 1 to 53, or the same from the end)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;UNTIL=2027"}]}, "(UNTIL is a day such as 20261231, or with a time such as 20261231T060000)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;COUNT=4;UNTIL=20270601"}]}, "(UNTIL and COUNT exclude each other)"),
            ({"freezes": [{**SUNDAY, "rrule": "FREQ=DAILY;UNTIL=20261129T000000Z"}]}, "(UNTIL is in the time zone of the window: write it without Z)"),
            ({"windows": [{**SUNDAY, "rrule": "sundays"}]}, "windows[0].rrule: 'sundays' is not allowed here"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"}]}, "which counts from a first day; write it too: '2026-01-04 02:00'"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY"}]}, "which counts from a first day"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=WEEKLY;INTERVAL=0"}]}, "(INTERVAL must be from 1 to 999)"),
            ({"windows": [{**SUNDAY, "rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}]}, "windows[0].rrule: 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30' never happens"),
            ({"windows": [{**SUNDAY, "start": "0001-01-01 02:00"}]}, "windows[0].start: '0001-01-01 02:00' is not allowed here"),
            ({"windows": [{"start": "02:00"}]}, "the key 'duration' is missing"),
            ({"freezes": [{"rrule": "FREQ=DAILY", "start": "00:00", "duration": "24h", "timezone": BERLIN}]}, "freezes: leave no moment"),
            (
                {"windows": [SUNDAY], "outside_windows": "never", "freezes": [{**SUNDAY, "start": "00:00", "duration": "1d"}]},
                "freezes: leave nothing of the windows",
            ),
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

    def test_a_name_that_nobody_has_who_can_be_told(self):
        _services, problems = read_policy({"remediation_services": [{"name": "postfix", "notify": ["oncal"]}]}, targets=["oncall", "chat"])
        said = "remediation_services[0].notify[0]: 'oncal' is no target of remediation_notify (did you mean 'oncall'?); allowed: chat, oncall"
        assert [str(problem) for problem in problems] == [said]

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


FREEZES = st.lists(
    st.builds(
        lambda begin, hours: {"from": _written(begin), "until": _written(begin + hours * HOUR), "timezone": "UTC"},
        st.integers(0, 2 * 365 * 24).map(lambda hours: at("2026-01-01 00:00", "UTC") + hours * HOUR),
        st.integers(1, 500),
    ),
    max_size=3,
)


def _written(moment):
    return dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%d %H:%M")


def _is_inside(span, now):
    """Reckon by the clock on the wall, day by day: an occurrence that began on one of the last days and is not over."""
    zone = ZoneInfo(span["timezone"])
    today = dt.datetime.fromtimestamp(now, zone).date()
    days = [today + dt.timedelta(days=back) for back in range(-3, 2)]
    days = [day for day in days if _is_day(span["rrule"], day)]
    hour, minute = map(int, span["start"].split(":"))
    begins = [dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp() for day in days]
    return any(begin <= now < begin + span["duration"] for begin in begins)


def _is_day(rule, day):
    return {
        "FREQ=DAILY": True,
        "FREQ=WEEKLY;BYDAY=SU": day.weekday() == 6,
        "FREQ=WEEKLY;BYDAY=MO,TH": day.weekday() in (0, 3),
        "FREQ=MONTHLY;BYMONTHDAY=1,15": day.day in (1, 15),
        "FREQ=MONTHLY;BYDAY=-1FR": day.weekday() == 4 and (day + dt.timedelta(days=7)).month != day.month,
    }[rule]


@settings(deadline=None, max_examples=100)
@given(WINDOWS, MOMENTS)
def test_the_gate_is_open_exactly_inside(windows, now):
    policy = entry(windows=windows)
    assert gates(policy, now)["window"]["passed"] == any(_is_inside(window, now) for window in policy["windows"])


@settings(deadline=None, max_examples=40)
@given(WINDOWS, FREEZES, MOMENTS)
def test_a_closed_window_opens_exactly_when_it_says(windows, freezes, now):
    """At no moment before, half an hour by half an hour and at the second before, it is inside a window and not frozen."""
    policy = entry(windows=windows, freezes=freezes)
    gate = gates(policy, now)["window"]
    if gate["passed"]:
        return
    opens = gate["opens_at"]
    assert opens > now

    def usable(moment):
        return all(gate["passed"] for gate in timing_gates(policy, moment, None, False))

    assert usable(opens) and not usable(opens - 1)
    for moment in range(int(now), int(opens), max(1800, int(opens - now) // 100)):
        assert not usable(moment)


@settings(deadline=None, max_examples=40)
@given(WINDOWS, FREEZES, MOMENTS)
def test_the_next_windows_are_disjoint_in_order_and_free_of_freezes(windows, freezes, now):
    policy = entry(windows=windows, freezes=freezes)
    found = next_windows(policy, now, 4)
    assert len(found) == 4 or (found and found[-1][1] > now + 365 * 24 * HOUR), "fewer only if it hardly ever closes"
    assert all(start < end for start, end in found) and found[0][1] > now
    assert all(one[1] < other[0] or freezes for one, other in pairwise(found))
    for start, end in found:
        for moment in (max(start, now), end - 1):
            assert all(gate["passed"] for gate in timing_gates(policy, moment, None, False))


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "SECONDLY"]),
    st.dictionaries(
        st.sampled_from(["INTERVAL", "COUNT", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY", "UNTIL", "BYHOUR"]),
        st.sampled_from(["0", "1", "-1", "7", "30", "53", "366", "999", "MO", "-5FR", "x", "20260101T000000", "20260101T000000Z"]),
        max_size=4,
    ),
    st.sampled_from(["02:00", "2026-01-04 02:00"]),
)
def test_whatever_the_rule_it_is_refused_or_answers_soon(frequency, parts, start):
    rule = ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())])
    begin = time.process_time()  # of the processor: on a busy machine every clock on the wall is late
    services, problems = read_policy({"remediation_services": [{"name": "postfix", "windows": [{**SUNDAY, "rrule": rule, "start": start}]}]})
    assert bool(services) != bool(problems)
    for policy in services:
        timing_gates(policy, at("2026-11-28 23:00"), None, False)
        next_windows(policy, at("2026-11-28 23:00"), 3)
    assert time.process_time() - begin < 5
