# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A permit is granted only within the budget of its group, counted over all other hosts, and never twice for the same service."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Group, LedgerError, Observation, open_ledger
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_lab import DAY, HOUR, MINUTE, SERVICE, START, ask, closed_gates, group, hosts

ONE_OF_THREE = group(3, 1)


def test_within_the_budget_a_permit_is_granted(lab):
    lab.see("sick", *hosts(3))  # a leak on every node of a running group
    permit = lab.ask("mail1", ONE_OF_THREE, valid_for=300).permit
    assert permit.as_data() == {"id": permit.id, "token": permit.token, "valid_for": 300, "issued_at": lab.time}


def test_a_second_host_is_refused_while_the_first_is_in_remediation_and_told_why(lab):
    lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
    reply = lab.ask("mail2", ONE_OF_THREE)
    assert reply.permit is None
    assert closed_gates(reply) == {
        "max_unavailable": "1 other of 3 hosts of group mail unavailable, and at most 1 may be, this one included "
        "(mail1: systemd/postfix.service is in remediation (its permit ends in 5 min))"
    }


def test_a_released_permit_frees_the_budget_at_once(lab):
    lab.act("mail1", ONE_OF_THREE, "remediated")
    assert lab.ask("mail2", ONE_OF_THREE).permit


@pytest.mark.parametrize("status", ["down", "unknown"])
def test_other_hosts_that_are_down_or_unknown_count(lab, status):
    lab.see(status, "mail1")
    assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))
    lab.see("healthy", "mail1")
    assert lab.ask("mail2", ONE_OF_THREE).permit


@pytest.mark.parametrize("status", ["down", "unknown", "sick"])
def test_the_asking_host_never_counts_against_itself(lab, status):
    lab.see(status, "mail1")
    assert lab.ask("mail1", ONE_OF_THREE).permit


def test_a_leaking_service_that_runs_does_not_count(lab):
    lab.see("sick", "mail1", "mail2")
    assert lab.ask("mail3", ONE_OF_THREE).permit


def test_what_runs_on_a_host_in_another_group_does_not_count(lab):
    lab.see("down", "mail1", group="web", service="systemd/nginx.service")
    assert lab.ask("mail2", ONE_OF_THREE).permit


def test_a_policy_that_gives_a_service_another_group_gives_no_budget_back(lab):
    lab.see("down", "mail1", group="mail")
    assert "max_unavailable" in closed_gates(lab.ask("mail2", group(3, 1, name="mx"))), "nobody has looked at mail1 since"


def test_a_permit_counts_also_for_who_has_an_inventory_without_its_host(lab):
    permit = lab.ask("mail3", ONE_OF_THREE).permit
    narrow = Group("mail", frozenset({"mail1", "mail2"}), 1)
    assert "mail3: systemd/postfix.service is in remediation" in closed_gates(lab.ask("mail1", narrow))["max_unavailable"]
    lab.ledger.release(permit.id, "failed")
    assert lab.ask("mail1", narrow).permit, "of a host that is no member, only what is going on counts"


def test_a_host_that_left_the_inventory_does_not_count(lab):
    lab.see("down", "mail3")
    assert lab.ask("mail1", Group("mail", frozenset({"mail1", "mail2"}), 1)).permit


def test_a_host_with_two_services_down_counts_once(lab):
    lab.see("down", "mail1")
    lab.see("down", "mail1", service="systemd/dovecot.service")
    assert lab.ask("mail2", group(5, 2)).permit


def test_a_budget_of_nothing_permits_nothing(lab):
    assert "max_unavailable" in closed_gates(lab.ask("mail1", group(3, 0)))


def test_nobody_gets_a_second_permit_for_the_same_service_and_is_told_until_when(lab):
    lab.ask("mail1", group(3, 3), valid_for=5 * MINUTE)
    lab.later(2 * MINUTE)
    reply = lab.ask("mail1", group(3, 3))
    assert closed_gates(reply) == {"permit_held": "another permit for this service is out, for 3 min more"}
    assert [one["opens_at"] for one in reply.gates if not one["passed"]] == [START + 5 * MINUTE]


def test_two_services_of_a_host_have_permits_of_their_own(lab):
    assert lab.ask("mail1", ONE_OF_THREE).permit
    assert lab.ask("mail1", ONE_OF_THREE, service="systemd/dovecot.service").permit


@pytest.mark.parametrize(("outcome", "counts"), [("remediated", False), ("failed", True), ("inconclusive", True), ("unknown", True)])
def test_the_outcome_decides_whether_the_host_still_counts(lab, outcome, counts):
    lab.see("sick", "mail1")
    lab.act("mail1", ONE_OF_THREE, outcome)
    assert ("max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))) is counts


@pytest.mark.parametrize("outcome", ["refused", "already_changed"])
@pytest.mark.parametrize(("before", "counts"), [("down", True), ("sick", False)])
def test_where_nothing_was_done_all_is_as_before(lab, outcome, before, counts):
    lab.see(before, "mail1")
    lab.act("mail1", ONE_OF_THREE, outcome)
    assert ("max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))) is counts


NAMED = {"mail1": {"systemd/exim4.service"}, "mail2": {SERVICE}}  # host → what its policy names by now


class TestWhatThePolicyOfItsHostNamesNoMore:
    @pytest.fixture(autouse=True)
    def seen(self, lab):
        lab.see("down", "mail1")
        lab.see("healthy", "mail2", "mail3")

    def counts(self, lab):
        return set(lab.ledger.views([ONE_OF_THREE], record=False)["mail"].unavailable)

    def test_counts_for_a_day_so_that_a_policy_of_one_run_gives_no_budget_back(self, lab):
        lab.later(30 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        lab.later(23 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        assert self.counts(lab) == {"mail1"}

    def test_counts_for_nothing_then(self, lab):
        lab.ledger.retire(NAMED, lab.time)
        assert self.counts(lab) == {"mail1"}
        lab.later(25 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        assert self.counts(lab) == set() and lab.ask("mail2", ONE_OF_THREE).permit
        assert [(one.kind, one.host, one.detail) for one in lab.ledger.audited() if one.kind == "retired"] == [("retired", "mail1", {"status": "down"})]
        assert {one["host"]: one["status"] for one in lab.ledger.targets()}["mail3"] == "healthy", "of its policy nothing was said"

    def test_counts_again_when_it_is_named_again(self, lab):
        lab.ledger.retire(NAMED, lab.time)
        lab.later(25 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        lab.see("down", "mail1")
        assert self.counts(lab) == {"mail1"}
        lab.ledger.lost(["mail1"], lab.time)
        assert self.counts(lab) == {"mail1"}

    def test_stays_forgotten_when_its_host_cannot_be_reached(self, lab):
        lab.ledger.retire(NAMED, lab.time)
        lab.later(25 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        lab.ledger.lost(["mail1"], lab.time)
        assert self.counts(lab) == set()

    def test_counts_as_long_as_runs_name_it_in_between(self, lab):
        for _day in range(3):
            lab.ledger.retire(NAMED, lab.time)
            lab.later(20 * HOUR)
            lab.ledger.retire({"mail1": {SERVICE}}, lab.time)
            lab.later(5 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        assert self.counts(lab) == {"mail1"}

    def test_counts_as_long_as_a_permit_is_out(self, lab):
        assert lab.ask("mail1", ONE_OF_THREE, valid_for=60 * HOUR).permit
        lab.ledger.retire(NAMED, lab.time)
        lab.later(25 * HOUR)
        lab.ledger.retire(NAMED, lab.time)
        assert self.counts(lab) == {"mail1"}


class TestAHolderThatDied:
    def test_counts_as_unknown_against_others_from_the_end_of_its_permit(self, lab):
        lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
        lab.later(2 * HOUR)
        refused = closed_gates(lab.ask("mail2", ONE_OF_THREE))["max_unavailable"]
        assert "systemd/postfix.service is unknown: its permit expired 1 h 55 min ago without an outcome, and it was not seen since" in refused

    def test_is_settled_when_the_host_is_seen_healthy(self, lab):
        lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
        lab.later(6 * MINUTE)
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    def test_is_not_settled_by_what_was_seen_while_the_permit_was_out(self, lab):
        lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
        lab.later(4 * MINUTE)
        seen_at = lab.time
        lab.later(2 * MINUTE)
        lab.ledger.observe([Observation("mail1", SERVICE, "mail", "healthy")], seen_at)
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_is_not_settled_by_an_unreachable_host(self, lab):
        lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
        lab.later(6 * MINUTE)
        lab.see("unknown", "mail1")
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_does_not_stand_against_a_new_permit_for_the_same_service(self, lab):
        first = lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE).permit
        lab.later(6 * MINUTE)
        second = lab.ask("mail1", ONE_OF_THREE).permit
        assert second.token > first.token

    def test_and_that_comes_back_late_does_not_disturb_who_came_after_it(self, lab):
        first = lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE).permit
        lab.later(6 * MINUTE)
        second = lab.ask("mail1", ONE_OF_THREE).permit
        assert lab.ledger.release(first.id, "remediated") == "superseded"
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE)), "the second is still at it"
        assert lab.ledger.release(second.id, "remediated") == "released"

    def test_and_that_comes_back_late_does_not_overrule_what_was_seen_since(self, lab):
        permit = lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE).permit
        lab.later(6 * MINUTE)
        lab.see("down", "mail1")
        assert lab.ledger.release(permit.id, "remediated") == "superseded"
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_is_found_by_the_reconcile_step(self, lab):
        permit = lab.ask("mail1", group(3, 3), valid_for=5 * MINUTE).permit
        lab.ask("mail2", group(3, 3), valid_for=HOUR)
        lab.later(6 * MINUTE)
        assert [(one["id"], one["host"], one["expired"]) for one in lab.ledger.unreleased("run1")] == [(permit.id, "mail1", True)]
        assert [one["expired"] for one in lab.ledger.unreleased()] == [True, False]
        lab.ledger.release(permit.id, "unknown")
        assert lab.ledger.unreleased("run1") == []


def test_releasing_twice_changes_nothing(lab):
    permit = lab.ask("mail1", ONE_OF_THREE).permit
    assert lab.ledger.release(permit.id, "failed") == "released"
    assert lab.ledger.release(permit.id, "remediated") == "already"
    assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))


def test_a_permit_of_another_ledger_is_named(lab):
    with pytest.raises(LedgerError, match="knows no permit 0123: it was granted by another ledger"):
        lab.ledger.release("0123", "remediated")


def test_an_unknown_outcome_is_a_mistake_and_not_a_release(lab):
    permit = lab.ask("mail1", ONE_OF_THREE).permit
    with pytest.raises(ValueError, match="outcome 'fine'"):
        lab.ledger.release(permit.id, "fine")
    assert [one["id"] for one in lab.ledger.unreleased()] == [permit.id]


def test_what_was_seen_before_an_action_does_not_overwrite_its_outcome(lab):
    lab.see("sick", "mail1")
    seen_at = lab.time
    lab.act("mail1", ONE_OF_THREE, "failed")
    lab.ledger.observe([Observation("mail1", SERVICE, "mail", "healthy")], seen_at)
    assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))


class TestAnActionThatDidNotHelp:
    """A bad restart must not roll through a group one host after the other, however slowly."""

    @pytest.mark.parametrize("status", ["healthy", "sick", "running", "down", "unknown"])
    def test_counts_whatever_a_diagnosis_says_of_it_within_a_day(self, lab, status):
        lab.act("mail1", ONE_OF_THREE, "failed")
        for _hour in range(23):
            lab.later(HOUR)
            lab.see(status, "mail1")
            lab.ledger.lost(["mail1"], lab.time)
        refused = closed_gates(lab.ask("mail2", ONE_OF_THREE))["max_unavailable"]
        assert "was not helped by an action" in refused
        assert "what was not helped counts until a restart of it is proven, by a run or by playbooks/restart.yml, or it is healthy a day later" in refused

    def test_is_forgotten_when_the_service_is_healthy_a_day_later(self, lab):
        lab.act("mail1", ONE_OF_THREE, "failed")
        lab.later(DAY)
        for status in ("sick", "running", "down", "unknown"):
            lab.see(status, "mail1")
            assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE)), status
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    def test_is_made_good_at_once_by_one_that_is_proven(self, lab):
        lab.act("mail1", ONE_OF_THREE, "failed")
        lab.act("mail1", ONE_OF_THREE, "remediated")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    @pytest.mark.parametrize("end", ["inconclusive", "unknown", "dies", "lost"])
    def test_is_not_made_good_by_an_attempt_that_proves_nothing(self, lab, end):
        lab.act("mail1", ONE_OF_THREE, "failed")
        lab.later(HOUR)
        permit = lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE).permit
        if end in ("inconclusive", "unknown"):
            lab.ledger.release(permit.id, end)
        lab.later(HOUR)
        if end == "lost":
            lab.ledger.lost(["mail1"], lab.time)
            lab.later(MINUTE)
        for status in ("sick", "healthy"):
            lab.see(status, "mail1")
            assert "was not helped by an action" in closed_gates(lab.ask("mail2", ONE_OF_THREE))["max_unavailable"], status

    def test_counts_for_a_day_from_the_failure_and_not_from_the_last_time_that_somebody_asked(self, lab):
        lab.act("mail1", ONE_OF_THREE, "failed")
        lab.later(23 * HOUR)
        lab.act("mail1", ONE_OF_THREE, "refused", seconds=0)
        lab.later(HOUR)
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    def test_is_no_new_failure_when_the_next_attempt_is_refused(self, lab):
        lab.act("mail1", group(10, 3), "failed")
        lab.later(9 * MINUTE)
        lab.act("mail1", group(10, 3), "refused", seconds=0)
        lab.see("down", "mail2", "mail3")
        lab.later(2 * MINUTE)
        assert lab.ledger.views([group(10, 3)], record=False)["mail"].breaker.state == "closed", "of the three, one has failed for longer"


class TestTooLittleWasSeen:
    """A process that runs, and of which no more is known, is nobody's proof of anything."""

    @pytest.mark.parametrize("before", ["down", "unknown"])
    def test_settles_nothing(self, lab, before):
        lab.see(before, "mail1")
        lab.later(MINUTE)
        lab.see("running", "mail1")
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_does_not_settle_an_expired_permit(self, lab):
        lab.ask("mail1", ONE_OF_THREE, valid_for=5 * MINUTE)
        lab.later(6 * MINUTE)
        lab.see("running", "mail1")
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_is_no_host_that_serves_instead(self, lab):
        lab.see("running", "mail1")
        assert lab.ledger.views([ONE_OF_THREE], record=False)["mail"].serving == {}

    def test_does_not_count_against_others_when_nothing_else_is_known(self, lab):
        lab.see("running", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit


class TestAClockThatWasAhead:
    """What was written with a wrong clock must not bind for as long as it was wrong."""

    @pytest.mark.parametrize("status", ["down", "unknown"])
    def test_what_is_seen_now_counts(self, lab, status):
        lab.later(HOUR)
        lab.see(status, "mail1")
        lab.later(-HOUR)
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    def test_a_failure_is_of_no_use_to_anybody_after_a_year(self, lab):
        lab.later(365 * DAY)
        lab.act("mail1", ONE_OF_THREE, "failed")
        lab.later(-365 * DAY)
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", ONE_OF_THREE).permit

    def test_a_permit_of_an_hour_ahead_is_still_held(self, lab):
        lab.later(HOUR)
        lab.ask("mail1", ONE_OF_THREE)
        lab.later(-HOUR)
        assert "permit_held" in closed_gates(lab.ask("mail1", ONE_OF_THREE))
        lab.see("healthy", "mail1")
        assert "max_unavailable" in closed_gates(lab.ask("mail2", ONE_OF_THREE))

    def test_a_permit_of_a_year_ahead_is_not(self, lab):
        lab.later(365 * DAY)
        lab.ask("mail1", ONE_OF_THREE)
        lab.later(-365 * DAY)
        assert "is unknown: its permit expired" in closed_gates(lab.ask("mail2", ONE_OF_THREE))["max_unavailable"]
        assert lab.ask("mail1", ONE_OF_THREE).permit, "and tokens still rise"

    def test_a_breaker_of_a_year_ahead_is_not_open_for_a_year(self, lab):
        lab.later(365 * DAY)
        lab.see("down", *hosts(3))
        assert lab.ledger.views([ONE_OF_THREE], record=True)["mail"].breaker.state == "open"
        lab.later(-365 * DAY)
        assert lab.ledger.views([ONE_OF_THREE], record=True)["mail"].breaker.state == "half_open"

    def test_recurrences_are_not_forgotten_for_a_year(self, lab):
        lab.later(365 * DAY)
        lab.see("healthy", "mail1")
        lab.later(DAY)
        lab.see("healthy", "mail1")  # had been healthy for a day
        lab.later(-366 * DAY)
        lab.see("sick", "mail1")
        for _time in range(2):
            lab.act("mail1", ONE_OF_THREE, "remediated")
            lab.later(HOUR)
            lab.see("sick", "mail1")
        assert lab.ledger.effectiveness()["mail1", SERVICE].state == "chronic"


class TestTheLastThatServes:
    """Asked again with the permit, since two runs may each see the other's host serve."""

    def test_is_not_touched_while_the_other_is_treated(self, lab):
        lab.see("sick", "mail1", "mail2")
        assert lab.ask("mail1", group(2, 2), keep_one=True).permit
        assert closed_gates(lab.ask("mail2", group(2, 2), keep_one=True)) == {
            "single_instance": "no other host of group mail serves systemd/postfix.service now: acting is an outage; "
            "'allow_outage: true' in its policy allows it"
        }

    def test_is_touched_when_the_other_serves_again(self, lab):
        lab.see("sick", "mail1", "mail2")
        lab.act("mail1", group(2, 2), "remediated")
        assert lab.ask("mail2", group(2, 2), keep_one=True).permit

    def test_is_touched_with_consent(self, lab):
        lab.see("sick", "mail1", "mail2")
        assert lab.ask("mail1", group(2, 2)).permit
        assert lab.ask("mail2", group(2, 2)).permit


class TestFencingTokens:
    def test_rise_with_every_permit_of_a_service(self, lab):
        tokens = []
        for _number in range(3):
            permit = lab.ask("mail1", ONE_OF_THREE).permit
            lab.ledger.release(permit.id, "refused")
            tokens.append(permit.token)
        assert tokens == [int(START), int(START) + 1, int(START) + 2]

    def test_of_a_ledger_that_was_created_anew_are_higher_than_all_that_hosts_remember(self, lab, tmp_path):
        before = lab.ask("mail1", ONE_OF_THREE).permit
        lab.later(MINUTE)
        anew = open_ledger(f"sqlite:///{tmp_path}/anew.sqlite", clock=lambda: lab.time)
        assert anew.reserve(ask("mail1", ONE_OF_THREE)).permit.token > before.token


def test_granted_and_refused_are_both_in_the_audit_with_their_gates(lab):
    lab.ask("mail1", ONE_OF_THREE)
    lab.ask("mail2", ONE_OF_THREE)
    refused, granted = lab.ledger.audited()
    assert (granted.kind, granted.host, granted.run_id, granted.actor, granted.at) == ("permit_granted", "mail1", "run1", "alice@control1", START)
    assert (refused.kind, refused.host) == ("permit_refused", "mail2")
    assert [one["name"] for one in refused.detail["gates"] if not one["passed"]] == ["max_unavailable"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(hosts(5)), st.integers(1, 400)),
        st.tuples(st.just("release"), st.sampled_from(hosts(5)), st.sampled_from(["remediated", "failed", "refused", "inconclusive"])),
        st.tuples(st.just("see"), st.sampled_from(hosts(5)), st.sampled_from(["healthy", "sick", "down", "unknown"])),
        st.tuples(st.just("later"), st.just(""), st.integers(1, 300)),
    ),
    max_size=40,
)


class Model:
    """The same rules, written the other way round: sets of hosts instead of rows with times."""

    def __init__(self, most):
        self.most = most
        self.out: dict[str, tuple[str, float, bool]] = {}  # host → permit, its end, was it bad before; until it is settled
        self.bad: set[str] = set()
        self.failed_at: dict[str, float] = {}

    def held(self, host, now):
        return host in self.out and now < self.out[host][1]

    def allows(self, host, now):
        others = (self.out.keys() | self.bad) - {host}
        return not self.held(host, now) and len(others) < self.most

    def granted(self, host, permit, end):
        before = host in self.bad or host in self.out
        self.out[host] = (permit, end, before)
        self.bad.discard(host)
        self.failed_at.pop(host, None)

    def released(self, host, outcome, now):
        _permit, _end, before = self.out.pop(host)
        if outcome == "failed":
            self.failed_at[host] = now
        if outcome in ("failed", "inconclusive") or (outcome == "refused" and before):
            self.bad.add(host)

    def seen(self, host, status, now):
        if self.held(host, now) or (status in ("healthy", "sick") and now < self.failed_at.get(host, -600) + 600):
            return
        self.failed_at.pop(host, None)
        self.out.pop(host, None)
        if status in ("down", "unknown"):
            self.bad.add(host)
        else:
            self.bad.discard(host)


@given(steps=STEPS, most=st.integers(0, 5))
@settings(max_examples=60)
def test_whatever_happens_exactly_what_the_budget_allows_is_granted(tmp_path_factory, steps, most):
    now = START
    ledger = open_ledger(f"sqlite:///{tmp_path_factory.getbasetemp()}/none.sqlite", rehearse=True, clock=lambda: now)
    model = Model(most)
    tokens: dict[str, int] = {}
    ledger.observe([Observation(host, SERVICE, "mail", "healthy") for host in hosts(5)], now)
    for kind, host, value in steps:
        if kind == "later":
            now += value
        elif kind == "see":
            ledger.observe([Observation(host, SERVICE, "mail", value)], now)
            model.seen(host, value, now)
        elif kind == "release" and host in model.out:
            assert ledger.release(model.out[host][0], value) == "released"
            model.released(host, value, now)
        elif kind == "ask":
            permit = ledger.reserve(ask(host, group(30, most), valid_for=value)).permit  # so many that the breaker stays closed
            assert bool(permit) == model.allows(host, now)
            if permit:
                assert permit.token > tokens.get(host, 0)
                tokens[host] = permit.token
                model.granted(host, permit.id, now + value)
