# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample store: bounded, append-only, and never stopped by garbage."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import history
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import COLUMNS, History, Sample
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.paths import StateError
from ansible_collections.sysops.remediation.plugins.module_utils._sampling.sampler import RESOURCES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOW = 1_764_000_000.0  # 2025-11-24 16:00 UTC
SERVICE = "systemd/postfix.service"
DAY = 86400


def sample(when=NOW, anon=1000, **more):
    return Sample(when, abs(when - NOW) + 5000, "61796219", 812, 5120, dict(anon=anon, **more))


@pytest.fixture
def store(tmp_path):
    return History(str(tmp_path))


def segments(store, service=SERVICE):
    return sorted(Path(store._folder(service)).glob("*.jsonl"))


class TestRoundTrip:
    def test_what_was_appended_is_read(self, store):
        given = [sample(NOW + minute * 60, anon=minute, fds=minute + 3) for minute in range(100)]
        store.append({SERVICE: given[:50]}, NOW)
        store.append({SERVICE: given[50:]}, NOW)
        assert store.read(SERVICE) == (given, [])

    def test_services_do_not_mix(self, store):
        store.append({SERVICE: [sample(anon=1)], "systemd/other.service": [sample(anon=2)]}, NOW)
        assert store.read(SERVICE)[0] == [sample(anon=1)]
        assert store.read("systemd/other.service")[0] == [sample(anon=2)]

    def test_nothing_was_recorded(self, store):
        assert store.read(SERVICE) == ([], [])

    def test_reading_creates_nothing(self, store, tmp_path):
        store.read(SERVICE)
        assert list(tmp_path.iterdir()) == []

    def test_the_columns_are_what_is_sampled(self):
        assert tuple(RESOURCES) == COLUMNS

    def test_only_we_can_read_it(self, store):
        store.append({SERVICE: [sample()]}, NOW)
        assert {path.stat().st_mode & 0o077 for path in Path(store.directory).rglob("*")} == {0}

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(st.sampled_from(COLUMNS), st.integers(0, 10**15)), st.floats(0, 1e10), st.one_of(st.none(), st.integers(1, 2**22)))
    def test_any_sample_survives(self, store, values, epoch, pid):
        one = Sample(round(epoch, 1), 5.0, "61796219", pid, pid, values)
        service = "systemd/%s" % os.urandom(8).hex()
        store.append({service: [one]}, NOW)
        assert store.read(service) == ([one], [])

    @pytest.mark.parametrize("service", ["supervisord/web:web-0?server=unix:///run/../x.sock", "systemd/" + "x" * 300 + ".service", "docker/ü b"])
    def test_any_name_stays_inside_of_the_store(self, store, service):
        store.append({service: [sample()]}, NOW)
        assert store.read(service)[0] == [sample()]
        assert segments(store, service)[0].parent.parent == Path(store.directory)


class TestBounds:
    def test_days_beyond_the_retention_are_dropped(self, store):
        for day in range(20):
            store.append({SERVICE: [sample(NOW + day * DAY)]}, NOW + day * DAY)
        kept = [one.epoch for one in store.read(SERVICE)[0]]
        assert kept[0] == NOW + 5 * DAY
        assert len(kept) == 15

    def test_a_service_is_bounded_in_bytes(self, store, monkeypatch):
        monkeypatch.setattr(history, "SEGMENT_BYTES", 2000)
        monkeypatch.setattr(history, "SERVICE_BYTES", 10000)
        for minute in range(500):
            store.append({SERVICE: [sample(NOW + minute)]}, NOW + minute)
        assert store.size() <= 10000 + 2100
        samples, problems = store.read(SERVICE)
        assert not problems
        assert samples[-1].epoch == NOW + 499

    def test_the_whole_store_is_bounded_in_bytes(self, store, monkeypatch):
        monkeypatch.setattr(history, "SEGMENT_BYTES", 1000)
        monkeypatch.setattr(history, "TOTAL_BYTES", 5000)
        for minute in range(100):
            store.append({"systemd/%d.service" % (minute % 7): [sample(NOW + minute)]}, NOW + minute)
        assert store.size() <= 5000 + 7 * 100

    def test_two_weeks_of_twenty_services_fit(self, store):
        """The bounds are what a host with 20 services and a sample a minute needs."""
        store.append({SERVICE: [sample(NOW, **dict.fromkeys(COLUMNS[1:], 10**9))]}, NOW)
        line = segments(store)[0].stat().st_size
        assert 14 * 1440 * line < history.SERVICE_BYTES
        typical = 14 * 1440 * 100
        assert 20 * typical < history.TOTAL_BYTES

    def test_a_clock_in_the_past_erases_nothing(self, store):
        store.append({SERVICE: [sample(NOW)]}, NOW)
        store.append({SERVICE: [sample(0)]}, 0)
        assert sorted(one.epoch for one in store.read(SERVICE)[0]) == [0, NOW]


class TestDamage:
    @pytest.fixture
    def segment(self, store):
        store.append({SERVICE: [sample(NOW + minute) for minute in range(10)]}, NOW)
        return segments(store)[0]

    def test_a_last_line_without_its_end_is_kept(self, store, segment):
        os.truncate(segment, segment.stat().st_size - 1)
        store.append({SERVICE: [sample(NOW + 99)]}, NOW)
        assert len(store.read(SERVICE)[0]) == 11

    @pytest.mark.parametrize("lost", [2, 10, 30, 60])
    def test_a_line_that_a_power_cut_has_torn(self, store, segment, lost):
        os.truncate(segment, segment.stat().st_size - lost)
        assert len(store.read(SERVICE)[0]) == 9
        store.append({SERVICE: [sample(NOW + 99)]}, NOW)
        samples, problems = store.read(SERVICE)
        assert [one.epoch for one in samples] == [NOW + minute for minute in [*range(9), 99]]
        assert problems == []
        assert (segment.parent / "damaged.txt").exists()

    def test_blocks_of_zeros_as_file_systems_leave_them(self, store, segment):
        with segment.open("ab") as file:
            file.write(b"\0" * 4096)
        store.append({SERVICE: [sample(NOW + 99)]}, NOW)
        assert len(store.read(SERVICE)[0]) == 11

    @pytest.mark.parametrize(
        "garbage",
        [b"\xff\xfe\x00garbage", b"{}", b"[]", b"[1,2]", b'["1",1,1,"b",1,1,[]]', b"null", b'[1,NaN,1,"b",1,1,[1,1,1,1,1,1,1,1,1,1]]', b"[" * 5000],
    )
    def test_garbage_in_the_middle_is_left_out_and_reported(self, store, segment, garbage):
        lines = segment.read_bytes().splitlines(keepends=True)
        segment.write_bytes(b"".join([*lines[:5], garbage + b"\n", *lines[5:]]))
        samples, problems = store.read(SERVICE)
        assert len(samples) == 10
        assert problems == ["%s: 1 damaged lines were left out" % segment]

    def test_negative_and_absurd_values_are_garbage(self, store, segment):
        segment.write_bytes(b'[1,1,1,"b",1,1,[-5,0,0,0,0,0,0,0,0,0]]\n[1,1,1,"b",1,1,[1' + b"0" * 400 + b",0,0,0,0,0,0,0,0,0]]\n")
        samples, problems = store.read(SERVICE)
        assert samples == []
        assert "2 damaged lines" in problems[0]

    @pytest.mark.parametrize("identity", [b"1,1" + b"0" * 400, b"-1,1", b"1,-1", b"1.5,1", b'"1",1'])
    def test_an_identity_that_no_process_has_is_garbage(self, store, segment, identity):
        segment.write_bytes(b'[1,1,1,"b",' + identity + b",[0,0,0,0,0,0,0,0,0,0]]\n")
        samples, problems = store.read(SERVICE)
        assert samples == []
        assert "1 damaged lines" in problems[0]

    @pytest.mark.parametrize("name", ["%s-zzz.jsonl", "%s.jsonl", "%s-000.jsonl.bak", "x%s-000.jsonl"])
    def test_what_is_not_ours_is_left_alone(self, store, name):
        store.append({SERVICE: [sample()]}, NOW)
        strange = Path(store._folder(SERVICE)) / (name % "20251124")
        strange.write_bytes(b"x" * 2 * history.SEGMENT_BYTES)
        store.append({SERVICE: [sample(NOW + 60)]}, NOW)
        assert store.read(SERVICE) == ([sample(), sample(NOW + 60)], [])
        assert strange.stat().st_size == 2 * history.SEGMENT_BYTES

    def test_repair_moves_garbage_aside_once(self, store, segment):
        segment.write_bytes(segment.read_bytes() + b"garbage\n")
        assert store.repair(SERVICE) == ["%s: 1 damaged lines moved to damaged.txt" % segment]
        assert (segment.parent / "damaged.txt").read_bytes() == b"garbage\n"
        assert len(store.read(SERVICE)[0]) == 10
        assert store.repair(SERVICE) == []

    def test_what_is_moved_aside_is_bounded(self, store, segment):
        for _time in range(3):
            segment.write_bytes(segment.read_bytes() + (b"x" * 1000 + b"\n") * 50)
            store.repair(SERVICE)
        assert (segment.parent / "damaged.txt").stat().st_size <= history.DAMAGED_BYTES

    def test_samples_of_a_newer_release_are_kept_and_not_read(self, store, segment):
        segment.write_bytes(segment.read_bytes() + b'[2,"whatever"]\n')
        samples, problems = store.read(SERVICE)
        assert len(samples) == 10
        assert problems == ["%s: 1 samples of a newer release were left out" % segment]
        assert store.repair(SERVICE) == []

    def test_a_huge_file_is_not_read_whole(self, store, segment):
        with segment.open("ab") as file:
            file.truncate(10**9)  # sparse
        began = time.monotonic()
        _samples, problems = store.read(SERVICE)
        assert "damaged" in problems[0]
        assert time.monotonic() - began < 60

    @pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\0", os.urandom(3000)])
    def test_no_content_is_fatal(self, store, segment, content):
        segment.write_bytes(content)
        store.read(SERVICE)
        store.append({SERVICE: [sample(NOW + 99)]}, NOW)
        assert store.read(SERVICE)[0][-1] == sample(NOW + 99)

    def test_a_link_is_not_followed(self, store, segment, tmp_path):
        target = tmp_path / "precious"
        target.write_text("precious\n")
        segment.unlink()
        segment.symlink_to(target)
        assert "cannot open" in store.read(SERVICE)[1][0]
        with pytest.raises(StateError, match="cannot open"):
            store.append({SERVICE: [sample()]}, NOW)
        assert target.read_text() == "precious\n"


def test_a_full_disk_leaves_whole_lines(store, monkeypatch):
    store.append({SERVICE: [sample()]}, NOW)
    real = os.pwrite

    def full(fd, data, offset):
        if len(data) < 10:
            raise OSError(28, "No space left on device")
        return real(fd, data[: len(data) - 5], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StateError, match="No space left on device"):
        store.append({SERVICE: [sample(NOW + 1)]}, NOW)
    assert store.read(SERVICE) == ([sample()], [])


def test_a_locked_store_is_not_waited_for(store, monkeypatch):
    store.append({SERVICE: [sample()]}, NOW)
    monkeypatch.setattr(history, "PATIENCE", 0.1)
    with store._alone(), pytest.raises(StateError, match="another process has been writing"):
        store.append({SERVICE: [sample()]}, NOW)


@pytest.mark.slow
def test_writers_that_are_killed_at_any_moment_leave_only_whole_samples(store, tmp_path):
    """Two writers at a time, killed again and again in the middle of writing."""
    script = (
        "import sys; sys.path.insert(0, %r)\n"
        "from _host_state.history import History, Sample\n"
        "store = History(%r)\n"
        "print('ready', flush=True)\n"
        "number = 0\n"
        "while True:\n"
        "    number += 1\n"
        "    store.append({%r: [Sample(%r + number, 5.0, 'b', 1, 1, {'anon': number})] * 50}, %r)\n"
    ) % (str(Path(history.__file__).parent.parent), str(tmp_path), SERVICE, NOW, NOW)
    for delay in (0.05, 0.1, 0.15):
        writers = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _writer in range(2)]
        for writer in writers:
            assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        for writer in writers:
            writer.kill()
            writer.communicate()
    store.append({SERVICE: [sample(NOW + 10**6)]}, NOW)
    samples, problems = store.read(SERVICE)
    assert problems == []
    assert samples[-1].epoch == NOW + 10**6
    assert len(samples) > 50
