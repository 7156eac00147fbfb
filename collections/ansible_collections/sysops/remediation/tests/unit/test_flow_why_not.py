# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``why_not``: every gate between a service and an action, of policy, ledger and host, and when it opens."""

from __future__ import annotations

import json

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Ask, Group, open_ledger
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CONSENT = {"allow_outage": True}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("flow"))
    lab.groups = {"pair": ["leaks", "well"]}
    lab.add("leaks", {"mode": "auto", **CONSENT, "group": "pair", "max_unavailable": 2}, leaking_lives=9)
    lab.add("asks", {"mode": "approve", **CONSENT, "server": f"unix://admin:hidden-word@{lab.socket}"}, leaking_lives=9)
    lab.add("stands", {"mode": "auto", **CONSENT, "guard": {"stand_down": "1h"}}, leaking_lives=9)
    lab.add("well", {"mode": "auto", **CONSENT, "group": "pair", "max_unavailable": "{{ tight }}"}, tight=1)
    lab.add("busy", {"mode": "auto", **CONSENT}, leaking_lives=9)
    lab.add("gone", {"mode": "auto"})
    lab.lose_after("gone", 0)
    try:
        lab.start()
        lab.grow_old()
        yield lab
    finally:
        lab.stop()


@pytest.fixture(scope="module")
def ledger(lab):
    """The ledger of the lab, in which somebody else works on ``busy`` and ``leaks`` is not paused yet."""
    url = f"sqlite:///{lab.folder}/ledger.sqlite"
    ledger = open_ledger(url)
    everybody = Group("supervisord/busy", frozenset(lab.hosts), 1)
    assert ledger.reserve(Ask("busy", "supervisord/busy", everybody, "other-run", "other-run-1", "restart", 3600.0)).permit
    return url


@pytest.fixture(scope="module")
def answer(lab, ledger):
    files = {path: path.read_bytes() for path in (lab.folder / "state").rglob("*") if path.is_file()}
    starts = {host: lab.starts(host) for host in lab.hosts}
    said = open_ledger(ledger).audited()
    run = lab.run("why_not", "-vvv", remediation_ledger=ledger)
    assert {host: lab.starts(host) for host in lab.hosts} == starts
    assert open_ledger(ledger).audited() == said
    assert {path for path in (lab.folder / "state").rglob("*") if path.is_file() and "attempts" in path.name} <= set(files)
    return run


def about(run, host):
    return next(one for one in run.answer["services"] if one["host"] == host)


def shut(run, host):
    return {one["name"]: one for one in about(run, host)["gates"] if not one["passed"]}


def test_a_service_that_a_run_would_act_on_has_every_gate_open(answer):
    assert shut(answer, "leaks") == {}, answer.output
    assert about(answer, "leaks")["acts"] is True
    assert about(answer, "leaks")["headline"] == "supervisord/leaks on leaks: a run would restart it now"
    asked = {one["asked"] for one in about(answer, "leaks")["gates"]}
    assert asked == {"plan", "ledger", "host"}
    assert {"mode", "verdict", "window", "pause", "breaker", "max_unavailable", "permit_held", "cooldown", "attempt_budget"} <= {
        one["name"] for one in about(answer, "leaks")["gates"]
    }


def test_a_healthy_service_is_left_alone_for_its_verdict(answer):
    assert "verdict" in shut(answer, "well")
    assert about(answer, "well")["acts"] is False


def test_mode_approve_waits_for_a_person(answer):
    assert set(shut(answer, "asks")) == {"approval"}
    assert about(answer, "asks")["opens_at"] is None


def test_the_guard_of_the_host_is_asked_and_says_when_it_opens(answer):
    closed = shut(answer, "stands")
    assert set(closed) == {"stand_down"}
    assert closed["stand_down"]["asked"] == "host"
    assert about(answer, "stands")["opens_at"] == closed["stand_down"]["opens_at"] > answer.answer["at"]
    assert "if nothing else changes" in about(answer, "stands")["headline"]


def test_a_permit_of_another_run_is_a_closed_gate_that_opens_when_it_ends(answer):
    held = shut(answer, "busy")["permit_held"]
    assert 0 < held["opens_at"] - answer.answer["at"] <= 3600


def test_a_host_that_is_gone_is_named_and_the_others_are_told(answer):
    assert answer.rc != 0
    assert answer.answer["unreachable"] == ["gone"]
    assert answer.answer["status"] == "unreachable"
    assert {one["host"] for one in answer.answer["services"]} == {"leaks", "asks", "stands", "well", "busy", "gone"}
    assert set(shut(answer, "gone")) == {"diagnosed"}
    assert "the host could not be reached" in shut(answer, "gone")["diagnosed"]["detail"]
    assert {"mode", "window", "pause", "breaker", "max_unavailable", "permit_held"} <= {one["name"] for one in about(answer, "gone")["gates"]}


def test_no_secret_of_a_policy_is_shown_however_verbose_the_run_is(answer):
    assert "hidden-word" not in answer.output


def test_a_pause_is_named_with_its_end_and_a_freeze_too(lab, ledger):
    paused = open_ledger(ledger)
    paused.pause("storage maintenance", until=paused.now() + 600, host="leaks")
    run = lab.run("why_not", remediation_ledger=ledger, remediation_hosts="leaks", remediation_service="leaks")
    assert run.rc == 0, run.output
    pause = shut(run, "leaks")["pause"]
    assert "storage maintenance" in pause["detail"]
    assert about(run, "leaks")["opens_at"] == pause["opens_at"]
    assert "CLOSED plan   pause" in run.output
    paused.resume(host="leaks")


def test_the_policy_of_a_host_that_is_not_asked_about_makes_the_budget_as_tight_as_its_own(lab, ledger):
    run = lab.run("why_not", remediation_ledger=ledger, remediation_hosts="leaks")
    budget = next(one for one in about(run, "leaks")["gates"] if one["name"] == "max_unavailable")
    assert (budget["passed"], budget["threshold"]) == (True, 1), run.output
    plan = lab.run("plan", remediation_ledger=ledger, remediation_hosts="leaks")
    assert plan.answer["plan"]["groups"] == {"pair": {"members": ["leaks", "well"], "max_unavailable": 1, "note": ""}}, plan.output


def test_a_ledger_that_cannot_be_used_is_a_closed_gate(lab):
    broken = lab.folder / "broken.sqlite"
    broken.write_text("this was a ledger once " * 100)
    run = lab.run("why_not", remediation_ledger=f"sqlite:///{broken}", remediation_hosts="leaks")
    assert "so nothing is acted on" in shut(run, "leaks")["ledger"]["detail"], run.output


def test_a_service_that_no_policy_names_is_a_mistake_in_one_line(lab, ledger):
    run = lab.run("why_not", remediation_ledger=ledger, remediation_hosts="leaks", remediation_service="leeks")
    assert run.rc != 0
    assert "did you mean 'leaks'?" in json.dumps(run.answer)
