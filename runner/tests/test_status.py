# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended: which word, which exit code, which line."""

from __future__ import annotations

from collections import deque

import pytest
from sysops_remediation import EXIT_CODES, RunStatus
from sysops_remediation._launch import Request
from sysops_remediation._outcome import Facts, result, with_handler_error
from sysops_remediation._project import Project
from sysops_remediation.models import DiagnoseResult, RunResult

RECAP = {"ok": {"h1": 3}, "changed": {}, "dark": {}, "failures": {}, "skipped": {}, "rescued": {}, "ignored": {}, "processed": {"h1": 1}}


def facts(*lines: str, **values: object) -> Facts:
    return Facts(lines=deque(lines), **values)


def ended(seen: Facts, tmp_path, **request: object) -> RunResult:
    return result(DiagnoseResult, seen, Request("diagnose", **request), Project(tmp_path), 0.0)


def test_every_status_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(RunStatus)
    assert len(set(EXIT_CODES.values())) == len(RunStatus)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (facts(stats=RECAP, rc=0), "succeeded"),
        (facts(stats=RECAP, rc=0, remediation={"status": "nothing_to_do"}), "nothing_to_do"),
        (facts(stats={**RECAP, "failures": {"h1": 1}}, rc=2, remediation={"status": "refused"}), "refused"),
        (facts(stats={**RECAP, "failures": {"h1": 1}}, rc=2), "failed"),
        (facts(stats={**RECAP, "failures": {"h1": 1}}, rc=2, remediation={"status": "succeeded"}), "failed"),
        (facts(stats={**RECAP, "dark": {"h1": 1}}, rc=4), "unreachable"),
        (facts(stats=RECAP, rc=0, remediation={"status": "succeeded", "unreachable": ["h2"]}), "unreachable"),
        (facts(stats={**RECAP, "processed": {}}, rc=0), "no_hosts"),
        (facts("[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts to target.", rc=1), "no_hosts"),
        (facts("[ERROR]: couldn't resolve module/action 'nope'.", rc=4), "invalid_input"),
        (facts("usage: ansible-playbook [-h]", "ansible-playbook: error: unrecognized arguments: --nope", rc=2), "invalid_input"),
        (facts("The command was not found or was not executable: ansible-playbook.", rc=127), "failed"),
        (facts(invalid_input="inventory x not found"), "invalid_input"),
        (facts(internal_error="OSError: No space left on device"), "failed"),
        (facts(stats=RECAP, rc=0, stop=RunStatus.CANCELED), "canceled"),
        (facts(stop=RunStatus.TIMED_OUT, internal_error="TIMEOUT"), "timed_out"),
    ],
)
def test_the_word_for_what_was_seen(seen: Facts, status: str, tmp_path) -> None:
    assert ended(seen, tmp_path, timeout=5.0).status == status


@pytest.mark.parametrize(
    ("playbook", "check", "warned"), [("remediate", False, True), ("restart", False, True), ("remediate", True, False), ("plan", False, False)]
)
def test_a_run_that_was_ended_says_whether_something_may_be_half_done(playbook: str, check: bool, warned: bool, tmp_path) -> None:
    for stop in (RunStatus.CANCELED, RunStatus.TIMED_OUT):
        request = Request(playbook, check=check, timeout=5.0)
        assert ("may be half done" in result(RunResult, facts(stop=stop), request, Project(tmp_path), 0.0).message) == warned


def test_what_ansible_complained_of_is_the_message(tmp_path) -> None:
    seen = facts("[WARNING]: Unable to parse /x as an inventory source", "[ERROR]: the playbook: nope.yml could not be found", rc=1)
    assert ended(seen, tmp_path).message == "the playbook: nope.yml could not be found"


def test_an_option_that_ansible_does_not_know_is_the_message(tmp_path) -> None:
    seen = facts("usage: ansible-playbook [-h] [--version]", " ", "ansible-playbook: error: unrecognized arguments: --nope", rc=2)
    assert ended(seen, tmp_path).message == "unrecognized arguments: --nope"


def test_a_failed_host_is_named_with_what_it_said(tmp_path) -> None:
    seen = facts(stats={**RECAP, "failures": {"h1": 1}}, rc=2)
    seen.take({"event": "runner_on_failed", "event_data": {"host": "h1", "task": "Diagnose", "res": {"msg": "unknown service 'postfx'"}}})
    ran = ended(seen, tmp_path)
    assert ran.message == "h1: unknown service 'postfx'"
    assert [(error.host, error.msg) for error in ran.errors] == [("h1", "unknown service 'postfx'")]


def test_a_playbook_that_found_no_host_is_told_with_the_inventory(tmp_path) -> None:
    seen = {"stats": RECAP, "rc": 2, "remediation": {"status": "no_hosts", "message": "the inventory is empty"}}
    assert ended(facts(**seen), tmp_path, inventory="a,b").message == "the inventory is empty (inventory a,b)"
    assert ended(facts(**seen), tmp_path, inventory="a,b", limit="c").message == "the inventory is empty"


def test_an_ignored_failure_is_no_error(tmp_path) -> None:
    seen = facts(stats=RECAP, rc=0)
    seen.take({"event": "runner_on_failed", "event_data": {"host": "h1", "ignore_errors": True, "res": {"msg": "expected"}}})
    assert ended(seen, tmp_path).errors == []


def test_an_answer_of_unexpected_shape_fails_and_says_where(tmp_path) -> None:
    ran = ended(facts(stats=RECAP, rc=0, remediation={"diagnoses": [{"host": "h1", "verdict": "healthy"}]}), tmp_path)
    assert ran.status is RunStatus.FAILED
    assert "diagnoses.0.service" in ran.message


def test_a_broken_handler_is_told_but_never_hides_a_failure(tmp_path) -> None:
    good = with_handler_error(ended(facts(stats=RECAP, rc=0), tmp_path), "KeyError: 'x'")
    bad = with_handler_error(ended(facts(stats={**RECAP, "failures": {"h1": 1}}, rc=2), tmp_path), "KeyError: 'x'")
    assert (good.status, good.handler_error) == (RunStatus.HANDLER_ERROR, "KeyError: 'x'")
    assert (bad.status, bad.handler_error) == (RunStatus.FAILED, "KeyError: 'x'")
