# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done, what is refused, what is left alone, in which order, and under which ids."""

from __future__ import annotations

import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._gates import closed
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import _words
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import open_ledger
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts, build_plan, by_policy_only, tally, targets_of
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_budgets import budgets_of
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_outcome import bad_ends
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_standing import look
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy_schema import SICK_VERDICTS
from hypothesis import given
from hypothesis import strategies as st

RUN = "20261125T020000Z-ab12cd"


def entry(name="postfix.service", **keys):
    services, problems = read_policy({"remediation_services": [{"name": name, "mode": "auto", "allow_outage": True, "max_unavailable": 10000, **keys}]})
    assert not problems
    return services[0]


def diagnosis(verdict="leak_suspected", urgency="hours", name="postfix.service", manager="systemd", life="b:1:2:-", **facts):
    return {
        "service": f"{manager}/{name}",
        "name": name,
        "manager": manager,
        "scope": "system",
        "server": None,
        "verdict": verdict,
        "urgency": urgency,
        "summary": "anon grows 2.1 MiB/min",
        "incarnation": {"id": life} if life else None,
        **facts,
    }


def host(name="mail1", policy=None, diagnoses=None, **facts):
    return HostFacts(name, policy=[entry()] if policy is None else policy, diagnoses=[diagnosis()] if diagnoses is None else diagnoses, **facts)


def plan(*hosts, purpose="remediate", created_at=1.0):
    inventory = {"all": frozenset(facts.host for facts in hosts)}
    budgets = budgets_of(hosts, inventory)
    targets = targets_of(hosts, budgets)
    ledger = open_ledger("sqlite:////there/is/none", rehearse=True)
    standing = look(ledger, hosts, targets, ledger.now(), budgets)
    return build_plan(list(hosts), targets, standing, RUN, created_at, purpose)


def shut(refusal):
    return [one["name"] for one in closed(refusal["gates"])]


def test_a_leak_that_the_policy_accepts_becomes_an_action():
    made = plan(host())
    assert [(action["host"], action["service"], action["action"], action["incarnation"]) for action in made["actions"]] == [
        ("mail1", "systemd/postfix.service", "restart", "b:1:2:-")
    ]
    assert made["waves"] == [["mail1"]]
    assert made["refusals"] == made["healthy"] == made["errors"] == made["unreachable"] == []
    assert all(one["passed"] for one in made["actions"][0]["gates"])


def test_a_service_behind_a_password_is_the_one_that_the_policy_names_and_the_password_stays_in_the_policy():
    policy = [entry("mail", manager="supervisord", server="http://admin:pa/ss@127.0.0.1:9001")]
    seen = diagnosis(name="mail", manager="supervisord", server="http://127.0.0.1:9001")
    made = plan(host(policy=policy, diagnoses=[seen]))
    assert [action["server"] for action in made["actions"]] == ["http://127.0.0.1:9001"]
    assert made["actions"][0]["policy"]["server"] == "http://admin:pa/ss@127.0.0.1:9001"


@pytest.mark.parametrize("verdict", sorted(set(_words.VERDICTS) - set(SICK_VERDICTS)))
def test_what_is_not_sick_is_left_alone(verdict):
    made = plan(host(diagnoses=[diagnosis(verdict)]))
    assert made["healthy"] == [{"host": "mail1", "service": "systemd/postfix.service", "verdict": verdict}]
    assert not made["actions"]


@pytest.mark.parametrize(
    ("keys", "facts", "gates"),
    [
        ({"mode": "recommend"}, {}, ["mode"]),
        ({"mode": "observe"}, {}, ["mode"]),
        ({"accept": {"verdicts": ["leak_confirmed"]}}, {}, ["verdict"]),
        ({"accept": {"urgencies": ["now"]}}, {}, ["urgency"]),
        ({}, {"verdict": "growth_unexplained"}, ["verdict"]),
        ({}, {"urgency": "none"}, ["urgency"]),
        ({}, {"verdict": "step_change", "urgency": "days"}, ["verdict"]),
        ({"mode": "recommend", "ladder": []}, {"urgency": "none"}, ["mode", "ladder", "urgency"]),
    ],
)
def test_a_closed_gate_refuses_and_says_why(keys, facts, gates):
    made = plan(host(policy=[entry(**keys)], diagnoses=[diagnosis(**facts)]))
    assert [shut(refusal) for refusal in made["refusals"]] == [gates]
    assert not made["actions"]
    assert all(one["detail"] for one in made["refusals"][0]["gates"])


@pytest.mark.parametrize("verdict", ["step_change", "growth_unexplained", "fragmentation"])
def test_what_the_policy_does_not_act_on_and_presses_nobody_is_an_observation_and_no_incident(verdict):
    made = plan(host(diagnoses=[diagnosis(verdict, "none")]))
    assert not made["actions"] and not made["refusals"]
    assert made["healthy"] == [{"host": "mail1", "service": "systemd/postfix.service", "verdict": verdict}]
    assert tally(made["healthy"]) == {"healthy": 0, "observed": 1}
    assert bad_ends(made, []) == {}
    accepted = entry(accept={"verdicts": [verdict]})
    assert shut(plan(host(policy=[accepted], diagnoses=[diagnosis(verdict, "none")]))["refusals"][0]) == ["urgency"]


def test_a_person_who_asks_for_a_restart_waives_verdict_and_urgency_and_nothing_else():
    well = diagnosis("healthy", "none")
    assert len(plan(host(diagnoses=[well]), purpose="restart")["actions"]) == 1
    refused = plan(host(policy=[entry(mode="recommend", accept={"verdicts": []})], diagnoses=[well]), purpose="restart")
    assert shut(refused["refusals"][0]) == ["mode"]


def test_only_the_will_of_the_policy_makes_a_refusal_harmless():
    recommended = plan(host(policy=[entry(mode="recommend")]))["refusals"][0]
    assert by_policy_only(recommended)
    unclear = plan(host(policy=[entry(mode="recommend", ladder=[])]))["refusals"][0]
    assert not by_policy_only(unclear)
    watched = plan(host(policy=[entry(mode="observe", ladder=[])]))["refusals"][0]
    assert shut(watched) == ["mode", "ladder"] and by_policy_only(watched), "what is only observed needs no ladder"


def test_of_a_window_that_never_comes_somebody_hears():
    over = {"rrule": "FREQ=DAILY;UNTIL=20200601", "start": "02:00", "duration": "1h", "timezone": "UTC"}
    refused = plan(host(policy=[entry(windows=[over], outside_windows="never")]))["refusals"][0]
    assert shut(refused) == ["window"] and not by_policy_only(refused)
    assert by_policy_only(plan(host(policy=[entry(mode="recommend", windows=[over], outside_windows="never")]))["refusals"][0])


def test_where_the_policy_does_not_act_it_does_not_matter_that_nobody_would_stand_in():
    alone = plan(host(policy=[entry(mode="recommend", allow_outage=False)]))["refusals"][0]
    assert shut(alone) == ["mode", "single_instance"]
    assert by_policy_only(alone)
    assert not by_policy_only(plan(host(policy=[entry(allow_outage=False)]))["refusals"][0])


def test_a_service_that_the_policy_does_not_name_is_never_acted_on():
    made = plan(host(diagnoses=[diagnosis(name="sshd.service")]))
    assert not made["actions"]
    assert made["errors"] == [{"host": "mail1", "msg": "diagnosed systemd/sshd.service, which the policy does not name"}]


@pytest.mark.parametrize(
    "facts",
    [{"manager": "docker"}, {"scope": "user"}, {"server": "unix:///other.sock"}],
    ids=["manager", "scope", "server"],
)
def test_the_same_name_elsewhere_is_not_the_service_that_the_policy_means(facts):
    made = plan(host(policy=[entry(manager="systemd")], diagnoses=[diagnosis(**facts)]))
    assert not made["actions"]
    assert made["errors"]


def test_a_dead_service_is_an_action_without_incarnation():
    made = plan(host(diagnoses=[diagnosis("oom_killed", "now", life=None)]))
    assert made["actions"][0]["incarnation"] is None


def test_errors_and_unreachable_hosts_are_listed_and_do_not_stop_others():
    made = plan(host("a", diagnoses=[], errors=["bad policy"]), host("b", diagnoses=[], unreachable=True), host("c"))
    assert made["errors"] == [{"host": "a", "msg": "bad policy"}]
    assert made["unreachable"] == ["b"]
    assert made["waves"] == [["c"]]


def test_the_most_urgent_goes_first_and_ties_keep_the_order_of_the_inventory():
    one = [entry(max_unavailable=1)]
    made = plan(*(host(name, one, [diagnosis(urgency=urgency)]) for name, urgency in (("d", "days"), ("h2", "hours"), ("n", "now"), ("h1", "hours"))))
    assert made["waves"] == [["n"], ["h2"], ["h1"], ["d"]]


def test_of_what_is_equally_urgent_that_goes_first_which_takes_least_away():
    """What is down serves nobody: acting on it takes nothing away."""
    one = [entry(max_unavailable=2)]
    dead = [diagnosis(verdict="crashed", urgency="now", life=None)]
    made = plan(host("runs1", one, [diagnosis(urgency="now")]), host("down", one, dead), host("runs2", one, [diagnosis(urgency="now")]))
    assert made["actions"][0]["host"] == "down"
    assert made["waves"][0][0] == "down"


def test_all_actions_of_a_host_follow_each_other_in_one_wave():
    both = [entry("a", max_unavailable=1), entry("b", max_unavailable=1)]
    many = [
        host("one", both, [diagnosis(name="a", urgency="now"), diagnosis(name="b", urgency="days")]),
        host("two", both, [diagnosis(name="a", urgency="hours")]),
    ]
    made = plan(*many)
    assert [(action["host"], action["name"]) for action in made["actions"]] == [("one", "a"), ("one", "b"), ("two", "a")]
    assert made["waves"] == [["one"], ["two"]]


def test_every_incident_has_its_own_id_that_begins_with_the_run():
    made = plan(host("a"), host("b", policy=[entry(mode="recommend")]), host("c"))
    ids = [incident["incident"] for incident in made["actions"] + made["refusals"]]
    assert ids == [f"{RUN}-1", f"{RUN}-2", f"{RUN}-3"]


def test_the_plan_id_knows_neither_measurements_nor_times():
    before = plan(host())
    later = plan(host(diagnoses=[diagnosis(summary="anon grows 9 MiB/min", urgency="now")]), created_at=2.0)
    assert before["id"] == later["id"]
    assert plan(host(diagnoses=[diagnosis("leak_confirmed")]))["id"] == before["id"], "how sure we are is no other plan"


@pytest.mark.parametrize(
    "other",
    [
        host("mail2"),
        host(diagnoses=[diagnosis(life="b:9:9:-")]),
        host(diagnoses=[diagnosis("oom_killed")]),
        host(policy=[entry(ladder=[{"action": "reload"}])]),
        host(policy=[entry(guard={"cooldown": "1h"})]),
        host(policy=[entry(mode="recommend")]),
    ],
    ids=["host", "incarnation", "verdict class", "action", "policy", "nothing to do"],
)
def test_the_plan_id_changes_with_what_would_be_done_and_why(other):
    assert plan(other)["id"] != plan(host())["id"]


names = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


@given(names, st.data())
def test_waves_hold_every_planned_host_once_and_the_id_does_not_depend_on_the_order(hosts, data):
    facts = [host(name, diagnoses=[diagnosis(data.draw(st.sampled_from(_words.VERDICTS)), data.draw(st.sampled_from(_words.URGENCIES)))]) for name in hosts]
    made = plan(*facts)
    planned = [name for wave in made["waves"] for name in wave]
    assert sorted(planned) == sorted({action["host"] for action in made["actions"]})
    assert len(made["actions"]) + len(made["refusals"]) + len(made["healthy"]) == len(hosts)
    assert made["id"] == plan(*reversed(facts))["id"]


def cpu_seconds(work):
    begin = time.process_time()
    work()
    return time.process_time() - begin


def test_planning_a_thousand_hosts_with_twenty_services_is_quick():
    """In CPU seconds of a quiet machine: on a busy one even those get longer, and so does a loop that is known to take a third of one."""
    policy = [entry(f"s{number}") for number in range(20)]
    fleet = [host(f"h{number}", policy, [diagnosis(name=f"s{one}") for one in range(20)]) for number in range(1000)]
    before = cpu_seconds(lambda: sum(number * number for number in range(5_000_000)))
    made = []
    took = cpu_seconds(lambda: made.append(plan(*fleet)))
    assert len(made[0]["actions"]) == 20000
    after = cpu_seconds(lambda: sum(number * number for number in range(5_000_000)))
    assert took < 5 * max(1, (before + after) / 2 / 0.33)
