# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes at once, and processes that are killed: never more permits than the budget, and none is forgotten."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Observation, _database, _permits, _schema, open_ledger
from ledger_lab import SERVICE, ask, closed_gates, group, hosts

pytestmark = pytest.mark.slow

PATIENCE = 240.0  # seconds; 50 processes on a busy machine
fork = multiprocessing.get_context("fork")  # what ansible does with its workers


def run_all(work, count, *more):
    """Run ``work(number, *more)`` in so many processes that begin at the same moment; return what they returned, by number."""
    gate, answers = fork.Barrier(count), fork.Queue()

    def body(number):
        gate.wait(PATIENCE)
        try:
            answers.put((number, work(number, *more)))
        except Exception as problem:  # so that the test sees it
            answers.put((number, problem))

    processes = [fork.Process(target=body, args=(number,), daemon=True) for number in range(count)]
    for process in processes:
        process.start()
    found = dict(answers.get(timeout=PATIENCE) for _process in processes)
    for process in processes:
        process.join(PATIENCE)
    return [found[number] for number in range(count)]


def request(number, url, most, round_number):
    """What action plugin remediation_permit does, in a process of its own."""
    ledger = open_ledger(url, patience=PATIENCE)
    reply = ledger.reserve(ask(f"mail{number + 1}", group(50, most), valid_for=600, run_id=f"round{round_number}"))
    return reply.permit or closed_gates(reply)


@pytest.mark.parametrize("most", [1, 7])
def test_50_parallel_requests_get_exactly_the_budget(ledger_url, most, capsys):
    ledger = open_ledger(ledger_url)
    granted_in_rounds, began = [], time.monotonic()
    for round_number in range(3):
        answers = run_all(request, 50, ledger_url, most, round_number)
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        granted = [answer for answer in answers if not isinstance(answer, dict)]
        assert all(list(answer) == ["max_unavailable"] for answer in answers if isinstance(answer, dict))
        granted_in_rounds.append(len(granted))
        for permit in granted:
            ledger.release(permit.id, "remediated")
    with capsys.disabled():
        seconds = (time.monotonic() - began) / 3
        print(f"\n{ledger_url.split(':')[0]}: 3 × 50 parallel requests, budget {most}: granted {granted_in_rounds}, {seconds:.1f} s per round")
    assert granted_in_rounds == [most] * 3


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_the_default_isolation_of_the_database_does_not_matter(postgresql, isolation):
    url = postgresql.new_database()
    postgresql.run(f"ALTER DATABASE {url.split('/')[3].split('?')[0]} SET default_transaction_isolation = '{isolation}'", "postgres")
    open_ledger(url)
    answers = run_all(request, 20, url, 2, 0)
    assert len([answer for answer in answers if not isinstance(answer, dict)]) == 2


def test_50_parallel_requests_for_the_same_service_get_one_permit(ledger_url):
    def same(_number):
        return open_ledger(ledger_url, patience=PATIENCE).reserve(ask("mail1", group(50, 50), valid_for=600)).permit

    assert len([permit for permit in run_all(same, 50) if permit]) == 1


def controller(number, url, most, rounds):
    """A whole controller: observes, asks for hosts in its own order, acts for a moment, releases."""
    choose = random.Random(number)
    ledger = open_ledger(url, patience=PATIENCE)
    granted = refused = 0
    for turn in range(rounds):
        host = choose.choice(hosts(8))
        ledger.observe([Observation(host, SERVICE, "mail", "sick")], ledger.now())
        permit = ledger.reserve(ask(host, group(60, most), valid_for=600, run_id=f"controller{number}-{turn}")).permit
        if permit:
            time.sleep(choose.random() / 50)
            ledger.release(permit.id, choose.choice(["remediated", "refused"]))
        granted, refused = granted + bool(permit), refused + (not permit)
    return granted, refused


def test_two_controllers_together_never_exceed_the_budget(ledger_url, capsys):
    """Judged afterwards by the times in the ledger: how many permits of different hosts overlapped?"""
    most = 2
    ledger = open_ledger(ledger_url)
    answers = run_all(controller, 4, ledger_url, most, 40)
    with ledger._database.read() as tx:
        spans = [(row["granted_at"], row["released_at"]) for row in tx.rows("SELECT granted_at, released_at FROM ledger_permits")]
        tokens = tx.rows("SELECT count(*) AS n, count(DISTINCT token) AS different FROM ledger_permits GROUP BY host")
    overlap = max(sum(1 for begin, end in spans if begin <= moment < end) for moment, _end in spans)
    with capsys.disabled():
        granted, refused = (sum(column) for column in zip(*answers, strict=True))
        print(f"\n{ledger_url.split(':')[0]}: 4 controllers, budget {most}: {granted} granted, {refused} refused, at most {overlap} at the same time")
    assert overlap <= most
    assert all(row["n"] == row["different"] for row in tokens), "no fencing token was given twice"
    assert granted == len(spans)


def test_many_that_create_the_ledger_at_the_same_time_make_one(ledger_url):
    def create(number):
        open_ledger(ledger_url, patience=PATIENCE).pause(f"by {number}")

    assert run_all(create, 10) == [None] * 10
    assert len(open_ledger(ledger_url).pauses()) == 10


class TestAControllerIsKilled:
    def killed(self, work):
        """Run work, which tells when it is at the point, and kill it there without a warning."""
        here, there = fork.Pipe()
        process = fork.Process(target=work, args=(there,), daemon=True)
        process.start()
        assert here.poll(PATIENCE)
        os.kill(process.pid, signal.SIGKILL)
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL
        return here.recv()

    def test_while_it_holds_a_permit(self, lab):
        """It counts until its permit ends, and as unknown after that; nothing has to be cleaned up."""

        def hold(pipe):
            pipe.send(lab.ask("mail1", group(3, 1), valid_for=300).permit.id)
            time.sleep(PATIENCE)

        permit = self.killed(hold)
        assert "is in remediation" in closed_gates(lab.ask("mail2", group(3, 1)))["max_unavailable"]
        lab.later(600)
        assert "is unknown" in closed_gates(lab.ask("mail2", group(3, 1)))["max_unavailable"]
        assert [one["id"] for one in lab.ledger.unreleased()] == [permit]
        lab.see("healthy", "mail1")
        assert lab.ask("mail2", group(3, 1)).permit

    def test_before_its_permit_was_written(self, lab):
        """Nothing was promised, nothing is left, and nobody waits for it."""

        def die_inside(pipe):
            with lab.ledger._database.write() as tx:
                pipe.send(_permits.reserve(tx, ask("mail1", group(3, 1))).permit.id)
                time.sleep(PATIENCE)

        self.killed(die_inside)
        assert lab.ledger.unreleased() == []
        assert lab.ask("mail2", group(3, 1)).permit

    def test_while_it_creates_the_ledger(self, ledger_url, monkeypatch):
        def die_inside(pipe):
            monkeypatch.setattr(_schema, "MIGRATIONS", [*_schema.MIGRATIONS, lambda tx: (pipe.send("here"), time.sleep(PATIENCE))])
            open_ledger(ledger_url)

        self.killed(die_inside)
        assert open_ledger(ledger_url).reserve(ask("mail1", group(3, 1))).permit

    def test_while_it_releases(self, lab):
        permit = lab.ask("mail1", group(3, 1)).permit

        def die_inside(pipe):
            with lab.ledger._database.write() as tx:
                pipe.send(_permits.release(tx, permit.id, "remediated"))
                time.sleep(PATIENCE)

        self.killed(die_inside)
        assert "is in remediation" in closed_gates(lab.ask("mail2", group(3, 1)))["max_unavailable"]
        assert lab.ledger.release(permit.id, "remediated") == "released", "the reconcile step does it again"


def test_a_controller_that_freezes_in_the_middle_stops_others_only_for_a_while(postgresql, monkeypatch):
    """PostgreSQL ends its transaction; on SQLite others are refused until it goes on or dies."""
    url = postgresql.new_database()
    open_ledger(url)

    def freeze(pipe):
        monkeypatch.setattr(_database, "FROZEN", 1.0)
        with open_ledger(url)._database.write():
            pipe.send("frozen")
            time.sleep(PATIENCE)

    here, there = fork.Pipe()
    process = fork.Process(target=freeze, args=(there,), daemon=True)
    process.start()
    assert here.poll(PATIENCE)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert open_ledger(url, patience=PATIENCE).reserve(ask("mail1", group(3, 1))).permit
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.join(PATIENCE)


def test_a_fleet_of_1000_hosts_with_20_services_is_taken_in_one_breath(ledger_url, capsys):
    ledger = open_ledger(ledger_url)
    seen = [Observation(f"host{h}", f"systemd/s{s}.service", f"group{h % 10}", "healthy") for h in range(1000) for s in range(20)]
    groups = [group(0, 5, name=f"group{number}") for number in range(10)]
    took = []
    for _run in range(2):
        began = time.monotonic()
        ledger.observe(seen, ledger.now())
        ledger.views(groups, record=True)
        ledger.effectiveness()
        took.append(time.monotonic() - began)
    with capsys.disabled():
        print(f"\n{ledger_url.split(':')[0]}: 1,000 hosts × 20 services recorded and looked at in {took[0]:.1f} s, again in {took[1]:.1f} s")
    with ledger._database.read() as tx:
        assert tx.row("SELECT count(*) AS n FROM ledger_targets")["n"] == 20000
