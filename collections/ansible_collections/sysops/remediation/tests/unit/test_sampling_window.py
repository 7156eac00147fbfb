# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live window: ticks, restarts, clocks; with a recorded host and a clock of our own."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import window
from ansible_collections.sysops.remediation.plugins.module_utils._sampling.sampler import Target
from hypothesis import given
from hypothesis import strategies as st
from tree_fixtures import lay_out, write_process


class TestClock:
    """Time passes only while somebody sleeps; ``on_sleep`` makes things happen at a moment."""

    __test__ = False

    def __init__(self):
        self.now = 1000.0
        self.wall = 1_700_000_000.0
        self.suspended = 0.0
        self.slept = 0
        self.on_sleep = lambda clock: None

    def monotonic(self):
        return self.now

    def epoch(self):
        return self.wall

    def asleep(self):
        return self.suspended

    def sleep(self, seconds):
        self.now += seconds
        self.wall += seconds
        self.slept += 1
        self.on_sleep(self)


@pytest.fixture
def clock():
    return TestClock()


class TestCheckWindow:
    @pytest.mark.parametrize(("seconds", "interval"), [(20, 1), (9, 1), (300, 5), (4.5, 0.5)])
    def test_long_enough(self, seconds, interval):
        window.check_window(seconds, interval)

    def test_too_short_says_what_would_do(self):
        with pytest.raises(
            ValueError, match=r"window 5s at interval 1s gives 6 samples and a diagnosis needs 10: .* at least 9s, or an interval of at most 0.555s"
        ):
            window.check_window(5, 1)

    def test_more_samples_than_a_host_should_hold(self):
        with pytest.raises(ValueError, match=r"window 36000s at interval 1s gives 36001 samples and 20000 are the most: use an interval of at least 1.801s"):
            window.check_window(36000, 1)
        window.check_window(36000, 1.801)

    def test_an_interval_of_nothing(self):
        with pytest.raises(ValueError, match="interval 0s is too short"):
            window.check_window(20, 0)

    @given(seconds=st.floats(0.01, 3600), interval=st.floats(0.05, 100))
    def test_the_interval_that_it_proposes_is_accepted(self, seconds, interval):
        try:
            window.check_window(seconds, interval)
        except ValueError as error:
            proposed = float(str(error).rsplit(" ", 1)[-1].rstrip("s"))
            if proposed >= 0.05:
                window.check_window(seconds, proposed)


class TestTicks:
    def test_all_services_are_sampled_at_the_same_moments(self, tmp_path, clock):
        for pid in (10, 20):
            write_process(tmp_path, pid)
        seen = window.observe([Target("a", 10, 1000), Target("b", 20, 1000)], 10, 1, str(tmp_path), clock=clock)
        times = {key: [when for when, _value in segments[0].points["anon"]] for key, segments in seen.segments.items()}
        assert times["a"] == times["b"] == [1_700_000_000.0 + second for second in range(11)]

    def test_a_window_of_nothing_is_one_sample(self, tmp_path, clock):
        write_process(tmp_path, 10, anon=300)
        seen = window.observe([Target("a", 10, 1000)], 0, 1, str(tmp_path), clock=clock)
        assert seen.segments["a"][0].points["anon"] == [(1_700_000_000.0, 300 * 1024)]

    def slow(self, monkeypatch, clock, seconds):
        scan = window.procfs.scan

        def slow_scan(root):
            clock.now += seconds
            clock.wall += seconds
            return scan(root)

        monkeypatch.setattr(window.procfs, "scan", slow_scan)

    def test_a_slow_host_gets_fewer_samples_in_the_same_window(self, tmp_path, clock, monkeypatch):
        write_process(tmp_path, 10)
        self.slow(monkeypatch, clock, 1.5)
        seen = window.observe([Target("a", 10, 1000)], 30, 1, str(tmp_path), clock=clock)
        assert 10 <= seen.ticks < 20
        assert seen.window < 33
        assert seen.warnings == []

    def test_a_point_bears_the_moment_of_its_own_service_when_the_one_before_took_long(self, tmp_path, clock, monkeypatch):
        sample = window.sample

        def slow_sample(*arguments):
            clock.now += 0.25
            return sample(*arguments)

        for pid in (10, 20):
            write_process(tmp_path, pid)
        monkeypatch.setattr(window, "sample", slow_sample)
        seen = window.observe([Target("a", 10, 1000), Target("b", 20, 1000)], 10, 1, str(tmp_path), clock=clock)
        begun = [seen.segments[key][0].points["anon"][0][0] for key in ("a", "b")]
        assert begun == [1_700_000_000.0, 1_700_000_000.25]

    def test_a_very_slow_host_gets_overtime_for_the_samples_that_are_needed(self, tmp_path, clock, monkeypatch):
        write_process(tmp_path, 10)
        self.slow(monkeypatch, clock, 2.5)
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), clock=clock)
        assert seen.ticks == window.NEEDED
        assert seen.warnings == ["the host is busy: 10 samples took %g s and not 10 s" % seen.window]

    def test_the_overtime_ends(self, tmp_path, clock, monkeypatch):
        write_process(tmp_path, 10)
        self.slow(monkeypatch, clock, 9)
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), clock=clock)
        assert seen.window < 3 * 10 + 10

    def test_the_series_follow_the_monotonic_clock_when_the_wall_clock_jumps(self, tmp_path, clock):
        write_process(tmp_path, 10)

        def jump(clock):
            if clock.slept == 5:
                clock.wall -= 3600

        clock.on_sleep = jump
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), clock=clock)
        times = [when for when, _value in seen.segments["a"][0].points["anon"]]
        assert [later - earlier for earlier, later in itertools.pairwise(times)] == [1.0] * 10
        assert seen.warnings == ["the clock of the host jumped by -3600 s during the window; the series follow the monotonic clock"]

    def test_a_suspended_host_is_reported_as_such(self, tmp_path, clock):
        write_process(tmp_path, 10)

        def suspend(clock):
            if clock.slept == 5:
                clock.suspended += 600
                clock.wall += 600

        clock.on_sleep = suspend
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), clock=clock)
        assert seen.warnings == ["the host was suspended for 600 s during the window"]


class TestIncarnations:
    def restart(self, tmp_path, clock, at, pid, ticks):
        def happen(clock):
            if clock.slept == at:
                for name in ("stat", "status"):
                    (tmp_path / "proc/10" / name).unlink()
                write_process(tmp_path, pid, ticks=ticks)

        clock.on_sleep = happen

    def test_a_restart_in_the_window_begins_a_new_segment(self, tmp_path, clock):
        write_process(tmp_path, 10)
        self.restart(tmp_path, clock, at=6, pid=11, ticks=2000)
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), lambda key: Target(key, 11, 2000), clock)
        assert [(segment.target.life, len(segment.points["anon"])) for segment in seen.segments["a"]] == [((10, 1000), 5), ((11, 2000), 6)]
        assert seen.notes["a"] == ["restarted during the window: main process is now 11"]

    def test_a_reused_pid_is_another_life(self, tmp_path, clock):
        write_process(tmp_path, 10)
        self.restart(tmp_path, clock, at=6, pid=10, ticks=2000)
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), lambda key: Target(key, 10, 2000), clock)
        assert [segment.target.life for segment in seen.segments["a"]] == [(10, 1000), (10, 2000)]

    def test_a_service_that_stops_is_asked_for_again_and_noted_once(self, tmp_path, clock):
        write_process(tmp_path, 10)
        self.restart(tmp_path, clock, at=6, pid=99, ticks=1)
        seen = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), lambda key: None, clock)
        assert len(seen.segments["a"][0].points["anon"]) == 5
        assert seen.notes["a"] == ["stopped during the window"]

    def test_a_zombie_main_process_is_dead(self, tmp_path, clock):
        write_process(tmp_path, 10, state="Z")
        seen = window.observe([Target("a", 10, 1000)], 0, 1, str(tmp_path), lambda key: None, clock)
        assert seen.segments["a"][0].last is None

    def test_processes_that_vanish_between_listing_and_reading(self, tmp_path, clock):
        """The scan saw worker 11, whose files are gone when they are read."""
        write_process(tmp_path, 10, anon=500)
        write_process(tmp_path, 11, ppid=10, anon=100)
        (tmp_path / "proc/11/status").unlink()
        (tmp_path / "proc/11/fd").rmdir()
        seen = window.observe([Target("a", 10, 1000)], 0, 1, str(tmp_path), clock=clock)
        assert seen.segments["a"][0].last.values["anon"] == 500 * 1024

    def test_which_process_grew(self, tmp_path, clock):
        write_process(tmp_path, 10, anon=500)
        write_process(tmp_path, 11, ppid=10, anon=100, comm="worker")
        clock.on_sleep = lambda clock: write_process(tmp_path, 11, ppid=10, anon=100 + clock.slept, comm="worker")
        segment = window.observe([Target("a", 10, 1000)], 10, 1, str(tmp_path), clock=clock).segments["a"][0]
        assert segment.last_processes[11]["anon"] - segment.first_processes[11]["anon"] == 10 * 1024
        assert segment.last_processes[10]["anon"] == segment.first_processes[10]["anon"]


def test_a_recorded_host_is_sampled_whole(tmp_path, clock):
    root = lay_out(tmp_path, "hybrid_prefork.tree")
    group = "/docker/a3f34944bf30ba46a8bc6e9c269965effd47853aee2ce7b4fda9c8d31fcfc7dc/system.slice/prefork.service"
    own = {"v1": {name: "/sys/fs/cgroup/%s%s" % (name, group) for name in ("memory", "pids", "systemd")}}
    segment = window.observe([Target("systemd/prefork.service", 87, 178556, own)], 0, 1, root, clock=clock).segments["systemd/prefork.service"][0]
    assert segment.last.values == {
        "anon": 39440384,
        "swap": 0,
        "shmem": 5005312,  # the file on /dev/shm and the memfd
        "file": 8192,
        "kernel": (108 + 120 + 120) * 1024 + 3 * 16 * 1024,  # page tables and stacks
        "fds": 18,
        "threads": 3,
        "children": 2,
        "zombies": 1,
        "sockets": 9,
    }
    assert segment.unreadable == {}
