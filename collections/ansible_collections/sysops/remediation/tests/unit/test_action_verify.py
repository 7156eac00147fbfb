# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an action is proven to have helped, and how it is told when it did not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._action.result import next_steps
from ansible_collections.sysops.remediation.plugins.module_utils._action.verify import new_lines
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base
from ansible_collections.sysops.remediation.tests.unit.action_fakes import Bench
from hypothesis import given
from hypothesis import strategies as st

DEAD = {"active": _base.FAILED, "result": "exit-code", "exit_code": 7}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def missing(result):
    return [one["name"] for one in result["proof"]["gates"] if not one["passed"]]


def test_a_new_life_that_stays_is_proof(bench):
    result = bench.call()
    assert result["outcome"] == "succeeded" and result["proof"]["proven"] and missing(result) == []
    assert result["proof"]["active_for"] >= 10
    assert result["before"]["incarnation"] != result["after"]["incarnation"]


def test_one_that_dies_after_five_seconds_did_not_come_back(bench):
    bench.manager.timeline = [(5.0, DEAD)]
    bench.manager.lines = ["fatal: cannot bind", "password=hunter2"]
    result = bench.call()
    assert result["outcome"] == "failed" and result["failed"] and result["changed"]
    assert "after it had been up for 4 s" in result["msg"] or "after it had been up for 6 s" in result["msg"]
    assert result["logs"] == ["fatal: cannot bind", "password=***"]
    assert "mail.service is failed: exit code 7" in result["notes"]
    assert any("ended by itself with an error" in step for step in result["next_steps"])
    assert any("journalctl -u mail.service" in step for step in result["next_steps"])


def test_one_that_is_restarted_by_its_manager_did_not_come_back(bench):
    bench.manager.timeline = [(3.0, {"born": True, "n_restarts": 1})]
    result = bench.call()
    assert result["outcome"] == "failed" and "restarted" in result["msg"]


def test_one_that_died_and_came_up_before_the_first_look_is_seen_by_its_counter(bench):
    bench.manager.facts["n_restarts"] = 4
    bench.manager.timeline = [(0.0, {"born": True, "n_restarts": 1})]
    result = bench.call()
    assert result["outcome"] == "failed" and "restarted 1 times by its manager" in result["msg"]


def test_one_that_never_comes_up_is_waited_for_until_the_deadline(bench):
    bench.manager.timeline = [(0.0, {"active": _base.STARTING, "sub": "start-pre"})]
    result = bench.call()
    assert result["outcome"] == "failed" and "is starting (start-pre) 1 min after the action" in result["msg"]


def test_one_that_comes_up_late_has_its_full_time(bench):
    bench.manager.timeline = [(0.0, {"active": _base.STARTING}), (20.0, {"active": _base.RUNNING, "born": True})]
    result = bench.call()
    assert result["outcome"] == "succeeded" and 10 <= result["proof"]["active_for"] < 20


def test_one_that_ends_at_once_without_complaint_did_not_come_back(bench):
    bench.manager.timeline = [(0.0, {"active": _base.STOPPED})]
    begun = bench.clock.monotonic
    assert bench.call()["outcome"] == "failed"
    assert bench.clock.monotonic - begun < 30


class TestBusyManager:
    def unseen(self, bench, moments):
        """Make the manager give no answer at these seconds after the action."""
        inspect = bench.manager.inspect

        def answer(name):
            begun = bench.manager._acted_at
            if begun is not None and bench.clock.monotonic - begun in moments:
                raise _base.ManagerError("no answer within 20 s")
            return inspect(name)

        bench.manager.inspect = answer

    def test_one_answer_that_does_not_come_is_asked_for_again(self, bench):
        self.unseen(bench, {4.0, 6.0})
        assert bench.call()["outcome"] == "succeeded"

    def test_a_manager_that_gives_no_answer_any_more_proves_nothing(self, bench):
        self.unseen(bench, {float(second) for second in range(4, 200)})
        result = bench.call()
        assert result["outcome"] == "failed" and "cannot be seen any more: no answer within 20 s" in result["msg"]

    def test_a_service_that_is_gone_is_not_waited_for(self, bench):
        begun = bench.clock.monotonic
        inspect = bench.manager.inspect

        def answer(name):
            if bench.manager.calls:
                raise _base.ServiceNotFound("service 'mail.service' not found")
            return inspect(name)

        bench.manager.inspect = answer
        result = bench.call()
        assert result["outcome"] == "failed" and result["changed"] and "not found" in result["msg"]
        assert bench.clock.monotonic - begun < 10


class TestProbes:
    def log(self, **more):
        return [dict({"type": "log_line", "expect": "ready"}, **more)]

    def test_a_probe_that_passes_in_the_end_is_proof(self, bench):
        bench.manager.lines = ["old: ready"]
        bench.manager.timeline = [(9.0, {"lines": ["new: ready"]})]
        result = bench.call(health=self.log())
        (probe,) = result["proof"]["probes"]
        assert result["outcome"] == "succeeded" and probe["passes"] >= 3 and "new: ready" in probe["detail"]

    def test_a_line_of_the_old_life_is_no_proof(self, bench):
        bench.manager.lines = ["old: ready"]
        result = bench.call(health=self.log())
        assert result["outcome"] == "unverified" and missing(result) == ["probe_log_line"]
        assert result["failed"] and result["changed"] and result["after"]["active"] == "running"

    def test_a_manager_without_logs_makes_it_inconclusive_and_does_not_wait_for_the_deadline(self, bench):
        begun = bench.clock.monotonic
        result = bench.call(health=self.log())
        assert result["outcome"] == "inconclusive" and result["failed"] and "could not run" in result["msg"]
        assert bench.clock.monotonic - begun < 30

    def test_a_broken_probe_beside_a_sick_one_is_no_excuse(self, bench):
        bench.manager.facts["properties"] = {"StatusText": "starting up", "LoadState": "loaded"}
        result = bench.call(health=[*self.log(), {"type": "status_text", "expect": "serving"}])
        assert result["outcome"] == "unverified"

    def test_a_status_text_is_read(self, bench):
        bench.manager.facts["properties"] = {"StatusText": "serving 3 clients", "LoadState": "loaded"}
        assert bench.call(health=[{"type": "status_text", "expect": "serving"}])["outcome"] == "succeeded"

    def test_a_probe_that_flaps_is_sick(self, bench):
        bench.manager.facts["properties"] = {"StatusText": "good", "LoadState": "loaded"}
        words = ["good", "good", "bad"] * 30
        bench.manager.timeline = [(2.0 * turn, {"properties": {"StatusText": word, "LoadState": "loaded"}}) for turn, word in enumerate(words)]
        result = bench.call(health=[{"type": "status_text", "expect": "good"}])
        assert result["outcome"] == "unverified"
        assert result["proof"]["probes"][0]["status"] == "sick"


class TestMemory:
    def test_more_memory_than_before_is_no_proof(self, bench):
        bench.memory = lambda age: (100 << 20) if age > 1000 else (200 << 20)
        result = bench.call()
        assert result["outcome"] == "unverified" and missing(result) == ["memory_below"]
        assert "200 MiB now, 100 MiB before the restart" in result["msg"]

    def test_the_noise_between_two_lives_is_allowed(self, bench):
        bench.memory = lambda age: (10 << 20) if age > 1000 else (10 << 20) + 500_000
        assert bench.call()["outcome"] == "succeeded"

    def test_memory_that_cannot_be_read_is_not_judged(self, bench):
        bench.memory = lambda age: None
        result = bench.call()
        assert result["outcome"] == "succeeded" and result["proof"]["memory"] == {"before": None, "after": None}

    def test_a_leak_that_is_back_before_the_cooldown_ends_is_no_proof(self, bench):
        bench.memory = lambda age: (300 << 20) if age > 1000 else int((20 << 20) + age * (1 << 20))
        long = {"verify_for": "90s", "passes": 1, "interval": "2s", "deadline": "3m"}
        result = bench.call(verify=long)
        assert missing(result) == ["memory_slope"] and "grows 60.0 MiB per minute: back at 300 MiB in" in result["msg"]

    def test_a_slow_leak_is_proof_enough_until_the_next_time(self, bench):
        bench.memory = lambda age: (300 << 20) if age > 1000 else int((20 << 20) + age * 1000)
        long = {"verify_for": "90s", "passes": 1, "interval": "2s", "deadline": "3m"}
        assert bench.call(verify=long)["outcome"] == "succeeded"

    def test_a_short_watch_does_not_judge_a_slope(self, bench):
        bench.memory = lambda age: (300 << 20) if age > 1000 else int((20 << 20) + age * (1 << 20))
        assert "memory_slope" not in [one["name"] for one in bench.call()["proof"]["gates"]]

    def test_a_reload_has_to_bring_the_memory_down(self, bench):
        assert missing(bench.call(action="reload")) == ["memory_below"]

    def test_a_reload_that_does_is_proof(self, bench):
        bench.memory = lambda age: (100 << 20) if bench.manager.calls == [] else (20 << 20)
        result = bench.call(action="reload")
        assert result["outcome"] == "succeeded" and result["before"]["incarnation"] == result["after"]["incarnation"]


def test_a_reload_that_restarts_the_service_is_no_reload(bench):
    bench.manager.timeline = [(0.0, {"born": True})]
    bench.memory = lambda age: (100 << 20) if age > 1000 else (20 << 20)
    assert missing(bench.call(action="reload")) == ["same_incarnation"]


class TestDependents:
    def relations(self, active, hard=True):
        return [{"name": "web.service", "active": active, "relation": "RequiredBy" if hard else "WantedBy", "hard": hard}]

    @pytest.mark.parametrize("hard", [True, False])
    def test_those_that_were_active_have_to_be_active(self, bench, hard):
        bench.manager.relations["dependents"] = self.relations(_base.RUNNING, hard)
        restart = bench.manager.restart

        def take_along(*arguments):
            restart(*arguments)
            bench.manager.relations["dependents"] = self.relations(_base.STOPPED, hard)

        bench.manager.restart = take_along
        result = bench.call()
        assert missing(result) == ["dependents_active"] and "not active any more: web.service" in result["msg"]

    def test_those_that_were_not_do_not_matter(self, bench):
        bench.manager.relations["dependents"] = self.relations(_base.STOPPED)
        assert bench.call()["outcome"] == "succeeded"


class TestActionTrouble:
    def test_what_the_manager_could_not_do_changed_nothing(self, bench):
        bench.manager.refuses = [_base.ManagerError("systemctl restart mail.service: connection refused")]
        result = bench.call()
        assert result["outcome"] == "failed" and not result["changed"] and "connection refused" in result["msg"]
        assert result["proof"] is None and result["attempt"]["id"]

    def test_a_restart_that_goes_on_after_the_timeout_may_have_changed_something(self, bench):
        bench.manager.refuses = [_base.TimedOut("systemctl restart mail.service did not finish within 90 s; systemd goes on with it")]
        result = bench.call()
        assert result["outcome"] == "failed" and result["changed"]

    def test_the_prepared_daemon_reload_is_a_change_even_if_the_restart_is_declined(self, bench):
        bench.manager.facts["flags"] = {"need_daemon_reload": True}
        bench.manager.refuses = [_base.Unsupported("mail.service refuses a manual restart", "refuse_manual")]
        result = bench.call(daemon_reload=True)
        assert result["outcome"] == "refused" and result["changed"]


class TestNewLines:
    @given(old=st.lists(st.text(max_size=3)), new=st.lists(st.text(max_size=3)))
    def test_nothing_that_was_there_before_counts_as_new(self, old, new):
        assert len(new_lines(old, old + new)) <= len(new)

    @given(old=st.lists(st.integers(), unique=True), new=st.lists(st.integers(), unique=True), window=st.integers(2, 60))
    def test_a_window_on_a_growing_log_shows_what_came(self, old, new, window):
        lines = ["old %d" % number for number in old] + ["new %d" % number for number in new]
        found = new_lines(lines[: len(old)][-window:], lines[-window:])
        assert found == ["new %d" % number for number in new][-window:]

    def test_a_first_line_that_was_cut_does_not_make_everything_new(self):
        assert new_lines(["one", "two"], ["e", "two", "three"]) == ["three"]


@pytest.mark.parametrize(
    ("manager", "command"),
    [("systemd", "systemctl reset-failed mail"), ("supervisord", "supervisorctl start mail"), ("docker", "docker start mail"), ("sysv", "service mail start")],
)
def test_advice_names_commands_of_the_manager_that_gave_up(manager, command):
    state = _base.ServiceState(manager, "mail", active="failed", result="start-limit-hit")
    steps = next_steps(SimpleNamespace(name="mail", state=state, dependencies=[]), state)
    assert command in steps[0] and (manager == "systemd" or "systemctl" not in " ".join(steps))
