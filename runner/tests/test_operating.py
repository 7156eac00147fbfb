# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pause, resume, status, why-not, report and approve from Python and from the command line."""

from __future__ import annotations

import asyncio
import datetime as dt
import getpass
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import answer, local
from sysops_remediation import AsyncRemediator, PauseResult, Remediator, RunStatus, StatusResult, WhyNotResult, _reaper, _render_ops
from sysops_remediation._project import COLLECTION

COMMAND = [sys.executable, "-c", "from sysops_remediation.cli import main; main()"]
PAUSE = {"subject": "group mail", "reason": "storage", "until": 1_800_000_000.0, "created_by": "ada@control1", "created_at": 1_799_990_000.0}
PLAN = {
    "plan_id": "51b0c7a5ae2b1dd0",
    "run_id": "r1",
    "expires_at": 1_800_000_600.0,
    "actions": [{"host": "mail1", "service": "systemd/postfix.service", "action": "restart", "verdict": "leak_suspected", "summary": "anon grows"}],
}
STATUS = {
    "ledger": "SQLite file /x",
    "at": 1_800_000_000.0,
    "pauses": [PAUSE],
    "plans": [PLAN],
    "breakers": [{"group": "web", "state": "open", "since": 1_799_999_000.0, "sick": ["web1", "web2", "web3"], "opens_at": 1_800_000_100.0}],
    "recurring": [{"host": "mail2", "service": "systemd/imap.service", "state": "chronic", "detail": "bought 6 h 10 min"}],
    "groups": [{"group": "mail", "hosts": 3, "max_unavailable": 1, "left": 0, "unavailable": {"mail3": "imap is down"}, "services": ["imap"]}],
    "windows": [{"service": "imap", "hosts": ["mail1"], "windows": [{"start": 1.0, "end": 2.0, "text": "Sun 02:00 to 06:00 CET", "open": True}]}],
}


class TestWhatIsShown:
    def test_of_a_status_is_what_stops_first_and_no_colour_in_a_pipe(self, capsys: pytest.CaptureFixture[str]) -> None:
        _render_ops.show(StatusResult(status=RunStatus.SUCCEEDED, **STATUS))
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        lines = shown.splitlines()
        assert lines[0] == "paused: group mail until 2027-01-15 08:00:00Z, by ada@control1 since 2027-01-15 05:13:20Z: storage"
        found = next(line for line in lines if line.startswith("breaker open for group web since 2027-01-15 07:43:20Z: web1, web2, web3; "))
        assert found.endswith("; one host may be tried after 2027-01-15 08:01:40Z, once all others are back")
        assert "  approve it with: remediate approve 51b0c7a5ae2b1dd0" in lines
        assert "chronic: mail2 systemd/imap.service: bought 6 h 10 min" in lines
        assert "mail    0 of 1  3      imap      mail3: imap is down" in shown
        assert "open now, Sun 02:00 to 06:00 CET" in shown
        assert lines[-1] == "ledger: SQLite file /x"

    def test_of_a_question_is_each_gate_and_when_it_opens(self, capsys: pytest.CaptureFixture[str]) -> None:
        gates = [
            {"name": "mode", "passed": True, "detail": "mode is auto"},
            {"name": "cooldown", "passed": False, "detail": "restarted", "opens_at": 1_800_000_000},
        ]
        service = {"host": "mail1", "service": "imap", "headline": "not now", "opens_at": 1_800_000_000, "gates": gates}
        _render_ops.show(WhyNotResult(status=RunStatus.SUCCEEDED, services=[service], ledger="SQLite file /x"))
        shown = capsys.readouterr().out.splitlines()
        assert shown[1:3] == ["  ✗ cooldown: restarted; opens 2027-01-15 08:00:00Z", "  ✓ mode: mode is auto"]

    def test_of_a_ledger_that_was_not_asked_is_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        _render_ops.show(StatusResult(status=RunStatus.FAILED, message="ledger gone"))
        _render_ops.show(PauseResult(status=RunStatus.INVALID_INPUT, message="no such host"))
        assert capsys.readouterr().out == ""


@pytest.mark.slow
class TestOnARealLedger:
    @pytest.fixture
    def remediator(self, tmp_path: Path) -> Remediator:
        return Remediator(local("mail1", "mail2"), ledger=f"sqlite:///{tmp_path}/own.sqlite")

    def test_a_pause_is_seen_by_the_next_status_and_ends_with_resume(self, remediator: Remediator, tmp_path: Path) -> None:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
        predicted = remediator.pause("storage is moved", host="mail1", until=until, check=True)
        assert (predicted.status, predicted.changed, predicted.check_mode) == (RunStatus.SUCCEEDED, True, True), predicted.log
        assert not (tmp_path / "own.sqlite").exists()

        paused = remediator.pause("storage is moved", host="mail1", until=until)
        assert (paused.status, paused.changed, paused.ended) == (RunStatus.SUCCEEDED, True, []), paused.log
        [pause] = paused.pauses
        assert (pause.subject, pause.reason, pause.until) == ("host mail1", "storage is moved", pytest.approx(until.timestamp()))
        assert pause.created_by.startswith(getpass.getuser())

        status = remediator.status()
        assert (status.status, [one.subject for one in status.pauses]) == (RunStatus.SUCCEEDED, ["host mail1"]), status.log
        assert "own.sqlite" in status.ledger

        resumed = remediator.resume(host="mail1")
        assert (resumed.changed, resumed.pauses, [one.subject for one in resumed.ended]) == (True, [], ["host mail1"])
        again = remediator.resume(host="mail1")
        assert (again.status, again.exit_code, again.changed) == (RunStatus.NOTHING_TO_DO, 3, False)

    def test_a_mistake_is_invalid_input_in_one_line(self, remediator: Remediator) -> None:
        wrong = remediator.pause("x", host="mial1")
        assert (wrong.status, wrong.exit_code) == (RunStatus.INVALID_INPUT, 2)
        assert wrong.message == "remediation_host=mial1 is no host of the inventory (did you mean 'mail1'?)"
        limited = remediator.pause("x", limit="mail1")
        assert (limited.status, limited.pauses) == (RunStatus.INVALID_INPUT, [])
        none = remediator.report("r1-1")
        assert (none.status, none.incident) == (RunStatus.INVALID_INPUT, {})

    def test_asyncio_programs_ask_the_same(self, tmp_path: Path) -> None:
        asked = AsyncRemediator(local("mail1"), ledger=f"sqlite:///{tmp_path}/own.sqlite")

        async def main() -> tuple[PauseResult, StatusResult]:
            return await asked.pause("storage", service=None, duration="2h"), await asked.status()

        paused, status = asyncio.run(main())
        assert [one.subject for one in paused.pauses] == [one.subject for one in status.pauses] == ["the whole fleet"]

    def test_a_ledger_that_is_not_reached_is_told_without_its_password(self, tmp_path: Path) -> None:
        ran = Remediator(local("mail1"), ledger="postgresql://ops:s3cr3t-word@127.0.0.1:1/ledger").status()
        assert ran.status is RunStatus.FAILED
        assert "PostgreSQL database ledger at 127.0.0.1:1 cannot be reached" in ran.message
        assert "s3cr3t-word" not in ran.model_dump_json() + "\n".join(ran.log)


@pytest.mark.slow
class TestApprove:
    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        """A checkout in which one plan waits, and approving it says in whose name."""
        root = tmp_path / "checkout"
        (root / "collections" / COLLECTION).mkdir(parents=True)
        (root / "playbooks").mkdir()
        told = {"status": "refused", "message": "{{ remediation_plan_id }} approved by {{ remediation_approver }}"}
        for name, task in (("status", answer(**STATUS)), ("approve", answer(**told))):
            (root / "playbooks" / f"{name}.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
        (root / "hosts.json").write_text(json.dumps(local("mail1")))
        return root

    def start(self, checkout: Path, *arguments: str, **options: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1]), "TERM": "dumb"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen([*COMMAND, "approve", *arguments, "-i", "hosts.json"], cwd=checkout, env=environment, text=True, **pipes)

    def test_without_a_terminal_wants_yes(self, checkout: Path) -> None:
        _out, errors = (ran := self.start(checkout, "51b0c7a5ae2b1dd0")).communicate(timeout=120)
        assert ran.returncode == 2
        assert "nobody can be asked here" in " ".join(errors.split())

    def test_with_yes_is_in_the_name_of_the_user_or_of_whoever_is_named(self, checkout: Path) -> None:
        for arguments, person in (((), getpass.getuser()), (("--as", "Ada Lovelace"), "Ada Lovelace")):
            _out, errors = (ran := self.start(checkout, "51b0c7a5ae2b1dd0", "--yes", *arguments)).communicate(timeout=120)
            assert ran.returncode == 5, errors
            assert f"51b0c7a5ae2b1dd0 approved by {person}" in errors

    @pytest.mark.parametrize(("said", "code"), [("y", 5), ("n", 1)])
    def test_on_a_terminal_shows_the_plan_and_asks(self, checkout: Path, said: str, code: int) -> None:
        ours, theirs = pty.openpty()
        ran = self.start(checkout, "51b0c7a5ae2b1dd0", stdin=theirs, stderr=theirs)
        os.close(theirs)
        shown = ""
        while "in the name of" not in shown:
            shown += os.read(ours, 65536).decode()
        assert "restart mail1 systemd/postfix.service (leak_suspected): anon grows" in shown
        os.write(ours, f"{said}\n".encode())
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk.decode()
        except OSError:
            pass  # the other end of a terminal is closed like this
        ran.communicate(timeout=120)
        assert ran.returncode == code
        assert ("approved by" in shown) == (said == "y")
