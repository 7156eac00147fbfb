# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the recorder wrote minute by minute is what a diagnosis reads: with enough of it no live window is needed.

Hours pass in no time here: the recorder's two clocks are moved, and the kernel files say what the service used at that moment.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from types import SimpleNamespace

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _diagnosis, _recorder
from recorder_lab import PREFORK, Systemctl, make_host
from tree_fixtures import write, write_process

HOUR = 60  # samples
MAIN = 500
SINCE_BOOT = 20 * 86400.0


class Day:
    """A host that has been up for weeks, and its recorder: :meth:`pass_by` lets minutes go by until now."""

    def __init__(self, folder, monkeypatch):
        self.root, self.state = make_host(folder / "root"), folder / "state"
        self.systemctl = Systemctl(prefork=MAIN)
        self.began = self.now = time.time()
        monkeypatch.setattr(_recorder, "time", SimpleNamespace(time=lambda: self.now))
        monkeypatch.setattr(_recorder.host, "uptime", lambda: SINCE_BOOT + self.now - self.began)
        write(self.root, "proc/stat", "cpu  1 2 3\nbtime %d\n" % (self.began - SINCE_BOOT))
        self.born = SINCE_BOOT / 2

    def uses(self, kilobytes):
        write_process(self.root, MAIN, ticks=int(self.born * os.sysconf("SC_CLK_TCK")), anon=int(kilobytes))

    def pass_by(self, minutes, kilobytes, until=0):
        """Record once a minute up to ``until`` minutes ago; ``kilobytes`` is a function of the minute."""
        for minute in range(minutes + 1):
            self.now = self.began - 60 * (minutes - minute + until)
            self.uses(kilobytes(minute))
            assert _recorder.record([PREFORK], str(self.state), self.systemctl, str(self.root)) == (1, [])

    def diagnose(self, **options):
        request = _diagnosis.Request([PREFORK], window=10.0, state_dir=str(self.state), **options)
        self.now = self.began
        result = _diagnosis.diagnose_host(request, self.systemctl, str(self.root), Hurried())
        (diagnosis,) = result["diagnoses"]
        return result, diagnosis


class Hurried:
    """A clock whose window takes no time."""

    def __init__(self):
        self._moment = 1000.0

    def monotonic(self):
        return self._moment

    def epoch(self):
        return time.time()

    def asleep(self):
        return 0.0

    def sleep(self, seconds):
        self._moment += seconds


@pytest.fixture
def day(tmp_path, monkeypatch):
    return Day(tmp_path, monkeypatch)


def noise():
    numbers = random.Random(3)
    return (numbers.randrange(200) for _number in itertools.count())


def test_a_leak_that_only_the_history_shows_needs_no_window(day):
    jitter = noise()
    day.pass_by(6 * HOUR, lambda minute: 100_000 + 500 * minute + next(jitter))
    result, diagnosis = day.diagnose()
    assert result["window"] == 0.0
    assert diagnosis["verdict"] in ("leak_suspected", "leak_confirmed") and diagnosis["resource"] == "anon"
    assert diagnosis["resources"]["anon"]["source"] == "history"
    low, high = diagnosis["resources"]["anon"]["slope"]["low"] * 60, diagnosis["resources"]["anon"]["slope"]["high"] * 60
    assert 480 * 1024 < low <= high < 520 * 1024  # bytes per minute: what was put in


def test_hours_of_calm_are_healthy_without_a_window(day):
    jitter = noise()
    day.pass_by(2 * HOUR, lambda minute: 100_000 + next(jitter))
    result, diagnosis = day.diagnose()
    assert (result["window"], diagnosis["verdict"]) == (0.0, "healthy")


def test_a_short_history_wants_a_window(day):
    day.pass_by(HOUR // 2, lambda minute: 100_000)
    result, _diagnosis_of_it = day.diagnose()
    assert result["window"] > 0


def test_a_history_that_ended_an_hour_ago_wants_a_window(day):
    day.pass_by(3 * HOUR, lambda minute: 100_000, until=HOUR)
    result, _diagnosis_of_it = day.diagnose()
    assert result["window"] > 0


def test_a_restart_in_between_begins_a_new_life(day):
    """Four hours of growth, then a restart ten minutes ago: the old life is no evidence of the new one's trend."""
    day.pass_by(4 * HOUR, lambda minute: 100_000 + 500 * minute)
    day.born = SINCE_BOOT - 600
    day.pass_by(10, lambda minute: 100_000)
    result, diagnosis = day.diagnose()
    assert result["window"] > 0 and diagnosis["resources"]["anon"]["verdict"] not in ("leak_suspected", "leak_confirmed")
    assert day.systemctl.questions >= 2  # the recorder noticed the new process by itself
