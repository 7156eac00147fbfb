# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks ``policy`` and ``status``: what is in force, told without contacting a host."""

from __future__ import annotations

import re

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


def test_of_every_value_it_is_told_which_list_of_which_file_gave_it(lab, tmp_path):
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "hosts.ini").write_text("[mail]\nsmtp1\nsmtp2\n")
    group = "remediation_services_mail:\n  - name: postfix\n    mode: recommend\n    guard:\n      cooldown: 1h\n    owner: mail team\n"
    (tmp_path / "group_vars" / "mail.yml").write_text(group)
    (tmp_path / "host_vars" / "smtp2.yml").write_text("remediation_services:\n  - name: postfix\n    mode: observe\n    guard: {max_attempts: 1}\n")
    run = lab.run("policy", "-i", str(tmp_path / "hosts.ini"), "--limit", "mail")
    assert run.rc == 0, run.output
    told = {one["host"]: one["origins"] for one in run.answer["policies"]}
    assert told["smtp1"]["mode"] == [f"remediation_services_mail[0].mode ({tmp_path}/group_vars/mail.yml:3)"]
    assert told["smtp2"]["mode"] == [f"remediation_services[0].mode ({tmp_path}/host_vars/smtp2.yml:3)"]
    assert told["smtp2"]["guard"] == [
        f"remediation_services_mail[0].guard ({tmp_path}/group_vars/mail.yml:5)",
        f"remediation_services[0].guard ({tmp_path}/host_vars/smtp2.yml:4)",
    ]
    assert f"#   owner: remediation_services_mail[0].owner ({tmp_path}/group_vars/mail.yml:6)" in run.output
    given = lab.run("policy", "-i", str(tmp_path / "hosts.ini"), "--limit", "smtp1", remediation_services=[{"name": "postfix", "mode": "auto"}])
    assert given.answer["policies"][0]["origins"]["mode"][0].startswith("remediation_services[0].mode"), "extra variables win, and say so by their variable"


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


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("flow"))
    lab.groups = {"mail": ["mail1", "mail2", "broken1", "broken2"], "web": ["web1"]}
    nightly = {"rrule": "FREQ=DAILY", "start": "{{ opens }}", "duration": "2h"}
    theirs = [{"name": "postfix", "group": "{{ group_names[0] }}", "max_unavailable": "{{ hostvars['web1'].most }}", "windows": [nightly]}]
    lab.add("mail1", None, remediation_services=theirs, opens="01:00")
    lab.add("mail2", None, remediation_services=theirs, opens="01:00")
    lab.add("web1", None, remediation_services=[{**theirs[0], "name": "nginx"}], opens="02:30", most=1)
    for host in ("broken1", "broken2"):
        lab.add(host, None, remediation_services=theirs, opens="25:00")
    lab.groups["pair"] = ["whole", "omits"]
    for host, group in (("whole", "pair"), ("omits", "{{ nowhere | default(omit) }}")):
        lab.add(host, None, remediation_services=[{"name": "postfix", "group": group, "max_unavailable": 2}])
    lab.add("stateless", None, remediation_services=[{"name": "postfix"}], remediation_state_dir="{{ vault_nope }}/state")
    lab.add("unset1", None, remediation_services=[{"name": "postfix", "mode": "auto", "group": "all", "max_unavailable": "{{ mail_budget }}"}])
    return lab


class TestStatusOfAFleet:
    """It reads all policies in one task: a task per host would take most of a minute for a thousand hosts."""

    def test_every_policy_is_read_with_the_variables_of_its_host(self, fleet):
        run = fleet.run("status", "--limit", "mail1,mail2,web1")
        assert run.rc == 0, run.output
        assert {(one["group"], one["max_unavailable"], *one["services"]) for one in run.answer["groups"]} == {("mail", 1, "postfix"), ("web", 1, "nginx")}
        assert [(one["service"], one["hosts"]) for one in run.answer["windows"]] == [("postfix", ["mail1", "mail2"]), ("nginx", ["web1"])]
        assert " 02:30 to " in run.answer["windows"][1]["windows"][0]["text"]

    def test_of_the_hosts_that_are_named(self, fleet):
        run = fleet.run("status", remediation_hosts="web")
        assert [one["group"] for one in run.answer["groups"]] == ["web"]
        assert not fleet.ledger.exists(), "who only looks begins no ledger"
        wrong = fleet.run("status", remediation_hosts="wbe")
        assert (wrong.rc, wrong.answer["status"]) == (2, "no_hosts")
        assert "remediation_hosts=wbe matches no host of the inventory (did you mean 'web'?)" in wrong.answer["message"]

    def test_extra_variables_win_as_everywhere(self, fleet):
        run = fleet.run("status", "--limit", "mail1", most=3, opens="03:00")
        assert " 03:00 to " in run.answer["windows"][0]["windows"][0]["text"]

    def test_no_host_has_a_task_of_its_own(self, fleet):
        run = fleet.run("status", "--limit", "mail1,mail2,web1")
        assert sum(run.recap(host).get("ok", 0) > 0 for host in fleet.hosts) == 1, run.output

    def test_a_mistake_is_told_once_with_its_hosts_as_the_playbook_policy_tells_it(self, fleet):
        status, policy = (fleet.run(playbook, "--limit", "all:!stateless") for playbook in ("status", "policy"))
        assert status.rc == policy.rc == 2
        assert status.answer["errors"] == policy.answer["errors"]
        assert "broken1, broken2: " in status.answer["message"]
        assert [one["service"] for one in status.answer["windows"]] == ["postfix", "nginx"]


def test_what_a_policy_leaves_out_on_purpose_does_not_make_it_unreadable(fleet):
    run = fleet.run("status", "--limit", "whole")
    assert [(one["group"], one["max_unavailable"]) for one in run.answer["groups"]] == [("pair", 2)], run.output


def test_a_setting_of_one_host_that_cannot_be_computed_leaves_that_host_alone(fleet):
    run = fleet.run("policy", "--limit", "stateless,mail1")
    assert (run.rc, [one["host"] for one in run.answer["errors"]]) == (2, ["stateless"])
    assert run.answer["errors"][0]["msg"] == "remediation_state_dir cannot be computed: 'vault_nope' is undefined"
    assert [one["host"] for one in run.answer["policies"]] == ["mail1"]


def test_one_host_whose_policy_cannot_be_computed_keeps_nobody_from_knowing_how_the_others_stand(fleet):
    run = fleet.run("status", "--limit", "mail1")
    assert run.rc == 0, run.output
    assert [(one["group"], one["max_unavailable"]) for one in run.answer["groups"]] == [("mail", 1)]


@pytest.mark.parametrize("playbook", ["remediate", "restart", "policy", "status"])
def test_a_variable_that_nobody_has_set_is_one_line_and_nothing_is_done(fleet, playbook):
    """A template of the policy that cannot be computed means nothing: the host is left alone, whatever else its policy says."""
    run = fleet.run(playbook, "--limit", "unset1", remediation_hosts="unset1", remediation_service="postfix")
    assert run.rc == 2, run.output
    assert run.answer["status"] == "failed"
    said = run.answer["message"]
    assert said.startswith("unset1: remediation_services: cannot be computed: ") and "'mail_budget' is undefined" in said and "\n" not in said, said
    assert re.search(r"\(\S*inventory\.yml:\d+\)$", said)
    assert fleet.calls("unset1") == 0
    assert "Traceback" not in run.output
