# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``remediate doctor``: everything that a run needs is looked at, and what is missing comes with the way to get it."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from conftest import local
from sysops_remediation import AsyncRemediator, Check, DoctorResult, Remediator, RunStatus, _doctor, _project
from sysops_remediation._project import COLLECTION, Project
from sysops_remediation.cli import app
from typer.testing import CliRunner

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = local("h1")["all"]["hosts"]["h1"]


@pytest.fixture(autouse=True)
def own_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SYSOPS_REMEDIATION_LEDGER", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "sysops-remediation" / "ledger.sqlite"


def check(result: DoctorResult, name: str, host: str | None = None) -> Check:
    return next(one for one in result.checks if (one.name, one.host) == (name, host))


def collection(folder: Path, version: str) -> Path:
    (folder / COLLECTION).mkdir(parents=True)
    (folder / COLLECTION / "galaxy.yml").write_text(f"namespace: sysops\nname: remediation\nversion: {version}\n")
    return folder


@pytest.mark.slow
def test_a_machine_on_which_everything_is_there_is_ready(own_ledger: Path) -> None:
    ran = asyncio.run(AsyncRemediator(local("h1"), project=CHECKOUT).doctor())
    assert (ran.status, ran.exit_code) == (RunStatus.SUCCEEDED, 0), ran.checks
    assert {one.name for one in ran.checks} >= {
        "ansible-core",
        "ansible-runner",
        "collection",
        "ansible.cfg",
        "ledger",
        "inventory",
        "python",
        "become",
        "managers",
    }
    assert str(own_ledger) in check(ran, "ledger").detail
    assert "the checkout" in check(ran, "collection").detail


@pytest.mark.slow
def test_each_host_is_told_what_it_lacks_and_how_to_get_it() -> None:
    hosts = {
        "gone": {"ansible_host": "127.0.0.1", "ansible_port": 1},
        "snakeless": {**HERE, "ansible_python_interpreter": "/no/such/python3"},
        "powerless": {**HERE, "ansible_become": True, "ansible_become_exe": "/no/such/sudo", "ansible_become_user": "nobody"},
        "well": HERE,
    }
    ran = Remediator({"all": {"hosts": hosts}}, project=CHECKOUT).doctor()
    assert ran.status is RunStatus.FAILED
    assert "ssh gone" in check(ran, "reachable", "gone").fix
    assert "ansible_python_interpreter" in check(ran, "python", "snakeless").fix
    assert "sudoers" in check(ran, "become", "powerless").fix
    assert {one.state for one in ran.checks if one.host == "well"} <= {"ok", "warning"}
    assert check(ran, "inventory").detail == "4 hosts"


@pytest.mark.slow
def test_hosts_that_cannot_be_reached_are_the_status_when_nothing_else_is_wrong() -> None:
    ran = Remediator({"all": {"hosts": {"gone": {"ansible_host": "127.0.0.1", "ansible_port": 1}}}}, project=CHECKOUT).doctor()
    assert (ran.status, ran.exit_code) == (RunStatus.UNREACHABLE, 4), ran.checks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "status", "detail"),
    [
        ("][: {", RunStatus.INVALID_INPUT, "cannot be read: YAML parsing failed"),
        ("all: {hosts: {}}", RunStatus.NO_HOSTS, "no host"),
        ("", RunStatus.NO_HOSTS, "no host"),
        (None, RunStatus.INVALID_INPUT, "not found"),
    ],
)
def test_an_inventory_that_is_of_no_use_is_named(content: str | None, status: RunStatus, detail: str, tmp_path: Path) -> None:
    path = tmp_path / "hosts.yml"
    if content is not None:
        path.write_text(content)
    ran = Remediator(path, project=CHECKOUT).doctor()
    assert ran.status is status
    assert detail in check(ran, "inventory").detail


@pytest.mark.slow
def test_a_ledger_that_is_of_no_use_is_named_without_its_password() -> None:
    url = "postgresql://me:s3cr3t@127.0.0.1:1/ledger"
    ran = Remediator(local("h1"), project=CHECKOUT, extra_vars={"remediation_ledger": url}).doctor()
    assert ran.status is RunStatus.FAILED
    assert "nothing is restarted" in check(ran, "ledger").fix
    assert "127.0.0.1:1" in check(ran, "ledger").detail
    assert "s3cr3t" not in ran.model_dump_json()


@pytest.mark.slow
def test_a_truncated_ledger_is_no_new_ledger(own_ledger: Path) -> None:
    own_ledger.parent.mkdir(parents=True)
    own_ledger.touch()
    ran = Remediator(local("h1"), project=CHECKOUT).doctor()
    assert "truncated" in check(ran, "ledger").detail
    assert own_ledger.stat().st_size == 0


@pytest.mark.slow
def test_check_mode_creates_no_ledger(own_ledger: Path) -> None:
    Remediator(local("h1"), project=CHECKOUT).doctor(check=True)
    assert not own_ledger.exists()


@pytest.mark.slow
@pytest.mark.parametrize("json_wanted", [True, False])
def test_the_command_tells_people_and_programs(json_wanted: bool, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps({"all": {"hosts": {"snakeless": {**HERE, "ansible_python_interpreter": "/no/such/python3"}}}}))
    ran = CliRunner().invoke(app, ["doctor", "-i", str(hosts), *(["--json"] if json_wanted else [])])
    assert ran.exit_code == 1
    if json_wanted:
        assert {"python", "ledger"} <= {one["name"] for one in json.loads(ran.stdout)["checks"]}
    else:
        assert "✗ snakeless: python: The module interpreter '/no/such/python3' was not found.\n    fix: " in ran.stdout


def stub(folder: Path, says: str) -> str:
    program = folder / "ansible-playbook"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("ansible-playbook [core 2.16.3]", "ansible-core 2.16.3, and 2.19 or newer is needed"),
        ("ansible-playbook 2.9.6", "ansible-core 2.9.6, and 2.19 or newer is needed"),
        ("Segmentation fault", "does not say its version"),
        (None, "is not installed here"),
    ],
)
def test_an_ansible_that_is_missing_or_too_old_is_not_even_started(says: str | None, told: str, tmp_path: Path) -> None:
    path = stub(tmp_path, says) if says else str(tmp_path)
    remediator = Remediator(local("h1"), project=CHECKOUT, environment={"PATH": path})
    ran = remediator.diagnose()
    assert ran.status is RunStatus.FAILED
    assert told in ran.message
    assert "pip install 'ansible-core>=2.19'" in ran.message
    found = check(remediator.doctor(), "ansible-core")
    assert (found.state, found.fix) == ("failed", "pip install 'ansible-core>=2.19'")
    assert told in found.detail


def test_a_run_folder_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no" / "such"))
    ran = Remediator(local("h1"), project=CHECKOUT).doctor()
    assert ran.status is RunStatus.FAILED
    assert str(tmp_path / "no" / "such") in ran.message
    assert check(ran, "run folder").fix


@pytest.mark.parametrize(
    ("theirs", "state", "told"),
    [(None, "ok", "this package"), ("0.1.0", "ok", "the same version is also in"), ("9.9.9", "warning", "hides another version: 0.1.0 in")],
)
def test_the_users_collection_wins_and_that_is_seen(theirs: str | None, state: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_project, "EMBEDDED", tmp_path / "_project")
    collection(tmp_path / "_project" / "collections", "0.1.0")
    theirs_at = collection(tmp_path / "theirs", theirs) if theirs else tmp_path / "nothing"
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(theirs_at))
    found = _doctor._collection(Project(tmp_path / "_project"))
    assert (found.state, told in found.detail) == (state, True), found
    assert (str(theirs_at / COLLECTION) in found.detail) == bool(theirs)
    if theirs == "9.9.9":
        shutil.rmtree(tmp_path / "_project")
        assert "this package is 0.1.0" in _doctor._collection(Project(tmp_path / "_project")).detail


def test_no_collection_at_all_is_said_with_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(tmp_path / "nothing"))
    found = _doctor._collection(Project(tmp_path))
    assert (found.state, str(tmp_path / "nothing") in found.detail) == ("failed", True)
