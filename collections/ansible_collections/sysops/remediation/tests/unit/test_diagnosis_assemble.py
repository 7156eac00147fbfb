# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of one service: limits, lives and sources brought together on recorded hosts of both control group versions."""

from __future__ import annotations

import json

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _services as services
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis import assemble, limits, lives, probing, watch
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import Sample
from ansible_collections.sysops.remediation.plugins.module_utils._managers._base import FAILED, RUNNING, Incarnation, ServiceState
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import procfs
from ansible_collections.sysops.remediation.plugins.module_utils._sampling.sampler import RESOURCES, Target, sample
from ansible_collections.sysops.remediation.plugins.module_utils._sampling.window import Segment
from tree_fixtures import lay_out

NOW = 1_764_000_000.0
BOOT = "61796219"
MIB = 1024 * 1024
HOST = {"boot_id": BOOT, "time": NOW, "mem_available": 8192 * MIB, "mem_total": 16384 * MIB, "swap_free": 0, "swap_total": 0, "cgroup": "v2"}
SHAPE = {
    *("service", "name", "manager", "manager_reason", "scope", "server", "state", "incarnation", "verdict", "urgency", "resource", "summary"),
    *("explanation", "exhaustion", "gates", "resources", "sources", "process", "post_mortem", "sparkline", "warnings"),
}
CONTAINER = "/docker/a3f34944bf30ba46a8bc6e9c269965effd47853aee2ce7b4fda9c8d31fcfc7dc"
OWN = {
    "hybrid_prefork.tree": {"v1": {name: "/sys/fs/cgroup/%s%s/system.slice/prefork.service" % (name, CONTAINER) for name in ("memory", "pids", "systemd")}},
    "v2_prefork.tree": {"v2": "/sys/fs/cgroup/system.slice/prefork.service"},
}
MAIN_PID = {"hybrid_prefork.tree": 87, "v2_prefork.tree": 127}


def running(pid=812, ticks=5120, started_at=NOW - 3600, **facts):
    incarnation = Incarnation(BOOT, pid, ticks, None, started_at)
    return ServiceState("systemd", "mail.service", active=RUNNING, main_pid=pid, incarnation=incarnation, **facts)


def evidence_of(state, **facts):
    one = assemble.Evidence(services.Service(None, "because", state))
    for name, value in facts.items():
        setattr(one, name, value)
    return one


def segment(values, pid=812, ticks=5120, step=1.0, begin=NOW - 20):
    """Return what a window saw: ``values`` is {resource: [value, ...]}."""
    one = Segment(Target("systemd/mail.service", pid, ticks))
    for name, series in values.items():
        one.points[name] = [(begin + place * step, value) for place, value in enumerate(series)]
    return one


def rising(count=21, level=100 * MIB, by=MIB):
    return [level + place * by for place in range(count)]


def diagnose(one, root="/nowhere", **host):
    return assemble.diagnose(one, str(root), dict(HOST, **host), BOOT, 60)


def recorded(minutes, by=MIB, pid=812, ticks=5120, level=100 * MIB, until=NOW):
    """Return the lives in a history of one sample a minute."""
    uptime = 100_000.0
    samples = [
        Sample(until - back * 60, uptime + until - NOW - back * 60, BOOT, pid, ticks, {"anon": level + by * (minutes - back), "fds": 10})
        for back in range(minutes, 0, -1)
    ]
    return lives.cut(samples, BOOT, NOW, uptime)


@pytest.mark.parametrize("tree", ["hybrid_prefork.tree", "v2_prefork.tree"])
class TestRecordedHosts:
    """The same service, recorded on both control group versions, with and without a control group of its own."""

    def take(self, tmp_path, tree, cgroups):
        root = lay_out(tmp_path, tree)
        processes = procfs.scan(root)
        main = MAIN_PID[tree]
        target = Target("x", main, processes[main].start_ticks, cgroups)
        return root, target, sample(root, target, processes, ["/dev/shm"])

    def test_its_own_group_counts_it_exactly(self, tmp_path, tree):
        _root, _target, taken = self.take(tmp_path, tree, OWN[tree])
        assert taken.values["anon"] == pytest.approx(39.4e6, rel=0.01)
        assert taken.values["shmem"] == 5005312
        assert {name: taken.values[name] for name in ("threads", "children", "zombies", "fds", "sockets")} == {
            "threads": 3,
            "children": 2,
            "zombies": 1,
            "fds": 18,
            "sockets": 9,
        }
        assert set(taken.values) == set(RESOURCES)

    def test_the_sum_of_the_tree_is_close_to_it(self, tmp_path, tree):
        _root, _target, alone = self.take(tmp_path / "own", tree, OWN[tree])
        _root, _target, summed = self.take(tmp_path / "tree", tree, None)
        assert 0.9 * alone.values["anon"] < summed.values["anon"] <= alone.values["anon"]
        assert summed.unreadable == {"file": "the service has no control group of its own that counts its page cache"}

    def test_limits(self, tmp_path, tree):
        root, target, taken = self.take(tmp_path, tree, OWN[tree])
        state = running(pid=target.main_pid, cgroups=OWN[tree])
        found = limits.find_limits(root, state, taken, HOST)
        assert {"name": "MemoryMax", "value": 256 * MIB} in found["anon"]
        assert {"name": "host MemAvailable and swap", "free": 8192 * MIB} in found["anon"]
        assert {"name": "TasksMax", "value": 64} in found["threads"]
        three_with_6_of_1024 = 3 * 1018
        assert found["fds"] == [{"name": "RLIMIT_NOFILE of pid %d" % min(taken.pids), "free": three_with_6_of_1024}]

    def test_limits_of_a_group_that_it_shares_say_so(self, tmp_path, tree):
        root, target, taken = self.take(tmp_path, tree, None)
        found = limits.find_limits(root, running(pid=target.main_pid), taken, HOST)
        assert "MemoryMax of prefork.service" in [limit["name"].split(",")[0] for limit in found["anon"]]


class TestLimits:
    def test_what_others_hold_of_a_limit_counts(self):
        limit = {"name": "MemoryMax", "kind": "memory", "value": 100, "used": 90}
        assert limits._for_resource(limit, 85) == {"name": "MemoryMax", "value": 100}
        assert limits._for_resource(limit, 20) == {"name": "MemoryMax, shared with others", "free": 10}

    def test_a_dead_service_has_the_limits_that_its_manager_knows(self):
        dead = ServiceState("systemd", "mail.service", active=FAILED, limits={"memory_max": 100 * MIB, "tasks_max": 10})
        found = limits.find_limits("/nowhere", dead, None, HOST)
        assert {"name": "MemoryMax", "value": 100 * MIB} in found["anon"]
        assert found["threads"] == [{"name": "TasksMax", "value": 10}]
        assert found["fds"] == []

    def test_a_host_without_facts_has_no_limits(self):
        assert limits.find_limits("/nowhere", running(), None, dict.fromkeys(HOST)).get("anon") == []


class TestDiagnosis:
    def test_shape(self):
        found = diagnose(evidence_of(running(), segments=[segment({"anon": rising()})]))
        assert set(found) == SHAPE
        assert set(found["resources"]) == set(RESOURCES)
        json.dumps(found)

    def test_a_leak_seen_in_the_window(self):
        found = diagnose(evidence_of(running(), segments=[segment({"anon": rising(), "fds": [10] * 21})]))
        assert (found["verdict"], found["resource"]) == ("leak_suspected", "anon")
        assert found["exhaustion"]["limit_name"] == "host MemAvailable and swap"
        assert found["exhaustion"]["seconds_low"] == found["exhaustion"]["seconds_high"] == 8192.0  # a straight line
        assert found["sources"] == [{"name": "live", "points": 21, "start": NOW - 20, "end": NOW, "used": True, "why": "carries the verdict"}]

    def test_history_and_window_of_one_life_are_one_series(self):
        one = evidence_of(running(), lives=recorded(55), segments=[segment({"anon": rising(level=155 * MIB, by=MIB // 60)})])
        found = diagnose(one)
        assert found["verdict"] in ("leak_suspected", "leak_confirmed")
        assert {source["name"]: source["used"] for source in found["sources"]} == {"live": True, "history": True}
        assert found["resources"]["anon"]["source"] == "history"

    def test_another_life_is_never_joined_to_this_one(self):
        """A flat life after a leaking one: the step down in between is a restart, not a sawtooth."""
        one = evidence_of(running(), lives=recorded(55, pid=700, until=NOW - 600), segments=[segment({"anon": [100 * MIB] * 21})])
        found = diagnose(one)
        assert found["verdict"] == "healthy"
        assert [source["name"] for source in found["sources"]] == ["live"]

    def test_a_few_old_samples_do_not_spoil_what_the_window_tells(self):
        old = recorded(3, level=50 * MIB, until=NOW - 3000)
        found = diagnose(evidence_of(running(), lives=old, segments=[segment({"anon": rising()})]))
        assert found["verdict"] == "leak_suspected"

    def test_a_restart_within_the_window_leaves_too_few_samples_and_says_so(self):
        segments = [segment({"anon": rising(14)}, pid=700), segment({"anon": rising(7)}, begin=NOW - 6)]
        one = evidence_of(running(started_at=NOW - 6.5), segments=segments, notes=["The service restarted during the window: main process is now 812."])
        found = diagnose(one)
        assert found["verdict"] == "insufficient_data"
        assert "since the service last started" in found["summary"]
        assert "The service restarted during the window: main process is now 812." in found["explanation"]

    def test_what_may_not_be_read_is_insufficient_data_with_the_reason(self):
        hidden = segment({"anon": [100 * MIB] * 21})
        hidden.unreadable = {"fds": "/proc/812/fd: permission denied; run with become: true"}
        found = diagnose(evidence_of(running(), segments=[hidden]))
        fds = found["resources"]["fds"]
        assert (fds["verdict"], fds["gates"][-1]["detail"]) == ("insufficient_data", "/proc/812/fd: permission denied; run with become: true")
        assert found["verdict"] == "healthy"

    def test_a_service_that_is_invisible_is_insufficient_data(self):
        found = diagnose(evidence_of(running()))
        assert found["verdict"] == "insufficient_data"
        assert "main process 812 is not visible to this user; run with become: true" in found["summary"]

    def test_a_service_that_is_active_without_a_process(self):
        state = ServiceState("systemd", "setup.service", active=RUNNING, flags={"no_process": True})
        assert "active without a process of its own" in diagnose(evidence_of(state))["summary"]


MORTEM = {"kind": "oom_killed", "cause": "unit_limit", "culprit": None, "evidence": ["kernel: killed"]}


class TestDead:
    def dead(self, **last):
        return ServiceState("systemd", "mail.service", active=FAILED, result="oom-kill", last_incarnation=last or None)

    def test_its_last_recorded_life_shows_the_leak(self):
        found = diagnose(evidence_of(self.dead(main_pid=812), lives=recorded(120), post_mortem=MORTEM))
        assert (found["verdict"], found["resource"], found["incarnation"]) == ("oom_killed", "anon", None)
        assert found["post_mortem"] == MORTEM

    def test_an_earlier_life_is_not_taken_for_its_last(self):
        found = diagnose(evidence_of(self.dead(main_pid=999), lives=recorded(120), post_mortem=MORTEM))
        assert found["resource"] is None
        assert any("No recorded history of its last life" in sentence for sentence in found["explanation"])

    def test_where_the_manager_forgets_the_pid_the_time_tells(self):
        ended_before = diagnose(evidence_of(self.dead(started_at=NOW + 60), lives=recorded(120), post_mortem=MORTEM))
        assert ended_before["resource"] is None
        lived_then = diagnose(evidence_of(self.dead(started_at=NOW - 9000), lives=recorded(120), post_mortem=MORTEM))
        assert lived_then["resource"] == "anon"


class TestSize:
    def test_a_result_stays_small(self):
        noisy = {name: [place % 7 + place * place for place in range(500)] for name in RESOURCES}
        found = diagnose(evidence_of(running(), segments=[segment(noisy)], notes=["x" * 5000] * 20))
        assert len(json.dumps(found)) <= assemble.MAX_BYTES
        assert found["verdict"]

    def test_a_resource_at_rest_brings_two_points_and_one_gate(self):
        found = diagnose(evidence_of(running(), segments=[segment({"anon": [100 * MIB] * 21})]))
        anon = found["resources"]["anon"]
        assert [value for _when, value in anon["points"]] == [100 * MIB, 100 * MIB]
        assert len(anon["gates"]) == 1

    @pytest.mark.parametrize(("at_most", "count"), [(60, 60), (30, 30), (2, 2), (1, 1), (0, 0)])
    def test_thinning_keeps_the_ends(self, at_most, count):
        given = [(float(place), float(place % 13)) for place in range(500)]
        kept = assemble.thin(given, at_most)
        assert len(kept) == count
        if count > 1:
            assert (kept[0], kept[-1]) == ([0.0, 0.0], [499.0, 499 % 13])


class TestSeries:
    def test_is_handed_to_its_service_by_name_or_key(self):
        one = evidence_of(running())
        for name in ("mail.service", "systemd/mail.service"):
            assert watch.hand_out_series({name: {"anon": [[1, 2], [3, 4]]}}, {"systemd/mail.service": one}) == []
            assert one.series == {"anon": [(1.0, 2.0), (3.0, 4.0)]}

    def test_of_an_unknown_service_or_resource_is_reported(self):
        warnings = watch.hand_out_series({"web": {"anon": []}, "mail.service": {"rss": []}}, {"systemd/mail.service": evidence_of(running())})
        assert warnings == [
            "series of 'mail.service': unknown resources rss",
            "series for 'web' were handed in, but no such service is diagnosed here",
        ]

    def test_of_hundreds_of_unknown_services_is_one_line(self):
        warnings = watch.hand_out_series({"unit%d" % number: {} for number in range(300)}, {"systemd/mail.service": evidence_of(running())})
        named = "'unit0', 'unit1', 'unit2', 'unit3', 'unit4' and 295 more"
        assert warnings == ["series for %s were handed in, but no such service is diagnosed here" % named]

    @pytest.mark.parametrize("garbage", [None, [], [[1]], ["ab"], [[1, None]], [{"t": 1}], [[1, float("nan")]], [[1, 10**400]], [[1, -5]], [["x", "y"]], [5]])
    def test_garbage_is_left_out(self, garbage):
        assert watch._clean(garbage) == []

    @pytest.mark.parametrize("nonsense", [5, "high", ["anon"], {"anon": 5}, {"anon": "high"}, {"anon": {"1": 2}}])
    def test_what_has_another_shape_is_a_mistake_of_the_caller(self, nonsense):
        with pytest.raises(ValueError, match=r"series: what is given for 'mail\.service' is no series"):
            watch.hand_out_series({"mail.service": nonsense}, {})

    def test_is_bounded(self):
        assert len(watch._clean([[place, place] for place in range(100_000)])) <= watch.SERIES_POINTS


class TestProbes:
    def settle(self, monkeypatch, segments, answer):
        asked = []

        def probe(name, root, pid, ticks, runtime, run):
            asked.append((name, pid, ticks))
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(probing, "probe", probe)
        one = evidence_of(running(), segments=segments, runtime={"kind": "native", "allocator": "glibc"})
        again = probing.settle(one, diagnose(one), ["malloc_info"], None, "/")
        return asked, again, diagnose(one)

    def test_growth_that_is_free_chunks_is_fragmentation(self, monkeypatch):
        asked, again, found = self.settle(monkeypatch, [segment({"anon": rising()})], {"allocator_free": 19 * MIB})
        assert asked == [("malloc_info", 812, 5120)]
        assert again
        assert found["verdict"] == "fragmentation"
        assert found["process"]["runtime"]["allocator_free"] == 19 * MIB

    def test_a_probe_that_fails_is_a_warning(self, monkeypatch):
        _asked, again, found = self.settle(monkeypatch, [segment({"anon": rising()})], probing.ProbeError("probe malloc_info: no gdb"))
        assert again
        assert (found["verdict"], found["warnings"]) == ("leak_suspected", ["probe malloc_info: no gdb"])

    @pytest.mark.parametrize(
        ("first", "live", "verdict"),
        [
            (30 * MIB, 45 * MIB, "leak_suspected"),  # of 20 MiB growth 15 live beyond all that was there before
            (30 * MIB, 32 * MIB, "growth_unexplained"),
            (60 * MIB, 45 * MIB, "growth_unexplained"),  # it may have lived before
            (None, 45 * MIB, "growth_unexplained"),
        ],
    )
    def test_a_full_collection_tells_growth_that_lives_from_garbage(self, monkeypatch, first, live, verdict):
        monkeypatch.setattr(probing, "probe", lambda *_arguments: {"heap_live": live})
        one = evidence_of(running(), segments=[segment({"anon": rising()})], runtime={"kind": "jvm", "heap_old_first": first})
        one.context["anon"] = {"gc_pending": "the JVM collected its old generation 0 times in the window and 5 are needed"}
        before = diagnose(one)
        assert before["verdict"] == "growth_unexplained"
        assert probing.settle(one, before, ["jvm_full_gc"], None, "/")
        found = diagnose(one)
        assert found["verdict"] == verdict
        if verdict == "growth_unexplained":
            assert "a full collection left" in found["explanation"][1]
            assert "of the growth of 20.0 MiB not even half is known to live" in found["explanation"][1]

    def test_a_healthy_service_is_never_probed(self, monkeypatch):
        asked, again, _found = self.settle(monkeypatch, [segment({"anon": [100 * MIB] * 21})], {"allocator_free": 1})
        assert (asked, again) == ([], False)


def test_the_page_tables_of_garbage_are_no_growth_of_their_own():
    garbage = [100 * MIB + place % 7 * 30 * MIB for place in range(21)]
    kernel = [3 * MIB] * 12 + [4.5 * MIB] * 9
    found = diagnose(evidence_of(running(), segments=[segment({"anon": garbage, "kernel": kernel})]))
    assert found["resources"]["kernel"]["verdict"] == "healthy"
    still = diagnose(evidence_of(running(), segments=[segment({"anon": [100 * MIB] * 21, "kernel": kernel})]))
    assert still["resources"]["kernel"]["verdict"] != "healthy"


def test_a_step_of_a_few_pages_does_not_speak_for_a_large_service():
    kernel = [1.2 * MIB] * 12 + [1.5 * MIB] * 9
    large = diagnose(evidence_of(running(), segments=[segment({"anon": [90 * MIB] * 21, "kernel": kernel})]))
    assert (large["verdict"], gate_of(large, "kernel")) == ("healthy", "more_than_a_trace")
    small = diagnose(evidence_of(running(), segments=[segment({"anon": [9 * MIB] * 21, "kernel": kernel})]))
    assert (small["verdict"], small["resource"]) == ("step_change", "kernel")


def gate_of(found, resource):
    return found["resources"][resource]["gates"][-1]["name"]


def test_a_service_inside_of_another_one_is_named():
    outer = services.Service(None, "", ServiceState("systemd", "supervisor.service", main_pid=10))
    inner = services.Service(None, "", ServiceState("supervisord", "web", main_pid=11))
    assert services.nested([outer, inner], {outer.identity: {10, 11}, inner.identity: {11}}) == {"systemd/supervisor.service": ["supervisord/web"]}


def test_the_same_name_at_two_supervisords_is_two_services():
    state = ServiceState("supervisord", "web", main_pid=11)
    identities = {services.Service(None, "", state, server).identity for server in (None, "unix:///a.sock", "unix:///b.sock")}
    assert len(identities) == 3


def test_the_password_of_a_server_is_no_part_of_a_services_name():
    state = ServiceState("supervisord", "web", main_pid=11)
    plain, secret = (services.Service(None, "", state, server) for server in ("http://h:9001", "http://me:pa/s@ss@h:9001"))
    assert (secret.identity, secret.server) == (plain.identity, "http://h:9001")
