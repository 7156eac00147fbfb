# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses, plans that wait for approval, incidents and the audit."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import AuditEntry, Incident
from ledger_lab import DAY, HOUR, MINUTE, SERVICE, closed_gates, group

GROUP = group(3, 3)
PLAN = {"id": "0123abcd", "run_id": "run1", "actions": [{"host": "mail1", "service": SERVICE}]}


def closed_names(gates):
    return [one["name"] for one in gates if not one["passed"]]


class TestPauses:
    @pytest.mark.parametrize(
        ("subject", "shown"),
        [
            ({}, "the whole fleet"),
            ({"group": "mail"}, "group mail"),
            ({"group": "debian"}, "group debian"),
            ({"host": "mail1"}, "host mail1"),
            ({"service": SERVICE}, f"service {SERVICE}"),
            ({"host": "mail1", "service": SERVICE}, f"host mail1, service {SERVICE}"),
        ],
    )
    def test_hold_back_a_permit_and_say_who_and_why(self, lab, subject, shown):
        lab.ledger.pause("data centre move", until=lab.time + HOUR, **subject)
        reply = lab.ask("mail1", GROUP, groups=frozenset({"mail", "debian"}))
        assert closed_gates(reply) == {"pause": f"{shown} is paused by alice@control1: data centre move"}
        assert reply.gates[0]["opens_at"] == lab.time + HOUR

    @pytest.mark.parametrize("subject", [{"group": "web"}, {"host": "mail2"}, {"service": "systemd/dovecot.service"}, {"host": "mail2", "service": SERVICE}])
    def test_of_something_else_hold_back_nothing(self, lab, subject):
        lab.ledger.pause("", **subject)
        assert lab.ask("mail1", GROUP, groups=frozenset({"mail"})).permit

    def test_end_by_themselves(self, lab):
        lab.ledger.pause("", until=lab.time + HOUR)
        lab.later(HOUR)
        assert lab.ask("mail1", GROUP).permit
        assert lab.ledger.pauses() == []

    def test_without_an_end_last_until_somebody_resumes(self, lab):
        pause = lab.ledger.pause("until Monday", host="mail1")
        lab.later(1000 * HOUR)
        assert lab.ledger.pauses() == [pause]
        assert lab.ledger.resume(host="mail1") == [pause]
        assert lab.ask("mail1", GROUP).permit

    def test_of_the_fleet_are_not_ended_by_resuming_a_host(self, lab):
        lab.ledger.pause("")
        assert lab.ledger.resume(host="mail1") == []
        assert len(lab.ledger.pauses()) == 1

    def test_that_overlap_open_when_the_last_one_ends(self, lab):
        lab.ledger.pause("short", until=lab.time + MINUTE)
        lab.ledger.pause("long", until=lab.time + HOUR, host="mail1")
        assert lab.ask("mail1", GROUP).gates[0]["opens_at"] == lab.time + HOUR

    @pytest.mark.parametrize("name", ["postfix", "postfix.service", "systemd/postfix"])
    def test_of_a_service_mean_it_whatever_a_person_calls_it(self, lab, name):
        lab.ledger.pause("", service=name)
        assert lab.ask("mail1", GROUP).permit is None
        assert (lab.ask("mail1", GROUP, service="docker/postfix").permit is None) == ("/" not in name)
        assert lab.ask("mail2", GROUP, service="systemd/postfix-out.service").permit
        assert [one.service for one in lab.ledger.resume(service="postfix")] == [name]

    def test_of_every_manager_are_not_ended_by_resuming_one(self, lab):
        lab.ledger.pause("", service="postfix")
        assert lab.ledger.resume(service=SERVICE) == []

    def test_must_end_in_the_future(self, lab):
        with pytest.raises(ValueError, match="future"):
            lab.ledger.pause("", until=lab.time)


class TestPlans:
    def test_are_approved_by_a_named_person_and_taken_once(self, lab):
        lab.ledger.record_plan(PLAN)
        assert closed_names(lab.ledger.approve("0123abcd", "Alice")) == []
        plan, gates = lab.ledger.take_plan("0123abcd", "run2")
        assert plan == PLAN
        assert "approved by Alice" in [one["detail"] for one in gates]
        plan, gates = lab.ledger.take_plan("0123abcd", "run3")
        assert plan is None
        assert [one["detail"] for one in gates if not one["passed"]] == ["plan 0123abcd was taken by run run2"]

    def test_are_not_taken_without_approval(self, lab):
        lab.ledger.record_plan(PLAN)
        plan, gates = lab.ledger.take_plan("0123abcd", "run2")
        assert (plan, closed_names(gates)) == (None, ["approved"])

    def test_are_not_approved_by_nobody(self, lab):
        lab.ledger.record_plan(PLAN)
        assert closed_names(lab.ledger.approve("0123abcd", " ")) == ["named"]
        assert lab.ledger.take_plan("0123abcd", "run2")[0] is None

    def test_expire_after_fifteen_minutes(self, lab):
        lab.ledger.record_plan(PLAN)
        [waiting] = lab.ledger.waiting_plans()
        assert (waiting["plan_id"], waiting["actions"]) == ("0123abcd", PLAN["actions"])
        assert set(waiting) == {"plan_id", "run_id", "created_at", "expires_at", "approved_at", "approved_by", "actions"}
        lab.later(15 * MINUTE)
        gates = lab.ledger.approve("0123abcd", "Alice")
        assert [one["detail"] for one in gates if not one["passed"]] == ["plan 0123abcd expired 0 s ago: plan anew"]
        assert lab.ledger.waiting_plans() == []

    def test_expire_also_when_approved(self, lab):
        lab.ledger.record_plan(PLAN)
        lab.ledger.approve("0123abcd", "Alice")
        lab.later(16 * MINUTE)
        assert closed_names(lab.ledger.take_plan("0123abcd", "run2")[1]) == ["plan_valid"]

    def test_that_nobody_stored_are_named(self, lab):
        assert [one["detail"] for one in lab.ledger.approve("ffff", "Alice") if not one["passed"]] == ["no plan ffff is stored in this ledger"]
        assert closed_names(lab.ledger.take_plan("ffff", "run2")[1]) == ["plan_known"]

    def test_can_be_stored_again_by_a_later_run(self, lab):
        lab.ledger.record_plan(PLAN)
        lab.later(HOUR)
        lab.ledger.record_plan({**PLAN, "run_id": "run2"})
        assert closed_names(lab.ledger.approve("0123abcd", "Alice")) == []

    def test_are_listed_once_as_the_newest_run_stored_them(self, lab):
        lab.ledger.record_plan(PLAN)
        lab.later(MINUTE)
        lab.ledger.record_plan({**PLAN, "run_id": "run2"})
        assert [one["run_id"] for one in lab.ledger.waiting_plans()] == ["run2"]
        lab.ledger.approve("0123abcd", "Alice")
        lab.ledger.take_plan("0123abcd", "run3")
        assert lab.ledger.waiting_plans() == [], "the older one cannot be approved"


class TestIncidents:
    def test_keep_their_json_and_change_their_state(self, lab):
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, state="planned", body={"verdict": "leak_confirmed"})])
        opened = lab.time
        lab.later(MINUTE)
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "ended", "remediated", {"headline": "fixed in 40 s"})])
        (incident,) = lab.ledger.incidents("run1-1")
        assert (incident.state, incident.outcome, incident.body) == ("ended", "remediated", {"headline": "fixed in 40 s"})
        assert (incident.opened_at, incident.updated_at) == (opened, lab.time)

    def test_of_a_controller_that_died_end_as_unknown_once_their_service_is_seen_again(self, lab):
        mail = group(3, 3)
        for number, host in enumerate(("mail1", "mail2"), start=1):
            assert lab.ask(host, mail, valid_for=5 * MINUTE).permit
            lab.ledger.record_incidents([Incident(f"run{number}-1", f"run{number}", host, SERVICE, state="planned")])
        lab.ledger.record_incidents([Incident("run9-1", "run9", "mail3", SERVICE, state="planned")])
        lab.later(4 * MINUTE)
        lab.see("healthy", "mail1", "mail2", "mail3")
        assert len(lab.ledger.incidents(open_only=True)) == 3, "their permits are still out, and one has not asked yet"
        lab.later(2 * MINUTE)
        lab.see("healthy", "mail1", "mail3")
        assert [one.id for one in lab.ledger.incidents(open_only=True)] == ["run9-1", "run2-1"], "nobody has seen mail2 since"
        assert [(one.state, one.outcome) for one in lab.ledger.incidents("run1-1")] == [("ended", "unknown")]
        assert [one["host"] for one in lab.ledger.unreleased()] == ["mail2"]
        last = lab.ledger.audited(run_id="run1", host="mail1")[0]
        assert (last.kind, last.detail) == ("abandoned", {"outcome": "unknown"})
        lab.later(DAY)
        lab.see("healthy", "mail3")
        assert [one.id for one in lab.ledger.incidents(open_only=True)] == ["run2-1"], "no run waits for a permit for a day"

    def test_of_a_controller_that_died_with_its_permit_given_back_end_as_that_did(self, lab):
        lab.act("mail1", group(3, 1), "remediated")
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, state="planned")])
        lab.later(DAY + MINUTE)
        lab.see("healthy", "mail1")
        assert [(one.state, one.outcome) for one in lab.ledger.incidents("run1-1")] == [("ended", "remediated")]

    def test_that_end_late_are_known_better(self, lab):
        permit = lab.ask("mail1", group(3, 1), valid_for=5 * MINUTE).permit
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, state="planned")])
        lab.later(6 * MINUTE)
        lab.see("healthy", "mail1")
        assert lab.ledger.release(permit.id, "remediated") == "superseded"
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "ended", "remediated")])
        assert lab.ledger.incidents("run1-1")[0].outcome == "remediated"

    def test_are_found_by_host_service_and_state_the_newest_first(self, lab):
        for number, host in enumerate(("mail1", "mail2", "mail1"), start=1):
            lab.ledger.record_incidents([Incident(f"run{number}-1", f"run{number}", host, SERVICE, "ended" if number == 1 else "acting")])
            lab.later(MINUTE)
        assert [one.id for one in lab.ledger.incidents(host="mail1")] == ["run3-1", "run1-1"]
        assert [one.id for one in lab.ledger.incidents(open_only=True)] == ["run3-1", "run2-1"]
        assert [one.id for one in lab.ledger.incidents(service=SERVICE, limit=1)] == ["run3-1"]


class TestAudit:
    def test_keeps_every_decision_and_is_read_by_run_host_and_time(self, lab):
        lab.ledger.audit([AuditEntry("plan_refusal", "run1", "mail1", SERVICE, "run1-1", {"gates": ["mode"]})])
        lab.later(HOUR)
        lab.ledger.audit([AuditEntry("plan_refusal", "run2", "mail2", SERVICE, "run2-1")])
        assert [one.run_id for one in lab.ledger.audited()] == ["run2", "run1"]
        assert [one.detail for one in lab.ledger.audited(host="mail1")] == [{"gates": ["mode"]}]
        assert [one.run_id for one in lab.ledger.audited(since=lab.time)] == ["run2"]

    @pytest.mark.parametrize("sql", ["UPDATE ledger_audit SET actor = 'nobody'", "DELETE FROM ledger_audit"])
    def test_is_never_changed_not_even_by_hand(self, lab, sql):
        lab.ledger.audit([AuditEntry("plan_refusal")])
        url = lab.url.replace("postgresql://", "postgresql+psycopg://")
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), sa.create_engine(url).begin() as connection:
            connection.execute(sa.text(sql))
        assert len(lab.ledger.audited()) == 1

    def test_holds_no_secret(self, lab, tmp_path):
        lab.ledger.audit(
            [AuditEntry("plan_refusal", detail={"error": "login failed: password=hunter2-secret", "headers": {"Authorization": "Bearer hunter2-secret"}})]
        )
        lab.ledger.record_plan({**PLAN, "policy": {"health": [{"url": "http://bob:hunter2-secret@localhost/"}]}})
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "ended", body={"msg": "token: hunter2-secret"})])
        said = (
            repr(lab.ledger.audited())
            + repr(lab.ledger.incidents())
            + repr(lab.ledger.approve("0123abcd", "A"))
            + repr(lab.ledger.take_plan("0123abcd", "run2"))
        )
        assert "hunter2-secret" not in said
        for path in tmp_path.rglob("ledger.sqlite*"):
            assert b"hunter2-secret" not in path.read_bytes()


def test_the_file_is_plain_sqlite_that_anybody_can_look_into(tmp_path):
    from ledger_lab import Lab

    lab = Lab(f"sqlite:///{tmp_path}/ledger.sqlite")
    lab.ask("mail1", GROUP)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        assert connection.execute("SELECT kind, host FROM ledger_audit").fetchall() == [("permit_granted", "mail1")]
