# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recurrence is failure: what each restart bought is known, two in vain are chronic, and only 24 h of health wipe the slate."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Effectiveness, Incident, Observation
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger._incidents import bought_text, effectiveness_gates
from ledger_lab import DAY, HOUR, MINUTE, SERVICE, group

TARGET = ("mail1", SERVICE)
GROUP = group(3, 1)


def remediate(lab, then_sick_after, status="sick"):
    """Act with success, and see it sick again after a while."""
    lab.act("mail1", GROUP, "remediated")
    lab.later(then_sick_after)
    lab.see(status, "mail1")


def known(lab):
    return lab.ledger.effectiveness().get(TARGET, Effectiveness())


def closed_names(done, status, now):
    return [one["name"] for one in effectiveness_gates(done, status, now) if not one["passed"]]


def test_a_restart_that_held_is_effective(lab):
    remediate(lab, then_sick_after=25 * HOUR)
    assert known(lab).state == "effective"


def test_sick_again_within_a_day_makes_it_ineffective_and_says_how_long_it_held(lab):
    remediate(lab, then_sick_after=6 * HOUR + 10 * MINUTE)
    assert known(lab) == Effectiveness((6 * HOUR + 10 * MINUTE,), lab.time - 6 * HOUR - 10 * MINUTE)
    assert known(lab).state == "ineffective"
    assert closed_names(known(lab), "sick", lab.time) == [], "it may be tried once more"


def test_two_in_vain_are_chronic_and_stop_acting(lab):
    remediate(lab, then_sick_after=6 * HOUR + 10 * MINUTE)
    remediate(lab, then_sick_after=3 * HOUR + 2 * MINUTE)
    assert known(lab).state == "chronic"
    gates = effectiveness_gates(known(lab), "sick", lab.time)
    assert [(one["name"], one["passed"], one["detail"]) for one in gates] == [
        (
            "chronic",
            False,
            "sick again within 24 h after 2 of our restarts, which bought 6 h 10 min, then 3 h 2 min, shrinking: "
            "restarting does not help, and stops until it has been healthy for 24 h",
        )
    ]


def test_a_recurrence_is_counted_once_however_often_it_is_seen(lab):
    remediate(lab, then_sick_after=HOUR)
    for _run in range(5):
        lab.later(5 * MINUTE)
        lab.see("sick", "mail1")
    assert known(lab).bought == (HOUR,)


def test_the_incident_whose_restart_did_not_hold_becomes_ineffective(lab):
    lab.ledger.record_incidents([Incident("run1-1", "run1", *TARGET, state="ended", outcome="remediated")])
    remediate(lab, then_sick_after=HOUR)
    assert lab.ledger.incidents("run1-1")[0].outcome == "ineffective"


def test_who_sees_it_first_is_told_which_incident_was_in_vain_and_for_how_long_it_held(lab):
    lab.ledger.record_incidents([Incident("run1-1", "run1", *TARGET, state="ended", outcome="remediated")])
    lab.act("mail1", GROUP, "remediated")
    lab.later(HOUR)
    seen = [{"run_id": "run1", "incident": "run1-1", "host": "mail1", "service": SERVICE, "action": "restart", "held": HOUR}]
    assert lab.open(rehearse=True).observe([Observation(*TARGET, "mail", "sick")], lab.time) == seen, "a rehearsal tells what a run would"
    assert lab.see("sick", "mail1") == seen
    lab.later(MINUTE)
    assert lab.see("sick", "mail1") == []
    assert [(one.kind, one.incident, one.detail) for one in lab.ledger.audited(run_id="run1") if one.kind == "recurred"] == [
        ("recurred", "run1-1", {"held": HOUR})
    ]


def test_health_from_before_a_restart_does_not_wipe_it_from_the_slate(lab):
    lab.see("healthy", "mail1")
    lab.later(26 * HOUR)
    lab.see("healthy", "mail1")
    remediate(lab, then_sick_after=HOUR)
    assert known(lab).bought == (HOUR,)


def test_a_success_that_a_clock_wrote_ahead_hides_no_recurrence_and_is_no_tail_of_an_alert(lab):
    lab.later(20 * HOUR)
    lab.act("mail1", GROUP, "remediated")
    lab.later(-20 * HOUR)
    gates = effectiveness_gates(known(lab), "sick", lab.time)
    assert [one["name"] for one in gates if not one["passed"]] == []
    lab.later(10 * DAY)
    lab.act("mail1", GROUP, "remediated")
    lab.later(-10 * DAY)
    for _time in range(2):
        remediate(lab, then_sick_after=HOUR)
    assert known(lab).bought == (HOUR, HOUR) and known(lab).state == "chronic"


def test_what_a_person_stopped_is_not_sick_again(lab):
    lab.act("mail1", GROUP, "remediated")
    lab.later(HOUR)
    assert lab.see("down", "mail1", stopped=True) == []
    assert known(lab).state == "effective"


def test_chronic_stays_when_a_person_restarts_it_and_it_holds_for_less_than_a_day(lab):
    remediate(lab, then_sick_after=HOUR)
    remediate(lab, then_sick_after=HOUR)
    lab.see("healthy", "mail1")
    lab.later(23 * HOUR)
    lab.see("sick", "mail1")
    assert known(lab).state == "chronic"


def test_only_a_whole_day_of_health_wipes_the_slate(lab):
    remediate(lab, then_sick_after=HOUR)
    remediate(lab, then_sick_after=HOUR)
    lab.see("healthy", "mail1")
    lab.later(12 * HOUR)
    lab.see("unknown", "mail1")  # an unreachable host is not a healthy one
    lab.see("healthy", "mail1")
    lab.later(13 * HOUR)
    lab.see("healthy", "mail1")
    assert known(lab).state == "chronic"
    lab.later(11 * HOUR)
    lab.see("healthy", "mail1")
    assert known(lab).state == "effective"


def test_a_day_of_health_counts_also_if_nobody_looked_until_it_was_sick_again(lab):
    remediate(lab, then_sick_after=HOUR)
    remediate(lab, then_sick_after=25 * HOUR)
    assert known(lab).state == "effective"


def test_the_tail_of_an_alert_right_after_a_success_is_no_recurrence_and_triggers_nothing(lab):
    remediate(lab, then_sick_after=5 * MINUTE)
    done = known(lab)
    assert done.bought == ()
    assert closed_names(done, "sick", lab.time) == ["alert_tail"]
    assert effectiveness_gates(done, "sick", lab.time)[1]["opens_at"] == lab.time + 5 * MINUTE
    assert closed_names(done, "sick", lab.time + 5 * MINUTE) == []


def test_a_service_that_goes_down_right_after_a_success_is_no_tail(lab):
    remediate(lab, then_sick_after=5 * MINUTE, status="down")
    assert known(lab).bought == (5 * MINUTE,)
    assert closed_names(known(lab), "down", lab.time) == []


def test_a_permit_that_did_nothing_in_between_hides_no_recurrence(lab):
    lab.act("mail1", GROUP, "remediated")
    lab.later(HOUR)
    lab.act("mail1", GROUP, "refused")
    lab.later(HOUR)
    lab.see("sick", "mail1")
    assert known(lab).bought == (2 * HOUR + MINUTE,)


def test_other_services_and_hosts_have_their_own_record(lab):
    remediate(lab, then_sick_after=HOUR)
    lab.see("sick", "mail2")
    lab.see("sick", "mail1", service="systemd/dovecot.service")
    assert list(lab.ledger.effectiveness()) == [TARGET]


def test_what_restarts_bought_is_shrinking_only_if_it_is():
    assert "1 h, then 2 h:" in bought_text(Effectiveness((HOUR, 2 * HOUR)))
    assert "3 h, then 2 h, then 1 h, shrinking:" in bought_text(Effectiveness((3 * HOUR, 2 * HOUR, HOUR)))
    assert bought_text(Effectiveness()) == "no restart was in vain lately"
    assert DAY == 24 * HOUR
