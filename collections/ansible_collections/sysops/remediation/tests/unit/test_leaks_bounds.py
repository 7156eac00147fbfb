# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Growth with a bound that the kernel knows: memory of fixed size fills up, files that are each open once are kept for their next use."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import diagnose_series
from leaks_shapes import MIB, series

BEGIN = series([0])[0][0]
# Recorded: PostgreSQL 15 with shared_buffers of 16 MB under four clients of pgbench, a sample a second.
POSTGRESQL_SHMEM = """5074944 5099520 5603328 6074368 6553600 6885376 7450624 7835648 8212480 8761344 9576448 10227712 10915840 11354112 12218368
    13000704 13434880 13787136 14209024 14508032"""
# Recorded: descriptors of the same on a busy machine, from the arrival of its clients on.
POSTGRESQL_FDS = """146 146 146 150 150 150 150 150 150 150 150 150 150 150 150 150 150 150 152 152 152 152 152 152 156 156 156 156 156 156 156 156
    156 156 157 157 157 160 160 161 161 161 161 161 161 161 163 178 179 183 184 184 184 184 184 213 187 188 188 188 188 188 188 188
    188 188 188 188 188 188 188 188 188 189 189 189 189 189 189 189 189 189 189 189 189 189 189 189"""
BUFFERS = {"size": 24895488, "allocated": 21962752, "since": BEGIN - 2}


def recorded(text):
    return series([int(value) for value in text.split()])


def shmem(points, fixed=(BUFFERS,), unlinked=0, limit=None):
    limits = [{"name": "MemoryMax", "value": limit}] if limit else []
    return diagnose_series(points, "bytes", limits, {"resource": "shmem", "shared": {"fixed": list(fixed), "unlinked": unlinked}})


class TestFixedMemory:
    def test_postgresql_that_fills_its_buffers_looks_like_a_leak_and_is_none(self):
        points = recorded(POSTGRESQL_SHMEM)
        assert diagnose_series(points, "bytes", [], {"resource": "shmem"})["verdict"] == "leak_suspected"
        found = shmem(points)
        assert (found["verdict"], found["decided_by"]) == ("warmup", "not_filling_fixed_memory")
        assert "of 23.7 MiB shared memory whose size cannot change 20.9 MiB are filled" in found["explanation"][1]

    def test_memory_that_was_mapped_after_the_growth_began_is_no_bound(self):
        """Who maps one segment after the other leaks segments, each of which is full."""
        assert shmem(recorded(POSTGRESQL_SHMEM), [dict(BUFFERS, since=BEGIN + 10)])["verdict"] == "leak_suspected"

    def test_growth_beside_the_fixed_memory_is_a_leak(self):
        full = {"size": 100 * MIB, "allocated": 100 * MIB, "since": BEGIN - 2}
        assert shmem(series([(100 + second) * MIB for second in range(25)]), [full])["verdict"] == "leak_suspected"

    def test_files_that_only_descriptors_hold_are_a_leak_though_the_fixed_memory_is_charged_to_somebody_else(self):
        """The first who touches a page pays for it: fixed memory can be larger than all that this service is charged with."""
        others = {"size": 900 * MIB, "allocated": 900 * MIB, "since": BEGIN - 2}
        assert shmem(series([second * MIB for second in range(25)]), [others], unlinked=24 * MIB)["verdict"] == "leak_suspected"

    def test_a_bound_that_lies_beyond_the_limit_is_none(self):
        assert shmem(recorded(POSTGRESQL_SHMEM), limit=16 * MIB)["verdict"] == "leak_suspected"
        assert shmem(recorded(POSTGRESQL_SHMEM), limit=32 * MIB)["verdict"] == "warmup"

    def test_full_memory_at_rest_is_healthy(self):
        assert shmem(series([20 * MIB] * 25))["verdict"] == "healthy"

    @pytest.mark.parametrize("garbage", [{}, {"fixed": None}, {"fixed": [None, {"size": "x"}]}, {"fixed": [], "unlinked": float("nan")}, [1], 7])
    def test_facts_that_are_none_change_nothing(self, garbage):
        context = {"resource": "shmem", "shared": garbage}
        assert diagnose_series(recorded(POSTGRESQL_SHMEM), "bytes", [], context)["verdict"] == "leak_suspected"


def descriptors(points, once, again, limit=65536):
    return diagnose_series(points, "count", [{"name": "RLIMIT_NOFILE", "value": limit}], {"resource": "fds", "files": {"once": once, "again": again}})


WINDOW = 25  # seconds
WINDOWS = [recorded(POSTGRESQL_FDS)[begin : begin + WINDOW] for begin in range(len(POSTGRESQL_FDS.split()) - WINDOW)]


class TestFiles:
    def test_backends_of_postgresql_that_open_their_relations(self):
        by_shape = {diagnose_series(window, "count", [], {"resource": "fds"})["verdict"] for window in WINDOWS}
        assert {"leak_suspected", "growth_unexplained"} <= by_shape
        assert {descriptors(window, once=61, again=0)["verdict"] for window in WINDOWS} <= {"warmup", "healthy"}

    @pytest.mark.parametrize(
        ("once", "again", "limit", "why"),
        [
            (61, 8, 65536, "half of the growth are files that were open already, or deleted ones"),
            (3, 0, 65536, "there are fewer such files than it grew by"),
            (61, 0, 165, "one more such growth exceeds the limit"),
        ],
    )
    def test_other_growth_is_what_its_shape_says(self, once, again, limit, why):
        steep = next(window for window in WINDOWS if descriptors(window, once=0, again=0)["verdict"] == "leak_suspected")
        assert descriptors(steep, once, again, limit)["verdict"] == "leak_suspected", why

    def test_a_handle_for_each_upload_is_open_once_too_and_a_leak(self):
        assert descriptors(series([50 + second // 2 for second in range(25)]), once=50, again=0)["verdict"] == "leak_suspected"

    def test_bursts_of_a_window_are_a_leak_when_they_go_on_for_an_hour(self):
        bursts = [50 + number // 8 * 8 for number in range(64)]
        assert descriptors(series(bursts), once=110, again=0)["verdict"] == "warmup"
        assert descriptors(series(bursts, interval=60.0), once=110, again=0)["verdict"] == "leak_suspected"
