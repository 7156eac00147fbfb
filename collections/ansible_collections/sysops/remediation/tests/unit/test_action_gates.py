# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard refuses and why. Each refusal: nothing done, `refused`, a sentence, and when it opens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._action.case import identity
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import pause
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base
from ansible_collections.sysops.remediation.tests.unit.action_fakes import Bench, shut, the_gate
from hypothesis import given
from hypothesis import strategies as st

MINUTE, HOUR = 60.0, 3600.0


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def refused(bench, *gates, **more):
    """Call, and see that it was refused by exactly these gates and did nothing."""
    calls = list(bench.manager.calls)
    result = bench.call(**more)
    assert shut(result) == list(gates), result["msg"]
    assert result["failed"] and result["refused"] and not result["changed"]
    assert bench.manager.calls == calls
    assert result["before"] == result["after"]
    for name in gates:
        assert the_gate(result, name)["detail"] in result["msg"]
    return result


def journal(bench):
    (path,) = Path(bench.state_dir, "attempts").glob("*.jsonl")
    return path


class TestIncarnation:
    def test_the_diagnosed_one_is_restarted(self, bench):
        assert bench.call(expect=bench.incarnation)["outcome"] == "succeeded"

    def test_another_life_is_left_alone(self, bench):
        old = bench.incarnation
        bench.manager._apply({"born": True})
        result = refused(bench, "incarnation", expect=old, stand_down="0")
        assert result["outcome"] == "already_changed" and "diagnose again" in result["msg"]

    def test_a_reused_pid_is_another_life(self, bench):
        boot, pid, ticks, invocation = bench.incarnation.split(":")
        assert refused(bench, "incarnation", expect=":".join([boot, pid, str(int(ticks) + 1), invocation]))["outcome"] == "already_changed"

    def test_a_life_of_the_last_boot_is_another_life(self, bench):
        old = bench.incarnation
        bench.clock.reboot()
        assert "incarnation" in shut(bench.call(expect=old))

    def test_one_that_died_since_is_not_started_without_a_new_diagnosis(self, bench):
        old = bench.incarnation
        bench.manager._apply({"active": _base.FAILED, "result": "oom-kill"})
        assert "has stopped (oom-kill)" in refused(bench, "incarnation", expect=old)["msg"]

    def test_one_that_was_diagnosed_dead_is_started(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "oom-kill"})
        result = bench.call(expect="none")
        assert result["outcome"] == "succeeded" and bench.manager.calls == ["start"]

    def test_one_that_was_diagnosed_dead_and_runs_again_is_left_alone(self, bench):
        assert "has been started since" in refused(bench, "incarnation", expect="none")["msg"]

    def test_a_unit_without_a_process_was_diagnosed_without_one(self, bench):
        bench.manager.inspect = lambda name: _base.ServiceState(
            "systemd", name, active=_base.RUNNING, flags={"no_process": True}, properties={"LoadState": "loaded", "InvocationID": "abc"}
        )
        assert bench.call(expect="none", check=True)["outcome"] == "predicted"

    def test_the_next_rung_of_an_incident_may_follow_its_own_restart(self, bench):
        diagnosed = bench.incarnation
        bench.manager.timeline = [(1.0, {"active": _base.FAILED, "result": "exit-code"})]
        bench.manager.facts["limits"] = {"memory_max": 1 << 28}
        assert bench.call(expect=diagnosed, incident="inc-1")["outcome"] == "failed"
        bench.manager._apply({"active": _base.RUNNING, "born": True})
        other = bench.call(expect=diagnosed, incident="inc-2", stand_down="0", cooldown="0")
        assert other["outcome"] == "already_changed"

    def test_a_reload_that_did_not_help_is_followed_by_a_restart_of_the_same_life(self, bench):
        diagnosed = bench.incarnation
        first = bench.call(action="reload", expect=diagnosed, incident="inc-1")
        assert first["outcome"] == "unverified" and "memory_below" in [one["name"] for one in first["proof"]["gates"] if not one["passed"]]
        second = bench.call(action="restart", expect=diagnosed, incident="inc-1")
        assert second["outcome"] == "succeeded", second["msg"]
        assert bench.manager.calls == ["reload", "restart"]


class TestCooldown:
    def test_the_next_attempt_has_to_wait(self, bench):
        bench.call()
        bench.clock.sleep(10 * MINUTE)
        result = refused(bench, "cooldown")
        gate = the_gate(result, "cooldown")
        assert gate["unit"] == "seconds" and gate["threshold"] == 1800
        assert gate["opens_at"] == pytest.approx(bench.clock.epoch + gate["threshold"] - gate["value"])
        assert "opens by itself in" in result["next_steps"][0]

    def test_it_opens_when_it_said(self, bench):
        bench.call()
        opens_at = the_gate(bench.call(), "cooldown")["opens_at"]
        bench.clock.sleep(opens_at - bench.clock.epoch + 0.001)
        assert bench.call()["outcome"] == "succeeded"

    def test_it_holds_across_a_reboot(self, bench):
        bench.call()
        bench.clock.reboot(downtime=5 * MINUTE)
        bench.manager.started = 1.0
        assert "cooldown" in shut(bench.call(stand_down="0"))
        bench.clock.sleep(30 * MINUTE)
        assert bench.call(stand_down="0")["outcome"] == "succeeded"

    @given(jump=st.floats(min_value=-1e9, max_value=1e9))
    def test_a_clock_jump_neither_ends_nor_extends_it(self, tmp_path_factory, jump):
        bench = Bench(tmp_path_factory.mktemp("b"))
        bench.call(verify={"verify_for": "0", "passes": 1, "deadline": "1s", "interval": "1s"})
        bench.clock.epoch += jump
        bench.clock.sleep(29 * MINUTE)
        assert shut(bench.call()) == ["cooldown"]
        bench.clock.sleep(2 * MINUTE)
        assert bench.call(check=True)["outcome"] == "predicted"

    def test_a_failed_attempt_counts_too(self, bench):
        bench.manager.refuses = [_base.ManagerError("no")]
        assert bench.call()["outcome"] == "failed"
        bench.manager.refuses = []
        refused(bench, "cooldown")

    def test_what_the_manager_declined_does_not_count(self, bench):
        bench.manager.refuses = [_base.Unsupported("mail.service is masked", "masked")]
        assert bench.call()["outcome"] == "refused"
        bench.manager.refuses = []
        assert bench.call()["outcome"] == "succeeded"

    def test_the_same_action_of_the_same_incident_has_to_wait(self, bench):
        bench.manager.timeline = [(1.0, {"active": _base.FAILED, "result": "exit-code"})]
        assert bench.call(incident="inc-1")["outcome"] == "failed"
        assert "cooldown" in shut(bench.call(incident="inc-1"))

    def test_the_next_rung_after_a_success_has_to_wait(self, bench):
        bench.call(action="restart", incident="inc-1")
        assert shut(bench.call(action="reload", incident="inc-1")) == ["cooldown"]


class TestAttemptBudget:
    def test_it_is_spent_and_comes_back(self, bench):
        for _number in range(3):
            assert bench.call(cooldown="0")["outcome"] == "succeeded"
            bench.clock.sleep(HOUR)
        gate = the_gate(refused(bench, "attempt_budget", cooldown="0"), "attempt_budget")
        assert (gate["value"], gate["threshold"]) == (3, 3)
        bench.clock.sleep(gate["opens_at"] - bench.clock.epoch + 0.001)
        assert bench.call(cooldown="0")["outcome"] == "succeeded"

    @given(most=st.integers(1, 4), gaps=st.lists(st.floats(1, 7200), min_size=1, max_size=12))
    def test_never_more_than_allowed_within_any_window(self, tmp_path_factory, most, gaps):
        bench = Bench(tmp_path_factory.mktemp("b"))
        acted = []
        for gap in gaps:
            bench.clock.sleep(gap)
            begun = bench.clock.monotonic
            result = bench.call(cooldown="0", max_attempts=most, within="1h", verify={"verify_for": "0", "passes": 1, "deadline": "1s", "interval": "1s"})
            assert result["outcome"] in ("succeeded", "refused")
            if result["outcome"] == "succeeded":
                acted.append(begun)
        for first, last in zip(acted, acted[most:], strict=False):
            assert last - first >= 3600


class TestStandDown:
    def test_a_restart_by_somebody_else_is_respected(self, bench):
        bench.manager._apply({"born": True})
        bench.clock.sleep(5 * MINUTE)
        result = refused(bench, "stand_down")
        assert "was started 5 min ago, not by this tool" in result["msg"]
        assert the_gate(result, "stand_down")["opens_at"] == pytest.approx(bench.clock.epoch + 5 * MINUTE, abs=1)

    def test_a_restart_by_the_manager_itself_is_named(self, bench):
        bench.manager._apply({"born": True, "n_restarts": 2})
        assert "by systemd itself (2 automatic restarts)" in refused(bench, "stand_down")["msg"]

    def test_the_boot_is_named(self, bench):
        bench.clock.reboot()
        bench.manager.started = 5.0
        assert "with the host's boot" in refused(bench, "stand_down")["msg"]

    def test_our_own_restart_is_not_somebody_else(self, bench):
        bench.call()
        assert shut(bench.call()) == ["cooldown"]
        assert bench.call(cooldown="0")["outcome"] == "succeeded"

    def test_a_stop_by_hand_is_respected(self, bench):
        bench.manager._apply({"active": _base.STOPPED, "stopped_at": bench.clock.epoch - 60})
        assert "was stopped 1 min ago" in refused(bench, "stand_down")["msg"]

    def test_a_crash_is_what_we_are_here_for(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "oom-kill", "stopped_at": bench.clock.epoch - 60})
        assert bench.call()["outcome"] == "succeeded"

    @given(jump=st.floats(min_value=-1e9, max_value=1e9))
    def test_the_age_of_a_life_does_not_depend_on_the_clock(self, tmp_path_factory, jump):
        bench = Bench(tmp_path_factory.mktemp("b"))
        bench.manager._apply({"born": True})
        bench.clock.sleep(9 * MINUTE)
        bench.clock.epoch += jump
        assert shut(bench.call(check=True)) == ["stand_down"]
        bench.clock.sleep(2 * MINUTE)
        assert bench.call(check=True)["outcome"] == "predicted"


class TestPausesAndPermits:
    def test_a_pause_is_respected(self, bench):
        os.makedirs(bench.state_dir, mode=0o755)
        pause.pause(bench.state_dir, "systemd/mail.service", bench.clock.stamp(), seconds=HOUR, reason="migration")
        result = refused(bench, "pause")
        assert "mail.service is paused for another 1 h (migration)" in result["msg"]
        assert the_gate(result, "pause")["opens_at"] == bench.clock.epoch + HOUR

    def test_a_pause_of_the_host_is_respected(self, bench):
        os.makedirs(bench.state_dir, mode=0o755)
        pause.pause(bench.state_dir, pause.HOST, bench.clock.stamp())
        result = refused(bench, "pause")
        assert "this host is paused until somebody removes it" in result["msg"] and the_gate(result, "pause")["opens_at"] is None

    def test_a_valid_permit_is_accepted_and_lower_ones_are_refused_afterwards(self, bench):
        assert bench.call(permit={"id": "p9", "token": 9, "valid_for": "5m"})["outcome"] == "succeeded"
        assert "older than 9" in refused(bench, "permit", cooldown="0", permit={"id": "p8", "token": 8, "valid_for": "5m"})["msg"]

    def test_an_expired_permit_is_refused(self, bench):
        permit = {"id": "p1", "token": 1, "valid_for": "5m", "issued_at": bench.clock.epoch - 301}
        assert "permit is 301 s old" in refused(bench, "permit", permit=permit)["msg"]

    def test_a_damaged_memory_of_permits_is_refused(self, bench):
        bench.call(permit={"id": "p9", "token": 9, "valid_for": "5m"})
        (path,) = Path(bench.state_dir, "permits").iterdir()
        path.write_text("?")
        assert "damaged" in refused(bench, "permit", cooldown="0", permit={"id": "p10", "token": 10, "valid_for": "5m"})["msg"]


class TestServiceGates:
    @pytest.mark.parametrize("active", [_base.STARTING, _base.STOPPING, _base.UNKNOWN])
    def test_one_that_is_on_its_way_is_left_alone(self, bench, active):
        bench.manager._apply({"active": active, "sub": "auto-restart"})
        assert "auto-restart" in refused(bench, "settled")["msg"]

    @pytest.mark.parametrize("action", ["reload", "scale"])
    def test_a_dead_one_is_not_reloaded_or_scaled(self, bench, action):
        bench.manager._apply({"active": _base.FAILED, "limits": {"memory_max": 1 << 28}, "flags": {"can_reload": True}})
        refused(bench, "running", action=action)

    def test_one_without_a_way_to_reload_says_so(self, tmp_path):
        bench = Bench(tmp_path, flags={})
        assert "use a restart" in refused(bench, "supported", action="reload")["msg"]

    def test_a_masked_one_is_not_stopped(self, bench):
        bench.manager._apply({"flags": {"masked": True}})
        assert "once stopped it cannot be started" in refused(bench, "startable")["msg"]

    def test_one_whose_definition_is_broken_is_not_stopped(self, bench):
        bench.manager._apply({"properties": {"LoadState": "bad-setting"}})
        refused(bench, "startable")

    def test_an_edited_unit_is_refused_unless_daemon_reload_is_allowed(self, bench):
        bench.manager._apply({"flags": {"need_daemon_reload": True}})
        refused(bench, "definition")
        result = bench.call(daemon_reload=True)
        assert result["outcome"] == "succeeded" and bench.manager.calls == ["daemon-reload", "restart"]
        assert "daemon-reload was done first" in result["notes"]

    def test_a_start_limit_is_refused_unless_reset_failed_is_allowed(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "start-limit-hit"})
        refused(bench, "start_limit")
        assert bench.call(reset_failed=True)["outcome"] == "succeeded"
        assert bench.manager.calls == ["reset-failed", "start"]

    def test_systemd_keeps_the_result_of_the_last_try_when_it_gives_up(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "exit-code", "flags": {"gave_up": True}})
        refused(bench, "start_limit")

    def test_reset_failed_is_for_start_limits_only(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "exit-code"})
        bench.call(reset_failed=True)
        assert bench.manager.calls == ["start"]

    def test_a_failed_dependency_is_named_as_the_cause(self, bench):
        bench.manager.relations["dependencies"] = [
            {"name": "postgresql.service", "active": _base.FAILED, "relation": "Requires", "hard": True},
            {"name": "motd.service", "active": _base.FAILED, "relation": "Wants", "hard": False},
        ]
        msg = refused(bench, "dependencies")["msg"]
        assert "needs postgresql.service (Requires), which has failed: that is the cause" in msg and "motd" not in msg

    def test_too_many_dependents_are_refused_and_named(self, bench):
        bench.manager.relations["dependents"] = [
            {"name": "web-%d.service" % number, "active": _base.RUNNING, "relation": "RequiredBy", "hard": True} for number in range(3)
        ] + [
            {"name": "fond.service", "active": _base.RUNNING, "relation": "WantedBy", "hard": False},
            {"name": "off.service", "active": _base.STOPPED, "relation": "RequiredBy", "hard": True},
        ]
        result = refused(bench, "dependents", max_dependents=2)
        assert the_gate(result, "dependents")["value"] == 3 and "web-0.service, web-1.service, web-2.service" in result["msg"]
        assert "they only want it: fond.service" in result["msg"] and "off.service" not in result["msg"]
        assert bench.call(max_dependents=3)["outcome"] == "succeeded"

    def test_all_reasons_are_told_at_once(self, bench):
        bench.manager._apply({"flags": {"masked": True, "need_daemon_reload": True}, "born": True})
        refused(bench, "startable", "definition", "stand_down")

    def test_what_the_manager_cannot_handle_is_a_refusal(self, bench):
        def refuse(name):
            raise _base.Unsupported("mail@.service is a template", "template")

        bench.manager.inspect = refuse
        result = bench.call()
        assert result["refused"] and shut(result) == ["supported"] and result["gates"][0]["value"] == "template"

    def test_one_masked_between_guard_and_action_is_a_refusal_too(self, bench):
        bench.manager.refuses = [_base.Unsupported("mail.service is masked: systemd will not restart it", "masked")]
        result = bench.call()
        assert result["outcome"] == "refused" and not result["changed"] and shut(result) == ["supported"]

    def test_an_unknown_service_is_the_callers_mistake(self, bench):
        with pytest.raises(_base.ServiceNotFound, match=r"did you mean 'mail.service'"):
            bench.call(name="mial.service")


class TestScale:
    @pytest.fixture
    def bench(self, tmp_path):
        return Bench(tmp_path, limits={"memory_max": 1 << 30, "memory_high": 800 << 20})

    def test_both_limits_rise_by_the_same_share(self, bench):
        result = bench.call(action="scale")
        assert result["outcome"] == "succeeded" and result["changed"] and result["undo"] == "set it back"
        assert result["after"]["limits"] == {"memory_max": 1280 << 20, "memory_high": 1000 << 20}
        assert result["before"]["incarnation"] == result["after"]["incarnation"]

    def test_a_service_without_a_limit_has_nothing_to_raise(self, tmp_path):
        refused(Bench(tmp_path / "b"), "scale_step", action="scale")

    def test_more_than_double_is_refused(self, bench):
        assert "at most double" in refused(bench, "scale_step", action="scale", scale={"step": "1.5GiB"})["msg"]

    def test_the_ceiling_is_kept(self, bench):
        refused(bench, "scale_step", action="scale", scale={"memory_max": "1100MiB"})

    def test_more_than_the_host_can_spare_is_refused(self, bench):
        bench.meminfo(total_mib=8192, available_mib=1000)
        result = refused(bench, "scale_memory", action="scale", scale={"step": "256MiB"})
        assert "would get 256 MiB more; the host has 1000 MiB available, of which 819 MiB stay reserved" in result["msg"]

    def test_without_meminfo_nothing_is_raised(self, bench):
        (bench.root / "proc" / "meminfo").unlink()
        refused(bench, "scale_memory", action="scale")

    def test_check_mode_tells_the_new_limits(self, bench):
        result = bench.call(action="scale", check=True)
        assert result["outcome"] == "predicted" and result["after"]["limits"]["memory_max"] == 1280 << 20
        assert bench.manager.calls == [] and "memory_max: 1.2 GiB" in result["diff"]["after"]


class TestJournalTrouble:
    def test_a_damaged_journal_denies(self, bench):
        bench.call(cooldown="0")
        with open(journal(bench), "a") as file:
            file.write("garbage\n")
        assert "line 3 is damaged" in refused(bench, "attempts_journal", cooldown="0")["msg"]

    def test_an_unsafe_state_directory_denies(self, bench):
        os.makedirs(bench.state_dir)
        os.chmod(bench.state_dir, 0o777)
        assert "chmod go-w" in refused(bench, "state_directory")["msg"]

    def test_a_state_directory_that_cannot_be_made_denies(self, bench):
        bench.state_dir = "/proc/self/sysops"
        assert "cannot create the state directory" in refused(bench, "state_directory")["msg"]

    def test_ten_thousand_attempts_do_not_slow_it_down_for_ever(self, bench):
        bench.call(cooldown="0")
        first = [json.loads(line) for line in journal(bench).read_text().splitlines()]
        with open(journal(bench), "w") as file:
            for number in range(10_000):
                for line in first:
                    at = dict(line["at"], monotonic=number, epoch=line["at"]["epoch"] - 100_000 + number)
                    file.write(json.dumps(dict(line, id="a%d" % number, at=at)) + "\n")
        bench.clock.sleep(2 * 86400)
        assert bench.call()["outcome"] == "succeeded"
        assert len(journal(bench).read_text().splitlines()) < 1100

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the user without permission")
    def test_a_user_who_may_not_write_the_state_is_denied(self, bench):
        bench.call(cooldown="0")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                result = bench.call(cooldown="0")
                os.write(writing, json.dumps([shut(result), result["msg"]]).encode())
            finally:
                os._exit(0)
        os.close(writing)
        gates, msg = json.loads(os.read(reading, 65536))
        os.waitpid(child, 0)
        os.close(reading)
        assert gates == ["state_directory"] and "Permission denied" in msg


class TestIdentity:
    @pytest.mark.parametrize(
        "address, expected",
        [
            (None, "systemd/mail.service"),
            ("unix:///proc/self/../self/x", None),
            ("http://127.0.0.1:9001", "systemd/mail.service@http://127.0.0.1:9001"),
        ],
    )
    def test_the_same_name_behind_two_servers_is_two_services(self, bench, address, expected):
        bench.manager.server = address
        found = identity(bench.manager, bench.manager.inspect("mail.service"))
        assert found == (expected or "systemd/mail.service@%s" % os.path.realpath("/proc/self/x"))


class TestOnlyIfRunning:
    def test_a_dead_one_is_skipped_without_failing(self, bench):
        bench.manager._apply({"active": _base.STOPPED})
        result = bench.call(only_if_running=True)
        assert (result["outcome"], result["changed"], result.get("failed")) == ("skipped", False, None)
        assert bench.manager.calls == []


class TestCheckMode:
    def test_it_predicts_and_writes_nothing(self, bench):
        result = bench.call(check=True)
        assert (result["outcome"], result["changed"], result.get("failed")) == ("predicted", True, None)
        assert not os.path.exists(bench.state_dir) and bench.manager.calls == []

    def test_it_predicts_a_start(self, bench):
        bench.manager._apply({"active": _base.FAILED, "result": "oom-kill"})
        assert bench.call(check=True)["msg"] == "mail.service would be started"

    def test_it_predicts_the_refusal_and_writes_nothing(self, bench):
        bench.call()
        before = journal(bench).read_bytes()
        refused(bench, "cooldown", check=True)
        assert journal(bench).read_bytes() == before

    def test_it_does_not_settle_an_interrupted_attempt(self, bench):
        bench.call()
        lines = journal(bench).read_text().splitlines()
        journal(bench).write_text(lines[0] + "\n")
        refused(bench, "unfinished_attempt", check=True, cooldown="0", stand_down="0")
        assert journal(bench).read_text() == lines[0] + "\n"
