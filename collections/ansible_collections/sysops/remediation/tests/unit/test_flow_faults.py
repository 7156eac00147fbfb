# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults between the steps of a run, made to happen to real runs: the ledger goes away, the controller dies, the policy changes."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import re
import signal
import sqlite3
import threading
import time

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import open_ledger
from ansible_collections.sysops.remediation.tests.unit.flow_lab import PATIENCE, FlowLab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# Group → its hosts; all but one of them may be unavailable, of two or one: one.
GROUPS = {
    "sqlite": ["sqlite1", "sqlite2"],
    "postgresql": ["postgresql1", "postgresql2"],
    "planned": ["planned1"],
    "settling": ["settling1", "settling2"],
    "agreed": ["agreed1"],
    "changed": ["changed1"],
    "crashing": ["crashing1", "crashing2", "crashing3"],
    "falling": ["falling1", "falling2", "falling3", "falling4"],
}
FALLING = ("falling1", "falling2", "falling3")  # do not start again
ASKED = ("agreed", "changed")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = FlowLab(tmp_path_factory.mktemp("faults"))
    lab.groups = GROUPS
    for group, hosts in GROUPS.items():
        for host in hosts:
            policy = {"mode": "approve" if group in ASKED else "auto", "group": group, "max_unavailable": max(1, len(hosts) - 1)}
            lab.add(host, policy, leaking_lives=1, lives=1 if host in FALLING else 0)
    try:
        lab.start()
        lab.grow_old()
        yield lab
    finally:
        lab.stop()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)
    return found


def outcomes(run):
    return {one["host"]: one["outcome"] for one in run.answer["incidents"]}


def lives(lab, *hosts):
    return [len(lab.starts(host)) for host in hosts]


def other_of(group, host):
    [other] = set(GROUPS[group]) - {host}
    return other


def told(lab, sql):
    """Return what the ledger answers; nothing while there is no ledger yet."""
    try:
        return lab.ask(sql) if lab.ledger.exists() else []
    except sqlite3.OperationalError as not_yet:
        assert "no such table" in str(not_yet)
        return []


@contextlib.contextmanager
def nobody_else_writes(lab):
    """Hold the ledger's lock, so that the run stands where it is: it waits for it longer than this takes."""
    with contextlib.closing(sqlite3.connect(lab.ledger, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


@pytest.fixture(params=["sqlite", "postgresql"])
def group_with_ledger(request, tmp_path):
    """Return a group, the URL of a ledger of its own, and how to take that away."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.sqlite"
        yield request.param, f"sqlite:///{path}", lambda: path.rename(tmp_path / "away"), lambda: (tmp_path / "away").rename(path)
        return
    server = request.getfixturevalue("postgresql")
    yield request.param, server.new_database(), server.stop, server.start


def test_a_ledger_that_goes_away_between_plan_and_permit_gives_no_permit_and_the_run_ends_with_its_report(lab, group_with_ledger):
    group, url, take_away, bring_back = group_with_ledger
    run = lab.begin("remediate", remediation_hosts=group, remediation_ledger=url)
    wait_until(lambda: len(open_ledger(url).targets()) == 2, "both were diagnosed")
    for host in GROUPS[group]:
        lab.hang(host)
    [held] = wait_until(lambda: open_ledger(url).unreleased(), "the first one has a permit")
    first, second = held["host"], other_of(group, held["host"])
    take_away()
    try:
        for host in GROUPS[group]:
            lab.hang(host, False)
        ended = lab.end(run)
    finally:
        bring_back()
    assert outcomes(ended) == {first: "remediated", second: "refused"}, ended.output
    assert lives(lab, first, second) == [2, 1]
    refused = next(one for one in ended.answer["incidents"] if one["host"] == second)
    assert re.search(r"ledger .* (is gone: a new one would know|cannot be reached)", refused["headline"]), refused
    assert ended.rc == 2 and ended.recap(second)["failed"] == 1
    assert "the ledger could not take the outcomes, its permits end by themselves as unknown" in ended.output
    reports = lab.folder / "reports" / ended.answer["run_id"]
    assert {path.suffix for path in reports.glob(f"{refused['incident']}.*")} >= {".md", ".json"}
    assert "Traceback" not in ended.output
    assert [one["host"] for one in open_ledger(url).unreleased()] == [first], "what could not be given back counts until it is seen"


class TestTheControllerDies:
    """The other states are in test_flow_ledger.py, those within a transaction in test_ledger_parallel.py."""

    def test_with_a_plan_and_before_any_permit(self, lab):
        run = lab.begin("remediate", remediation_hosts="planned")
        wait_until(lambda: told(lab, "SELECT 1 FROM ledger_incidents WHERE host = 'planned1' AND state = 'planned'"), "it is planned")
        with nobody_else_writes(lab):
            lab.kill(run)
        assert told(lab, "SELECT 1 FROM ledger_permits WHERE host = 'planned1'") == []
        assert lives(lab, "planned1") == [1]
        assert outcomes(lab.run("remediate", remediation_hosts="planned")) == {"planned1": "remediated"}
        assert lives(lab, "planned1") == [2]

    def test_between_the_release_of_a_permit_and_the_reconcile_step(self, lab):
        run = lab.begin("remediate", remediation_hosts="settling")
        [(first,)] = wait_until(lambda: told(lab, "SELECT host FROM ledger_permits WHERE grp = 'settling' AND released_at > 0"), "one was given back")
        lab.kill(run)
        second = other_of("settling", first)
        assert told(lab, f"SELECT outcome FROM ledger_permits WHERE host = '{first}'") == [("remediated",)]
        assert told(lab, f"SELECT state FROM ledger_incidents WHERE host = '{first}'") == [("planned",)], "nobody has settled it"
        assert lives(lab, first, second) == [2, 1]

        # The second one may have got its permit already; let the time pass that it was given for.
        lab.ask(f"UPDATE ledger_targets SET busy_until = seen_at + 1, seen_at = seen_at - 1 WHERE host = '{second}' AND status = 'in_remediation'")
        after = lab.run("remediate", remediation_hosts="settling")
        assert outcomes(after) == {second: "remediated"}, after.output
        assert lives(lab, first, second) == [2, 2]

    def test_with_an_approved_plan_that_it_has_taken(self, lab):
        plan = asked_for(lab, "agreed")
        run = lab.begin("approve", remediation_plan_id=plan, remediation_approver="Ada")
        wait_until(lambda: told(lab, f"SELECT 1 FROM ledger_plans WHERE plan_id = '{plan}' AND taken_at > 0"), "it was taken")
        with nobody_else_writes(lab):
            lab.kill(run)
        assert told(lab, "SELECT 1 FROM ledger_permits WHERE host = 'agreed1'") == []
        again = lab.run("approve", remediation_plan_id=plan, remediation_approver="Ada")
        assert (again.answer["status"], lives(lab, "agreed1")) == ("refused", [1])
        assert "was taken by run" in again.answer["message"]

        anew = lab.run("approve", remediation_plan_id=asked_for(lab, "agreed"), remediation_approver="Ada")
        assert outcomes(anew) == {"agreed1": "remediated"}, anew.output


def asked_for(lab, group):
    """Return the id of the plan that a run asks a person to approve."""
    run = lab.run("remediate", remediation_hosts=group)
    found = re.search(r"playbooks/approve.yml -e remediation_plan_id=(\w+) -e remediation_approver=", run.output)
    assert found, run.output
    return found.group(1)


def test_a_policy_that_changed_between_plan_and_approval_is_refused_and_named(lab):
    plan = asked_for(lab, "changed")
    [entry] = lab.hosts["changed1"]["remediation_services"]
    entry["guard"] = {**entry["guard"], "cooldown": "2h"}
    run = lab.run("approve", remediation_plan_id=plan, remediation_approver="Ada")
    assert (run.rc, outcomes(run), lives(lab, "changed1")) == (2, {"changed1": "refused"}, [1]), run.output
    assert "since the approval this has changed: policy; plan anew" in run.answer["incidents"][0]["headline"]


@pytest.fixture
def hook():
    """A server that keeps what it is told."""
    told = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", told
        server.shutdown()


def test_a_mass_failure_is_not_restarted_but_evidence_is_kept_and_one_message_sent(lab, hook):
    url, messages = hook
    for host in GROUPS["crashing"]:
        os.kill(lab.starts(host)[-1], signal.SIGKILL)
    run = lab.run("remediate", remediation_hosts="crashing", remediation_notify=[{"type": "webhook", "url": url}])
    assert outcomes(run) == dict.fromkeys(GROUPS["crashing"], "refused"), run.output
    assert lives(lab, *GROUPS["crashing"]) == [1, 1, 1]
    assert "a mass failure is not healed by restarts, a human is needed" in run.output
    assert f"ledger       SQLite file {lab.ledger} (guards this user on this controller only)" in run.output
    for host in GROUPS["crashing"]:
        assert len(list((lab.folder / "state" / host).rglob("*.tar.gz"))) == 1, run.output
    [message] = messages
    assert message["subject"].startswith("mass failure in group crashing")


def test_a_mass_failure_that_our_own_restarts_begin_stops_at_the_next_wave_and_evidence_is_kept_of_what_is_not_restarted(lab):
    run = lab.run("remediate", remediation_hosts="falling")
    assert outcomes(run) == {**dict.fromkeys(FALLING, "failed"), "falling4": "refused"}, run.output
    assert lives(lab, "falling4") == [1]
    [refused] = [one for one in run.answer["incidents"] if one["host"] == "falling4"]
    assert "failed within 10 min (falling1, falling2, falling3): a mass failure is not healed by restarts" in refused["headline"], run.output
    assert len(list((lab.folder / "state" / "falling4").rglob("*.tar.gz"))) == 1, run.output
