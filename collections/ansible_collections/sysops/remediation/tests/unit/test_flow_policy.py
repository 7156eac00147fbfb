# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``policy``: what is in force, told without contacting a host."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("flow"))
    page = {"type": "http", "url": "http://bob:hidden-word@127.0.0.1/", "headers": {"X-Ours": "hidden-header"}, "json": {"queue": 0}}
    lab.add("mail1", None, remediation_services=[{"name": "postfix", "mode": "{{ 'au' ~ 'to' }}", "health": [page]}, {"name": "dovecot"}])
    lab.add("typo", None, remediation_services=[{"name": "nginx", "mode": "atuo"}])
    lab.add("idle")
    return lab


def test_the_policy_is_told_complete_without_secrets_and_without_a_call_to_a_host(lab):
    run = lab.run("policy", "-vvv", "--limit", "mail1,idle")
    assert run.rc == 0, run.output
    assert run.answer["status"] == "succeeded"
    assert [(one["host"], one["service"], one["mode"]) for one in run.answer["policies"]] == [("mail1", "postfix", "auto"), ("mail1", "dovecot", "recommend")]
    assert run.answer["policies"][0]["policy"]["guard"]["cooldown"] == 1800
    assert "hidden-" not in run.output
    assert {host: lab.calls(host) for host in lab.hosts} == {"mail1": 0, "typo": 0, "idle": 0}


def test_a_mistake_fails_its_host_and_the_others_are_told(lab):
    run = lab.run("policy")
    assert run.rc == 2
    assert run.answer["status"] == "failed"
    assert [error["host"] for error in run.answer["errors"]] == ["typo"]
    assert run.recap("typo")["failed"] == 1
    assert {one["host"] for one in run.answer["policies"]} == {"mail1"}


def test_one_service_is_told_alone_and_a_name_that_no_policy_knows_is_a_mistake(lab):
    one = lab.run("policy", "--limit", "mail1", remediation_service="postfix.service")
    assert [policy["service"] for policy in one.answer["policies"]] == ["postfix"]
    none = lab.run("policy", "--limit", "mail1", remediation_service="dovcot")
    assert none.rc == 2
    assert "did you mean 'dovecot'?" in none.answer["message"]
