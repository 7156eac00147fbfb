# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs by a worker: ``ansible-runner worker`` in another directory, with another home and an environment of its own, without our checkout."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import answer, local, processes_with, until
from sysops_remediation import EventKind, Remediator, RunStatus, _reaper, _worker
from sysops_remediation._project import COLLECTION
from sysops_remediation.cli import app
from typer.testing import CliRunner

Write = Callable[..., Path]
CHECKOUT = Path(__file__).resolve().parents[2]
NAP = "86416.59"
HANG = {"name": "Hang", "ansible.builtin.command": f"sleep {NAP}"}
PLAYBOOK = "#!{python}\nimport sys\nfrom ansible.cli.playbook import main\nsys.exit(main())\n"


class Elsewhere:
    """Another place: a folder, a home and a Python environment that knows ansible and ansible-runner and nothing of ours."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary, self.environment = folder / "home", folder / "tmp", folder / "venv"
        for path in (self.home, self.temporary):
            path.mkdir(parents=True)
        venv.create(self.environment)
        self.python = self.environment / "bin" / "python"
        site = next(self.environment.glob("lib/*/site-packages"))
        # Only the folder itself: the link of an editable installation in it is not followed from there.
        (site / "others.pth").write_text(str(Path(yaml.__file__).parents[1]) + "\n")
        program = self.environment / "bin" / "ansible-playbook"
        program.write_text(PLAYBOOK.format(python=self.python))
        program.chmod(0o755)

    @property
    def command(self) -> list[str]:
        variables = [f"PATH={self.environment / 'bin'}:/usr/bin:/bin", f"HOME={self.home}", f"TMPDIR={self.temporary}", "LANG=C.UTF-8"]
        worker = shlex.join(["env", "-i", *variables, str(self.python), "-m", "ansible_runner", "worker"])
        return ["/bin/sh", "-c", f"cd {shlex.quote(str(self.home))} && exec {worker}"]

    def private_directories(self) -> list[Path]:
        """Return what is left of workers. Modules that were killed leave their unpacked code besides, as they do everywhere."""
        return [path for path in self.temporary.iterdir() if not path.name.startswith("ansible_")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def elsewhere(place: Elsewhere, tmp_path: Path) -> Elsewhere:
    place.home, place.temporary = tmp_path / "their-home", tmp_path / "their-tmp"
    place.home.mkdir()
    place.temporary.mkdir()
    return place


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "our-tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.slow
def test_the_other_environment_knows_nothing_of_ours(elsewhere: Elsewhere) -> None:
    ran = subprocess.run([elsewhere.python, "-c", "import ansible_runner, sysops_remediation"], capture_output=True, text=True, cwd=elsewhere.home)
    assert "No module named 'sysops_remediation'" in ran.stderr


@pytest.mark.slow
def test_the_whole_collection_works_there_and_answers_typed(elsewhere: Elsewhere) -> None:
    ran = Remediator(local("h1"), project=CHECKOUT, executor="transmit", worker=elsewhere.command).doctor()
    assert ran.status is RunStatus.SUCCEEDED, (ran.message, ran.log)
    details = {check.name: check.detail for check in ran.checks}
    assert str(elsewhere.home) in details["ledger"]
    assert "ansible_runner worker" in details["worker"]
    assert list(elsewhere.temporary.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("own_worker", [True, False])
def test_results_and_events_are_those_of_a_local_run(own_worker: bool, project: Write, elsewhere: Elsewhere, temporary_folder: Path) -> None:
    diagnosis = {"host": "h1", "service": "systemd/postfix.service", "verdict": "healthy", "summary": "{{ 'ü' * 1000000 }}"}
    root = project({"name": "Say it", "ansible.builtin.debug": {"msg": "hello"}}, answer(run_id="r{{ ansible_check_mode }}", diagnoses=[diagnosis]))
    seen = []
    remediator = Remediator(local("h1", "h2"), project=root, executor="transmit", worker=elsewhere.command if own_worker else ())
    ran = remediator.diagnose(limit="h1", check=True, on_event=lambda event: seen.append((event.kind, event.host, event.task)))
    assert (ran.status, ran.run_id, set(ran.stats)) == (RunStatus.SUCCEEDED, "rTrue", {"h1"}), (ran.message, ran.log)
    assert len(ran.diagnoses[0].summary) == 1_000_000
    assert (EventKind.HOST_OK, "h1", "Say it") in seen
    assert seen[-1][0] is EventKind.FINISHED
    assert list(temporary_folder.iterdir()) == list(elsewhere.temporary.iterdir()) == []


@pytest.mark.slow
def test_the_status_tells_what_a_local_run_tells(project: Write, elsewhere: Elsewhere) -> None:
    remediator = Remediator(local("h1"), project=project({"ansible.builtin.fail": {"msg": "unknown service"}}), executor="transmit", worker=elsewhere.command)
    failed, nobody = remediator.diagnose(), remediator.diagnose(limit="nobody")
    assert (failed.status, failed.message) == (RunStatus.FAILED, "h1: unknown service")
    assert nobody.status is RunStatus.NO_HOSTS


@pytest.mark.slow
def test_an_inventory_file_goes_with_the_variables_beside_it(project: Write, elsewhere: Elsewhere, tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"mail": local("h1")["all"]}))
    (folder / "group_vars" / "mail.yml").write_text("site: here\n")
    for inventory in (folder, folder / "hosts.yml"):
        remediator = Remediator(inventory, project=project(answer(run_id="{{ site }}")), executor="transmit", worker=elsewhere.command)
        assert remediator.diagnose().run_id == "here"


@pytest.mark.slow
def test_secrets_reach_the_worker_and_end_with_it(project: Write, elsewhere: Elsewhere, temporary_folder: Path) -> None:
    secrets = {name: f"{name}-5e1d7b" for name in ("variable", "become", "connection", "vault", "environment", "inventory", "ledger")}
    received = "'ledger-5e1d7b' in remediation_ledger"
    received += " and token == 'variable-5e1d7b' and from_inventory == 'inventory-5e1d7b' and lookup('ansible.builtin.env', 'DB') == 'environment-5e1d7b'"
    run = Remediator(
        local(from_inventory=secrets["inventory"]),
        project=project({"ansible.builtin.assert": {"that": received}, "no_log": True}, {"ansible.builtin.pause": {"seconds": 2}}),
        extra_vars={"token": secrets["variable"]},
        ledger=f"postgresql://ops:{secrets['ledger']}@db/x",
        environment={"DB": secrets["environment"]},
        become_password=secrets["become"],
        connection_password=secrets["connection"],
        vault_password=secrets["vault"],
        executor="transmit",
        worker=elsewhere.command,
    ).start_diagnose()
    looked_at = 0
    for _event in run:
        for path in [path for path in temporary_folder.rglob("*") if path.is_file()]:
            looked_at += 1
            assert not [name for name, secret in secrets.items() if secret in path.read_text(errors="replace")], path
        assert not [name for name, secret in secrets.items() if processes_with(secret)]
    assert run.result.status is RunStatus.SUCCEEDED, (run.result.message, run.result.log)
    assert looked_at > 0
    assert list(temporary_folder.iterdir()) == list(elsewhere.temporary.iterdir()) == []
    left = [path for path in elsewhere.home.rglob("*") if path.is_file()]
    assert not [path for path in left for secret in secrets.values() if secret in path.read_text(errors="replace")]


@pytest.mark.slow
def test_the_command_takes_a_worker(project: Write, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(answer(run_id="{{ lookup('ansible.builtin.env', 'HOME') }}"))
    (root / "collections" / COLLECTION).mkdir(parents=True)
    (tmp_path / "hosts.json").write_text(json.dumps(local()))
    monkeypatch.chdir(root)
    ran = CliRunner().invoke(app, ["diagnose", "--json", "-i", str(tmp_path / "hosts.json"), "--worker", shlex.join(elsewhere.command)])
    assert (ran.exit_code, json.loads(ran.stdout)["run_id"]) == (0, str(elsewhere.home))


@pytest.mark.slow
def test_the_vault_is_opened_there(project: Write, elsewhere: Elsewhere, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("v4ult")
    encrypt = [Path(sys.executable).with_name("ansible-vault"), "encrypt_string", "--vault-password-file", password, "--name", "hidden", "opened"]
    root = project(answer(run_id="{{ hidden }}"), vars_files=["vault.yml"])
    (root / "playbooks" / "vault.yml").write_bytes(subprocess.run(encrypt, check=True, capture_output=True).stdout)
    remediator = Remediator(local(), project=root, vault_password="v4ult", executor="transmit", worker=elsewhere.command)
    assert remediator.diagnose().run_id == "opened"


@pytest.mark.slow
def test_reports_come_home(project: Write, elsewhere: Elsewhere, tmp_path: Path) -> None:
    there = "{{ remediation_report_dir | realpath }}/r1/summary.md"  # as our plugins take it: from where ansible runs
    write = {"ansible.builtin.copy": {"content": "all well", "dest": there}}
    make = {"ansible.builtin.file": {"path": "{{ remediation_report_dir | realpath }}/r1", "state": "directory"}}
    root = project(make, write, answer(paths=[there]), playbook="remediate")
    ours = tmp_path / "reports"
    remediator = Remediator(local(), project=root, extra_vars={"remediation_report_dir": str(ours)}, executor="transmit", worker=elsewhere.command)
    ran = remediator.remediate()
    assert ran.paths == [str(ours / "r1" / "summary.md")], (ran.message, ran.log)
    assert (ours / "r1" / "summary.md").read_text() == "all well"


def test_a_worker_writes_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sent a report with the name"):
        _worker.store_reports({"../outside.md": b"x"}, tmp_path / "reports")
    assert not (tmp_path / "outside.md").exists()


@pytest.mark.slow
def test_cancel_leaves_nothing_on_either_side(project: Write, elsewhere: Elsewhere, temporary_folder: Path) -> None:
    run = Remediator(local("h1", "h2"), project=project(HANG), executor="transmit", worker=elsewhere.command).start_diagnose()
    until(lambda: len(processes_with(NAP)) >= 2)
    run.cancel()
    assert run.wait(120).status is RunStatus.CANCELED
    assert processes_with(NAP) == processes_with(str(elsewhere.environment)) == []
    assert list(temporary_folder.iterdir()) == elsewhere.private_directories() == []


@pytest.mark.slow
def test_the_deadline_holds_also_for_a_worker_that_never_answers(project: Write, temporary_folder: Path) -> None:
    ran = Remediator(local(), project=project(HANG), executor="transmit", worker=["/bin/sh", "-c", f"exec sleep {NAP}"], timeout=2).diagnose()
    assert ran.status is RunStatus.TIMED_OUT
    assert processes_with(NAP) == []
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_nothing_survives_a_caller_that_is_killed(project: Write, elsewhere: Elsewhere, temporary_folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "caller.py"
    program.write_text(
        textwrap.dedent(f"""
        import tempfile
        tempfile.tempdir = {str(temporary_folder)!r}
        from sysops_remediation import Remediator
        Remediator({local()!r}, project={str(project(HANG))!r}, executor="transmit", worker={elsewhere.command!r}).diagnose()
        """)
    )
    caller = subprocess.Popen([sys.executable, program], env={**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1])})
    try:
        until(lambda: processes_with(NAP))
    finally:
        caller.kill()
        caller.wait()
    until(lambda: not processes_with(NAP))
    until(lambda: not list(temporary_folder.iterdir()))
    until(lambda: not processes_with(str(elsewhere.environment)))
    until(lambda: not elsewhere.private_directories())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["/no/such/worker"], "worker '/no/such/worker' cannot be started: No such file or directory"),
        (["/bin/sh", "-c", "echo ssh: no route to host >&2; exit 255"], "ended with code 255 before the run had ended: ssh: no route to host"),
        (["/bin/sh", "-c", "cat >/dev/null; echo 'Welcome to mail1!'"], "ended with code 0 before the run had ended"),
    ],
)
def test_a_worker_that_does_not_work_is_one_line(command: list[str], told: str, project: Write, temporary_folder: Path) -> None:
    ran = Remediator(local(), project=project(HANG), executor="transmit", worker=command).diagnose()
    assert ran.status is RunStatus.FAILED
    assert told in ran.message
    assert "\n" not in ran.message
    assert list(temporary_folder.iterdir()) == []


def test_bad_input_is_found_before_a_worker_is_started(project: Write) -> None:
    remediator = Remediator("/no/such/inventory", project=project(HANG), executor="transmit", worker=["/no/such/worker"])
    assert remediator.diagnose().status is RunStatus.INVALID_INPUT
    with pytest.raises(ValueError, match="neither 'local' nor 'transmit'"):
        Remediator(executor="receptor")
    with pytest.raises(ValueError, match="for executor='transmit' only"):
        Remediator(worker=["ssh", "host"])
