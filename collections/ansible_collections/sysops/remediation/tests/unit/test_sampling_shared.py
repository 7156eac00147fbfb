# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared memory of fixed size, and files that are open once, as a recorded PostgreSQL and real processes show them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import fds, procfs, sampler, shared
from tree_fixtures import lay_out, write, write_process

KIB = 1024
MIB = 1024 * KIB
POSTMASTER = 22396

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is told what is behind a mapping (/proc/PID/map_files)")


@pytest.fixture
def postgresql(tmp_path):
    return lay_out(tmp_path, "v1_postgresql.tree")


class TestRecordedPostgresql:
    def test_its_buffers_and_its_system_v_segment_are_fixed_and_counted_once(self, postgresql):
        pids = set(procfs.scan(postgresql))
        found = sorted(shared.fixed_regions(postgresql, pids), key=lambda region: region["size"])
        assert len(pids) == 5
        # Its segment on /dev/shm is a file and the table of character sets lies on disk: neither is of fixed size.
        assert [region["size"] for region in found] == [56, 24895488]
        assert found[1]["allocated"] == pytest.approx(21962752, abs=64 * KIB)  # as the file system of the test allots it
        assert found[1]["since"] == pytest.approx(1795651218.34)

    def test_no_process_has_a_file_open_twice_but_for_its_standard_streams(self, postgresql):
        taken = sampler.sample(postgresql, sampler.Target("postgresql", POSTMASTER), procfs.scan(postgresql))
        assert taken.files["again"] == 0
        assert 0 < taken.files["once"] < taken.fd_kinds["file"]

    def test_what_only_root_may_know_is_not_known(self, postgresql, monkeypatch):
        def refuse(path):
            raise PermissionError(path)

        monkeypatch.setattr(shared.os, "stat", refuse)
        assert shared.fixed_regions(postgresql, {POSTMASTER}) == []

    def test_processes_that_vanished_have_nothing(self, postgresql):
        assert shared.fixed_regions(postgresql, {1, 2, 3}) == []

    def test_of_many_processes_only_some_are_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shared, "PROCESSES_AT_MOST", 2)
        read = []
        monkeypatch.setattr(shared, "read_text", read.append)
        shared.fixed_regions(str(tmp_path), range(10, 40))
        assert len(read) == 2

    def test_low_addresses_are_padded_in_maps_only(self, tmp_path):
        write(tmp_path, "proc/5/maps", "00400000-00500000 rw-s 00000000 00:01 7          /SYSV002e81f1 (deleted)\n")
        write(tmp_path, "proc/5/map_files/400000-500000", "x" * 10)
        assert [region["size"] for region in shared.fixed_regions(str(tmp_path), {5})] == [10]


@needs_root
def test_a_real_mapping_fills_and_tells_since_when_it_is_there():
    script = "import mmap; memory = mmap.mmap(-1, 8 << 20); memory[:1 << 20] = b'x' * (1 << 20); print('filled', flush=True); input(); "
    script += "memory[1 << 20: 3 << 20] = b'x' * (2 << 20); print('filled', flush=True); input()"
    begun = time.time()
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        found = []
        for _look in range(2):
            assert child.stdout.readline() == "filled\n"
            found += shared.fixed_regions("/", {child.pid})
            seen = time.time()
            child.stdin.write("go on\n")
            child.stdin.flush()
    finally:
        child.communicate(timeout=60)
    if not found:
        pytest.skip("this container may not look behind mappings: CAP_SYS_ADMIN is missing")
    assert [(region["size"], region["allocated"]) for region in found] == [(8 * MIB, 1 * MIB), (8 * MIB, 3 * MIB)]
    assert begun - 1 <= found[0]["since"] == found[1]["since"] <= seen  # writing to it does not make it younger


def test_files_open_again_and_deleted_ones_are_told_from_those_that_are_open_once(tmp_path):
    write_process(tmp_path, 5)
    targets = ["/var/log/x", "/var/log/x", "/var/log/x", "/srv/a", "/srv/a", "/srv/b", "/srv/c (deleted)", "/dev/null", "/dev/null", "socket:[1]"]
    for number, target in enumerate(targets):
        os.symlink(target, tmp_path / "proc/5/fd" / str(number))
    seen = fds.read_fds(str(tmp_path), 5)
    assert (seen.once, seen.again) == (2, 2)
