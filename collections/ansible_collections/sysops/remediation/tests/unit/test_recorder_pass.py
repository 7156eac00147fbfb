# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass of the recorder: a sample of each service, whatever happens to the others; questions to managers only where they are needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from action_lab import COLLECTIONS, PATIENCE
from ansible_collections.sysops.remediation.plugins.module_utils import _recorder
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import History, short_boot
from ansible_collections.sysops.remediation.plugins.module_utils._recorder import record, remembered
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import fds, host, procfs, sampler
from recorder_lab import PARENT, PREFORK, Systemctl, make_host
from tree_fixtures import write, write_process


@pytest.fixture
def root(tmp_path):
    return make_host(tmp_path / "root")


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def recorded(state, name="prefork.service", manager="systemd"):
    samples, problems = History(str(state)).read("%s/%s" % (manager, name))
    assert problems == []
    return samples


class TestSamples:
    def test_it_keeps_exactly_what_the_sampler_reads(self, root, state):
        assert record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root)) == (1, [])
        (kept,) = recorded(state)
        target = sampler.Target("x", PARENT)
        read = sampler.sample(str(root), target, procfs.scan(str(root)), fds.Tmpfs(str(root), PARENT))
        assert kept.values == read.values and kept.values["anon"] > 0
        assert (kept.boot, kept.pid, kept.ticks) == ("61796219", PARENT, 178556)

    def test_all_samples_of_a_pass_are_of_one_moment_on_both_clocks(self, root, state):
        write_process(root, 500, ticks=5)
        before = host.uptime()
        record([PREFORK, {"name": "other.service", "manager": "systemd"}], str(state), Systemctl(prefork=PARENT, other=500), str(root))
        one, other = recorded(state)[0], recorded(state, "other.service")[0]
        assert (one.epoch, one.uptime) == (other.epoch, other.uptime)
        assert before - 0.1 <= one.uptime <= host.uptime() + 0.1

    def test_the_moment_is_that_of_the_reading_however_long_a_manager_takes_to_answer(self, root, state):
        asked = Systemctl(prefork=PARENT)
        answered = []

        def slow(argv, **options):
            answered.append(host.uptime())
            while host.uptime() - answered[-1] < 0.2:  # a busy host
                pass
            return asked(argv, **options)

        record([PREFORK], str(state), slow, str(root))
        assert recorded(state)[0].uptime >= answered[-1] + 0.14  # the history has tenths, rounded

    def test_a_service_that_is_listed_twice_is_recorded_once(self, root, state):
        assert record([PREFORK, dict(PREFORK), {"name": "prefork", "manager": "systemd"}], str(state), Systemctl(prefork=PARENT), str(root)) == (1, [])
        assert len(recorded(state)) == 1

    def test_a_stopped_service_leaves_a_gap_and_no_complaint(self, root, state):
        assert record([PREFORK], str(state), Systemctl(prefork=None), str(root)) == (0, [])
        assert recorded(state) == []


class TestProblems:
    """A problem of one service is named, and never costs the others their sample."""

    @pytest.mark.parametrize(
        ("bad", "says"),
        [
            ({"name": "gone.service", "manager": "systemd"}, "service 'gone.service' not found (manager: systemd)"),
            ({"name": "gone", "manager": "auto"}, "service 'gone' not found (manager: auto); no socket of supervisord"),
            ({"name": "gone"}, "service 'gone' not found (manager: auto)"),
            ({"name": "two words", "manager": "systemd"}, "'two words' is not the name of a systemd unit"),
            ({"name": "web@", "manager": "systemd"}, "'web@.service' is a template"),
            ({"name": "web.socket", "manager": "systemd"}, "'web.socket' is a socket unit"),
            ({"name": "x", "manager": "upstart"}, "service 'x' not found (manager: upstart); known managers: systemd, supervisord, docker, podman, sysv"),
            ({"name": "x", "manager": "supervisord", "server": "unix:///nowhere/s.sock"}, "/nowhere/s.sock"),
        ],
    )
    def test_of_one_service(self, root, state, bad, says):
        count, problems = record([bad, PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
        assert count == 1 and len(recorded(state)) == 1
        assert len(problems) == 1 and says in problems[0]

    def test_of_a_manager_that_does_not_answer(self, root, state):
        def deaf(argv, timeout=None, discard_output=False):
            return 1, "", "Failed to connect to bus: No such file or directory\n"

        count, problems = record([PREFORK], str(state), deaf, str(root))
        assert count == 0 and problems == ["systemctl show prefork.service: Failed to connect to bus: No such file or directory"]

    def test_of_a_state_directory_that_others_could_forge(self, root, state):
        state.mkdir()
        state.chmod(0o777)
        count, problems = record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
        assert count == 0 and problems == ["%s is writable for others (mode 0777): chmod go-w %s" % (state, state)]

    def test_of_a_state_directory_that_is_none(self, root, state):
        state.write_text("")
        count, problems = record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
        assert count == 0 and problems == ["%s is not a directory: remove it or choose another state_dir" % state]

    def test_of_a_full_disk(self, root, state, monkeypatch):
        def full(*_arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.pwrite", full)
        count, problems = record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
        assert count == 0 and len(problems) == 1 and "No space left on device" in problems[0]


class TestMemory:
    """Managers are asked about a service only when its main process is not known to live."""

    def passes(self, root, state, systemctl, times=1):
        for _time in range(times):
            record([PREFORK], str(state), systemctl, str(root))
        return systemctl.questions

    def test_once_is_enough_while_it_lives(self, root, state):
        assert self.passes(root, state, Systemctl(prefork=PARENT), 5) == 1
        assert [(sample.pid, sample.ticks) for sample in recorded(state)] == [(PARENT, 178556)] * 5

    def test_another_process_under_the_same_pid_is_another_life(self, root, state):
        systemctl = Systemctl(prefork=PARENT)
        self.passes(root, state, systemctl)
        write_process(root, PARENT, ticks=999_999)
        assert self.passes(root, state, systemctl, 2) == 2
        assert [sample.ticks for sample in recorded(state)] == [178556, 999_999, 999_999]

    def test_a_new_main_process_is_asked_for_at_once(self, root, state):
        systemctl = Systemctl(prefork=PARENT)
        self.passes(root, state, systemctl)
        (root / "proc/87/stat").unlink()
        write_process(root, 500, ticks=5)
        systemctl.units["prefork.service"] = 500
        self.passes(root, state, systemctl)
        assert [sample.pid for sample in recorded(state)] == [PARENT, 500]

    def test_a_stopped_service_is_asked_for_each_time_so_its_start_is_seen(self, root, state):
        systemctl = Systemctl(prefork=None)
        assert self.passes(root, state, systemctl, 3) == 3
        systemctl.units["prefork.service"] = PARENT
        self.passes(root, state, systemctl)
        assert len(recorded(state)) == 1

    def test_after_ten_minutes_it_asks_again(self, root, state, monkeypatch):
        systemctl = Systemctl(prefork=PARENT)
        self.passes(root, state, systemctl)
        now = host.uptime()
        monkeypatch.setattr(_recorder.host, "uptime", lambda: now + remembered.ASK_AGAIN + 1)
        assert self.passes(root, state, systemctl, 2) == 2

    def test_what_another_boot_knew_is_worth_nothing(self, root, state):
        systemctl = Systemctl(prefork=PARENT)
        self.passes(root, state, systemctl)
        write(root, "proc/sys/kernel/random/boot_id", "22222222-0000-0000-0000-000000000000\n")
        assert self.passes(root, state, systemctl) == 2

    def test_a_service_that_is_no_longer_wanted_is_forgotten(self, root, state):
        self.passes(root, state, Systemctl(prefork=PARENT))
        record([], str(state), Systemctl(), str(root))
        assert json.loads((state / "recorder.json").read_text())["services"] == {}

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"boot": "61796219"}', b'{"boot": "61796219", "services": {"a": 1}}', b"[" * 100_000]
    )
    def test_garbage_only_makes_it_ask(self, root, state, content):
        systemctl = Systemctl(prefork=PARENT)
        self.passes(root, state, systemctl)
        (state / "recorder.json").write_bytes(content)
        assert self.passes(root, state, systemctl, 2) == 2
        assert len(recorded(state)) == 3


KILLED = """
import os, signal, sys
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import History, Sample
write = os.pwrite
def cut_short(fd, data, offset):
    write(fd, data[: int(sys.argv[2])], offset)
    os.kill(os.getpid(), signal.SIGKILL)
os.pwrite = cut_short
History(sys.argv[1]).append({"systemd/prefork.service": [Sample(1.7e9, 5.0, "61796219", 87, 178556, {"anon": 1000})]}, float(sys.argv[3]))
"""


@pytest.mark.parametrize("written", [0, 1, 30, 10_000])
def test_killed_in_the_middle_of_a_line_costs_at_most_that_line(root, state, written):
    for _time in range(2):
        record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
    before = recorded(state)
    arguments = [sys.executable, "-c", KILLED, str(state), str(written), str(before[0].epoch)]
    done = subprocess.run(arguments, timeout=PATIENCE, check=False, env=dict(os.environ, PYTHONPATH=str(COLLECTIONS)))
    assert done.returncode == -signal.SIGKILL
    assert record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root)) == (1, [])
    after = recorded(state)
    assert after[:2] == before and len(after) == (4 if written > 200 else 3)


def test_boots_are_told_apart_by_the_same_short_id_as_everywhere(root, state):
    record([PREFORK], str(state), Systemctl(prefork=PARENT), str(root))
    assert recorded(state)[0].boot == short_boot(host.boot_id(str(root)))
