# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mass failure: when much of a group fails at once, nothing is restarted until health holds, and then one host first."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger._breaker import CLOSED, HALF_OPEN, OPEN, step
from hypothesis import given
from hypothesis import strategies as st
from ledger_lab import DAY, HOUR, MINUTE, closed_gates, group, hosts

TEN = group(10, 5)


def breaker(lab, record=True):
    return lab.ledger.views([TEN], record=record)["mail"].breaker


def trip(lab):
    lab.see("down", "mail1", "mail2", "mail3")
    assert breaker(lab).state == OPEN


def heal(lab):
    """All hosts are seen healthy, and that holds."""
    lab.see("healthy", *hosts(10))
    assert breaker(lab).state == HALF_OPEN


@pytest.mark.parametrize(
    ("members", "down", "state"),
    [(10, 2, CLOSED), (10, 3, OPEN), (4, 2, CLOSED), (4, 3, OPEN), (15, 3, CLOSED), (15, 4, OPEN), (200, 40, CLOSED), (200, 41, OPEN)],
)
def test_more_than_a_fifth_of_a_group_and_at_least_three_hosts(lab, members, down, state):
    lab.see("down", *hosts(down))
    assert lab.ledger.views([group(members, members)], record=True)["mail"].breaker.state == state


def test_a_leak_on_every_node_of_a_running_group_is_not_a_mass_failure(lab):
    lab.see("sick", *hosts(10))
    assert breaker(lab).state == CLOSED


def test_what_has_been_down_for_longer_is_not_newly_down(lab):
    lab.see("down", "mail1", "mail2", "mail3", since=lab.time - DAY)
    assert breaker(lab).state == CLOSED


def test_what_goes_down_one_after_the_other_within_ten_minutes_counts(lab):
    for host in ("mail1", "mail2"):
        lab.see("down", host)
        lab.later(4 * MINUTE)
    assert breaker(lab).state == CLOSED
    lab.see("down", "mail3")
    assert breaker(lab).sick == ("mail1", "mail2", "mail3")


def test_what_goes_down_within_an_hour_does_not_count_together(lab):
    for host in ("mail1", "mail2", "mail3"):
        lab.see("down", host)
        lab.later(11 * MINUTE)
    assert breaker(lab).state == CLOSED


def test_failed_verifications_after_our_actions_count(lab):
    lab.see("sick", *hosts(10))
    for host in ("mail1", "mail2", "mail3"):
        lab.act(host, TEN, "failed", seconds=MINUTE)
    assert breaker(lab).state == OPEN


def test_a_service_that_is_seen_down_because_we_are_restarting_it_does_not_count(lab):
    lab.see("sick", *hosts(10))
    for host in ("mail1", "mail2", "mail3"):
        assert lab.ask(host, TEN).permit
    lab.see("down", "mail1", "mail2", "mail3")  # another run looks on
    assert breaker(lab).state == CLOSED


def test_a_cold_standby_that_was_never_started_did_not_fail_when_it_is_first_seen(lab):
    lab.see("down", "mail1", "mail2", "mail3", stopped=True)
    assert breaker(lab).state == CLOSED
    assert set(lab.ledger.views([TEN], record=False)["mail"].unavailable) == {"mail1", "mail2", "mail3"}, "it counts as unavailable all the same"


def test_what_was_up_and_is_not_since_a_reboot_did_fail(lab):
    lab.see("healthy", "mail1", "mail2", "mail3")
    lab.later(MINUTE)
    lab.see("down", "mail1", "mail2", "mail3", stopped=True)
    assert breaker(lab).state == OPEN


def test_an_open_breaker_refuses_every_host_of_the_group_and_says_why(lab):
    trip(lab)
    refused = closed_gates(lab.ask("mail9", TEN))["breaker"]
    assert refused == ("3 of 10 hosts of group mail failed within 10 min (mail1, mail2, mail3): a mass failure is not healed by restarts, a human is needed")
    assert lab.ask("web1", group(3, 1, name="web"), service="systemd/nginx.service").permit, "other groups go on"


def test_it_says_when_it_can_open_at_the_earliest(lab):
    trip(lab)
    assert breaker(lab).opens_at == lab.time + 10 * MINUTE


def test_exactly_one_call_sees_it_open_and_so_there_is_one_notification(lab):
    lab.see("down", "mail1", "mail2", "mail3")
    assert breaker(lab, record=False).just_opened, "who only looks takes nothing away"
    assert [breaker(lab).just_opened for _call in range(3)] == [True, False, False]


def test_it_stays_open_while_hosts_go_on_failing(lab):
    trip(lab)
    lab.later(9 * MINUTE)
    lab.see("down", "mail4")
    lab.later(9 * MINUTE)
    assert breaker(lab).state == OPEN


class TestHalfOpen:
    @pytest.fixture(autouse=True)
    def half_open(self, lab):
        trip(lab)
        heal(lab)

    def test_one_host_is_tried_and_others_wait_for_it(self, lab):
        assert lab.ask("mail1", TEN).permit
        assert closed_gates(lab.ask("mail2", TEN))["breaker"] == (
            "after a mass failure in group mail one host is tried first, while all others are available; now mail1 is not"
        )

    def test_a_success_closes_it(self, lab):
        lab.act("mail1", TEN, "remediated")
        assert lab.ask("mail2", TEN).permit
        assert lab.ask("mail3", TEN).permit

    def test_a_failure_opens_it_again(self, lab):
        lab.act("mail1", TEN, "failed")
        assert breaker(lab).state == OPEN
        assert "breaker" in closed_gates(lab.ask("mail2", TEN))

    def test_a_host_of_which_nobody_knows_how_it_ended_keeps_it_half_open(self, lab):
        lab.act("mail1", TEN, "inconclusive")
        assert "breaker" in closed_gates(lab.ask("mail2", TEN))

    def test_a_quiet_day_closes_it(self, lab):
        lab.later(DAY - MINUTE)
        assert breaker(lab).state == HALF_OPEN
        lab.later(MINUTE)
        assert breaker(lab).state == CLOSED
        lab.see("down", "mail7")
        assert breaker(lab).state == CLOSED, "one host is no mass failure"

    def test_a_standby_that_was_down_before_it_opened_is_no_part_of_it(self, lab):
        standby = "mail9"
        lab.see("down", standby, group="pair", stopped=True)
        lab.later(2 * HOUR)
        pair = group(10, 10, "pair")
        lab.see("down", "mail1", "mail2", "mail3", group="pair")
        assert lab.ledger.views([pair], record=True)["pair"].breaker.state == OPEN
        lab.later(11 * MINUTE)
        lab.see("healthy", "mail1", "mail2", "mail3", group="pair")
        half = lab.ledger.views([pair], record=True)["pair"].breaker
        assert (half.state, half.before) == (HALF_OPEN, {standby})
        reply = lab.ask("mail1", pair)
        assert reply.permit, "nobody waits for it"
        assert "breaker" in closed_gates(lab.ask("mail2", pair)), "and one is tried at a time"
        lab.ledger.release(reply.permit.id, "refused")
        lab.later(DAY)
        assert lab.ledger.views([pair], record=True)["pair"].breaker.state == CLOSED

    def test_the_first_victims_of_a_slow_failure_are_part_of_it(self, lab):
        ten = group(10, 9, "slow")
        lab.see("down", "mail1", group="slow")
        lab.later(20 * MINUTE)
        lab.see("down", "mail2", "mail3", "mail4", group="slow")
        assert lab.ledger.views([ten], record=True)["slow"].breaker.state == OPEN
        lab.later(11 * MINUTE)
        assert lab.ledger.views([ten], record=True)["slow"].breaker.before == frozenset()

    def test_every_change_is_in_the_audit(self, lab):
        lab.act("mail1", TEN, "remediated")
        kinds = [(one.kind, one.detail) for one in reversed(lab.ledger.audited()) if one.kind.startswith("breaker_")]
        assert [kind for kind, _detail in kinds] == ["breaker_open", "breaker_half_open", "breaker_closed"]
        assert kinds[0][1] == {"group": "mail", "hosts": ["mail1", "mail2", "mail3"]}

    def test_a_host_that_stays_sick_keeps_it_half_open(self, lab):
        lab.act("mail1", TEN, "inconclusive")
        lab.see("down", "mail1")
        for _half in range(5):
            lab.later(DAY / 2)
            assert breaker(lab).state != CLOSED

    def test_a_single_host_that_newly_fails_opens_it_again(self, lab):
        lab.see("down", "mail7")
        assert breaker(lab).state == OPEN


@given(state=st.sampled_from([CLOSED, OPEN, HALF_OPEN]), members=st.integers(1, 500), newly=st.integers(0, 500))
def test_no_failure_closes_an_open_breaker_and_few_never_open_a_closed_one(state, members, newly):
    after = step(state, newly, members)
    assert not (state in (OPEN, HALF_OPEN) and after == CLOSED)
    if state == CLOSED:
        assert (after == OPEN) == (newly >= 3 and newly * 5 > members)
