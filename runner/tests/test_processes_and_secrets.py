# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run must not leave behind: processes, files, secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import answer, local, processes_with, until
from sysops_remediation import EventKind, Remediator, RunStatus, _reaper
from sysops_remediation._rundir import RunDirectory

Write = Callable[..., Path]
# Unusual numbers, so that the processes of a test are found by their command line.
NAP = "86413.27"
HANG = {"name": "Hang", "ansible.builtin.command": f"sleep {NAP}"}


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run directories of this test, and only they, are here."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_secret_is_in_no_file_and_read_once(temporary_folder: Path) -> None:
    directory = RunDirectory()
    pipe = directory.secret_read_once("extra_vars.json", "s3cr3t")
    link = directory.secret("inventory.json", "s3cr3t")
    assert not any("s3cr3t" in path.read_text() for path in regular_files(directory.path))
    assert (pipe.read_text(), link.read_text(), link.read_text()) == ("s3cr3t", "s3cr3t", "s3cr3t")
    assert not pipe.exists()  # ansible, to show a line of it, would open it again and wait for ever
    assert link.stat().st_mode & 0o777 == 0o600
    directory.remove()
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_cancel_leaves_no_process_and_no_file(project: Write, temporary_folder: Path) -> None:
    run = Remediator(local("h1", "h2"), project=project(HANG)).start_diagnose()
    until(lambda: len(processes_with(NAP)) >= 2)
    run.cancel()
    assert run.wait(120).status is RunStatus.CANCELED
    assert processes_with(NAP) == []
    assert processes_with(str(temporary_folder)) == []
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_cancel_at_once_starts_nothing(project: Write, temporary_folder: Path) -> None:
    run = Remediator(local(), project=project(HANG)).start_diagnose()
    run.cancel()
    assert run.wait(120).status is RunStatus.CANCELED
    assert processes_with(str(temporary_folder)) == []


@pytest.mark.slow
def test_the_deadline_holds_when_a_host_hangs(project: Write, temporary_folder: Path) -> None:
    ran = Remediator(local(), project=project(HANG), timeout=4).diagnose()
    assert ran.status is RunStatus.TIMED_OUT
    assert "4 s" in ran.message
    assert processes_with(NAP) == []
    assert processes_with(str(temporary_folder)) == []


@pytest.mark.slow
def test_an_ansible_that_ignores_the_request_to_end_is_killed(project: Write, temporary_folder: Path) -> None:
    run = Remediator(local(), project=project(HANG)).start_diagnose()
    until(lambda: processes_with(NAP))
    for process in _reaper._marked(next(temporary_folder.iterdir())):
        if process.ansible:
            os.kill(process.pid, signal.SIGSTOP)
    run.cancel()
    assert run.wait(120).status is RunStatus.CANCELED
    assert processes_with(NAP) == []


@pytest.mark.slow
def test_a_daemon_that_a_local_task_has_started_is_not_ours_to_end(project: Write) -> None:
    daemon = {"ansible.builtin.shell": "setsid sleep 86414.31 </dev/null >/dev/null 2>&1 &"}
    run = Remediator(local(), project=project(daemon, HANG)).start_diagnose()
    try:
        until(lambda: processes_with(NAP))
        run.cancel()
        run.wait(120)
        assert processes_with(NAP) == []
        assert processes_with("sleep 86414.31")
    finally:
        for pid in [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_command(entry, "sleep\x0086414.31")]:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_nothing_survives_a_caller_that_is_killed(project: Write, temporary_folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "caller.py"
    program.write_text(
        textwrap.dedent(f"""
        import tempfile
        tempfile.tempdir = {str(temporary_folder)!r}
        from sysops_remediation import Remediator
        Remediator({local()!r}, project={str(project(HANG))!r}).diagnose()
        """)
    )
    path = str(Path(_reaper.__file__).parents[1])
    caller = subprocess.Popen([sys.executable, program], env={**os.environ, "PYTHONPATH": path})
    try:
        until(lambda: processes_with(NAP))
    finally:
        caller.kill()
        caller.wait()
    until(lambda: not processes_with(NAP))
    until(lambda: not list(temporary_folder.iterdir()))
    until(lambda: not processes_with(str(temporary_folder)))


@pytest.mark.slow
def test_no_secret_in_any_file_or_command_line(project: Write, temporary_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"{name}-7f3a9c" for name in ("variable", "become", "connection", "vault", "environment", "inventory", "database", "ledger")}
    monkeypatch.setenv("OUR_PROGRAMS_TOKEN", secrets["environment"])
    received = "token == 'variable-7f3a9c' and 'ledger-7f3a9c' in remediation_ledger"
    received += " and from_inventory == 'inventory-7f3a9c' and lookup('ansible.builtin.env', 'DB') == 'database-7f3a9c'"
    remediator = Remediator(
        local(from_inventory=secrets["inventory"]),
        project=project({"ansible.builtin.assert": {"that": received}, "no_log": True}, answer(run_id="received"), {"ansible.builtin.pause": {"seconds": 2}}),
        extra_vars={"token": secrets["variable"]},
        ledger=f"postgresql://ops:{secrets['ledger']}@db/x",
        environment={"DB": secrets["database"]},
        become_password=secrets["become"],
        connection_password=secrets["connection"],
        vault_password=secrets["vault"],
    )
    run = remediator.start_diagnose()
    looked_at = 0
    for event in run:
        directories = list(temporary_folder.iterdir())
        for path in [path for directory in directories for path in regular_files(directory)]:
            text = read(path)
            looked_at += 1
            assert not [name for name, secret in secrets.items() if secret in text], path
        assert not [name for name, secret in secrets.items() if processes_with(secret)]
        if event.kind is EventKind.HOST_STARTED:
            time.sleep(0.1)
    assert run.result.status is RunStatus.SUCCEEDED, run.result.log
    assert run.result.run_id == "received"
    assert looked_at > 0
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_the_vault_is_opened_with_the_given_password(project: Write, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("v4ult")
    ansible_vault = Path(sys.executable).with_name("ansible-vault")
    encrypt = [ansible_vault, "encrypt_string", "--vault-password-file", password, "--name", "hidden", "opened"]
    root = project(answer(run_id="{{ hidden }}"), vars_files=["../vault.yml"])
    (root / "vault.yml").write_bytes(subprocess.run(encrypt, check=True, capture_output=True).stdout)
    assert Remediator(local(), project=root, vault_password="v4ult").diagnose().run_id == "opened"


def regular_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:  # an event's file, gone as soon as it was read
        return ""


def is_command(entry: Path, text: str) -> bool:
    try:
        return text in (entry / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
