# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A night on call, by playbooks alone: pause, why not, status, resume, remediate, report. Real services, a real ledger."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import open_ledger
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ON_LEAKS = {"remediation_hosts": "leaks", "remediation_service": "leaks"}
NIGHT = {"rrule": "FREQ=DAILY", "start": "02:00", "duration": "2h", "timezone": "Europe/Berlin"}
NOBODY = "postgresql://ops:hidden-word@127.0.0.1:1/ledger"


def lab_in(folder):
    lab = FlowLab(folder)
    secret = {"type": "http", "url": "http://127.0.0.1:1/", "headers": {"Authorization": "Bearer hidden-header"}}
    lab.add("leaks", {"mode": "auto"}, leaking_lives=1)
    lab.add("calm", {"mode": "auto", "windows": [NIGHT], "health": [secret]})
    lab.add("gone", {"mode": "auto"})
    lab.lose_after("gone", 0)
    return lab


def gates(service):
    return {one["name"]: one for one in service["gates"] if not one["passed"]}


class Night:
    def __init__(self, lab):
        self.lab = lab
        self.rehearsed = lab.run("pause", "--check", remediation_reason="storage is moved")
        self.ledger_after_rehearsal = (lab.folder / "ledger.sqlite").exists()
        subject = {"remediation_host": "leaks", "remediation_service": "leaks"}
        self.paused = lab.run("pause", "--diff", remediation_reason="storage is moved", remediation_for="2h", **subject)
        self.why_paused = lab.run("why_not", "-vvv", **ON_LEAKS)
        self.held_back = lab.run("remediate", **ON_LEAKS)
        self.starts_when_paused = len(lab.starts("leaks"))
        calls = {host: lab.calls(host) for host in lab.hosts}
        self.status = lab.run("status", "-vvv")
        self.calls_of_status = {host: lab.calls(host) - calls[host] for host in lab.hosts}
        self.resumed = lab.run("resume", **subject)
        self.resumed_again = lab.run("resume", **subject)
        self.why_free = lab.run("why_not", **ON_LEAKS)
        self.remediated = lab.run("remediate", **ON_LEAKS)
        self.why_restarted = lab.run("why_not", "--limit", "leaks,gone,calm")
        self.reported = lab.run("report", remediation_host="leaks")


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    lab = lab_in(tmp_path_factory.mktemp("flow"))
    try:
        lab.start()
        lab.grow_old()
        yield Night(lab)
    finally:
        lab.stop()


def test_a_rehearsed_pause_is_predicted_and_leaves_no_trace(night):
    run = night.rehearsed
    assert run.rc == 0, run.output
    assert (run.answer["status"], run.answer["changed"]) == ("succeeded", True)
    assert run.answer["message"].startswith("the whole fleet would be paused until somebody resumes it")
    assert not night.ledger_after_rehearsal


def test_a_pause_is_said_back_with_its_end_and_its_author(night):
    run = night.paused
    assert run.rc == 0, run.output
    [pause] = run.answer["pauses"]
    assert (pause["subject"], pause["reason"]) == ("host leaks, service leaks", "storage is moved")
    assert pause["until"] - pause["created_at"] == pytest.approx(7200, abs=60)
    assert "@" in pause["created_by"]
    assert sum(run.recap(host).get("changed", 0) for host in ("leaks", "calm", "gone")) == 1
    assert "+host leaks, service leaks until" in run.output  # --diff
    assert "ledger.sqlite" in run.answer["ledger"]


def test_why_not_names_the_pause_and_when_it_opens(night):
    run = night.why_paused
    assert run.rc == 0, run.output
    [service] = run.answer["services"]
    assert (service["host"], service["service"], service["verdict"], service["acts"]) == ("leaks", "supervisord/leaks", "leak_suspected", False)
    assert list(gates(service)) == ["pause"]
    assert service["opens_at"] == night.paused.answer["pauses"][0]["until"] == gates(service)["pause"]["opens_at"]
    assert "supervisord/leaks on leaks: a run would not touch it now: pause; open at" in run.output


def test_why_not_tells_the_gates_of_the_plan_of_the_permit_and_of_the_host(night):
    names = {one["name"] for one in night.why_paused.answer["services"][0]["gates"]}
    assert {"mode", "verdict", "window", "freeze", "breaker", "chronic", "max_unavailable", "cooldown", "attempt_budget", "stand_down"} <= names


def test_a_run_holds_back_for_the_same_reason(night):
    assert night.held_back.rc != 0
    [incident] = night.held_back.answer["incidents"]
    assert incident["outcome"] == "refused" and "is paused by" in incident["headline"]
    assert night.starts_when_paused == 1


def test_status_tells_pauses_budgets_and_windows_and_contacts_nobody(night):
    run = night.status
    assert run.rc == 0, run.output
    assert [one["subject"] for one in run.answer["pauses"]] == ["host leaks, service leaks"]
    budget = next(one for one in run.answer["groups"] if one["group"] == "supervisord/leaks")
    assert (budget["left"], budget["max_unavailable"], budget["hosts"], budget["unavailable"]) == (1, 1, 1, {})
    [windows] = run.answer["windows"]
    assert (windows["service"], windows["hosts"], len(windows["windows"])) == ("calm", ["calm"], 3)
    assert all(one["end"] - one["start"] == 7200 for one in windows["windows"])
    assert set(night.calls_of_status.values()) == {0}
    assert "PAUSED       host leaks, service leaks until" in run.output


def test_resuming_is_said_once_and_then_there_is_nothing_to_resume(night):
    assert (night.resumed.answer["status"], night.resumed.answer["changed"], night.resumed.answer["pauses"]) == ("succeeded", True, [])
    again = night.resumed_again
    assert (again.rc, again.answer["status"], again.answer["changed"]) == (0, "nothing_to_do", False)
    assert again.answer["message"] == "nothing to resume: host leaks, service leaks is not paused by itself"
    assert "changed=1" not in again.output


def test_why_not_of_what_nothing_stands_against_says_that_it_would_be_done_and_then_it_is(night):
    [service] = night.why_free.answer["services"]
    assert (service["acts"], gates(service)) == (True, {})
    assert service["headline"] == "supervisord/leaks on leaks: a run would restart it now"
    assert [one["outcome"] for one in night.remediated.answer["incidents"]] == ["remediated"]


def test_after_a_restart_the_host_itself_says_when_it_opens(night):
    services = {one["host"]: one for one in night.why_restarted.answer["services"]}
    [step] = night.reported.answer["incident"]["steps"]
    assert gates(services["leaks"])["cooldown"]["opens_at"] == pytest.approx(step["started"] + 1800, abs=30)
    assert "verdict" in gates(services["calm"])


def test_a_host_that_is_not_reached_is_said_and_the_others_are_answered(night):
    run = night.why_restarted
    assert run.rc != 0
    assert (run.answer["status"], run.answer["unreachable"]) == ("unreachable", ["gone"])
    services = {one["host"]: one for one in run.answer["services"]}
    assert services.keys() == {"leaks", "calm", "gone"}
    assert "could not be reached" in gates(services["gone"])["diagnosed"]["detail"]


def test_the_report_is_the_one_of_that_day_with_what_the_ledger_knows(night):
    run = night.reported
    assert run.rc == 0, run.output
    brief = night.remediated.answer["incidents"][0]
    written = json.loads(Path(brief["report"]).with_suffix(".json").read_text())
    told = dict(run.answer["incident"])
    assert [one["kind"] for one in told.pop("ledger")["trail"]] == ["planned", "permit_granted", "permit_released", "ended"]
    assert told == written
    markdown = Path(brief["report"]).read_text()
    assert run.answer["markdown"].splitlines()[0] == markdown.splitlines()[0] == "# REMEDIATED: leaks on leaks"
    assert "## In the ledger" in run.answer["markdown"]


def test_an_incident_is_found_by_its_id_and_a_wrong_one_is_one_line(night):
    wanted = night.held_back.answer["incidents"][0]["incident"]
    found = night.lab.run("report", remediation_incident=wanted)
    assert found.answer["incident"]["outcome"] == "refused"
    wrong = night.lab.run("report", remediation_incident=wanted[:-2])
    assert (wrong.rc, wrong.answer["status"]) == (2, "invalid_input")
    assert f"remediation_incident={wanted[:-2]} is not in this ledger (did you mean '" in wrong.answer["message"]


def test_nothing_of_a_policy_that_may_be_secret_is_shown(night):
    assert not [run for run in (night.why_paused, night.status) if "hidden-header" in run.output]


@pytest.mark.parametrize(
    ("playbook", "arguments", "variables", "says"),
    [
        ("pause", (), {"remediation_reason": "x", "remediation_host": "leeks"}, "remediation_host=leeks is no host of the inventory (did you mean 'leaks'?)"),
        ("pause", (), {"remediation_host": "leaks"}, "remediation_reason is missing"),
        ("pause", ("--limit", "leaks"), {"remediation_reason": "x"}, "'leaks' (--limit or remediation_hosts) does not say what is paused"),
        ("pause", (), {"remediation_reason": "x", "remediation_until": "soon"}, "remediation_until: 'soon' is not a time"),
        ("report", (), {"remediation_host": "calm"}, "no incident on calm is in this ledger"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_done(night, playbook, arguments, variables, says):
    run = night.lab.run(playbook, *arguments, **variables)
    assert (run.rc, run.answer["status"]) == (2, "invalid_input")
    assert run.answer["message"].startswith(says)
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("playbook", "variable"),
    [
        ("resume", "remediation_host"),
        ("status", "remediation_ledger"),
        ("plan", "remediation_service"),
        ("plan", "remediation_hosts"),
        ("report", "remediation_host"),
    ],
)
def test_a_variable_that_cannot_be_computed_is_not_taken_as_not_given(night, playbook, variable):
    calls = {host: night.lab.calls(host) for host in night.lab.hosts}
    run = night.lab.run(playbook, **{variable: "{{ nope }}"})
    assert (run.rc, run.answer["status"]) == (2, "invalid_input"), run.output
    assert run.answer["message"] == f"{variable} cannot be computed: 'nope' is undefined"
    assert {host: night.lab.calls(host) for host in night.lab.hosts} == calls


@pytest.mark.parametrize("playbook", ["pause", "resume", "status", "report"])
def test_a_ledger_that_cannot_be_used_is_one_line_without_its_password(night, playbook):
    run = night.lab.run(playbook, "-vvv", remediation_reason="x", remediation_ledger=NOBODY)
    assert (run.rc, run.answer["status"]) == (2, "failed")
    assert "PostgreSQL database ledger at 127.0.0.1:1 cannot be reached" in run.answer["message"]
    assert "hidden-word" not in run.output


def test_why_not_without_a_ledger_says_that_nothing_would_be_done(night):
    run = night.lab.run("why_not", **ON_LEAKS, remediation_ledger=NOBODY)
    assert run.rc == 0, run.output
    [service] = run.answer["services"]
    assert not service["acts"] and "so nothing is acted on" in gates(service)["ledger"]["detail"]


def test_a_pause_between_plan_and_act_holds_back_what_has_not_begun(tmp_path):
    lab = FlowLab(tmp_path)
    one_at_a_time = {"mode": "auto", "group": "all", "verify": {"verify_for": "20s", "passes": 2, "interval": "0.5s", "deadline": "90s"}}
    for host in ("mail1", "mail2"):
        lab.add(host, one_at_a_time, leaking_lives=1)
    try:
        lab.start()
        lab.grow_old()
        with ThreadPoolExecutor() as threads:
            running = threads.submit(lab.run, "remediate", remediation_allow_all=True)
            while not (acted := [host for host in lab.hosts if len(lab.starts(host)) > 1]):
                assert not running.done(), running.result().output
                time.sleep(0.05)
            open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite").pause("wait for me")
            run = running.result()
    finally:
        lab.stop()
    [first] = acted
    [second] = lab.hosts.keys() - {first}
    incidents = {one["host"]: one for one in run.answer["incidents"]}
    assert incidents[first]["outcome"] == "remediated", run.output
    assert incidents[second]["outcome"] == "refused" and "wait for me" in incidents[second]["headline"]
    assert len(lab.starts(second)) == 1
