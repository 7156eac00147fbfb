# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Artifacts that a caller asks for: private, without secrets, rotated and bounded; without asking there are none."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import answer, local, processes_with, until
from sysops_remediation import DiagnoseResult, Remediator, RunEvent, RunStatus, _artifacts
from sysops_remediation._artifacts import HIDDEN, Mask
from sysops_remediation._launch import Request

Write = Callable[..., Path]
SAY = {"name": "Say it", "ansible.builtin.debug": {"msg": "hellö"}}
NAP = "86418.91"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "artifacts"


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.slow
def test_a_run_keeps_its_events_result_and_output_for_its_owner_only(project: Write, kept: Path, umask: None) -> None:
    ran = Remediator(local(), project=project(SAY, answer(run_id="r1")), artifact_dir=kept).diagnose()
    folder = Path(ran.artifacts)
    assert [path.name for path in kept.iterdir()] == [folder.name]
    assert DiagnoseResult.model_validate(without_exit_code(folder)) == ran.model_copy(update={"data": {}, "log": []})
    events = [RunEvent.model_validate_json(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [event.message for event in events if event.task == "Say it" and event.message] == ["hellö"]
    assert "hellö" in (folder / "output.txt").read_text()
    assert [path.stat().st_mode & 0o777 for path in (kept.parent, kept, folder)] == [0o777, 0o700, 0o700]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.slow
def test_the_last_runs_are_kept_and_nothing_else_is_touched(project: Write, kept: Path, tmp_path: Path) -> None:
    root = project(SAY)
    (kept / "20200101T000000000000Z-diagnose-notours").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (kept / "20200101T000000000000Z-diagnose-00000000").symlink_to(outside)
    others = set(kept.iterdir())
    runs = [Path(Remediator(local(), project=root, artifact_dir=kept, rotate_artifacts=2).diagnose().artifacts) for _ in range(3)]
    assert set(kept.iterdir()) == {*others, *runs[1:]}
    assert outside.is_dir()


@pytest.mark.slow
def test_a_run_under_way_is_not_rotated_away(project: Write, kept: Path, tmp_path: Path) -> None:
    hanging = project({"name": "Hang", "ansible.builtin.command": f"sleep {NAP}"}, playbook="plan")
    first = Remediator(local(), project=hanging, artifact_dir=kept, rotate_artifacts=1).start_plan()
    until(lambda: processes_with(NAP))
    second = Remediator(local(), project=project(SAY), artifact_dir=kept, rotate_artifacts=1).diagnose()
    assert len(list(kept.iterdir())) == 2
    first.cancel()
    assert first.wait(60).status is RunStatus.CANCELED
    assert [str(path) for path in kept.iterdir()] == [second.artifacts]  # the newer one


@pytest.mark.slow
def test_bytes_are_bounded(project: Write, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_artifacts, "EVENTS_BYTES", 5_000)
    remediator = Remediator(local(), project=project({"ansible.builtin.debug": {"msg": "{{ 'x' * 4000 }}"}}, SAY, SAY), artifact_dir=kept)
    first = Path(remediator.diagnose().artifacts)
    lines = (first / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1]) == {"kind": "truncated"}
    assert sum(len(line) + 1 for line in lines[:-1]) <= 5_000
    size = sum(path.stat().st_size for path in first.iterdir())
    monkeypatch.setattr(_artifacts, "FOLDER_BYTES", int(size * 2.5))
    runs = [remediator.diagnose().artifacts for _ in range(2)]
    assert sorted(map(str, kept.iterdir())) == runs
    monkeypatch.setattr(_artifacts, "FOLDER_BYTES", 100)
    ran = remediator.diagnose()
    assert (ran.status, ran.artifacts) == (RunStatus.SUCCEEDED, None)
    assert "its artifacts are incomplete: its result of" in ran.message


@pytest.mark.slow
def test_no_secret_is_kept_even_if_a_task_prints_it(project: Write, kept: Path) -> None:
    secrets = {name: f'{name}-"4d1c' for name in ("variable", "become", "connection", "vault", "environment", "inventory", "ledger")}
    shown = [{"ansible.builtin.debug": {"msg": f"tell {secret} to all"}} for secret in secrets.values()]
    shown += [{"ansible.builtin.debug": {"var": "nested"}}, answer(message=f"said {secrets['vault']}")]
    ran = Remediator(
        local(ansible_password=secrets["inventory"], site="mail"),
        project=project(*shown),
        extra_vars={"plain": secrets["variable"], "nested": [{"pin_token": 7391}, "-----BEGIN\nabcdefgh\n"], "site": "mail", "remediation_x": "succeeded"},
        ledger=f"postgresql://ops:{secrets['ledger']}@db/x",
        environment={"DB": secrets["environment"]},
        become_password=secrets["become"],
        connection_password=secrets["connection"],
        vault_password=secrets["vault"],
        artifact_dir=kept,
    ).diagnose()
    assert ran.status is RunStatus.SUCCEEDED, ran.log
    texts = {path.name: path.read_text() for path in Path(ran.artifacts).iterdir()}
    assert set(texts) == {"events.jsonl", "output.txt", "result.json"}
    for name, text in texts.items():
        assert not [secret for secret in [*secrets.values(), "4d1c", "7391", "abcdefgh"] if secret in text], name
    assert texts["events.jsonl"].count("tell ******** to all") == len(secrets)
    assert without_exit_code(Path(ran.artifacts))["status"] == "succeeded"
    assert without_exit_code(Path(ran.artifacts))["message"] == "said ********"


def test_only_what_is_secret_is_hidden_and_all_of_it() -> None:
    request = Request(
        "status", extra_vars={"monkey": "a", "remediation_ledger": "postgresql://u:p@ssw0rd%21@h/x"}, environment={"ANSIBLE_HOST_KEY_CHECKING": "True"}
    )
    mask = Mask(request)
    assert mask.text("the policy is a=a, set Flag=True") == f"the policy is {HIDDEN}={HIDDEN}, set Flag=True"
    assert mask.text("p@ssw0rd%21 p@ssw0rd!") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("folder", ["file/below", "/proc/nobody"])
def test_a_folder_that_cannot_be_used_is_invalid_input_and_nothing_is_started(project: Write, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    ran = Remediator(local(), project=project(SAY), artifact_dir=tmp_path / folder).diagnose()
    assert (ran.status, ran.log) == (RunStatus.INVALID_INPUT, [])
    assert ran.message.startswith(f"artifact_dir {tmp_path / folder} cannot be used: ")


def test_none_is_no_number_of_runs_to_keep() -> None:
    with pytest.raises(ValueError, match="keep at least 1 run"):
        Remediator(rotate_artifacts=0)


def without_exit_code(folder: Path) -> dict:
    told = json.loads((folder / "result.json").read_text())
    assert told.pop("exit_code") == 0
    return told
