# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of the fleet: what a person on call is told of pauses, breakers, waiting plans, permits, budgets and windows."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Incident
from ansible_collections.sysops.remediation.plugins.plugin_utils._ops_status import status_of
from ansible_collections.sysops.remediation.plugins.plugin_utils._ops_text import headline, status_lines
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_budgets import limits_of
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy
from ledger_lab import HOUR, MINUTE, SERVICE, group, hosts

NIGHT = {"rrule": "FREQ=DAILY", "start": "02:00", "duration": "2h", "timezone": "Europe/Berlin"}
FREEZE = {"from": "2027-01-15 08:00", "until": "2027-01-15 20:00", "reason": "sale"}


def fleet(count, **entry):
    services, problems = read_policy({"remediation_services": [{"name": "postfix", "group": "mail", **entry}]})
    assert not problems
    return [HostFacts(host, policy=services) for host in hosts(count)]


def status(lab, count=4, **entry):
    everybody = frozenset(hosts(count))
    return status_of(lab.open(), fleet(count, **entry), {"all": everybody, "mail": everybody})


def lines(found, label):
    return [line.split(None, 1)[1] for line in status_lines(found) if line.startswith(label)]


def test_a_quiet_fleet_has_nothing_to_tell_but_its_budgets(lab):
    lab.see("healthy", *hosts(4))
    found = status(lab)
    assert headline(found) == "nothing is paused, waiting or under way"
    assert lines(found, "BUDGET") == [f"mail: 1 of 1 left, 4 hosts, {SERVICE}"]
    assert status_lines(found)[-1].startswith("ledger: ")


def test_a_budget_names_who_counts_and_why(lab):
    lab.see("healthy", "mail1", "mail4")
    lab.see("down", "mail2")
    lab.see("unknown", "mail3")
    [budget] = status(lab, max_unavailable="50%")["groups"]
    assert (budget["hosts"], budget["max_unavailable"], budget["left"]) == (4, 2, 0)
    assert budget["unavailable"] == {"mail2": f"{SERVICE} is down (seen 2027-01-15 08:00:00Z)", "mail3": f"{SERVICE} is unknown (seen 2027-01-15 08:00:00Z)"}


def test_of_two_services_in_a_group_the_tighter_budget_is_told(lab):
    services, _problems = read_policy(
        {"remediation_services": [{"name": name, "group": "mail", "max_unavailable": most} for name, most in (("a", 3), ("b", 2))]}
    )
    everybody = frozenset(hosts(4))
    [budget] = status_of(lab.open(), [HostFacts("mail1", policy=services)], {"all": everybody, "mail": everybody})["groups"]
    assert (budget["max_unavailable"], budget["services"]) == (2, ["a", "b"])


def test_a_budget_is_as_tight_as_hosts_make_it_that_were_not_asked_about(lab):
    lab.see("healthy", *hosts(4))
    everybody = frozenset(hosts(4))
    known = {"all": everybody, "mail": everybody}
    found = status_of(lab.open(), fleet(2, max_unavailable=3), known, lambda others: limits_of(fleet(1)[0].policy) if others == {"mail3", "mail4"} else [])
    assert found["groups"][0]["max_unavailable"] == 1


def test_a_service_without_a_group_has_a_budget_once_it_was_seen(lab):
    assert status(lab, group=None)["groups"] == []
    lab.see("healthy", "mail1", "mail2", group=SERVICE)
    [budget] = status(lab, group=None)["groups"]
    assert (budget["group"], budget["hosts"]) == (SERVICE, 2)


def test_an_open_breaker_is_told_and_looking_leaves_its_notification_to_a_run(lab):
    lab.see("down", *hosts(3))
    found = status(lab)
    [text] = lines(found, "BREAKER")
    since, sick = "2027-01-15 08:00:00Z", "mail1, mail2, mail3 failed within 10 minutes"
    assert text == f"group mail is open since {since}: {sick}; one host may be tried after 2027-01-15 08:10:00Z, once all others are back"
    assert "1 open breaker" in headline(found)
    assert lab.ledger.views([group(4, 1)], record=True)["mail"].breaker.just_opened


def test_a_waiting_plan_is_told_with_the_command_that_approves_it(lab):
    action = {"host": "mail1", "service": SERVICE, "action": "restart", "verdict": "leak_suspected", "urgency": "hours", "summary": "anon grows", "essence": []}
    lab.ledger.record_plan({"id": "0123abcd", "run_id": "run1", "actions": [action]}, expires_in=15 * MINUTE)
    lab.later(5 * MINUTE)
    found = status(lab)
    assert found["plans"][0]["actions"] == [{key: value for key, value in action.items() if key != "essence"}]
    assert lines(found, "WAITING") == ["plan 0123abcd of run run1: expires in 10 min"]
    assert "ansible-playbook playbooks/approve.yml -e remediation_plan_id=0123abcd -e remediation_approver=YOUR_NAME" in "\n".join(status_lines(found))
    lab.later(10 * MINUTE)
    assert status(lab)["plans"] == []


def test_what_is_under_way_and_what_a_dead_run_left_is_told(lab):
    assert lab.ask("mail1", group(4, 2)).permit
    lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "planned", body={"summary": "anon grows"})])
    found = status(lab)
    assert lines(found, "ACTING") == [f"mail1 {SERVICE}: restart of run run1 by alice@control1, its permit ends in 5 min"]
    assert lines(found, "OPEN") == [f"incident run1-1: mail1 {SERVICE} planned since 2027-01-15 08:00:00Z: anon grows"]
    assert headline(found) == "1 action under way, 1 open incident, 1 exhausted budget"
    lab.later(HOUR)
    assert lines(status(lab), "ACTING") == [f"mail1 {SERVICE}: restart of run run1 by alice@control1, its permit ended 55 min ago without an outcome"]


def test_what_is_restarted_in_vain_is_told_with_what_it_bought(lab):
    for hours in (6, 3):
        lab.see("sick", "mail1")
        lab.act("mail1", group(4, 1), "remediated")
        lab.later(hours * HOUR)
    lab.see("sick", "mail1")
    assert lines(status(lab), "CHRONIC") == [
        f"mail1 {SERVICE}: sick again within 24 h after 2 of our restarts, which bought 6 h, then 3 h, shrinking: "
        "restarting does not help, and stops until it has been healthy for 24 h"
    ]


def test_windows_and_freezes_are_told_once_for_all_hosts_alike(lab):
    [text] = lines(status(lab, windows=[NIGHT], freezes=[FREEZE]), "WINDOW")
    assert text.startswith("postfix on mail1, mail2, mail3, mail4: Sat 2027-01-16 02:00 to 04:00 CET, then Sun 2027-01-17 02:00 to 04:00 CET, then ")
    assert "; frozen (sale) until Fri 2027-01-15 20:00 UTC" in text


def test_a_window_over_midnight_names_both_days(lab):
    [text] = lines(status(lab, windows=[{**NIGHT, "start": "23:00"}]), "WINDOW")
    assert "Fri 2027-01-15 23:00 to Sat 2027-01-16 01:00 CET" in text


def test_each_window_is_told_in_the_zone_in_which_it_was_written(lab):
    tokyo = {**NIGHT, "start": "14:00", "timezone": "Asia/Tokyo"}
    [text] = lines(status(lab, windows=[NIGHT, tokyo]), "WINDOW")
    assert "Sat 2027-01-16 02:00 to 04:00 CET, then Sat 2027-01-16 14:00 to 16:00 JST, then Sun 2027-01-17 02:00 to 04:00 CET" in text
