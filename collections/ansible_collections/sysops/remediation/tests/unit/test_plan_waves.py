# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves never take more hosts of a group away than its budget allows, and hold back nobody without need."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Breaker, Group, GroupView
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_waves import fill_waves
from hypothesis import given
from hypothesis import strategies as st

HOSTS = [f"mail{number}" for number in range(1, 8)]


POSTFIX = "systemd/postfix.service"


def view(name="mail", most=1, unavailable=(), members=HOSTS, serving=None):
    serving = {POSTFIX: dict.fromkeys(members)} if serving is None else serving
    return GroupView(Group(name, frozenset(members), most), dict.fromkeys(unavailable, f"{POSTFIX} is down"), Breaker(), serving)


def actions(*hosts, group="mail", service=POSTFIX, outage=True, runs=True):
    return [
        {"host": host, "group": group, "service": service, "incarnation": "b:1:2:-" if runs else None, "policy": {"allow_outage": outage}} for host in hosts
    ]


def fill(wanted, *views):
    waves, refused = fill_waves(wanted, {one.group.name: one for one in views})
    return waves, {host: gate["detail"] for (host, _group), gate in refused.items()}


def test_one_at_a_time_is_one_wave_per_host():
    assert fill(actions("mail1", "mail2", "mail3"), view(most=1)) == ([["mail1"], ["mail2"], ["mail3"]], {})


def test_a_budget_of_two_is_used():
    assert fill(actions("mail1", "mail2", "mail3"), view(most=2)) == ([["mail1", "mail2"], ["mail3"]], {})


def test_hosts_that_are_down_and_not_treated_use_the_budget_up():
    waves, refused = fill(actions("mail1", "mail2"), view(most=2, unavailable=["mail7"]))
    assert (waves, refused) == ([["mail1"], ["mail2"]], {})
    waves, refused = fill(actions("mail1"), view(most=1, unavailable=["mail7"]))
    assert waves == []
    assert refused == {
        "mail1": "1 other of 7 hosts of group mail unavailable, and at most 1 may be, this one included (mail7: systemd/postfix.service is down)"
    }


def test_the_host_that_is_down_is_treated_first_and_makes_room_for_the_next():
    assert fill(actions("mail1", "mail2"), view(most=1, unavailable=["mail1"])) == ([["mail1"], ["mail2"]], {})


def test_two_that_are_down_block_each_other_when_only_one_may_be():
    waves, refused = fill(actions("mail1", "mail2"), view(most=1, unavailable=["mail1", "mail2"]))
    assert waves == [] and set(refused) == {"mail1", "mail2"}


def test_a_budget_of_nothing_allows_nothing():
    waves, refused = fill(actions("mail1"), view(most=0))
    assert waves == [] and set(refused) == {"mail1"}


def test_groups_do_not_wait_for_each_other():
    wanted = [*actions("mail1", "mail2"), *actions("web1", "web2", group="web")]
    assert fill(wanted, view(most=1), view("web", most=1, members=["web1", "web2"]))[0] == [["mail1", "web1"], ["mail2", "web2"]]


def test_the_tightest_of_a_hosts_groups_counts():
    wanted = [*actions("mail1", "mail2"), *actions("mail1", "mail2", group="disk")]
    assert fill(wanted, view(most=5), view("disk", most=1))[0] == [["mail1"], ["mail2"]]


def test_a_service_does_not_wait_for_the_group_of_its_neighbour():
    wanted = [*actions("mail1"), *actions("mail1", group="disk")]
    both = {one.group.name: one for one in (view(most=1, unavailable=["mail7"]), view("disk", most=1))}
    waves, refused = fill_waves(wanted, both)
    assert waves == [["mail1"]] and list(refused) == [("mail1", "mail")]


def test_one_host_that_serves_is_kept_out_of_each_wave_however_large_the_budget():
    two = view(most=2, members=["mail1", "mail2"])
    assert fill(actions("mail1", "mail2", outage=False), two)[0] == [["mail1"], ["mail2"]]
    assert fill(actions("mail1", "mail2", outage=True), two)[0] == [["mail1", "mail2"]]
    assert fill(actions("mail1", "mail2", outage=False, runs=False), two)[0] == [["mail1", "mail2"]], "what is down takes nothing away"


def test_who_serves_one_service_does_not_stand_in_for_another():
    both = view(most=4, members=HOSTS, serving={POSTFIX: dict.fromkeys(["mail1", "mail2"]), "systemd/dovecot.service": dict.fromkeys(["mail3", "mail4"])})
    wanted = [*actions("mail1", "mail2", outage=False), *actions("mail3", "mail4", service="systemd/dovecot.service", outage=False)]
    assert fill(wanted, both)[0] == [["mail1", "mail3"], ["mail2", "mail4"]]


def test_only_hosts_that_serve_stand_in():
    view_of_three = view(most=3, unavailable=["mail3"], members=["mail1", "mail2", "mail3"], serving={POSTFIX: dict.fromkeys(["mail1", "mail2"])})
    wanted = [*actions("mail3", runs=False), *actions("mail1", "mail2", outage=False)]
    assert fill(wanted, view_of_three)[0] == [["mail3", "mail1"], ["mail2"]]


@given(
    wanted=st.lists(st.sampled_from(HOSTS), unique=True),
    others=st.lists(st.sampled_from(HOSTS), unique=True),
    down=st.sets(st.sampled_from(HOSTS)),
    mail=st.integers(0, 7),
    disk=st.integers(0, 7),
)
def test_no_wave_ever_takes_more_away_than_the_budget(wanted, others, down, mail, disk):
    both = [*actions(*wanted), *actions(*others, group="disk")]
    waves, refused = fill_waves(both, {"mail": view(most=mail, unavailable=down), "disk": view("disk", most=disk, unavailable=down)})
    placed = [host for wave in waves for host in wave]
    left = {(host, "mail") for host in wanted} | {(host, "disk") for host in others}
    assert set(refused) <= left
    assert sorted(placed) == sorted({host for host, _group in left - set(refused)}), "each host is in one wave, unless all of its groups are refused"
    for name, most, hosts in (("mail", mail, wanted), ("disk", disk, others)):
        hosts = [host for host in hosts if (host, name) not in refused]
        away = set(down)
        for wave in waves:
            acting = {host for host in wave if host in hosts}
            if acting:
                assert len(away | acting) <= most, name
            away -= acting


@given(st.integers(1, 7), st.integers(1, 7))
def test_a_rolling_restart_takes_as_few_waves_as_the_budget_allows(most, count):
    waves, refused = fill(actions(*HOSTS[:count]), view(most=most))
    assert not refused
    assert len(waves) == -(-count // most)
