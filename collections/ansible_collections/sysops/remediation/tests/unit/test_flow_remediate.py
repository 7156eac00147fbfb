# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks, run for real: one host of every kind, rehearsed, treated, and looked at again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

AUTO = {"mode": "auto"}


class Story:
    """A rehearsal, the run itself and another run, on the same hosts."""

    def __init__(self, lab: FlowLab):
        self.lab = lab
        everything = {"remediation_allow_all": True}
        self.rehearsal = lab.run("remediate", "--check", "--diff", **everything)
        self.after_rehearsal = {host: len(lab.starts(host)) for host in lab.hosts}
        self.files_after_rehearsal = _files(lab.folder / "state") + _files(lab.folder / "reports")
        before = {host: lab.calls(host) for host in lab.hosts}
        lab.lose_after("lost", 1)
        self.run = lab.run("remediate", **everything)
        self.calls = {host: lab.calls(host) - before[host] for host in lab.hosts}
        self.starts = {host: len(lab.starts(host)) for host in lab.hosts}
        self.reports = sorted((lab.folder / "reports").iterdir())
        self.again = lab.run("remediate", **everything)
        self.starts_again = {host: len(lab.starts(host)) for host in lab.hosts}

    def incident(self, host: str) -> dict:
        return next(one for one in self.run.answer["incidents"] if one["host"] == host)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("flow"))
    lab.add("idle")
    lab.add("leaks", {**AUTO, "evidence": {"fetch": True}}, leaking_lives=1)
    lab.add("plain", AUTO, leaking_lives=1)
    lab.add("stuck", AUTO, leaking_lives=1, lives=1)
    lab.add("lost", AUTO, leaking_lives=9)
    lab.add("recommended", {}, leaking_lives=9)
    lab.add("well", AUTO)
    lab.add("gone", AUTO)
    lab.add("nopython", AUTO, ansible_python_interpreter="/nonexistent/python3")
    lab.add("typo", {"mode": "atuo"})
    lab.add("absent", None, remediation_services=[{"name": "leeks", "manager": "supervisord", "server": f"unix://{lab.socket}"}])
    lab.add("hangs", AUTO, remediation_timeout=15)
    lab.lose_after("gone", 0)
    lab.hang("hangs")
    try:
        lab.start()
        lab.grow_old()
        yield Story(lab)
    finally:
        lab.stop()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_rehearsal_shows_the_plan_and_what_the_host_would_say(story):
    assert "check mode: nothing will be done" in story.rehearsal.output
    assert {one["host"]: one["outcome"] for one in story.rehearsal.answer["incidents"]} == {
        "leaks": "predicted",
        "plain": "predicted",
        "stuck": "predicted",
        "lost": "predicted",
        "recommended": "refused",
    }
    assert story.rehearsal.answer["check_mode"] is True


def test_a_rehearsal_writes_nothing_and_touches_nothing(story):
    assert set(story.after_rehearsal.values()) == {1}
    assert story.files_after_rehearsal == []


def test_the_leaking_services_are_restarted_and_proven(story):
    for host in ("leaks", "plain"):
        assert story.incident(host)["outcome"] == "remediated"
        assert story.starts[host] == 2
        assert story.run.recap(host)["changed"] == 1
        assert story.run.recap(host)["failed"] == 0


def test_a_service_that_does_not_come_back_is_reported_and_others_are_treated_after_it(story):
    assert story.incident("stuck")["outcome"] == "failed"
    assert story.run.recap("stuck")["failed"] == 1
    assert "mailbox index is corrupt" in json.dumps(json.loads(_report(story, "stuck", ".json")))


def test_a_host_that_is_lost_before_the_action_ends_as_unknown_and_untouched(story):
    assert story.incident("lost")["outcome"] == "unknown"
    assert story.starts["lost"] == 1


def test_mode_recommend_says_what_and_does_nothing(story):
    assert story.incident("recommended")["outcome"] == "refused"
    assert story.starts["recommended"] == 1
    assert story.run.recap("recommended")["failed"] == 0
    assert "mode: the policy's mode is 'recommend'" in story.run.output


def test_healthy_services_and_hosts_without_policy_are_untouched(story):
    for host in ("well", "idle"):
        assert story.starts[host] == 1
        assert story.run.recap(host) == {**story.run.recap(host), "changed": 0, "failed": 0, "unreachable": 0}


def test_calls_are_few(story):
    assert story.calls["idle"] == 0
    assert story.calls["typo"] == 0
    assert story.calls["well"] == 1
    assert story.calls["recommended"] == 1
    assert story.calls["plain"] <= 4


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("gone", "the host could not be reached"),
        ("nopython", "/nonexistent/python3"),
        ("hangs", "Timed out after 15 second"),
        ("typo", "remediation_services[0].mode: 'atuo' is not allowed here (did you mean 'auto'?); allowed: observe, recommend, approve, auto"),
        ("absent", "did you mean 'leaks'"),
    ],
)
def test_what_could_not_be_looked_at_is_said_in_one_line_and_fails_that_host(story, host, message):
    line = next(line for line in story.run.output.splitlines() if line.startswith(f"fatal: [{host}]") and "...ignoring" not in line and message in line)
    assert line
    assert story.run.recap(host)["failed"] == 1


def test_the_exit_code_tells(story):
    assert story.run.rc == 2
    assert story.run.answer["status"] == "failed"
    assert story.run.answer["unreachable"] == ["gone"]
    assert {error["host"] for error in story.run.answer["errors"]} == {"nopython", "typo", "absent", "hangs"}


def test_the_report_is_written_whatever_happened(story):
    assert len(story.reports) == 1
    summary = json.loads((story.reports[0] / "summary.json").read_text())
    assert summary["hosts"]["leaks"] == "remediated"
    assert summary["hosts"]["gone"] == "unreachable"
    assert (story.reports[0] / "summary.md").exists()
    assert "remediated" in _report(story, "leaks", ".md")


def test_evidence_is_kept_before_and_fetched_if_the_policy_says_so(story):
    bundles = {host: list((story.lab.folder / "state" / host).rglob("*.tar.gz")) for host in ("leaks", "plain", "well", "recommended")}
    assert {host: len(found) for host, found in bundles.items()} == {"leaks": 1, "plain": 1, "well": 0, "recommended": 0}
    assert len(list(story.reports[0].rglob("*.tar.gz"))) == 1


def test_another_run_right_after_changes_nothing(story):
    assert story.starts_again == story.starts
    for host in ("leaks", "plain", "well"):
        assert story.again.recap(host)["changed"] == 0
    assert [one for one in story.again.answer["incidents"] if one["host"] == "leaks"] == []


def test_another_run_refuses_the_one_that_failed_a_moment_ago(story):
    stuck = next(one for one in story.again.answer["incidents"] if one["host"] == "stuck")
    assert stuck["outcome"] == "refused"
    assert stuck["verdict"] == "crashed"


def _report(story: Story, host: str, suffix: str) -> str:
    return next(story.reports[0].glob(f"*{story.incident(host)['incident']}*{suffix}")).read_text()
