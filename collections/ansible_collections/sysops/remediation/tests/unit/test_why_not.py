# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why is it not acted on: of a host that could not be looked at, what policy and ledger know is told all the same. A real ledger."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Group, Observation, open_ledger
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_budgets import limits_of
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy
from ansible_collections.sysops.remediation.plugins.plugin_utils._why_not import explain, why_not_lines

SERVICE = "systemd/postfix.service"
INVENTORY = {name: frozenset({"mail1", "mail2", "mail3"}) for name in ("all", "mail")}
YEARLY = {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "start": "02:00", "duration": "1h"}


def policy(**keys):
    services, problems = read_policy({"remediation_services": [{"name": "postfix", "mode": "auto", "group": "mail", **keys}]})
    assert not problems
    return services


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite"


def asked(url, *fleet):
    result = explain(list(fleet), INVENTORY, url, {})
    return result, {(one["host"], one["service"]): {each["name"]: each for each in one["gates"]} for one in result["services"]}


def lost(**keys):
    return HostFacts("mail1", policy=policy(**keys), unreachable=True, why="No route to host")


def test_a_host_that_is_not_reached_has_the_gates_of_policy_and_ledger_and_says_that_it_was_not(url):
    ledger = open_ledger(url)
    ledger.observe([Observation("mail1", SERVICE, "mail", "healthy"), Observation("mail2", SERVICE, "mail", "down")], ledger.now())
    ledger.pause("storage is moved", until=ledger.now() + 600, host="mail1")
    result, gates = asked(url, lost(mode="recommend", windows=[YEARLY]))
    found = gates["mail1", SERVICE]  # by the key that the ledger knows it by
    assert {name for name, one in found.items() if not one["passed"]} == {"diagnosed", "mode", "window", "pause", "single_instance", "max_unavailable"}
    assert found["diagnosed"]["detail"].startswith("the host could not be reached: No route to host; so verdict, urgency")
    assert "storage is moved" in found["pause"]["detail"] and "mail2" in found["max_unavailable"]["detail"]
    assert "whether a limit is near is not known" in found["window"]["detail"]
    assert {"ladder", "freeze", "breaker", "chronic", "permit_held"} <= found.keys() and not {"verdict", "urgency"} & found.keys()
    assert result["status"] == "unreachable" and not result["services"][0]["acts"]
    shown = "\n".join(why_not_lines(result))
    assert "CLOSED plan   diagnosed" in shown and "UNREACHABLE  mail1" in shown


def test_one_that_no_run_has_ever_seen_is_told_by_the_name_in_its_policy(url):
    _result, gates = asked(url, lost(group=None))
    assert "max_unavailable" in gates["mail1", "postfix"]


def test_a_host_whose_diagnosis_failed_is_told_in_the_same_way(url):
    facts = HostFacts("mail1", policy=policy(), errors=["MODULE FAILURE: killed"])
    _result, gates = asked(url, facts)
    assert gates["mail1", "postfix"]["diagnosed"]["detail"].startswith("MODULE FAILURE: killed; so verdict")


def test_without_a_ledger_the_policy_is_told_and_the_reason(tmp_path):
    (tmp_path / "ledger.sqlite").write_text("this was a ledger once " * 100)
    _result, gates = asked(f"sqlite:///{tmp_path}/ledger.sqlite", lost())
    assert {name for name, one in gates["mail1", "postfix"].items() if not one["passed"]} == {"diagnosed", "ledger"}


def test_the_budget_is_as_tight_as_a_service_makes_it_that_was_not_asked_about(url):
    ledger = open_ledger(url)
    ledger.observe([Observation("mail2", SERVICE, "mail", "down")], ledger.now())
    facts = lost(max_unavailable=2)
    assert asked(url, facts)[1]["mail1", "postfix"]["max_unavailable"]["threshold"] == 2
    facts.told_limits = limits_of(policy(max_unavailable=2) + policy(name="dovecot", max_unavailable=1))
    assert asked(url, facts)[1]["mail1", "postfix"]["max_unavailable"]["threshold"] == 1


def running(host, **keys):
    life = {"service": SERVICE, "name": "postfix.service", "manager": "systemd", "scope": "system", "server": None, "incarnation": {"id": f"{host}:1:2:-"}}
    leak = {"verdict": "leak_suspected", "urgency": "hours", "summary": "anon grows", "state": {"stopped_at": None}, **keys}
    return HostFacts(host, policy=policy(), diagnoses=[{**life, **leak}])


def test_a_host_for_which_a_run_makes_room_first_is_not_called_held_back(url):
    down = running("mail2", verdict="crashed", urgency="now", incarnation=None)
    alone, gates = asked(url, running("mail1"))
    both, with_both = asked(url, running("mail1"), down, running("mail3", verdict="healthy", urgency="none"))
    assert {one["host"]: one["acts"] for one in both["services"]} == {"mail1": True, "mail2": True, "mail3": False}
    room = with_both["mail1", SERVICE]["max_unavailable"]
    assert (room["passed"], room["asked"]) == (True, "ledger") and room["detail"].endswith("has room for it in wave 2, when those before it are treated")
    assert not gates["mail1", SERVICE]["single_instance"]["passed"] and not alone["services"][0]["acts"]


def test_looking_changes_nothing(url):
    ledger = open_ledger(url)
    ledger.observe([Observation("mail1", SERVICE, "mail", "healthy")], ledger.now())
    before = ledger.targets(), ledger.audited(), ledger.unreleased()
    asked(url, lost())
    assert (ledger.targets(), ledger.audited(), ledger.unreleased()) == before
    assert ledger.views([Group("mail", INVENTORY["mail"], 1)], record=False)["mail"].unavailable == {}
