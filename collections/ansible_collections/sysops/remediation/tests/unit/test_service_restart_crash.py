# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever dies on the way, the service ends up running, exactly one caller acts, and the next one knows what happened.

The module is killed with SIGKILL, its whole process group at once, as a lost connection or an impatient person would end it.
"""

from __future__ import annotations

import json
import os
import signal

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.lock import ServiceLock
from ansible_collections.sysops.remediation.tests.unit.action_lab import Lab, gates, shut, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def kill(process):
    """SIGKILL the module and all of its process group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()


def is_unlocked(lab):
    return not ServiceLock(str(lab.state_dir), "supervisord/mail@%s" % os.path.realpath(lab.socket)).is_held()


def test_killed_once_the_intent_is_written_the_service_is_running_in_the_end(lab):
    lab.say("slow-stop", 1)
    lab.call(cooldown="0", max_attempts=9)  # from here on it takes a second to stop
    process = lab.begin(cooldown="0", max_attempts=9)
    wait_until(lambda: lab.kinds()[-1] == "intent", "the intent")
    kill(process)
    wait_until(lambda: is_unlocked(lab), "the helper's end")
    assert lab.state().active == "running"
    assert lab.kinds()[-1] == "intent"


def test_killed_between_stop_and_start_the_helper_starts_it(lab):
    lab.say("slow-stop", 2)
    lab.call(cooldown="0", max_attempts=9)
    process = lab.begin(cooldown="0", max_attempts=9)
    wait_until(lambda: lab.state().sub == "STOPPING", "the stop")
    kill(process)
    assert lab.helpers(), "a detached helper goes on"
    assert shut(lab.call()) == ["service_lock"], "the helper holds the lock of the service"
    wait_until(lambda: is_unlocked(lab), "the helper's end")
    assert lab.state().active == "running"
    assert len(lab.starts()) == 3


def test_killed_after_the_start_the_next_caller_diagnoses_again_instead_of_acting_again(lab):
    process = lab.begin(verify={"verify_for": "60s", "deadline": "5m"})
    wait_until(lambda: len(lab.starts()) == 2 and lab.state().active == "running", "the new life")
    wait_until(lambda: not lab.helpers() or lab.helpers() == [process.pid], "the helper's end")
    kill(process)
    first = lab.call(cooldown="0")
    assert shut(first) == ["unfinished_attempt"] and "diagnose again" in first["msg"]
    assert lab.journal()[-1]["outcome"] == "interrupted"
    second = lab.call(cooldown="0", expect=lab.incarnation())
    assert second["outcome"] == "succeeded", second["msg"]
    assert len(lab.starts()) == 3


def test_an_interrupted_attempt_counts_for_the_cooldown(lab):
    process = lab.begin(verify={"verify_for": "60s", "deadline": "5m"})
    wait_until(lambda: len(lab.starts()) == 2, "the new life")
    kill(process)
    wait_until(lambda: is_unlocked(lab), "the lock")
    assert "unfinished_attempt" in shut(lab.call())
    assert shut(lab.call()) == ["cooldown"]


def test_a_service_left_stopped_by_a_lost_helper_is_started_not_restarted(lab):
    lab.say("slow-stop", 3)
    lab.call(cooldown="0", max_attempts=9)
    process = lab.begin(max_attempts=9, cooldown="0")
    wait_until(lambda: lab.state().sub == "STOPPING", "the stop")
    kill(process)
    for pid in lab.helpers():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: lab.state().active == "stopped", "the end of the old life")
    starts = len(lab.starts())
    predicted = lab.call(check=True)
    assert predicted["outcome"] == "predicted" and "would be started" in predicted["msg"]
    result = lab.call()  # cooldown and budget do not keep a service down that we have stopped
    assert result["outcome"] == "succeeded" and result["msg"].startswith("mail was started"), result["msg"]
    assert gates(result)["unfinished_attempt"]
    assert len(lab.starts()) == starts + 1
    assert [line.get("outcome", line.get("action")) for line in lab.journal()[-3:]] == ["start", "interrupted", "succeeded"]


def test_a_service_that_somebody_stopped_long_after_the_attempt_stays_stopped(lab):
    process = lab.begin(verify={"verify_for": "60s", "deadline": "5m"})
    wait_until(lambda: len(lab.starts()) == 2, "the new life")
    kill(process)
    wait_until(lambda: is_unlocked(lab), "the lock")
    _make_attempts_older(lab, 3600)
    lab.manager().stop("mail", 60)
    result = lab.call(cooldown="0")
    assert "unfinished_attempt" in shut(result) and lab.state().active == "stopped"


def test_a_stop_that_takes_too_long_is_reported_and_the_helper_starts_it_afterwards(lab):
    lab.say("slow-stop", 6)
    lab.call(cooldown="0", max_attempts=9)
    result = lab.call(cooldown="0", max_attempts=9, timeout="0.5s")
    assert result["outcome"] == "failed" and result["failed"] and result["changed"]
    assert "did not stop within 0.5 s" in result["msg"] and "starts it as soon as it has stopped" in result["msg"]
    wait_until(lambda: is_unlocked(lab), "the helper's end")
    wait_until(lambda: lab.state().active == "running", "the new life")
    assert len(lab.starts()) == 3


def test_the_module_does_not_wait_for_a_helper_that_goes_on(lab):
    """Ansible waits for the end of the module's output; a helper that held on to it would keep the SSH connection open."""
    lab.say("slow-stop", 8)
    lab.call(cooldown="0", max_attempts=9)
    process = lab.begin(cooldown="0", max_attempts=9, timeout="0.5s")
    process.communicate()
    assert lab.helpers(), "output ended while the helper was still at it"
    wait_until(lambda: is_unlocked(lab), "the helper's end")


def test_of_twenty_callers_at_the_same_moment_exactly_one_acts(lab):
    for _round in range(2):
        incarnation, starts = lab.incarnation(), len(lab.starts())
        processes = [lab.begin(expect=incarnation, cooldown="0", max_attempts=500) for _number in range(20)]
        results = [json.loads(process.communicate()[0]) for process in processes]
        outcomes = sorted(result["outcome"] for result in results)
        assert outcomes.count("succeeded") == 1 and len(lab.starts()) == starts + 1, outcomes
        assert set(outcomes) <= {"succeeded", "refused", "already_changed"}
        assert all(shut(result) for result in results if result["outcome"] != "succeeded")
        assert sum(result["changed"] for result in results) == 1


def test_without_a_pin_the_cooldown_lets_exactly_one_act(lab):
    processes = [lab.begin() for _number in range(20)]
    results = [json.loads(process.communicate()[0]) for process in processes]
    assert sorted(result["outcome"] for result in results) == ["refused"] * 19 + ["succeeded"]
    assert len(lab.starts()) == 2


def _make_attempts_older(lab, seconds):
    """Let time pass, as the journal sees it."""
    (path,) = (lab.state_dir / "attempts").glob("*.jsonl")
    lines = lab.journal()
    for line in lines:
        line["at"]["monotonic"] -= seconds
        line["at"]["epoch"] -= seconds
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
