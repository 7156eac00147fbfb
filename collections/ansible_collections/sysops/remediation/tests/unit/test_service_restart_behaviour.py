# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_restart against a real supervisord: what it does, what it proves, what it tells."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._action import syslog
from ansible_collections.sysops.remediation.tests.unit.action_lab import COLLECTIONS, Lab, gates, shut, wait_until

pytestmark = pytest.mark.slow

QUICK = {"verify_for": "0.3s", "passes": 2, "interval": "0.1s", "deadline": "5s"}


@pytest.fixture
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def missing(result):
    return [one["name"] for one in result["proof"]["gates"] if not one["passed"]]


def contents(folder):
    """Return everything below a folder, with content and times."""
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in sorted(Path(folder).rglob("*"))}


def test_a_restart_is_proven(lab):
    lab.say("ballast", 40)
    lab.call(stand_down="0", cooldown="0", verify=QUICK)  # a life with 40 MiB, as if it had leaked
    lab.forget("ballast")
    before = lab.incarnation()
    result = lab.call(expect=before, reason="leaks", incident="inc-1", diff=True, cooldown="0")
    assert result["outcome"] == "succeeded", result
    assert result["changed"] and not result.get("failed") and not result["refused"]
    assert result["before"]["incarnation"] == before and result["after"]["incarnation"] == lab.incarnation() != before
    assert result["before"]["memory"] - result["after"]["memory"] > 35 << 20
    assert result["proof"]["proven"] and result["proof"]["probes"][0]["status"] == "healthy"
    assert [line["kind"] for line in lab.journal()] == ["intent", "outcome"] * 2
    assert lab.journal()[2]["reason"] == "leaks" and lab.journal()[3]["outcome"] == "succeeded"
    assert len(lab.starts()) == 3 and lab.helpers() == []
    assert before in result["diff"]["before"] and result["after"]["incarnation"] in result["diff"]["after"]


def test_check_mode_predicts_and_touches_nothing(lab):
    incarnation = lab.incarnation()
    result = lab.call(check=True, diff=True, expect=incarnation)
    assert (result["outcome"], result["changed"], result.get("failed")) == ("predicted", True, None)
    assert not lab.state_dir.exists() and lab.incarnation() == incarnation
    assert "(a new one)" in result["diff"]["after"]


def test_check_mode_predicts_the_refusal_too(lab):
    lab.call()
    before = contents(lab.state_dir)
    result = lab.call(check=True)
    assert shut(result) == ["cooldown"] and result["failed"] and not result["changed"]
    assert contents(lab.state_dir) == before


def test_one_that_does_not_come_back_is_told_with_its_log(lab):
    lab.say("no-start")
    result = lab.call(verify=QUICK)
    assert result["outcome"] == "failed" and result["failed"] and result["changed"]
    assert result["after"]["active"] == "failed"
    assert any("fatal: no configuration" in line for line in result["logs"]), result["logs"]
    assert any("supervisorctl status mail" in step for step in result["next_steps"])
    assert lab.journal()[-1]["outcome"] == "failed"


def test_one_that_dies_while_it_is_watched_did_not_come_back(lab):
    lab.say("die-after", 2.5)
    result = lab.call(verify={"verify_for": "20s", "passes": 1, "interval": "0.2s", "deadline": "60s"})
    assert result["outcome"] == "failed" and "after it had been up for" in result["msg"]
    assert "exit code 7" in " ".join(result["notes"])


def test_one_that_supervisord_restarts_is_not_taken_for_a_success(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"), autorestart="true")
    try:
        lab.start()
        lab.say("die-after", 2)
        result = lab.call(verify={"verify_for": "30s", "passes": 1, "interval": "0.1s", "deadline": "60s"})
        assert result["outcome"] == "failed" and result["failed"], result["msg"]
    finally:
        lab.stop()


def test_a_sick_service_is_unverified(lab):
    lab.say("sick")
    result = lab.call(verify=QUICK)
    assert result["outcome"] == "unverified" and missing(result) == ["probe_tcp"]
    assert result["changed"] and result["failed"] and "421 busy" in result["msg"]


def test_a_flapping_probe_is_no_proof(lab):
    lab.say("flap")
    result = lab.call(verify=QUICK)
    (probe,) = result["proof"]["probes"]
    assert result["outcome"] == "unverified" and probe["status"] == "sick" and probe["required"] == 2


def test_a_broken_probe_is_inconclusive_while_the_service_is_healthy(lab):
    result = lab.call(health=[{"type": "command", "argv": ["/no/such/check"]}, {"type": "tcp", "port": lab.port, "expect": "220 "}])
    assert result["outcome"] == "inconclusive" and [one["status"] for one in result["proof"]["probes"]] == ["inconclusive", "healthy"]
    assert result["after"]["active"] == "running"


def test_a_log_line_of_the_new_life_is_proof(lab):
    assert lab.call(health=[{"type": "log_line", "expect": "ready"}])["outcome"] == "succeeded"


def test_a_stop_that_hangs_is_killed_only_if_allowed(lab):
    lab.say("ignore-term")
    lab.call(cooldown="0")
    allowed = lab.call(cooldown="0", timeout="1s", force_kill=True)
    assert allowed["outcome"] in ("succeeded", "failed") and len(lab.starts()) == 3, allowed["msg"]
    wait_until(lambda: lab.state().active == "running", "the new life")


def test_a_crashed_one_is_started(lab):
    os.kill(lab.state().main_pid, signal.SIGKILL)
    wait_until(lambda: lab.state().active == "failed", "the crash")
    result = lab.call(expect="none", stand_down="10m")
    assert result["outcome"] == "succeeded" and "mail was started" in result["msg"]
    assert result["before"]["incarnation"] is None


def test_one_that_gave_up_is_started_only_if_allowed(lab):
    lab.say("no-start")
    lab.call(cooldown="0", verify=QUICK)
    lab.forget("no-start")
    assert lab.state().sub == "FATAL"
    assert shut(lab.call(cooldown="0")) == ["start_limit"]
    assert lab.call(cooldown="0", reset_failed=True)["outcome"] == "succeeded"


def test_one_that_somebody_else_has_just_restarted_is_left_alone(lab):
    result = lab.call(stand_down="10m")
    assert shut(result) == ["stand_down"] and "not by this tool" in result["msg"]


def test_one_that_was_restarted_since_the_diagnosis_is_left_alone(lab):
    diagnosed = lab.incarnation()
    lab.manager().stop("mail", 60)
    lab.manager().start("mail", 60)
    result = lab.call(expect=diagnosed)
    assert result["outcome"] == "already_changed" and len(lab.starts()) == 2


def test_only_if_running_skips_a_stopped_one(lab):
    lab.manager().stop("mail", 60)
    result = lab.call(only_if_running=True)
    assert (result["outcome"], result["changed"], result.get("failed")) == ("skipped", False, None)
    assert lab.state().active == "stopped"


def test_a_reload_keeps_the_life_and_has_to_free_memory(lab):
    lab.say("ballast", 40)
    lab.say("reload")
    lab.call(cooldown="0")
    incarnation = lab.incarnation()
    result = lab.call(action="reload", cooldown="0")
    assert result["after"]["incarnation"] == incarnation
    assert result["outcome"] == "succeeded" and result["after"]["memory"] < result["before"]["memory"], result["msg"]


def test_a_reload_of_one_that_would_die_of_it_is_refused(lab):
    result = lab.call(action="reload")
    assert result["outcome"] == "refused" and shut(result) == ["supported"] and not result["changed"]
    assert len(lab.starts()) == 1


def test_a_scale_is_refused_where_there_is_no_limit(lab):
    assert "scale_step" in shut(lab.call(action="scale"))


def test_an_unknown_service_gets_one_line_with_the_nearest_name(lab):
    result = lab.call(name="mial")
    assert result["failed"] and "'mial' not found" in result["msg"] and "did you mean 'mail'" in result["msg"] and "\n" not in result["msg"]
    assert not lab.state_dir.exists()


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"timeout": "-1"}, "timeout: '-1' is negative"),
        ({"cooldown": "soon"}, "cooldown: 'soon' is not a duration"),
        ({"health": [{"type": "tcp"}]}, "health probe tcp needs 'port'"),
        ({"server": "unix:///no/such.sock"}, "/no/such.sock"),
        ({"manager": "upstart"}, "upstart"),
    ],
)
def test_a_mistake_gets_one_clear_line(lab, wrong, said):
    result = lab.call(**wrong)
    assert result["failed"] and said in result["msg"] and "\n" not in result["msg"] and not result.get("changed")


def test_secrets_of_probes_do_not_come_back(lab):
    secrets = {"Authorization": "Basic a2ltOmh1bnRlcjI=", "X-Api-Key": "s3cret-k3y", "Accept": "text/plain"}
    probe = {"type": "http", "url": "http://kim:hunter2@127.0.0.1:%d/" % lab.port, "headers": secrets}
    text = json.dumps(lab.call(health=[probe], verify=QUICK))
    assert not [secret for secret in ("hunter2", "a2ltOmh1bnRlcjI", "s3cret-k3y") if secret in text]
    assert "text/plain" in text


def test_a_read_only_state_directory_denies(lab):
    result = lab.call(state_dir="/proc/self/sysops")
    assert shut(result) == ["state_directory"] and len(lab.starts()) == 1


def test_a_journal_that_cannot_be_written_denies(lab):
    """The size limit hits the journal's next line, as a full disk or a quota would."""
    lab.call(cooldown="0")
    (path,) = (lab.state_dir / "attempts").glob("*.jsonl")
    before = path.read_bytes()
    limited = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (%d, %d))\n" % (
        (len(before) + 50,) * 2
    )
    process = lab.begin(prelude=limited, cooldown="0")
    result = json.loads(process.communicate()[0])
    assert shut(result) == ["attempts_journal"] and "File too large" in result["msg"]
    assert path.read_bytes() == before and len(lab.starts()) == 2


def test_each_attempt_leaves_one_line_in_the_hosts_log(tmp_path_factory):
    root = tmp_path_factory.mktemp("r")
    (root / "dev").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(root / "dev" / "log"))
        assert syslog.note("attempt a1:\nrestart of systemd/mail.service", str(root))
        line = log.recv(2000).decode()
    assert line == "<29>sysops-remediation[%d]: attempt a1: restart of systemd/mail.service" % os.getpid()
    assert syslog.note("nobody listens", str(root / "nowhere")) is False


ROUNDS = """
import json, os, sys, time
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._action import flow, request
from ansible_collections.sysops.remediation.plugins.module_utils._managers.supervisord import Supervisord

params, rounds, callers = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
params.update(action="restart", within="24h", cooldown="0", max_attempts=500, force_kill=False, only_if_running=False,
              reset_failed=False, daemon_reload=False, max_dependents=5)

def call(expect, start, answers):
    manager = Supervisord(_run.run, server=params["server"])
    os.read(start, 1)  # all at the same moment: when the last holder of the other end closes it
    result = flow.perform(request.from_params(dict(params, expect=expect)), manager, params["state_dir"])
    os.write(answers, result["outcome"].encode() + b"\\n")
    os._exit(0)

for number in range(rounds):
    expect = Supervisord(_run.run, server=params["server"]).inspect("mail").incarnation.id
    start, go = os.pipe()
    hear, answers = os.pipe()
    for caller in range(callers):
        if os.fork() == 0:
            os.close(go)
            call(expect, start, answers)
    os.close(answers)
    time.sleep(0.05)  # let them come to the starting line
    os.close(go)
    with os.fdopen(hear) as outcomes:
        print(json.dumps(outcomes.read().split()), flush=True)
    os.close(start)
    for caller in range(callers):
        os.wait()
"""


@pytest.mark.timeout(900)
def test_of_twenty_callers_at_the_same_moment_exactly_one_acts_fifty_times(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"), startsecs=0)
    try:
        lab.start()
        quick = {"verify_for": "0", "passes": 1, "interval": "0.05s", "deadline": "60s"}
        arguments = [json.dumps(lab.params(verify=quick)), "50", "20"]
        environment = dict(os.environ, PYTHONPATH=str(COLLECTIONS))
        done = subprocess.run([sys.executable, "-c", ROUNDS, *arguments], env=environment, capture_output=True, text=True, timeout=850, check=False)
        rounds = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rounds) == 50, done.stderr
        for outcomes in rounds:
            assert len(outcomes) == 20 and outcomes.count("succeeded") == 1, outcomes
            assert set(outcomes) <= {"succeeded", "refused", "already_changed"}
        assert len(lab.starts()) == 51
    finally:
        lab.stop()


def test_gates_that_were_passed_are_told_too(lab):
    passed = gates(lab.call(expect=lab.incarnation()))
    assert passed["incarnation"] and passed["cooldown"] and passed["attempt_budget"] and passed["pause"] and passed["attempts_journal"]
