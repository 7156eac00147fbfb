# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from the raw variables of the hosts."""

from __future__ import annotations

import pytest
from ansible.module_utils._internal._messages import Event, WarningSummary
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_facts import collected, new_run_id, read_fleet, read_host, read_outcomes
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_text import MOST, diagnosis_lines, outcome_lines, plan_lines

POLICY = {"services": [{"name": "postfix"}], "named": ["postfix"], "errors": []}
DIAGNOSIS = {
    "service": "systemd/postfix.service",
    "name": "postfix.service",
    "verdict": "leak_suspected",
    "summary": "anon grows",
    "explanation": ["since noon"],
}


def test_a_host_that_answered():
    facts = read_host("a", {"diagnose_policy": POLICY, "diagnose_result": {"diagnoses": [DIAGNOSIS]}})
    assert (facts.policy, facts.diagnoses, facts.errors, facts.unreachable) == (POLICY["services"], [DIAGNOSIS], [], False)


def test_a_host_without_policy_was_not_asked():
    facts = read_host("a", {"diagnose_policy": {"services": [], "named": [], "errors": []}, "diagnose_result": {"skipped": True}})
    assert (facts.diagnoses, facts.errors, facts.unreachable) == ([], [], False)


def test_a_host_that_did_not_answer():
    facts = read_host("a", {"diagnose_policy": POLICY, "diagnose_result": {"unreachable": True, "msg": "Task failed: ssh: no route\nto host"}})
    assert facts.unreachable
    assert facts.complaints == ["the host could not be reached: ssh: no route to host"]


def test_a_module_that_failed_is_an_error_in_one_line():
    facts = read_host("a", {"diagnose_policy": POLICY, "diagnose_result": {"failed": True, "msg": "no such service\nnearest: postfix"}})
    assert facts.errors == ["no such service nearest: postfix"]


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"msg": "The module interpreter '/x' was not found."}, "The module interpreter '/x' was not found. (the host needs Python 3.8 or newer: …"),
        ({"msg": "No json", "rc": 126, "module_stderr": "sh: /x: Permission denied\n"}, "No json: sh: /x: Permission denied (the host needs Python 3.8 …"),
        ({"msg": "No json", "rc": 137, "module_stdout": "", "module_stderr": "Killed"}, "No json: Killed"),
        ({"msg": "No json", "rc": 1, "module_stdout": "Welcome!\npassword=hidden"}, "No json: password=***"),
        ({"msg": "No json", "rc": 1}, "No json"),
        ({"msg": "Timed out after 3 second(s).", "timedout": {"period": 3}}, "remediation_timeout: Timed out after 3 second(s)."),
        ({"msg": "Timeout -5 is invalid"}, "remediation_timeout: Timeout -5 is invalid"),
    ],
)
def test_a_module_that_never_spoke_is_told_with_what_was_said_in_its_place(result, line):
    message = read_host("a", {"diagnose_policy": POLICY, "diagnose_result": {"failed": True, **result}}).errors[0]
    assert message.startswith(line[:-1]) if line.endswith("…") else message == line


def test_a_service_that_a_host_does_not_know_comes_with_the_name_in_the_policy():
    facts = read_host("a", {"diagnose_policy": {**POLICY, "hint": "; the policy names 'postfix'"}, "diagnose_result": {"failed": True, "msg": "no postfx"}})
    assert facts.errors == ["no postfx; the policy names 'postfix'"]


def test_a_host_that_was_never_looked_at_is_an_error():
    assert read_host("a", {}).errors


def test_a_service_that_no_policy_names_is_one_error_with_the_nearest_name():
    empty = {"services": [], "named": ["postfix", "dovecot"], "errors": []}
    fleet = read_fleet(lambda _host: {"diagnose_policy": empty}, ["a", "b"], service="postfx")
    assert [facts.errors for facts in fleet][1] == []
    assert fleet[0].errors == ["remediation_service=postfx: no policy of 2 hosts names it (did you mean 'postfix'?); add it to remediation_services"]


def test_a_service_that_the_policy_of_the_only_host_does_not_name_is_told_so():
    fleet = read_fleet(lambda _host: {"diagnose_policy": {"services": [], "named": [], "errors": []}}, ["a"], service="postfix")
    assert fleet[0].errors == ["remediation_service=postfix: the policy of a does not name it; add it to remediation_services"]


def test_outcomes_of_hosts_that_left_none_are_none():
    left = {"a": {"remediation_outcomes": [{"incident": "1"}]}, "b": {}}
    assert read_outcomes(left.__getitem__, ["a", "b"]) == [{"incident": "1"}]


def test_programs_get_the_diagnoses_with_their_hosts():
    variables = {
        "a": {"diagnose_policy": POLICY, "diagnose_result": {"diagnoses": [DIAGNOSIS]}},
        "b": {"diagnose_policy": POLICY, "diagnose_result": {"unreachable": True, "msg": "no route"}},
    }
    answer = collected(read_fleet(variables.__getitem__, variables), "run")
    assert (answer["status"], answer["message"]) == ("unreachable", "b: the host could not be reached: no route")
    assert answer["diagnoses"] == [{"host": "a", **DIAGNOSIS}]
    assert answer["unreachable"] == ["b"]


def test_programs_get_a_mistake_that_hosts_share_once():
    variables = {host: {"diagnose_policy": {**POLICY, "errors": ["bad" if host != "c" else "worse"]}} for host in "abc"}
    assert collected(read_fleet(variables.__getitem__, variables), "run")["message"] == "a, b: bad; c: worse"


@pytest.mark.parametrize("warning", ["docker: permission denied", WarningSummary(event=Event(msg="docker: permission denied"))])
def test_a_host_on_which_nothing_was_found_says_why(warning):
    variables = {"a": {"diagnose_policy": {**POLICY, "services": []}, "diagnose_result": {"diagnoses": [], "warnings": [warning]}}}
    fleet = read_fleet(variables.__getitem__, variables)
    assert (collected(fleet, "run")["status"], collected(fleet, "run")["message"]) == ("succeeded", "a: docker: permission denied")
    assert diagnosis_lines(fleet)[-1] == "note         a: docker: permission denied"


def test_run_ids_sort_by_time_and_are_unique():
    assert new_run_id(0).startswith("19700101T000000Z-")
    assert len({new_run_id(0) for _number in range(100)}) == 100


def test_people_see_the_sick_first_and_why():
    well = {**DIAGNOSIS, "service": "systemd/cron.service", "verdict": "healthy", "summary": "nothing grows", "warnings": ["no PSS"]}
    lines = diagnosis_lines([read_host("a", {"diagnose_policy": POLICY, "diagnose_result": {"diagnoses": [well, DIAGNOSIS]}})])
    assert lines[0] == "2 services on 1 host diagnosed: 1 need attention"
    assert lines[1].startswith("leak_suspected")
    assert "since noon" in lines[3]
    assert lines[-1].strip() == "note: no PSS"


def test_a_mistake_that_many_hosts_share_is_one_line():
    plan = {"id": "p", "run_id": "r", "waves": [], "actions": [], "refusals": [], "healthy": [], "unreachable": [], "ledger": "", "breakers": []}
    plan["errors"] = [{"host": f"h{number}", "msg": "bad"} for number in range(100)]
    lines = plan_lines(plan, check_mode=True)
    assert len(lines) == 2
    assert lines[0].endswith("0 healthy, 100 errors; check mode: nothing will be done")
    assert lines[1].endswith("and 90 more: bad")


def test_long_lists_are_cut_and_say_so():
    outcomes = [{"outcome": "remediated", "host": f"h{number}", "service": "x", "msg": ""} for number in range(500)]
    lines = outcome_lines(outcomes, {})
    assert len(lines) == MOST + 1
    assert "460 more" in lines[-1]
