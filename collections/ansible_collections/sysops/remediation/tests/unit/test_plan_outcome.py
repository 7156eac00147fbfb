# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From results to outcomes, and from outcomes to how the run ended."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._gates import gate
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_outcome import bad_ends, ended, planned, reconcile, settle

WELL = {"host": "mail1", "service": "systemd/cron.service", "verdict": "healthy"}
ACTION = {"incident": "r-1", "host": "mail1", "service": "systemd/postfix.service", "action": "reload"}


def step(outcome, action="restart", **more):
    return {"outcome": outcome, "action": action, "msg": f"it was {outcome}", **more}


def outcome(word, host="mail1", incident="r-1"):
    return {"incident": incident, "host": host, "service": "systemd/x", "outcome": word, "action": "restart", "msg": "because"}


def plan(actions=(), refusals=(), unreachable=(), errors=(), healthy=(WELL,), purpose="remediate"):
    return {
        "id": "p",
        "run_id": "r",
        "purpose": purpose,
        "actions": list(actions),
        "refusals": list(refusals),
        "healthy": list(healthy),
        "unreachable": list(unreachable),
        "errors": list(errors),
    }


def refusal(*closed_gates):
    gates = [gate("mode", "mode" not in closed_gates, "d"), gate("ladder", "ladder" not in closed_gates, "no ladder")]
    return {"incident": "r-9", "host": "web1", "service": "systemd/x", "gates": gates}


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("succeeded", "remediated"),
        ("refused", "refused"),
        ("already_changed", "already_changed"),
        ("inconclusive", "inconclusive"),
        ("unverified", "failed"),
        ("failed", "failed"),
        ("predicted", "predicted"),
        ("skipped", "refused"),
        ("a word of a later version", "failed"),
    ],
)
def test_the_word_of_the_only_step_is_the_outcome(said, means):
    assert settle(ACTION, [step(said)], {}, {})["outcome"] == means


@pytest.mark.parametrize("first", ["unverified", "failed"])
@pytest.mark.parametrize(
    ("then", "means"),
    [
        ("succeeded", "remediated"),
        ("inconclusive", "inconclusive"),
        ("unverified", "failed"),
        ("failed", "failed"),
        ("refused", "failed"),
        ("already_changed", "failed"),
        ("skipped", "failed"),
    ],
)
def test_a_step_that_did_not_help_is_made_good_only_by_one_that_is_proven(first, then, means):
    settled = settle(ACTION, [step(first, "reload"), step(then)], {}, {})
    assert settled["outcome"] == means
    assert bool(bad_ends(plan(actions=[ACTION]), [settled])) is (then != "succeeded")


@pytest.mark.parametrize("then", ["refused", "already_changed"])
def test_where_the_last_step_did_nothing_the_message_tells_also_what_did_not_help_before_it(then):
    settled = settle(ACTION, [step("unverified", "reload"), step(then)], {}, {})
    assert settled["msg"] == f"it was unverified; then it was {then}"


def test_the_action_and_the_message_are_those_of_the_last_step():
    settled = settle(ACTION, [step("unverified", "reload"), step("succeeded", "restart")], {}, {})
    assert (settled["action"], settled["msg"]) == ("restart", "it was succeeded")
    assert len(settled["steps"]) == 2


@pytest.mark.parametrize(
    ("name", "value", "again"),
    [("max_unavailable", 1, True), ("permit_held", 7, True), ("breaker", "half_open", True), ("breaker", "open", False)],
)
def test_a_permit_is_asked_for_again_unless_a_mass_failure_stands_against_it(name, value, again):
    settled = settle(ACTION, [], {}, {}, {"permit": None, "msg": "no permit", "gates": [gate(name, False, "d", value=value)]})
    assert (settled["outcome"], settled["ask_again"]) == ("refused", again)
    assert not settle(ACTION, [step("refused")], {}, {}, {"permit": {"id": "p"}, "gates": []})["ask_again"]


def test_a_module_that_crashed_is_a_failure_with_one_line():
    settled = settle(ACTION, [{"failed": True, "msg": "MODULE FAILURE\nsee stderr"}], {}, {})
    assert (settled["outcome"], settled["msg"], settled["action"]) == ("failed", "MODULE FAILURE see stderr", "reload")


def test_a_host_that_was_lost_leaves_unknown():
    before = settle(ACTION, [], {"unreachable": True, "msg": "no route"}, {})
    during = settle(ACTION, [{"unreachable": True, "msg": "no route"}], {}, {})
    hung = settle(ACTION, [{"failed": True, "timedout": {"period": 300}, "msg": "timed out"}], {}, {})
    assert before["outcome"] == during["outcome"] == hung["outcome"] == "unknown"
    assert "nothing was done" in before["msg"]
    assert "nothing was done" not in during["msg"]


@pytest.mark.parametrize(
    ("kept", "fetched", "evidence"),
    [
        ({"skipped": True}, {"skipped": True}, None),
        ({"evidence": {"path": "/e", "fetched_to": None}}, {"skipped": True}, {"path": "/e", "fetched_to": None}),
        ({"evidence": {"path": "/e", "fetched_to": None}}, {"dest": "/here"}, {"path": "/e", "fetched_to": "/here"}),
        ({"evidence": {"path": "/e"}}, {"failed": True, "msg": "disk full"}, {"path": "/e", "error": "not fetched: disk full"}),
        ({"failed": True, "msg": "no space\nleft"}, {}, {"error": "no space left"}),
    ],
)
def test_the_evidence_says_where_it_is_or_why_it_is_not(kept, fetched, evidence):
    assert settle(ACTION, [step("succeeded")], kept, fetched)["evidence"] == evidence


def test_an_action_that_left_no_outcome_is_unknown():
    settled = reconcile(plan(actions=[ACTION, {**ACTION, "incident": "r-2"}]), [outcome("remediated", incident="r-2")])
    assert [(one["incident"], one["outcome"]) for one in settled] == [("r-1", "unknown"), ("r-2", "remediated")]


@pytest.mark.parametrize("word", ["remediated", "predicted", "already_changed"])
def test_a_good_end_wakes_nobody(word):
    assert bad_ends(plan(actions=[ACTION]), [outcome(word)]) == {}


@pytest.mark.parametrize("word", ["failed", "unknown", "refused", "inconclusive", "ineffective", "chronic"])
def test_a_bad_end_fails_exactly_its_host(word):
    assert bad_ends(plan(actions=[ACTION]), [outcome(word)]) == {"mail1": [f"systemd/x: {word}: because"]}


def test_a_refusal_by_the_will_of_the_policy_is_no_bad_end_unless_a_person_asked():
    assert bad_ends(plan(refusals=[refusal("mode")]), []) == {}
    assert list(bad_ends(plan(refusals=[refusal("mode")], purpose="restart"), [])) == ["web1"]
    assert list(bad_ends(plan(refusals=[refusal("mode", "ladder")]), [])) == ["web1"]


ERROR = {"host": "db1", "msg": "bad policy"}


@pytest.mark.parametrize(
    ("what", "outcomes", "status"),
    [
        (plan(), [], "nothing_to_do"),
        (plan(refusals=[refusal("mode")]), [], "nothing_to_do"),
        (plan(actions=[ACTION]), [outcome("remediated")], "succeeded"),
        (plan(actions=[ACTION]), [outcome("refused")], "refused"),
        (plan(actions=[ACTION], unreachable=["web1"]), [outcome("refused")], "unreachable"),
        (plan(actions=[ACTION], unreachable=["web1"]), [outcome("failed")], "failed"),
        (plan(errors=[ERROR], unreachable=["web1"]), [], "failed"),
    ],
)
def test_the_run_ends_as_the_worst_that_happened(what, outcomes, status):
    answer = ended(what, outcomes)
    assert answer["status"] == status
    assert bool(answer["message"]) == (status not in ("nothing_to_do", "succeeded"))


@pytest.mark.parametrize("answer", [ended(plan(healthy=()), []), planned(plan(healthy=()))])
def test_a_run_that_had_nothing_to_look_at_says_so(answer):
    assert answer["status"] == "nothing_to_do"
    assert answer["message"].startswith("nothing was looked at: no host has a service in its policy: name some in remediation_services")


def test_a_run_that_only_plans_answers_with_the_plan_but_not_with_what_probes_may_hold():
    answer = planned(plan(actions=[{**ACTION, "policy": {"health": [{"headers": {"Authorization": "hunter2"}}]}}]))
    assert answer["plan"]["actions"] == [ACTION]
