# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks refuse to begin, what they limit themselves to, and the ladder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import ROOT, FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("flow"))
    lab.add("one", {"mode": "auto"})
    lab.add("two", {"mode": "auto"})
    lab.add("asks", {}, leaking_lives=9)
    page = {"type": "http", "url": "http://127.0.0.1:1/", "headers": {"Authorization": "Bearer hidden-header"}}
    ask = {"type": "command", "argv": ["true", "--password=hidden-option"]}
    lab.add("hides", {"mode": "auto", "server": f"unix://admin:hidden-word@{lab.socket}", "health": [page, ask]})
    ladder = [{"action": "reload", "timeout": "5s"}, {"action": "restart"}]
    lab.add("climbs", {"mode": "auto", "ladder": ladder, "evidence": {"fetch": True}}, leaking_lives=1)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def stopped(run, status, message):
    assert run.rc != 0
    assert run.answer["status"] == status
    assert message in run.answer["message"]
    assert len(run.answer["message"].splitlines()) == 1


def test_remediate_on_everything_must_be_meant(lab):
    before = {host: lab.calls(host) for host in lab.hosts}
    stopped(lab.run("remediate"), "invalid_input", "remediation_allow_all=true")
    assert {host: lab.calls(host) for host in lab.hosts} == before


def test_restart_on_everything_must_be_meant(lab):
    stopped(lab.run("restart", remediation_service="one"), "invalid_input", "remediation_allow_all=true")


@pytest.mark.parametrize(
    ("playbook", "variable", "given", "message"),
    [
        ("remediate", "remediation_notify", [{"type": "mail", "to": ["a@b"], "pasword": "hidden-word"}], "remediation_notify[0]: unknown key 'pasword'"),
        ("remediate", "remediation_notify", ["hidden-word"], "remediation_notify[0] is not a mapping"),
        ("diagnose", "remediation_window", "often", "remediation_window: 'often' is not a duration: write "),
        ("why_not", "remediation_window", "-5s", "remediation_window: '-5s' is negative"),
        ("plan", "remediation_interval", "0s", "remediation_interval is 0s: it must be more than 0 seconds"),
        ("diagnose", "remediation_prometheus", ["hidden-word"], "remediation_prometheus is not a mapping"),
        ("diagnose", "remediation_prometheus", {"url": "http://a", "queries": {"anon": "{{ nowhere }}"}}, "remediation_prometheus cannot be computed"),
    ],
)
def test_settings_whose_tasks_hide_what_they_say_are_checked_before_anything_runs(lab, playbook, variable, given, message):
    before = {host: lab.calls(host) for host in lab.hosts}
    run = lab.run(playbook, remediation_hosts="one", **{variable: given})
    stopped(run, "invalid_input", message)
    assert "hidden-word" not in run.answer["message"] and {host: lab.calls(host) for host in lab.hosts} == before


@pytest.mark.parametrize("playbook", ["diagnose", "plan", "remediate"])
def test_a_pattern_that_matches_nothing_is_one_line_and_no_success(lab, playbook):
    stopped(lab.run(playbook, remediation_hosts="onee"), "no_hosts", "remediation_hosts=onee matches no host of the inventory (did you mean 'one'?)")


def test_a_word_of_pause_and_resume_is_no_word_of_a_run(lab):
    run = lab.run("restart", remediation_host="one", remediation_service="one", remediation_allow_all=True)
    stopped(run, "invalid_input", "remediation_host is a word of pause, resume and report")


def test_a_pattern_that_the_limit_leaves_empty_is_no_success(lab):
    stopped(lab.run("remediate", "--limit", "two", remediation_hosts="one"), "no_hosts", "within --limit two")


def test_a_limit_that_matches_nothing_is_no_success(lab):
    run = lab.run("remediate", "--limit", "nobody")
    assert run.rc != 0
    assert "no hosts to target" in run.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"remediation_window": "-5s"}, "-5s"),
        ({"remediation_window": "1s", "remediation_interval": "1s"}, "window"),
        ({"remediation_interval": "often"}, "'often' is not a duration"),
    ],
)
def test_a_measurement_that_cannot_be_is_one_line_and_nothing_is_done(lab, options, message):
    run = lab.run("remediate", remediation_hosts="two", **options)
    assert run.rc != 0
    assert message in run.answer["message"]
    assert len(run.answer["message"].splitlines()) == 1
    assert len(lab.starts("two")) == 1


def test_restart_without_a_service_is_one_line(lab):
    stopped(lab.run("restart", remediation_hosts="one"), "invalid_input", "remediation_service is not set")


def test_a_service_that_no_policy_names_is_not_touched(lab):
    run = lab.run("restart", "--limit", "one", remediation_service="ome")
    assert run.rc != 0
    assert "the policy of one does not name it (did you mean 'one'?)" in run.output
    assert len(lab.starts("one")) == 1


def test_restart_does_what_a_person_asked_for_on_a_healthy_service_and_only_within_the_limit(lab):
    before = lab.calls("two")
    run = lab.run("restart", "--limit", "one", remediation_service="one")
    assert run.rc == 0, run.output
    assert [(one["host"], one["outcome"]) for one in run.answer["incidents"]] == [("one", "remediated")]
    assert len(lab.starts("one")) == 2
    assert lab.calls("two") == before


def test_the_host_keeps_its_cooldown_whoever_asks(lab):
    run = lab.run("restart", remediation_hosts="one", remediation_service="one")
    assert run.rc != 0
    assert run.answer["incidents"][0]["outcome"] == "refused"
    assert run.answer["status"] == "refused"
    assert len(lab.starts("one")) == 2


def test_restart_of_a_service_in_mode_recommend_is_refused_and_says_how_to_allow_it(lab):
    run = lab.run("restart", remediation_hosts="asks", remediation_service="asks")
    assert run.rc != 0
    assert "nothing is done without 'mode: auto' (or 'approve') for this service" in run.output
    assert len(lab.starts("asks")) == 1


def test_no_secret_of_a_policy_is_shown_however_verbose_the_run_is(lab):
    run = lab.run("restart", "-vvv", "--check", "--diff", remediation_hosts="hides", remediation_service="hides")
    assert [one["outcome"] for one in run.answer["incidents"]] == ["predicted"], run.output
    assert "hidden-" not in run.output


def test_the_ladder_is_climbed_one_step_further_only_after_a_failed_step(lab):
    lab.grow_old()
    run = lab.run("remediate", remediation_hosts="climbs", remediation_report_dir="reports")
    assert run.rc == 0, run.output
    incident = run.answer["incidents"][0]
    kept = lab.folder / "work" / "reports" / run.answer["run_id"]  # a relative path begins where the user is, for the report and the evidence alike
    report = json.loads((kept / f"{incident['incident']}.json").read_text())
    evidence = Path(report["evidence"]["fetched_to"])
    assert (evidence.parent, evidence.stat().st_mode & 0o777) == (kept, 0o600)
    assert [(step["action"], step["outcome"]) for step in report["steps"]] == [("reload", "unverified"), ("restart", "succeeded")]
    assert (incident["outcome"], incident["action"]) == ("remediated", "restart")
    assert len(lab.starts("climbs")) == 2


def test_a_notification_that_cannot_be_sent_is_reported_and_fails_nothing(lab):
    nobody = {"type": "webhook", "url": "http://127.0.0.1:1/hook-with-a-secret", "name": "chat"}
    run = lab.run("remediate", remediation_hosts="asks", remediation_notify=[nobody])
    assert run.rc == 0, run.output
    assert "chat was NOT told" in run.output
    assert "hook-with-a-secret" not in run.output


def test_the_local_inventory_can_always_be_diagnosed(lab):
    run = lab.run("diagnose", "--check", "--diff", "-i", str(ROOT / "inventories" / "local"), "--limit", "localhost")
    assert run.rc == 0, run.output
    assert "diagnosed:" in run.output
