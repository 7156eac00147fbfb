# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that lives at the moment and does not stay alive."""

from __future__ import annotations

import itertools
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _leaks
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis import ends
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis.assemble import Evidence
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis.kernel_log import OomKill
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis.lives import Life
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base
from ansible_collections.sysops.remediation.plugins.module_utils._services import Service


def evidence(before=None, now=None, watched=1, recorded=(), manager="systemd"):
    """``recorded``: how many seconds ago each life of the history ended."""
    one = Evidence(Service(None, "", _base.ServiceState(manager, "mail.service", active=_base.RUNNING, n_restarts=before)))
    one.service.state.n_restarts = now
    one.lives_watched = {(1000 + number, number) for number in range(watched)}
    for number, ago in enumerate(recorded):
        life = Life(("boot", 500 + number, number), None)
        life.add(time.time() - ago, {})
        one.lives.append(life)
    ends.look_into({"x": one}, lambda argv, timeout=None, **_more: (1, "", ""), "/proc/self/nowhere")
    return one


@pytest.mark.parametrize(
    "case",
    [
        {"watched": 3, "manager": "supervisord"},  # it does not count restarts
        {"before": 7, "now": 9, "watched": 1},  # lives too short to be seen
        {"before": 9, "now": 9, "recorded": [60, 120, 180]},
        {"recorded": [60, 120, 180], "manager": "supervisord"},
    ],
)
def test_again_and_again_is_crashed_with_a_gate_that_counts(case):
    one = evidence(**case)
    found = _leaks.summarise({}, one.post_mortem, {}, [])
    assert (found["verdict"], found["urgency"]) == ("crashed", "now")
    gate = found["gates"][0]
    assert (gate["name"], gate["passed"]) == ("restarts", False) and gate["value"] >= 2
    assert "again and again" in found["summary"] and "is running at this moment" in gate["detail"]


@pytest.mark.parametrize(
    "case",
    [
        {"watched": 2, "manager": "supervisord"},  # one restart may be anybody's
        {"before": 0, "now": 1, "watched": 2},
        {"before": 50, "now": 50},  # it crashed long ago, and has lived since
        {"before": 0, "now": 0, "recorded": [60, 120, 180]},  # a person did it: its manager counts none of its own
        {"recorded": [4000, 8000, 12000], "manager": "supervisord"},
    ],
)
def test_a_restart_or_two_are_no_crash_loop(case):
    assert evidence(**case).post_mortem is None


@pytest.mark.parametrize(
    ("starts", "is_loop"),
    [
        ([90000, 600, 540, 480, 420], False),  # seconds ago: somebody has deployed, and since then it lives
        ([900, 720, 540, 360, 180], True),
        ([90000, 80, 60, 40, 20], True),
    ],
)
def test_restarts_that_nobody_counts_are_over_once_a_life_lasts(starts, is_loop):
    state = _base.ServiceState("supervisord", "mail", active=_base.RUNNING)
    one = Evidence(Service(None, "", state))
    one.lives_watched = {(1000, 5)}
    now = time.time()
    for number, (start, end) in enumerate(itertools.pairwise([*starts, 0])):
        life = Life(("boot", 996 + number, 1 + number), now - start)
        life.add(now - end - 1, {})
        one.lives.append(life)
    state.incarnation = _base.Incarnation("boot", 1000, 5, None, now - starts[-1])
    ends.look_into({"x": one}, lambda argv, timeout=None, **_more: (1, "", ""), "/proc/self/nowhere")
    assert (one.post_mortem is not None) is is_loop


OWN = "/system.slice/mail.service"
HOG = [(812, "mail", 30 << 20), (77, "hog", 900 << 20)]
ALONE = [(812, "mail", 30 << 20), (78, "mail-worker", 900 << 20)]


def restarted(monkeypatch, **facts):
    """Return what is known of a service that systemd has restarted, and of which the kernel killed a process before that."""
    kill = OomKill(
        **{"when": 1000.0, "scope": "unit", "limited": OWN, "group": OWN, "pid": 812, "comm": "mail", "rss": 30 << 20, "tasks": [], "line": "", **facts}
    )
    monkeypatch.setattr(ends, "read_oom_kills", lambda _run, _since: ([kill], None))
    state = _base.ServiceState("systemd", "mail.service", active=_base.RUNNING, n_restarts=1)
    state.incarnation = _base.Incarnation("boot", 900, 5, None, 1001.0)
    one = Evidence(Service(None, "", state))
    ends.look_into({"x": one}, None, "/proc/self/nowhere")
    return one.oom_killed


@pytest.mark.parametrize(
    ("facts", "is_proof"),
    [
        ({"tasks": ALONE}, True),  # at its own MemoryMax, whichever of its processes was the biggest
        ({"scope": "host", "limited": None, "tasks": HOG[:1]}, True),  # nobody else was to blame
        ({"scope": "host", "limited": None, "tasks": HOG}, False),
        ({"limited": "/system.slice", "tasks": HOG}, False),
        ({"limited": "/system.slice", "tasks": HOG[:1]}, True),
        ({"when": 1000.0 - 2 * 86400}, False),  # of another life
        ({"group": "/system.slice/other.service"}, False),
    ],
)
def test_an_oom_kill_proves_growth_only_where_nobody_else_ate_the_memory(monkeypatch, facts, is_proof):
    assert restarted(monkeypatch, **facts) is is_proof


def test_where_proc_hides_everybody_the_own_group_is_the_top(monkeypatch):
    def hidden(_path):
        raise PermissionError

    monkeypatch.setattr(ends, "read_text", hidden)
    assert ends.own_group("/") == "/"
