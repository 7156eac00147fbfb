# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators ask and tell, with policies, services and incidents that are real; what is shown and asked is in test_operating.py."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import Incident, open_ledger
from conftest import local
from sysops_remediation import AsyncRemediator, Remediator, RunStatus, _reaper
from sysops_remediation.demo._stage import NEIGHBOUR, POLICY, Stage

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-c", "from sysops_remediation.cli import main; main()"]
ENTRY = {"name": "postfix", "mode": "auto", "group": "mail", "windows": [{"start": "02:00", "duration": "2h"}]}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of this test, and no other, is the user's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SYSOPS_REMEDIATION_LEDGER", raising=False)
    return tmp_path / "state"


@pytest.fixture
def fleet() -> dict:
    hosts = local("mail1", "mail2", remediation_services=[ENTRY])
    return {"all": {"children": {"mail": hosts["all"]}}}


@pytest.fixture
def hosts(tmp_path: Path, fleet: dict) -> Path:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps(fleet))
    return path


def command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1])}
    return subprocess.run([*COMMAND, *map(str, arguments)], env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False, **options)


def test_the_status_tells_budgets_windows_and_which_ledger(fleet: dict, state: Path) -> None:
    status = Remediator(fleet).status()
    assert status.status is RunStatus.SUCCEEDED, status.log
    assert str(state) in status.ledger
    assert [(one.group, one.hosts, one.left, one.max_unavailable) for one in status.groups] == [("mail", 2, 1, 1)]
    assert [one.service for one in status.windows] == ["postfix"]
    assert status.windows[0].windows[0].end > status.at


def test_the_ledger_may_be_named_by_argument_and_by_environment(fleet: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Remediator(fleet, ledger=f"sqlite:///{tmp_path}/theirs.sqlite").pause("deploy")
    monkeypatch.setenv("SYSOPS_REMEDIATION_LEDGER", f"sqlite:///{tmp_path}/theirs.sqlite")
    assert [one.reason for one in Remediator(fleet).status().pauses] == ["deploy"]


@pytest.mark.parametrize("executor", ["local", "transmit"])
def test_a_text_that_a_person_gives_is_no_template(fleet: dict, tmp_path: Path, executor: str) -> None:
    """A template can run commands on the controller, and a service that asks for reasons passes on what anybody writes."""
    ran = tmp_path / "ran"
    text = f"50% {{% off, {{{{ ticket }}}} and {{{{ lookup('pipe', 'touch {ran}') }}}}"
    asked = Remediator(fleet, executor=executor, ledger=f"sqlite:///{tmp_path}/ledger.sqlite")
    assert asked.pause(text, host="mail1").status is RunStatus.SUCCEEDED
    assert [one.reason for one in asked.status().pauses] == [text]
    assert not asked.approve(text, text).status.good
    assert not asked.restart(text, limit="mail1").status.good
    assert not asked.report(text).status.good
    assert not asked.why_not(text).status.good
    assert not asked.resume(group=text).status.good
    assert not ran.exists()


def test_a_name_that_is_no_utf8_is_told_as_json_too(tmp_path: Path) -> None:
    told = command("diagnose", "-i", f"{tmp_path}/\udcff", "--json")
    assert told.returncode == RunStatus.INVALID_INPUT.exit_code, told.stderr
    assert json.loads(told.stdout)["message"].startswith(f"inventory {tmp_path}/\\udcff not found; ")


def test_the_policy_is_typed_and_complete(fleet: dict) -> None:
    found = Remediator(fleet).policy(limit="mail1")
    assert [(one.host, one.service, one.mode) for one in found.policies] == [("mail1", "postfix", "auto")]
    assert found.policies[0].policy["guard"]["cooldown"] == 1800
    assert len(found.policies[0].windows) == 3
    assert "postfix on mail1" in found.text


def test_asyncio_programs_have_the_same_policy(fleet: dict) -> None:
    found = asyncio.run(AsyncRemediator(fleet).policy(service="postfix"))
    assert [(one.host, one.service) for one in found.policies] == [("mail1", "postfix"), ("mail2", "postfix")]


def test_the_command_prints_the_policy_as_people_write_it(hosts: Path) -> None:
    shown = command("policy", "-i", hosts, "-l", "mail1")
    assert shown.returncode == 0, shown.stderr
    assert "  max_unavailable: 1\n" in shown.stdout
    assert "cooldown: 30m" in shown.stdout
    wrong = command("policy", "-i", hosts, "-s", "postfx")
    assert wrong.returncode == RunStatus.FAILED.exit_code
    assert "did you mean 'postfix'?" in wrong.stderr


def test_the_commands_print_plain_text_and_json_and_end_with_the_code_of_the_status(hosts: Path) -> None:
    paused = command("pause", "-r", "storage moves", "-g", "mail", "--for", "2h", "-i", hosts)
    assert paused.returncode == 0, paused.stderr
    assert "paused: group mail until" in paused.stdout
    assert "storage moves" in paused.stdout
    assert "\x1b" not in paused.stdout + paused.stderr
    told = json.loads(command("status", "-i", hosts, "--json").stdout)
    assert [one["reason"] for one in told["pauses"]] == ["storage moves"]
    assert command("resume", "-i", hosts).returncode == RunStatus.NOTHING_TO_DO.exit_code
    assert command("resume", "-g", "mail", "-i", hosts).returncode == 0
    assert command("pause", "-i", hosts).returncode == RunStatus.INVALID_INPUT.exit_code


def test_a_plan_that_nobody_stored_is_refused_and_named(hosts: Path) -> None:
    refused = command("approve", "0000", "--yes", "--as", "Ada Lovelace", "-i", hosts)
    assert refused.returncode == RunStatus.REFUSED.exit_code, refused.stdout + refused.stderr
    assert "0000" in refused.stderr


def test_why_not_tells_every_gate_of_a_real_service_and_touches_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        with Stage() as stage:
            entries = [{"name": name, "manager": "supervisord", "server": f"unix://{stage.socket}", "mode": "auto"} for name in (POLICY, NEIGHBOUR)]
            inventory = local("mail1", remediation_services=entries, remediation_state_dir=f"{folder}/state")
            before = stage.incarnation(NEIGHBOUR)
            found = Remediator(inventory).why_not(NEIGHBOUR, window="4s", interval="200ms")
            assert found.status is RunStatus.SUCCEEDED, found.log
            [one] = found.services
            assert (one.host, one.service, one.acts) == ("mail1", f"supervisord/{NEIGHBOUR}", False)
            assert {"verdict", "stand_down"} <= {gate.name for gate in one.gates if not gate.passed}
            assert {"mode", "pause", "breaker", "max_unavailable"} <= {gate.name for gate in one.gates if gate.passed}
            assert stage.incarnation(NEIGHBOUR) == before


def test_a_past_incident_is_found_again(fleet: dict, hosts: Path) -> None:
    ledger = open_ledger()
    known = {"name": "postfix.service", "manager": "systemd", "incarnation": None, "gates": [], "plan_id": "p"}
    body = {**known, "verdict": "leak_confirmed", "urgency": "hours", "summary": "anon grows 2 MiB/min", "action": "restart"}
    ledger.record_incidents([Incident("r1-1", "r1", "mail1", "systemd/postfix.service", "ended", "remediated", body)])
    time_of_it = time.time()
    found = Remediator(fleet).report(host="mail1", service="postfix")
    assert found.status is RunStatus.SUCCEEDED, found.log
    assert "r1-1" in found.markdown
    assert found.incident["ledger"]["updated_at"] == pytest.approx(time_of_it, abs=60)
    shown = command("report", "r1-1", "-i", hosts)
    assert shown.returncode == 0, shown.stderr
    assert "systemd/postfix.service" in shown.stdout
