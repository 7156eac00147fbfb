# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run's plan with a real ledger: budgets, breaker, pauses, approval, recurrence, and a ledger that cannot be used."""

from __future__ import annotations

import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._gates import closed
from ansible_collections.sysops.remediation.plugins.plugin_utils import _plan_run
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import LedgerError, Observation, open_ledger
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts, by_policy_only
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_budgets import limits_of, nowhere
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_facts import read_host
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_outcome import _complaints, planned
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_permit import release, reserve, valid_for
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_run import Request, plan_run, settle_run
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_text import plan_lines
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy

NAME = "postfix.service"
SERVICE = f"systemd/{NAME}"
HOUR = 3600.0
OTHER = "exim4.service"
NAMED_OTHER = {"service": f"systemd/{OTHER}", "name": OTHER}


class Clock:
    """The time of controllers and ledger, moved by the test."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_plan_run, "open_ledger", lambda url, **options: open_ledger(url, clock=clock, **options))
    monkeypatch.setattr("ansible_collections.sysops.remediation.plugins.plugin_utils._plan_permit.open_ledger", _plan_run.open_ledger)
    return clock


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.sqlite"


def entry(name=NAME, **keys):
    services, problems = read_policy({"remediation_services": [{"name": name, "mode": "auto", "group": "mail", **keys}]})
    assert not problems, problems
    return services[0]


def diagnosis(verdict="leak_suspected", urgency="hours", life="b:1:2:-", **facts):
    summary = "anon grows 2.1 MiB/min"
    alive = {"incarnation": {"id": life} if life else None, "state": {"stopped_at": None}}
    named = {"service": SERVICE, "name": NAME, "manager": "systemd", "scope": "system", "server": None}
    return {**named, **alive, "verdict": verdict, "urgency": urgency, "summary": summary, **facts}


def host(name, verdict="leak_suspected", policy=None, **facts):
    dead = {"life": None, "urgency": "now"} if verdict in ("oom_killed", "crashed") else {}
    calm = {"urgency": "none"} if verdict == "healthy" else {}
    return HostFacts(name, policy=[policy or entry()], diagnoses=[diagnosis(verdict, **{**dead, **calm, **facts})])


def lost(name):
    return HostFacts(name, policy=[entry()], unreachable=True, why="No route to host")


class Fleet:
    """A group of mail servers, planned for again and again with one ledger."""

    def __init__(self, url, clock, size=4):
        self.url, self.clock = url, clock
        self.hosts = [f"mail{number}" for number in range(1, size + 1)]
        self.runs = 0

    def plan(self, *fleet, elsewhere=nowhere, **request):
        self.runs += 1
        inventory = {name: frozenset(self.hosts) for name in ("all", "mail")}
        asked = Request(f"run{self.runs}", self.clock.now, acts=request.pop("acts", True), ledger=self.url, **request)
        return plan_run(list(fleet), inventory, asked, elsewhere)

    def ledger(self):
        return open_ledger(self.url, clock=self.clock)

    def act(self, plan, outcome="remediated"):
        """Carry the plan out: a permit for each action, and the outcome."""
        outcomes = []
        for action in plan["actions"]:
            permit = reserve(self.url, False, plan, action, [])
            assert permit["permit"], permit["msg"]
            release(self.url, permit["permit"]["id"], outcome)
            outcomes.append({**{key: action[key] for key in ("incident", "host", "service", "action")}, "outcome": outcome, "msg": ""})
        assert settle_run(self.url, plan, outcomes) == ""
        return outcomes


@pytest.fixture
def fleet(url, clock):
    return Fleet(url, clock)


def shut(plan):
    return {one["host"]: [gate["name"] for gate in closed(one["gates"])] for one in plan["refusals"]}


class TestBudget:
    def test_a_leak_on_every_node_is_rolled_within_the_budget(self, fleet):
        plan = fleet.plan(*(host(name) for name in fleet.hosts))
        assert plan["waves"] == [["mail1"], ["mail2"], ["mail3"], ["mail4"]]
        assert not plan["refusals"] and not plan["breakers"], "a leak on every node of a running group is no mass failure"

    def test_a_share_is_of_the_group_and_rounded_down(self, fleet):
        half = entry(max_unavailable="50%")
        assert [len(wave) for wave in fleet.plan(*(host(name, policy=half) for name in fleet.hosts))["waves"]] == [2, 2]
        none = entry(max_unavailable="20%")
        assert shut(fleet.plan(*(host(name, policy=none) for name in fleet.hosts))) == {name: ["max_unavailable"] for name in fleet.hosts}

    def test_a_service_that_the_run_is_not_about_makes_the_budget_of_their_group_as_tight_as_its_own(self, fleet):
        two, whole = entry(max_unavailable=2), limits_of([entry(max_unavailable=2), entry(name="dovecot", max_unavailable=1)])
        wide = fleet.plan(*(host(name, policy=two) for name in fleet.hosts))
        assert [len(wave) for wave in wide["waves"]] == [2, 2]
        hosts = [host(name, policy=two) for name in fleet.hosts]
        for facts in hosts:
            facts.told_limits = whole
        plan = fleet.plan(*hosts)
        assert [len(wave) for wave in plan["waves"]] == [1, 1, 1, 1]
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"]
        assert reserve(fleet.url, False, plan, plan["actions"][1], [])["permit"] is None, "the permit is asked with the same budget"

    def test_so_does_the_policy_of_a_host_that_is_not_in_the_run_and_shares_the_group(self, fleet):
        two = entry(max_unavailable=2)
        fleet.plan(*(host(name, "healthy", policy=two) for name in fleet.hosts))
        asked = []

        def elsewhere(hosts):
            asked.append(hosts)
            return limits_of([entry(max_unavailable=1)])

        part = [host(name, policy=two) for name in fleet.hosts[:2]]
        assert fleet.plan(*part, elsewhere=elsewhere)["waves"] == [["mail1"], ["mail2"]]
        assert asked == [{"mail3", "mail4"}]
        everybody = [host(name, policy=two) for name in fleet.hosts]
        assert len(fleet.plan(*everybody, elsewhere=elsewhere)["waves"]) == 2 and len(asked) == 1, "nobody else is asked when all are in the run"

    def test_of_services_with_a_budget_of_their_own_only_hosts_that_have_it_are_asked(self, fleet):
        alone = entry(group=None, max_unavailable=2)
        fleet.plan(*(host(name, "healthy", policy=alone) for name in fleet.hosts[:3]))
        asked = []

        def elsewhere(hosts):
            asked.append(hosts)
            return limits_of([entry(group=None, max_unavailable="34%"), entry(name="dovecot", group=None, max_unavailable="1%")])

        plan = fleet.plan(*(host(name, policy=alone) for name in fleet.hosts[:2]), elsewhere=elsewhere)
        assert asked == [{"mail3"}]
        assert plan["waves"] == [["mail1"], ["mail2"]], "34 % of the three that have it, and dovecot's budget is its own"

    @pytest.mark.parametrize("before", ["held", "failed", "down"])
    def test_taking_the_group_away_gives_no_budget_back(self, fleet, before):
        first = fleet.plan(host("mail1", "crashed" if before == "down" else "leak_suspected"), *(host(name, "healthy") for name in fleet.hosts[1:]))
        if before == "held":
            assert reserve(fleet.url, False, first, first["actions"][0], [])["permit"]
        if before == "failed":
            fleet.act(first, "failed")
        fleet.clock.now += 60
        alone = entry(group=None)
        plan = fleet.plan(host("mail2", policy=alone), host("mail3", "healthy", policy=alone))
        assert shut(plan) == {"mail2": ["max_unavailable"]}

    def test_without_a_group_hosts_count_that_have_the_service_in_a_group(self, fleet):
        alone = entry(group=None)
        fleet.plan(host("mail1", "healthy", policy=alone), host("mail2", "healthy", policy=alone), host("mail3", "crashed"), host("mail4", "healthy"))
        fleet.clock.now += 60
        assert shut(fleet.plan(host("mail1", policy=alone), host("mail2", "healthy", policy=alone))) == {"mail1": ["max_unavailable"]}

    def test_where_the_policy_of_a_host_cannot_be_read_one_at_a_time_is_not_too_much_and_is_said(self, fleet):
        two = entry(max_unavailable=2)
        hosts = [host(name, policy=two) for name in fleet.hosts[:3]]
        assert [len(wave) for wave in fleet.plan(*hosts)["waves"]] == [2, 1]
        plan = fleet.plan(*hosts, HostFacts("mail4", errors=["remediation_services: cannot be computed: 'nobody' is undefined"]))
        assert plan["waves"] == [["mail1"], ["mail2"], ["mail3"]]
        assert plan["groups"]["mail"]["note"] == "only 1, because the policy of mail4 cannot be read"
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"]
        assert "(only 1, because the policy of mail4 cannot be read)" in reserve(fleet.url, False, plan, plan["actions"][1], [])["msg"]

    def test_a_mistake_elsewhere_in_its_policy_hides_no_budget(self, fleet):
        two = entry(max_unavailable=2)
        typo = HostFacts("mail4", errors=["remediation_services[0].mode: 'atuo' is not allowed here"], told_limits=limits_of([entry(max_unavailable=2)]))
        assert [len(wave) for wave in fleet.plan(*(host(name, policy=two) for name in fleet.hosts[:3]), typo)["waves"]] == [2, 1]

    def test_a_host_of_which_another_service_stays_down_is_not_back_after_its_wave(self, fleet):
        watched = entry(name=OTHER, mode="observe")
        both = HostFacts(
            "mail1", policy=[entry(), watched], diagnoses=[diagnosis("crashed", "now", None), {**diagnosis("crashed", "now", None), **NAMED_OTHER}]
        )
        plan = fleet.plan(both, host("mail2"), host("mail3", "healthy"))
        assert plan["waves"] == [["mail1"]]
        assert {one["host"]: [gate["name"] for gate in closed(one["gates"])] for one in plan["refusals"] if one["service"] == SERVICE} == {
            "mail2": ["max_unavailable"]
        }

    def test_two_services_of_a_host_with_the_same_name_are_told_apart(self, fleet):
        socks = ("unix:///a.sock", "unix:///b.sock")
        policy = [entry(name="web", manager="supervisord", server=sock, mode="approve", allow_outage=True) for sock in socks]
        named = {"service": "supervisord/web", "name": "web", "manager": "supervisord"}
        seen = [{**diagnosis("crashed", "now", None), **named, "server": socks[0]}, {**diagnosis("healthy", "none"), **named, "server": socks[1]}]
        facts = read_host("mail1", {"diagnose_policy": {"services": policy}, "diagnose_result": {"diagnoses": seen}})
        plan = fleet.plan(facts)
        assert [one["service"] for one in plan["refusals"]] == ["supervisord/web (unix:///a.sock)"]
        assert [(one["service"], one["status"]) for one in fleet.ledger().targets()] == [
            ("supervisord/web (unix:///a.sock)", "down"),
            ("supervisord/web (unix:///b.sock)", "healthy"),
        ]
        assert fleet.plan(facts, plan_id=plan["approval"]["id"], approver="Ada")["waves"] == [["mail1"]]
        for name, held in (("web", True), ("supervisord/web (unix:///a.sock)", True), ("web (unix:///b.sock)", False), ("web (unix:///a.sock)", True)):
            fleet.ledger().pause("move", service=name)
            assert ("pause" in shut(fleet.plan(facts))["mail1"]) is held, name
            assert fleet.ledger().resume(service=name), "a person may call it as plans do"

    def test_a_lost_host_has_its_services_under_the_names_that_it_has_itself(self, fleet):
        """On another host two of that name may be told apart: nothing of such a name is unknown here."""
        socks = ("unix:///a.sock", "unix:///b.sock")
        named = {"service": "supervisord/web", "name": "web", "manager": "supervisord"}

        def with_some(name, *mine):
            policy = [entry(name="web", manager="supervisord", server=sock, allow_outage=True) for sock in mine]
            seen = [{**diagnosis("healthy", "none"), **named, "server": sock} for sock in mine]
            return read_host(name, {"diagnose_policy": {"services": policy}, "diagnose_result": {"diagnoses": seen}})

        two, one = with_some("mail1", *socks), with_some("mail2", socks[0])
        fleet.plan(two, one)
        for lost_one, other in ((one, two), (two, one)):
            fleet.clock.now += 60
            fleet.plan(HostFacts(lost_one.host, policy=lost_one.policy, unreachable=True), other)
            assert {target["host"] for target in fleet.ledger().targets() if target["status"] == "unknown"} == {lost_one.host}
            fleet.clock.now += 60
            fleet.plan(two, one)
            assert {target["status"] for target in fleet.ledger().targets()} == {"healthy"}
        new = HostFacts("mail3", policy=two.policy, unreachable=True)
        fleet.plan(one, new)
        assert {target["service"] for target in fleet.ledger().targets() if target["host"] == "mail3"} == {"supervisord/web (unix:///a.sock)"}

    def test_a_host_with_one_of_them_stands_in_for_a_host_with_two(self, fleet):
        named = {"service": "supervisord/web", "name": "web", "manager": "supervisord"}
        socks = ("unix:///a.sock", "unix:///b.sock")
        policy = [entry(name="web", manager="supervisord", server=sock) for sock in socks]
        seen = [{**diagnosis("leak_suspected"), **named, "server": socks[0]}, {**diagnosis("healthy", "none"), **named, "server": socks[1]}]
        two = read_host("mail1", {"diagnose_policy": {"services": policy}, "diagnose_result": {"diagnoses": seen}})
        well = {**diagnosis("healthy", "none"), **named, "server": socks[0]}
        one = read_host("mail2", {"diagnose_policy": {"services": policy[:1]}, "diagnose_result": {"diagnoses": [well]}})
        plan = fleet.plan(two, one)
        assert plan["waves"] == [["mail1"]]
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"]

    def test_check_mode_gets_the_permits_that_a_run_would_get(self, fleet):
        fleet.plan(*(host(name, "crashed") for name in fleet.hosts[:3]), host("mail4", "healthy"))
        fleet.clock.now += HOUR
        now = [host("mail1"), *(host(name, "healthy") for name in fleet.hosts[1:])]
        rehearsed = fleet.plan(*now, acts=False)
        assert rehearsed["waves"] == [["mail1"]]
        assert reserve(fleet.url, True, rehearsed, rehearsed["actions"][0], [])["permit"], "the ledger itself has not seen that the others are back"
        plan = fleet.plan(*now)
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"]
        fleet.ledger().pause("move")
        assert reserve(fleet.url, True, rehearsed, rehearsed["actions"][0], [])["permit"] is None

    def test_an_unreachable_host_counts_as_unknown(self, fleet):
        fleet.plan(*(host(name, "healthy") for name in fleet.hosts))
        plan = fleet.plan(host("mail1"), lost("mail2"))
        assert shut(plan) == {"mail1": ["max_unavailable"]}
        fleet.clock.now += 60
        assert fleet.plan(host("mail1"), host("mail2", "healthy"))["waves"] == [["mail1"]], "seen healthy again, it does not count any more"

    def test_an_unreachable_host_counts_even_if_no_run_has_ever_seen_it(self, fleet):
        assert shut(fleet.plan(host("mail1", policy=entry(allow_outage=True)), lost("mail2"))) == {"mail1": ["max_unavailable"]}

    def test_a_permit_of_another_run_counts(self, fleet):
        first = fleet.plan(*(host(name) for name in fleet.hosts))
        permit = reserve(fleet.url, False, first, first["actions"][0], [])
        assert permit["permit"]
        second = fleet.plan(host("mail2"))
        assert shut(second) == {"mail2": ["max_unavailable"]}
        assert reserve(fleet.url, False, first, first["actions"][1], [])["permit"] is None

    def test_who_dies_with_a_permit_leaves_it_to_expire_into_unknown(self, fleet):
        first = fleet.plan(host("mail1"), host("mail2", "healthy"))
        [action] = first["actions"]
        reserve(fleet.url, False, first, action, [])
        fleet.clock.now += valid_for(action["policy"]) + 1
        assert shut(fleet.plan(host("mail2"))) == {"mail2": ["single_instance", "max_unavailable"]}
        fleet.clock.now += 1
        assert fleet.plan(host("mail1", "healthy"), host("mail2"))["waves"] == [["mail2"]]


class TestWhatIsNamedNoMore:
    def test_a_service_that_left_the_policy_while_it_was_down_counts_for_a_day(self, fleet):
        fleet.plan(host("mail1", "crashed"), *(host(name, "healthy") for name in fleet.hosts[1:]))
        renamed = HostFacts(
            "mail1",
            policy=[entry(name="exim4.service")],
            diagnoses=[{**diagnosis("healthy", urgency="none"), "service": "systemd/exim4.service", "name": "exim4.service"}],
        )
        assert shut(fleet.plan(renamed, host("mail2"))) == {"mail2": ["max_unavailable"]}
        fleet.clock.now += 25 * HOUR
        fleet.plan(renamed)
        assert fleet.plan(host("mail2"), host("mail3", "healthy"))["waves"] == [["mail2"]]

    def test_a_run_with_a_policy_of_its_own_gives_no_budget_back(self, fleet):
        fleet.act(fleet.plan(host("mail1"), host("mail2", "healthy")), "failed")
        for _hour in range(30):
            fleet.clock.now += HOUR
            fleet.plan(host("mail1"), host("mail2", "healthy"))
        only_other = HostFacts("mail1", policy=[entry(name=OTHER)], diagnoses=[{**diagnosis("healthy", urgency="none"), **NAMED_OTHER}])
        fleet.plan(only_other, acts=True)
        assert shut(fleet.plan(host("mail2"), host("mail3", "healthy"))) == {"mail2": ["max_unavailable"]}

    def test_one_that_the_run_was_not_about_is_still_named(self, fleet):
        fleet.plan(host("mail1", "crashed"), *(host(name, "healthy") for name in fleet.hosts[1:]))
        fleet.clock.now += 25 * HOUR
        other = entry(name=OTHER)
        part = HostFacts("mail1", policy=[other], diagnoses=[{**diagnosis("healthy", urgency="none"), **NAMED_OTHER}])
        part.told_limits = limits_of([other, entry()])
        assert shut(fleet.plan(part, host("mail2"), host("mail3", "healthy"))) == {"mail2": ["max_unavailable"]}


class TestSingleInstance:
    def test_the_only_one_that_serves_needs_consent(self, fleet):
        assert shut(fleet.plan(host("mail1"))) == {"mail1": ["single_instance"]}
        assert fleet.plan(host("mail1", policy=entry(allow_outage=True)))["waves"] == [["mail1"]]

    def test_another_that_was_seen_to_serve_is_enough(self, fleet):
        fleet.plan(host("mail2", "healthy"))
        assert fleet.plan(host("mail1"))["waves"] == [["mail1"]]
        fleet.clock.now += 25 * HOUR
        assert shut(fleet.plan(host("mail1"))) == {"mail1": ["single_instance"]}, "yesterday is too long ago"

    def test_of_two_one_serves_all_the_time_whatever_the_budget(self, fleet):
        both = [host(name, policy=entry(max_unavailable=4)) for name in ("mail1", "mail2")]
        plan = fleet.plan(*both)
        assert plan["waves"] == [["mail1"], ["mail2"]]
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"]
        other = fleet.plan(*both)  # of another run, that was planned meanwhile
        assert shut(other)["mail2"] == ["single_instance"]
        late = reserve(fleet.url, False, plan, plan["actions"][1], [])
        assert "no other host of group mail serves systemd/postfix.service now" in late["msg"]

    def test_what_is_down_needs_no_consent(self, fleet):
        assert fleet.plan(host("mail1", "oom_killed"))["waves"] == [["mail1"]]


class TestWhoCounts:
    def test_a_host_of_the_group_that_serves_something_else_does_not_stand_in(self, fleet):
        other = {"service": "systemd/dovecot.service", "name": "dovecot.service"}
        imap = HostFacts("mail2", policy=[entry(name="dovecot.service")], diagnoses=[diagnosis("healthy", "none", **other)])
        assert shut(fleet.plan(host("mail1"), imap)) == {"mail1": ["single_instance"]}

    def test_without_a_group_the_hosts_that_were_seen_with_the_service_share_its_budget(self, url, clock):
        """Three of four mail servers are a mass failure, also among a hundred other hosts."""
        fleet = Fleet(url, clock, size=100)
        alone = entry(group=None, max_unavailable="50%")
        plan = fleet.plan(*(host(name, policy=alone) for name in fleet.hosts[:4]))
        assert plan["groups"] == {SERVICE: {"members": fleet.hosts[:4], "max_unavailable": 2, "note": ""}}
        fleet.act(plan)
        fleet.clock.now += HOUR
        plan = fleet.plan(*(host(name, "crashed", policy=alone) for name in fleet.hosts[:3]))
        assert [(one["group"], one["state"]) for one in plan["breakers"]] == [(SERVICE, "open")]

    def test_a_host_that_cannot_say_how_it_is_counts_as_unknown(self, fleet):
        fleet.plan(host("mail2", "healthy"), host("mail3", "healthy"))
        silent = HostFacts("mail2", policy=[entry()], errors=["remediation_timeout: no answer within 300 s"])
        assert shut(fleet.plan(host("mail1"), silent)) == {"mail1": ["max_unavailable"]}

    def test_a_permit_comes_from_the_ledger_of_the_plan_or_not_at_all(self, fleet, tmp_path):
        plan = fleet.plan(host("mail1"), host("mail2", "healthy"))
        reply = reserve(f"sqlite:///{tmp_path}/other.sqlite", False, plan, plan["actions"][0], [])
        assert reply["permit"] is None
        assert "a run has one remediation_ledger for all hosts" in reply["msg"]


class TestMassFailure:
    def test_three_of_four_that_fail_at_once_are_not_restarted(self, fleet):
        plan = fleet.plan(host("mail1", "crashed"), host("mail2", "crashed"), host("mail3", "crashed"), host("mail4", "healthy"))
        assert not plan["actions"]
        assert all("breaker" in names for names in shut(plan).values())
        assert [(one["group"], one["state"], one["just_opened"]) for one in plan["breakers"]] == [("mail", "open", True)]
        again = fleet.plan(host("mail1", "crashed"), host("mail2", "crashed"), host("mail3", "crashed"), host("mail4", "healthy"))
        assert not again["breakers"][0]["just_opened"], "told once"

    def test_of_each_evidence_is_kept_unless_the_policy_keeps_none(self, fleet):
        none = entry(evidence={"collect": False})
        plan = fleet.plan(host("mail1", "crashed"), host("mail2", "crashed", policy=none), host("mail3", "crashed"), host("mail4", "healthy"))
        assert {one["host"] for one in plan["refusals"] if one["incident"] in plan["evidence_only"]} == {"mail1", "mail3"}

    def test_two_hundred_are_one_plan(self, url, clock):
        many = Fleet(url, clock, size=200)
        plan = many.plan(*(host(name, "crashed") for name in many.hosts))
        assert not plan["actions"] and len(plan["refusals"]) == 200 and len(plan["breakers"]) == 1

    def test_the_clock_of_a_host_does_not_matter(self, fleet):
        """For how long it has been down is told by its own clock; one that is years ahead must not keep the breaker open for years."""
        fleet.hosts = [f"mail{number}" for number in range(1, 5)]
        for skew in (-400 * 24 * HOUR, 0.0, 400 * 24 * HOUR):
            theirs = fleet.clock.now + skew
            down = [host(name, "crashed", state={"stopped_at": theirs - 60}) for name in fleet.hosts]
            for one in down:
                one.host_time = theirs
            [breaker] = fleet.plan(*down, acts=False)["breakers"]
            assert breaker["state"] == "open"
            for one in down:
                one.diagnoses[0]["state"] = {"stopped_at": theirs - HOUR}
            assert fleet.plan(*down, acts=False)["breakers"] == [], "down for an hour is not newly down"

    def test_a_stop_in_the_future_of_the_host_is_one_of_now(self, fleet):
        down = [host(name, "crashed", state={"stopped_at": fleet.clock.now + 400 * 24 * HOUR}) for name in fleet.hosts]
        for one in down:
            one.host_time = fleet.clock.now
        assert fleet.plan(*down)["breakers"][0]["state"] == "open"
        fleet.clock.now += 11 * 60
        assert fleet.plan(*(host(name, "healthy") for name in fleet.hosts))["breakers"][0]["state"] == "half_open"


class TestEffectiveness:
    def test_sick_again_within_a_day_is_ineffective_and_twice_is_chronic(self, fleet):
        policy = entry(allow_outage=True)
        for held in (6 * HOUR, 3 * HOUR):
            fleet.act(fleet.plan(host("mail1", policy=policy)))
            fleet.clock.now += held
        plan = fleet.plan(host("mail1", policy=policy))
        assert shut(plan) == {"mail1": ["chronic"]}
        assert "which bought 6 h, then 3 h, shrinking" in closed(plan["refusals"][0]["gates"])[0]["detail"]
        found = {one.run_id: one.outcome for one in fleet.ledger().incidents()}
        assert found == {"run1": "ineffective", "run2": "ineffective", "run3": "chronic"}

    def test_the_run_that_sees_it_first_tells_so_and_later_ones_do_not(self, fleet):
        policy = entry(allow_outage=True, owner="mail team", notify=["pager"])
        fleet.act(fleet.plan(host("mail1", policy=policy)))
        fleet.clock.now += 6 * HOUR
        assert fleet.plan(host("mail1", policy=policy), acts=False)["ineffective"], "a rehearsal tells it, and takes nothing away"
        plan = fleet.plan(host("mail1", policy=policy))
        [told] = plan["ineffective"]
        assert (told["incident"], told["host"], told["held"], told["verdict"], told["notify"]) == ("run1-1", "mail1", 6 * HOUR, "leak_suspected", ["pager"])
        assert f"INEFFECTIVE  mail1 {SERVICE}: sick again 6 h after its restart in incident run1-1" in plan_lines(plan, False)
        assert fleet.plan(host("mail1", policy=policy))["ineffective"] == []

    def test_a_person_who_stops_it_makes_no_restart_ineffective(self, fleet):
        fleet.act(fleet.plan(host("mail1"), host("mail2", "healthy")))
        fleet.clock.now += HOUR
        plan = fleet.plan(host("mail1", "stopped", life=None, urgency="none"), host("mail2", "healthy"))
        assert plan["ineffective"] == [] and shut(plan) == {}

    def test_a_run_that_is_still_going_does_not_take_back_that_its_restart_was_in_vain(self, fleet):
        first = fleet.plan(host("mail1"), host("mail2"))
        permit = reserve(fleet.url, False, first, first["actions"][0], [])
        release(fleet.url, permit["permit"]["id"], "remediated")
        fleet.clock.now += HOUR
        assert [one["incident"] for one in fleet.plan(host("mail1"), host("mail3", "healthy"))["ineffective"]] == ["run1-1"]
        keys = ("incident", "host", "service", "action")
        settle_run(fleet.url, first, [{**{key: one[key] for key in keys}, "outcome": "remediated", "msg": ""} for one in first["actions"]])
        assert fleet.ledger().incidents("run1-1")[0].outcome == "ineffective"

    def test_what_only_one_run_was_told_is_told_also_when_the_ledger_fails_right_after(self, fleet, monkeypatch):
        fleet.act(fleet.plan(host("mail1", policy=entry(allow_outage=True))))
        fleet.clock.now += HOUR

        def full(*_args):
            raise LedgerError("cannot be written: the disk is full")

        monkeypatch.setattr(_plan_run, "_record", full)
        plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)))
        assert [one["incident"] for one in plan["ineffective"]] == ["run1-1"] and shut(plan) == {"mail1": ["ledger"]}

    def test_a_day_of_health_wipes_the_slate(self, fleet):
        policy = entry(allow_outage=True)
        for held in (6 * HOUR, 3 * HOUR):
            fleet.act(fleet.plan(host("mail1", policy=policy)))
            fleet.clock.now += held
        fleet.plan(host("mail1", "healthy", policy=policy))
        fleet.clock.now += 24.1 * HOUR
        fleet.plan(host("mail1", "healthy", policy=policy))
        fleet.clock.now += HOUR
        assert fleet.plan(host("mail1", policy=policy))["waves"] == [["mail1"]]

    def test_the_tail_of_an_alert_triggers_nothing(self, fleet):
        policy = entry(allow_outage=True)
        fleet.act(fleet.plan(host("mail1", policy=policy)))
        fleet.clock.now += 120
        assert shut(fleet.plan(host("mail1", policy=policy))) == {"mail1": ["alert_tail"]}

    def test_a_person_may_restart_what_is_chronic(self, fleet):
        policy = entry(allow_outage=True)
        for _time in range(2):
            fleet.act(fleet.plan(host("mail1", policy=policy)))
            fleet.clock.now += HOUR
        assert fleet.plan(host("mail1", policy=policy), purpose="restart")["waves"] == [["mail1"]]


class TestPauseAndTime:
    @pytest.mark.parametrize("subject", [{}, {"group": "mail"}, {"host": "mail1"}, {"service": SERVICE}, {"host": "mail1", "service": SERVICE}])
    def test_a_pause_holds_back_what_it_names(self, fleet, subject):
        fleet.ledger().pause("migration", **subject)
        assert shut(fleet.plan(host("mail1"), host("mail2", "healthy"))) == {"mail1": ["pause"]}

    def test_a_pause_between_plan_and_act_counts_too(self, fleet):
        plan = fleet.plan(host("mail1"), host("mail2", "healthy"))
        fleet.ledger().pause("migration")
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"] is None

    def test_a_window_that_closes_between_plan_and_act_gives_no_permit(self, fleet):
        opens = time.strftime("%H:%M", time.gmtime(fleet.clock.now - HOUR))
        nightly = entry(allow_outage=True, windows=[{"rrule": "FREQ=DAILY", "start": opens, "duration": "2h", "timezone": "UTC"}])
        plan = fleet.plan(*(host(name, policy=nightly) for name in fleet.hosts))
        assert plan["waves"] == [["mail1"], ["mail2"], ["mail3"], ["mail4"]]
        first = reserve(fleet.url, False, plan, plan["actions"][0], [])
        release(fleet.url, first["permit"]["id"], "remediated")
        fleet.clock.now += 1.5 * HOUR
        second = reserve(fleet.url, False, plan, plan["actions"][1], [])
        assert second["permit"] is None
        assert [one["name"] for one in closed(second["gates"])] == ["window"]
        assert next(one.kind for one in fleet.ledger().audited(host="mail2")) == "permit_refused"

    def test_a_freeze_that_begins_between_plan_and_act_gives_no_permit(self, fleet):
        begins = time.strftime("%Y-%m-%d %H:%M", time.gmtime(fleet.clock.now + HOUR))
        frozen = entry(allow_outage=True, freezes=[{"from": begins, "until": "2027-02-01 00:00", "timezone": "UTC", "reason": "move"}])
        plan = fleet.plan(host("mail1", policy=frozen))
        fleet.clock.now += 2 * HOUR
        assert "frozen (move)" in reserve(fleet.url, False, plan, plan["actions"][0], [])["msg"]

    def test_a_permit_asked_for_hours_after_the_diagnosis_knows_that_the_limit_has_come_nearer(self, fleet, monkeypatch):
        opens = time.strftime("%H:%M", time.gmtime(fleet.clock.now - HOUR))
        nightly = entry(allow_outage=True, windows=[{"rrule": "FREQ=DAILY", "start": opens, "duration": "2h", "timezone": "UTC"}])
        plan = fleet.plan(host("mail1", policy=nightly, exhaustion={"seconds_low": 25 * HOUR, "limit_name": "MemoryMax"}))
        assert plan["waves"] == [["mail1"]]
        fleet.clock.now += 4 * HOUR  # the next window opens in 19 h, and 21 of 25 h are left
        monkeypatch.setattr(time, "time", lambda: fleet.clock.now)
        assert [one["name"] for one in closed(reserve(fleet.url, False, plan, plan["actions"][0], [])["gates"])] == ["window"]
        plan["created_at"] -= 3 * HOUR
        assert reserve(fleet.url, False, plan, plan["actions"][0], [])["permit"], "18 h are left"

    def test_a_restart_that_can_wait_for_its_window_waits_and_the_run_goes_well(self, fleet):
        opens = time.strftime("%H:%M", time.gmtime(fleet.clock.now + 2 * HOUR))
        policy = entry(allow_outage=True, windows=[{"start": opens, "duration": "1h"}])
        later = {"exhaustion": {"seconds_low": 9 * HOUR, "limit_name": "MemoryMax"}}
        plan = fleet.plan(host("mail1", policy=policy, **later))
        assert shut(plan) == {"mail1": ["window"]}
        assert by_policy_only(plan["refusals"][0])


class TestApproval:
    POLICY = entry(mode="approve", allow_outage=True)

    def ask(self, fleet, **facts):
        plan = fleet.plan(host("mail1", policy=self.POLICY, **facts))
        assert shut(plan) == {"mail1": ["approval"]} and by_policy_only(plan["refusals"][0])
        return plan["approval"]["id"]

    def test_exactly_the_plan_that_was_shown_is_done_and_only_once(self, fleet):
        asked = self.ask(fleet)
        plan = fleet.plan(host("mail1", policy=self.POLICY), plan_id=asked, approver="Ada")
        assert (plan["id"], plan["waves"]) == (asked, [["mail1"]])
        again = fleet.plan(host("mail1", policy=self.POLICY), plan_id=asked, approver="Ada")
        assert not again["actions"] and not again["refusals"]
        assert [one["host"] for one in again["held_back"]] == ["mail1"] and "was taken by run" in again["held_back"][0]["msg"]
        assert [(status, host) for host, status, _line in _complaints(again, [])] == [("refused", "mail1")], "who was faster is no failure"
        assert planned(again)["message"].count("was taken by run") == 1

    def test_measurements_may_change(self, fleet):
        asked = self.ask(fleet)
        fresh = host("mail1", "leak_confirmed", policy=self.POLICY, summary="anon grows 3 MiB/min", urgency="now")
        assert fleet.plan(fresh, plan_id=asked, approver="Ada")["waves"] == [["mail1"]]

    @pytest.mark.parametrize(
        ("facts", "changed"),
        [
            ({"life": "b:9:9:-"}, "incarnation"),
            ({"policy": entry(mode="approve", allow_outage=True, ladder=[{"action": "reload"}])}, "action, policy"),
            ({"policy": entry(mode="auto", allow_outage=True)}, "policy"),
        ],
    )
    def test_what_changed_since_is_refused_and_named(self, fleet, facts, changed):
        asked = self.ask(fleet)
        plan = fleet.plan(host("mail1", **{"policy": self.POLICY, **facts}), plan_id=asked, approver="Ada")
        assert shut(plan) == {"mail1": ["unchanged"]}
        assert f"this has changed: {changed}; plan anew" in closed(plan["refusals"][0]["gates"])[0]["detail"]

    def test_whatever_holds_it_back_is_told_to_who_approved(self, fleet):
        asked = self.ask(fleet)
        frozen = entry(mode="approve", allow_outage=True, freezes=[{"from": "2020-01-01 00:00", "until": "2099-01-01 00:00", "timezone": "UTC"}])
        for_itself = fleet.plan(host("mail1", policy=frozen))
        assert by_policy_only(for_itself["refusals"][0])
        refusal = fleet.plan(host("mail1", policy=frozen), plan_id=asked, approver="Ada")["refusals"][0]
        assert "freeze" in [one["name"] for one in closed(refusal["gates"])] and not by_policy_only(refusal)

    def test_another_verdict_is_another_plan(self, fleet):
        asked = self.ask(fleet)
        plan = fleet.plan(host("mail1", "oom_killed", policy=self.POLICY), plan_id=asked, approver="Ada")
        assert shut(plan) == {"mail1": ["unchanged"]}

    def test_it_expires(self, fleet):
        asked = self.ask(fleet)
        fleet.clock.now += 15 * 60 + 1
        plan = fleet.plan(host("mail1", policy=self.POLICY), plan_id=asked, approver="Ada")
        assert not plan["actions"] and "expired" in plan["held_back"][0]["msg"]

    def test_nobody_is_not_a_person(self, fleet):
        plan = fleet.plan(host("mail1", policy=self.POLICY), plan_id=self.ask(fleet), approver=" ")
        assert not plan["actions"] and "nobody is named" in plan["held_back"][0]["msg"]

    def test_what_the_limit_leaves_out_fails_a_host_of_the_run(self, fleet):
        asked = self.ask(fleet)
        plan = fleet.plan(host("mail2"), plan_id=asked, approver="Ada")
        [error] = plan["errors"]
        assert error["host"] == "mail2" and "on mail1, approved in plan" in error["msg"] and error["msg"].endswith("is outside this run; plan anew")

    def test_nothing_else_is_done(self, fleet):
        asked = self.ask(fleet)
        plan = fleet.plan(host("mail1", policy=self.POLICY), host("mail2"), plan_id=asked, approver="Ada")
        assert plan["waves"] == [["mail1"]] and not plan["refusals"]

    def test_what_got_well_meanwhile_is_left_alone(self, fleet):
        plan = fleet.plan(host("mail1", "healthy", policy=self.POLICY), plan_id=self.ask(fleet), approver="Ada")
        assert not plan["actions"] and [one["host"] for one in plan["healthy"]] == ["mail1"]
        assert planned(plan)["status"] == "nothing_to_do"
        assert planned(plan)["message"] == f"nothing of plan {plan['approved']} is left to do: mail1: {SERVICE} is healthy"

    def test_who_only_looks_names_no_command_for_a_plan_that_is_not_stored(self, fleet):
        plan = fleet.plan(host("mail1", policy=self.POLICY), acts=False)
        [told] = [one["detail"] for one in closed(plan["refusals"][0]["gates"])]
        assert told == "a person has to agree: a run of remediate stores this plan, tells how, and waits 15 min; this one only looked"
        asked = self.ask(fleet)
        assert plan["approval"]["id"] == asked, "the same plan"

    def test_a_ledger_that_cannot_be_used_is_told_once(self, fleet, tmp_path):
        asked = self.ask(fleet)
        (tmp_path / "ledger.sqlite").write_text("this was a ledger once " * 100)
        plan = fleet.plan(host("mail1", policy=self.POLICY), plan_id=asked, approver="Ada")
        assert not plan["actions"] and not plan["refusals"]
        assert planned(plan)["status"] == "refused" and planned(plan)["message"].count("is damaged") == 1

    def test_the_stored_plan_holds_no_policy(self, fleet):
        asked = fleet.plan(host("mail1", policy=entry(mode="approve", allow_outage=True, health=[{"type": "http", "url": "http://u:S3cret@h/"}])))["approval"][
            "id"
        ]
        stored, _gates = fleet.ledger().peek_plan(asked)
        assert "policy" not in stored["actions"][0] and "S3cret" not in str(stored)


class TestWithoutALedger:
    @pytest.mark.parametrize("broken", ["sqlite:////proc/nowhere/ledger.sqlite", "postgresql://ada:S3cret@127.0.0.1:1/none", "mysql://x/y"])
    def test_nothing_is_acted_on_and_the_reason_is_given(self, broken):
        facts = host("mail1", policy=entry(allow_outage=True))
        plan = plan_run([facts], {"all": frozenset({"mail1"}), "mail": frozenset({"mail1"})}, Request("run1", 1.0, acts=True, ledger=broken))
        assert shut(plan) == {"mail1": ["ledger"]}
        assert not by_policy_only(plan["refusals"][0]) and "S3cret" not in str(plan["refusals"][0]["gates"])
        assert "so nothing is acted on" in plan["ledger"]

    def test_somebody_hears_of_it_also_while_all_are_well(self):
        """The night in which it is needed would be the first time."""
        inventory = {"all": frozenset({"mail1"}), "mail": frozenset({"mail1"})}
        plan = plan_run([host("mail1", "healthy")], inventory, Request("run1", 1.0, acts=True, ledger="mysql://x/y"))
        assert planned(plan)["status"] == "refused" and "so nothing could have been acted on" in planned(plan)["message"]
        looked = plan_run([host("mail1")], inventory, Request("run1", 1.0, acts=True, ledger="mysql://x/y"))
        assert planned(looked)["message"].count("is not understood") == 1

    def test_an_awx_job_without_a_url_is_refused(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", str(tmp_path))
        plan = plan_run([host("mail1")], {"all": frozenset({"mail1"}), "mail": frozenset({"mail1"})}, Request("run1", 1.0, acts=True))
        assert shut(plan)["mail1"] == ["ledger"] and "AWX" in plan["ledger"]

    def test_a_ledger_that_vanishes_between_plan_and_permit_gives_no_permit(self, fleet, tmp_path):
        plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)))
        (tmp_path / "ledger.sqlite").write_bytes(b"")
        reply = reserve(fleet.url, False, plan, plan["actions"][0], [])
        assert reply["permit"] is None and "it was truncated" in reply["msg"]

    def test_a_ledger_file_that_is_gone_is_not_begun_anew_by_who_has_a_plan(self, fleet, tmp_path):
        plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)))
        (tmp_path / "ledger.sqlite").rename(tmp_path / "away")
        reply = reserve(fleet.url, False, plan, plan["actions"][0], [])
        assert reply["permit"] is None and "is gone: a new one would know" in reply["msg"]
        assert "is gone" in release(fleet.url, "p1", "remediated")["msg"] and "is gone" in settle_run(fleet.url, plan, [])
        assert not (tmp_path / "ledger.sqlite").exists()

    def test_a_ledger_that_somebody_has_begun_anew_gives_no_permit(self, fleet, tmp_path):
        plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)))
        (tmp_path / "ledger.sqlite").unlink()
        fleet.ledger()
        reply = reserve(fleet.url, False, plan, plan["actions"][0], [])
        assert reply["permit"] is None and "was begun anew since this run was planned" in reply["msg"]


class TestWhoOnlyLooks:
    def test_writes_nothing(self, fleet, tmp_path):
        plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)), acts=False)
        assert plan["waves"] == [["mail1"]]
        assert not (tmp_path / "ledger.sqlite").exists()

    def test_sees_the_same_as_who_acts(self, fleet):
        fleet.plan(host("mail2", "healthy"))
        looked = fleet.plan(host("mail1"), acts=False)
        acted = fleet.plan(host("mail1"))
        assert (looked["id"], looked["waves"]) == (acted["id"], acted["waves"])


def test_every_decision_is_in_the_audit(fleet):
    fleet.ledger().observe([Observation("mail3", SERVICE, "mail", "healthy")], fleet.clock.now)
    plan = fleet.plan(host("mail1"), host("mail2", policy=entry(mode="recommend")))
    fleet.act(plan)
    kinds = [(one.kind, one.host) for one in reversed(fleet.ledger().audited()) if one.host]
    assert kinds == [("planned", "mail1"), ("refused", "mail2"), ("permit_granted", "mail1"), ("permit_released", "mail1"), ("ended", "mail1")]


def test_a_permit_lasts_as_long_as_evidence_steps_and_proof_may_take():
    policy = entry(ladder=[{"action": "reload", "timeout": 10}, {"action": "restart", "timeout": 90, "verify": {"deadline": "5m"}}], verify={"deadline": "2m"})
    assert valid_for(policy) == 240 + (30 + 120 + 120) + (270 + 300 + 120) + 60


def test_permits_that_were_not_given_back_are_settled_at_the_end(fleet):
    plan = fleet.plan(host("mail1", policy=entry(allow_outage=True)))
    reserve(fleet.url, False, plan, plan["actions"][0], [])
    [action] = plan["actions"]
    unknown = {**{key: action[key] for key in ("incident", "host", "service", "action")}, "outcome": "unknown", "msg": "the host was lost"}
    assert settle_run(fleet.url, plan, [unknown]) == ""
    assert fleet.ledger().unreleased() == []
    assert shut(fleet.plan(host("mail2", policy=entry(allow_outage=True)))) == {"mail2": ["max_unavailable"]}, "nobody knows how mail1 is"
