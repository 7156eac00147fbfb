# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart shows every value in its place, whatever the values are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._report._chart import draw_svg, draw_text, scale_of
from hypothesis import example, given
from hypothesis import strategies as st

MIB = 1024 * 1024
NOON = 1764072000.0


def memory(before, after=(), limit=None, unit="bytes", every=1.0):
    return {
        "resource": "anon",
        "unit": unit,
        "limit": {"name": "MemoryMax", "value": limit} if limit else None,
        "before": None,
        "after": None,
        "acted_at": NOON + len(before) * every if after else None,
        "points_before": [[NOON + number * every, value] for number, value in enumerate(before)],
        "points_after": [[NOON + (len(before) + 5 + number) * every, value] for number, value in enumerate(after)],
    }


def incident(memory):
    return {
        "memory": memory,
        "name": "a<b>&c",
        "service": "systemd/a",
        "host": "mail1",
        "verdict": "leak_suspected",
        "outcome": "remediated",
        "action": "restart",
    }


VALUES = st.lists(st.one_of(st.integers(0, 2**45), st.floats(0, 1e12)), max_size=80)


@given(before=VALUES, after=VALUES, limit=st.none() | st.integers(1, 2**45), unit=st.sampled_from(["bytes", "count"]))
def test_any_values_can_be_drawn(before, after, limit, unit):
    drawn = memory(before, after, limit, unit)
    lines, svg = draw_text(drawn), draw_svg(incident(drawn))
    assert bool(lines) == bool(svg) == bool(before or after)
    if svg:
        ElementTree.fromstring(svg)
        assert all(len(line) < 120 for line in lines)


@example(values=[2**42, 2**42 - 1])  # a growth of one byte on four terabytes
@given(values=st.lists(st.integers(0, 2**42), min_size=1, max_size=60))
def test_every_value_lies_between_the_ends_of_the_scale(values):
    scale = scale_of(memory(values))
    assert scale.low <= min(values) and max(values) <= scale.high
    assert 2 <= len(scale.ticks) <= 12


def test_growth_is_seen_in_the_text():
    top, *_middle, bottom, _axis, titles = draw_text(memory([n * MIB for n in range(1, 100)], [5 * MIB]))
    assert top.strip().startswith("128 MiB ┤")
    assert bottom.strip() == "0 B ┤▂▂▄▄▆▆" + "█" * 42 + "┊▂▂▂"
    assert "before 12:00:00–12:01:38: 99.0 MiB" in titles
    assert "after 12:01:44: 5.0 MiB" in titles


def test_a_small_growth_on_a_large_base_is_not_flattened():
    scale = scale_of(memory([1000 * MIB, 1010 * MIB, 1020 * MIB]))
    assert scale.low > 900 * MIB


@pytest.mark.parametrize(("limit", "shown"), [(120 * MIB, 120 * MIB), (64 * 1024 * MIB, None)])
def test_a_limit_is_drawn_only_if_it_does_not_flatten_the_curve(limit, shown):
    assert scale_of(memory([10 * MIB, 100 * MIB], limit=limit)).limit == shown


def test_days_of_history_and_seconds_after_the_action_both_have_room():
    svg = draw_svg(incident(memory([n * MIB for n in range(50)], [MIB, MIB, MIB], every=3600)))
    assert "before 25 Nov 12:00–27 Nov 13:00 UTC" in svg
    assert "restart" in svg


def test_the_picture_escapes_names():
    assert "a&lt;b&gt;&amp;c" in draw_svg(incident(memory([1, 2, 3])))


def test_counts_have_no_unit():
    assert draw_text(memory([10, 1900], unit="count"))[0].strip().startswith("2000 ┤")
