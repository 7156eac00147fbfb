# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and sizes mean the same to modules, policy and people."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _gates, _units
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (90, 90),
        (1.5, 1.5),
        ("45s", 45),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("250ms", 0.25),
        ("2d", 172800),
        ("1w", 604800),
        ("0", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert _units.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "30 parsecs", "5x", "-3", "-3s", "1h-3m", True, "nan", "inf", "1h30", None, 10**400, "9" * 400 + "s"])
def test_what_is_no_duration_is_refused_with_its_value(text):
    with pytest.raises(ValueError, match="'%s'" % (text,)):
        _units.parse_duration(text)


@pytest.mark.parametrize("text", ["1h1h", "30m 30m", "30m1h", "1s250ms1s", "1d1w"])
def test_a_duration_that_names_a_unit_twice_or_out_of_order_is_taken_for_a_slip_of_the_pen(text):
    with pytest.raises(ValueError, match="'%s' names a unit twice or after a smaller one" % text):
        _units.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1024", 1024), (7, 7), ("512KiB", 524288), ("512M", 536870912), ("2GiB", 2147483648), ("2GB", 2000000000), ("1.5 MiB", 1572864), ("3b", 3)],
)
def test_a_size_is_read_as_people_write_it(text, count):
    assert _units.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "big", "12 elephants", "-1", "-1MiB", False, "nan", 10**400, "9" * 400 + "G"])
def test_what_is_no_size_is_refused_with_its_value(text):
    with pytest.raises(ValueError, match="'%s'" % (text,)):
        _units.parse_size(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1 min"), (45, "45 s"), (90, "1 min 30 s"), (3600, "1 h"), (22200, "6 h 10 min"), (273600, "3 d 4 h")]
)
def test_a_duration_is_shown_in_two_units_at_most(seconds, text):
    assert _units.human_duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(17, "17 B"), (1536, "1.5 KiB"), (312 * 1024**2, "312 MiB"), (1.4 * 1024**3, "1.4 GiB"), (-2048, "-2.0 KiB")])
def test_a_size_is_shown_with_a_binary_unit(count, text):
    assert _units.human_size(count) == text


@given(st.integers(min_value=0, max_value=10**12))
def test_a_plain_number_means_itself_in_both(number):
    assert _units.parse_size(str(number)) == number
    if number <= _units.LONGEST:
        assert _units.parse_duration(str(number)) == number


@pytest.mark.parametrize("text", ["3661d", "1e300", 10**12, "99999999999999999999w"])
def test_a_time_that_no_clock_can_count_is_refused(text):
    with pytest.raises(ValueError, match="is longer than ten years"):
        _units.parse_duration(text)


@given(st.text(max_size=30))
def test_any_text_gives_a_number_or_one_clear_error(text):
    for parse in (_units.parse_duration, _units.parse_size):
        try:
            assert parse(text) >= 0
        except ValueError as error:
            assert str(error)


def test_closed_gates_are_those_that_did_not_pass():
    passed = _gates.gate("cooldown", True, "last attempt 2 h ago", value=7200, threshold=1800, unit="seconds")
    refused = _gates.gate("paused", False, "paused until noon", opens_at=1000.0)
    assert _gates.closed([passed, refused]) == [refused]
