# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a service: the gravest resource speaks; a dead service says how it ended and whether a leak led there."""

from __future__ import annotations

import leaks_shapes as shapes
import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import diagnose_series, sparkline, summarise, unreadable
from leaks_shapes import MIB, series

LIMIT = [{"name": "MemoryMax", "value": 512 * MIB}]


def anon(values):
    return diagnose_series(series(values), "bytes", LIMIT, {"resource": "anon"})


def fds(values):
    return diagnose_series(series(values), "count", [{"name": "RLIMIT_NOFILE", "value": 1024}], {"resource": "fds"})


LEAKING = anon(shapes.leak())
HEALTHY = anon(shapes.flat())
MANY_FDS = fds([20 + at for at in range(60)])
FEW_FDS = fds([20] * 60)
CACHE = diagnose_series(series(shapes.leak()), "bytes", None, {"resource": "file"})
OOM = {"kind": "oom_killed", "cause": "unit_limit", "culprit": None, "evidence": ["Memory cgroup out of memory: Killed process 17 (policyd)"]}


def test_the_gravest_resource_speaks_for_the_service():
    found = summarise({"anon": HEALTHY, "fds": MANY_FDS})
    assert (found["verdict"], found["resource"], found["urgency"]) == ("leak_suspected", "fds", "now")
    assert found["summary"].startswith("fds grows 1.0/s; RLIMIT_NOFILE (1,024) is reached in 15 min")
    assert found["exhaustion"]["resource"] == "fds"


def test_of_two_leaks_the_more_urgent_speaks_and_the_other_is_named():
    slow = diagnose_series(series(shapes.leak()), "bytes", [{"name": "MemoryMax", "value": 100 * 1024 * MIB}], {"resource": "anon"})
    found = summarise({"anon": slow, "fds": MANY_FDS})
    assert found["resource"] == "fds"
    assert "Growing like a leak as well: anon." in found["explanation"]


def test_a_healthy_service_names_no_resource():
    found = summarise({"anon": HEALTHY, "fds": FEW_FDS})
    assert (found["verdict"], found["urgency"], found["resource"], found["exhaustion"]) == ("healthy", "none", None, None)
    assert found["summary"].startswith("nothing grows that matters; anon is at 100 MiB")


def test_growing_page_cache_neither_hides_nor_makes_a_leak():
    assert summarise({"anon": HEALTHY, "file": CACHE})["verdict"] == "cache_growth"
    found = summarise({"anon": LEAKING, "file": CACHE})
    assert found["verdict"] == "leak_suspected"
    assert "Page cache (219 MiB) is not counted." in found["explanation"]


def test_without_its_memory_nobody_calls_a_service_healthy():
    found = summarise({"anon": unreadable("bytes", "no permission to read /proc/17"), "fds": FEW_FDS})
    assert (found["verdict"], found["resource"]) == ("insufficient_data", "anon")
    assert "no permission to read /proc/17" in found["summary"]
    assert summarise({"anon": unreadable("bytes", "no permission"), "fds": MANY_FDS})["verdict"] == "leak_suspected"


def test_a_counter_that_cannot_be_read_does_not_hide_healthy_memory():
    assert summarise({"anon": HEALTHY, "fds": unreadable("count", "no permission")})["verdict"] == "healthy"


def test_nothing_known_is_insufficient():
    found = summarise({})
    assert (found["verdict"], found["resource"], found["sparkline"]) == ("insufficient_data", None, "")


def test_an_oom_kill_at_the_units_limit_after_a_leak():
    found = summarise({"anon": LEAKING}, OOM)
    assert (found["verdict"], found["urgency"], found["resource"]) == ("oom_killed", "now", "anon")
    assert found["summary"] == "killed by the kernel at the memory limit of the unit after anon grew 1.0 MiB/s"
    assert found["gates"][0]["detail"] == OOM["evidence"][0]
    assert found["explanation"][1] == "Evidence: Memory cgroup out of memory: Killed process 17 (policyd)."
    assert "Its last recorded life shows why: anon grows by 1.0 MiB/s" in found["explanation"][2]


def test_a_crash_of_a_leaking_service_does_not_deny_the_leak():
    found = summarise({"anon": LEAKING}, {"kind": "crashed", "evidence": []}, {"exit_code": None, "exit_signal": "SIGABRT"})
    assert found["summary"] == "crashed with signal SIGABRT after anon grew 1.0 MiB/s"


def test_an_oom_kill_by_another_process_names_it():
    culprit = {"comm": "backup", "pid": 4711, "rss": 3 * 1024 * MIB}
    found = summarise({"anon": HEALTHY}, {"kind": "oom_killed", "cause": "host_oom", "culprit": culprit, "evidence": []})
    assert "the largest eater was backup (PID 4711, 3.0 GiB): restarting the victim is not the cure" in found["summary"]
    assert found["resource"] is None
    assert "shows no leak" in found["explanation"][1]


def test_a_crash_without_history_says_what_is_not_known():
    found = summarise({}, {"kind": "crashed", "cause": "other", "evidence": []}, {"exit_code": 3, "exit_signal": None})
    assert (found["verdict"], found["urgency"]) == ("crashed", "now")
    assert found["summary"] == "crashed with exit code 3; nothing points to memory"
    assert "whether it leaked is not known" in found["explanation"][1]


def test_a_stopped_service_is_not_urgent():
    found = summarise({}, {"kind": "stopped", "evidence": []})
    assert (found["verdict"], found["urgency"]) == ("stopped", "none")


def test_notes_end_the_explanation():
    assert summarise({"anon": HEALTHY}, notes=["It is a JVM."])["explanation"][-1] == "It is a JVM."


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([5], "▁"), ([1, 1, 1], "▁▁▁"), ([0, 7], "▁█"), (list(range(8)), "▁▂▃▄▅▆▇█")],
)
def test_a_sparkline_runs_from_the_lowest_to_the_highest_value(values, bars):
    assert sparkline(series(values)) == bars


def test_a_sparkline_is_never_wider_than_asked():
    assert len(sparkline(series(shapes.leak(1000)), width=20)) == 20
