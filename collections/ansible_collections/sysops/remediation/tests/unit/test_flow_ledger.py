# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with their ledger, run for real: two runs at once, controllers that die, approval, and a ledger that cannot be used."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import PATIENCE, FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# Group → its hosts; one of each may be unavailable, but two of `wide`.
GROUPS = {
    "twice": ["twice1", "twice2", "twice3"],
    "planning": ["planning1", "planning2"],
    "permitted": ["permitted1", "permitted2"],
    "acting": ["acting1", "acting2"],
    "wide": ["wide-fails", "wide-lost", "wide-well", "wide-last"],
    "asked": ["asked1"],
    "fresh": ["fresh1"],
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("ledger"))
    lab.groups = GROUPS
    for group, hosts in GROUPS.items():
        for host in hosts:
            policy = {"mode": "approve" if group == "asked" else "auto", "group": group, "max_unavailable": 3 if group == "wide" else 1}
            lab.add(host, policy, leaking_lives=1, lives=1 if host == "wide-fails" else 0)
    try:
        lab.start()
        lab.grow_old()
        yield lab
    finally:
        lab.stop()


def outcomes(run):
    return {one["host"]: one["outcome"] for one in run.answer["incidents"]}


def lives(lab, *hosts):
    return [len(lab.starts(host)) for host in hosts]


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def permits(lab, host):
    """Return (granted, released, outcome) of each permit of a host."""
    known = lab.ledger.exists() and lab.ask("SELECT 1 FROM sqlite_master WHERE name = 'ledger_permits'")
    return lab.ask(f"SELECT granted_at, released_at, outcome FROM ledger_permits WHERE host = '{host}'") if known else []


def let_permits_expire(lab, host):
    """Let the time pass that the permit was given for."""
    lab.ask(f"UPDATE ledger_targets SET busy_until = seen_at + 1, seen_at = seen_at - 1 WHERE host = '{host}'")
    lab.ask(f"UPDATE ledger_permits SET expires_at = granted_at + 1 WHERE host = '{host}'")


def test_two_runs_at_the_same_time_restart_nothing_twice_and_never_two_at_a_time(lab):
    """Each may be refused the same service while the other treats its neighbour: a run waits for nobody, and the next one does what is left."""
    both = [lab.begin("remediate", remediation_hosts="twice") for _number in range(2)]
    runs = [lab.end(one) for one in both]
    assert max(lives(lab, *GROUPS["twice"])) == 2 and min(lives(lab, *GROUPS["twice"])) >= 1
    runs.append(lab.run("remediate", remediation_hosts="twice"))
    assert lives(lab, *GROUPS["twice"]) == [2, 2, 2], "".join(run.output for run in runs)
    words = [(host, word) for run in runs for host, word in outcomes(run).items()]
    assert sorted(host for host, word in words if word == "remediated") == GROUPS["twice"]
    assert {word for _host, word in words} <= {"remediated", "refused", "already_changed"}
    held = sorted(lab.ask("SELECT granted_at, released_at FROM ledger_permits WHERE grp = 'twice'"))
    assert all(end <= begin for (_begin, end), (begin, _end) in itertools.pairwise(held)), "two permits of a group for one at a time"


class TestTheControllerDies:
    def test_while_it_diagnoses(self, lab):
        run = lab.begin("remediate", remediation_hosts="planning")
        wait_until(lambda: lab.calls("planning1"), "the host was asked")
        lab.kill(run)
        assert lives(lab, "planning1", "planning2") == [1, 1]
        assert permits(lab, "planning1") == []
        assert outcomes(lab.run("remediate", remediation_hosts="planning")) == {"planning1": "remediated", "planning2": "remediated"}

    def test_with_a_permit_and_before_it_acted(self, lab):
        lab.hang("permitted1", False)
        run = lab.begin("remediate", remediation_hosts="permitted")
        wait_until(lambda: lab.calls("permitted1") >= 1, "the host was asked")
        wait_until(lambda: lab.ledger.exists() and lab.ask("SELECT 1 FROM ledger_targets WHERE host = 'permitted1'"), "it was diagnosed")
        lab.hang("permitted1")
        wait_until(lambda: permits(lab, "permitted1"), "there is a permit")
        lab.kill(run)
        lab.hang("permitted1", False)
        assert permits(lab, "permitted1")[0][1:] == (None, None)

        refused = lab.run("remediate", remediation_hosts="permitted2")
        assert outcomes(refused) == {"permitted2": "refused"}
        assert "permitted1 is in remediation" in refused.output
        assert lives(lab, "permitted2") == [1]

        let_permits_expire(lab, "permitted1")
        refused = lab.run("remediate", remediation_hosts="permitted2")
        assert outcomes(refused) == {"permitted2": "refused"}
        assert "permitted1 is unknown: its permit expired" in refused.output

        after = lab.run("remediate", remediation_hosts="permitted")  # sees the host, and so knows how it is
        assert set(outcomes(after).values()) <= {"remediated", "refused"}, after.output
        assert lives(lab, "permitted2") == [2]

    def test_while_the_host_acts(self, lab):
        run = lab.begin("remediate", remediation_hosts="acting")
        wait_until(lambda: lives(lab, "acting1") == [2] or lives(lab, "acting2") == [2], "one of them is restarted")
        lab.kill(run)
        first, second = sorted(("acting1", "acting2"), key=lambda host: -len(lab.starts(host)))
        assert permits(lab, first)[0][1:] == (None, None)
        refused = lab.run("remediate", remediation_hosts=second)
        assert f"{first} is in remediation" in refused.output
        assert outcomes(refused) == {second: "refused"}

        let_permits_expire(lab, first)
        after = lab.run("remediate", remediation_hosts="acting")  # the first is seen healthy
        assert outcomes(after) == {second: "remediated"}, after.output
        assert lives(lab, first, second) == [2, 2]


def test_one_that_fails_and_one_that_is_lost_in_the_middle_of_a_wave_stop_nobody_and_count_from_then_on(lab):
    lab.lose_after("wide-lost", 1)
    run = lab.run("remediate", remediation_hosts="wide")
    assert outcomes(run) == {"wide-fails": "failed", "wide-lost": "unknown", "wide-well": "remediated", "wide-last": "remediated"}, run.output
    known = dict(lab.ask("SELECT host, status FROM ledger_targets WHERE grp = 'wide'"))
    assert known == {"wide-fails": "failed", "wide-lost": "unknown", "wide-well": "healthy", "wide-last": "healthy"}
    assert lab.ask("SELECT count(*) FROM ledger_permits WHERE released_at IS NULL AND grp = 'wide'") == [(0,)]
    ended = lab.ask("SELECT host, outcome FROM ledger_incidents WHERE state = 'ended' AND host LIKE 'wide-%'")
    assert dict(ended) == outcomes(run)


@pytest.fixture(scope="module")
def asked(lab):
    """Return the run that asks, and the id of the plan that it names."""
    run = lab.run("remediate", remediation_hosts="asked")
    found = re.search(r"playbooks/approve.yml -e remediation_plan_id=(\w+) -e remediation_approver=", run.output)
    assert found, run.output
    return run, found.group(1)


class TestApproval:
    def test_a_run_asks_and_does_nothing(self, lab, asked):
        run, _plan = asked
        assert (run.rc, outcomes(run), lives(lab, "asked1")) == (0, {"asked1": "refused"}, [1])

    def test_an_approver_must_be_named(self, lab, asked):
        run = lab.run("approve", remediation_plan_id=asked[1])
        assert (run.answer["status"], lives(lab, "asked1")) == ("invalid_input", [1])
        assert "remediation_approver is missing" in run.answer["message"]

    def test_a_plan_that_nobody_made_is_refused(self, lab, asked):
        run = lab.run("approve", remediation_plan_id="0000", remediation_approver="Ada")
        assert run.answer["status"] == "refused"
        assert "no plan 0000 is stored" in run.answer["message"]
        assert "; ledger: SQLite file " in run.answer["message"]  # it may be another one than that of the run

    def test_a_rehearsal_shows_it_and_takes_nothing(self, lab, asked):
        run = lab.run("approve", "--check", remediation_plan_id=asked[1], remediation_approver="Ada")
        assert (outcomes(run), lives(lab, "asked1")) == ({"asked1": "predicted"}, [1]), run.output

    def test_exactly_that_is_done_once_when_two_agree_at_the_same_time(self, lab, asked):
        both = [lab.begin("approve", remediation_plan_id=asked[1], remediation_approver=person) for person in ("Ada", "Grace")]
        done, late = sorted((lab.end(run) for run in both), key=lambda run: run.rc)
        assert (done.rc, outcomes(done), lives(lab, "asked1")) == (0, {"asked1": "remediated"}, [2]), done.output
        assert (late.rc, late.answer["status"]) == (2, "refused"), late.output
        assert late.answer["message"].count("was taken by run") == 1
        assert lab.ask(f"SELECT count(*) FROM ledger_plans WHERE plan_id = '{asked[1]}' AND taken_at > 0") == [(1,)]

    def test_it_is_not_done_twice(self, lab, asked):
        run = lab.run("approve", remediation_plan_id=asked[1], remediation_approver="Ada")
        assert (run.answer["status"], lives(lab, "asked1")) == ("refused", [2])
        assert "was taken by run" in run.answer["message"]


class TestALedgerThatCannotBeUsed:
    def test_nothing_is_done_and_the_reason_is_given_and_the_diagnosis_is_there(self, lab, tmp_path):
        (tmp_path / "ledger.sqlite").touch()
        run = lab.run("remediate", remediation_hosts="fresh", remediation_ledger=f"sqlite:///{tmp_path}/ledger.sqlite")
        assert run.rc != 0
        assert outcomes(run) == {"fresh1": "refused"}
        assert lives(lab, "fresh1") == [1]
        assert "is empty: it was truncated" in run.output
        assert run.answer["incidents"][0]["verdict"].startswith("leak_")

    def test_no_secret_of_its_url_is_shown_however_verbose_the_run_is(self, lab):
        url = "postgresql://remediation:hidden-word@127.0.0.1:1/ledger"
        run = lab.run("remediate", "-vvv", remediation_hosts="fresh", remediation_ledger=url)
        assert outcomes(run) == {"fresh1": "refused"}, run.output
        assert "PostgreSQL database ledger at 127.0.0.1:1 cannot be reached" in run.output
        shown = "\n".join(line for line in run.output.splitlines() if "hidden-word" in line)
        assert shown == ""

    def test_a_host_that_names_another_one_gets_no_permit(self, lab, tmp_path):
        lab.hosts["fresh1"]["remediation_ledger"] = "{{ other_ledger if remediate_actions is defined else one_ledger }}"
        ledgers = {"one_ledger": f"sqlite:///{tmp_path}/one.sqlite", "other_ledger": f"sqlite:///{tmp_path}/other.sqlite"}
        run = lab.run("remediate", remediation_hosts="fresh", **ledgers)
        assert outcomes(run) == {"fresh1": "refused"}, run.output
        assert "a run has one remediation_ledger for all hosts" in run.output
        assert lives(lab, "fresh1") == [1]
