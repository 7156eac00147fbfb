# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long and non-ASCII names and messages: through ansible, the API and the command, in a pipe and as JSON, whatever the locale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import answer, local
from sysops_remediation import Remediator, RunStatus, _reaper
from sysops_remediation._project import COLLECTION

pytestmark = pytest.mark.slow

HOST = "пошта1"
SERVICE = "systemd/" + "пошта-日本語-é-𝔪" * 20 + ".service"
SUMMARY = "größer — " + "ü€𝔪" * 50_000 + " Ende"
SENTENCE = "Erklärung " + "ж" * 300_000 + " Schluss"
FAILURE = "ошибка: " + "β" * 300_000 + " τέλος"
COMMAND = [sys.executable, "-c", "from sysops_remediation.cli import main; main()"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose playbooks say of a host whatever its variables say, and print it too."""
    root = tmp_path / "größe"
    (root / "collections" / COLLECTION).mkdir(parents=True)
    (root / "playbooks").mkdir()
    (root / "inventory" / "host_vars").mkdir(parents=True)
    (root / "inventory" / "hosts.json").write_text(json.dumps(local(HOST)))
    (root / "inventory" / "host_vars" / f"{HOST}.yml").write_text(
        yaml.safe_dump({"service": SERVICE, "summary": SUMMARY, "sentence": SENTENCE, "failure": FAILURE}, allow_unicode=True)
    )
    diagnosis = {
        "host": "{{ inventory_hostname }}",
        "service": "{{ service }}",
        "verdict": "leak_suspected",
        "summary": "{{ summary }}",
        "explanation": ["{{ sentence }}"],
        "sparkline": "▁▇",
    }
    write(root, "diagnose", {"ansible.builtin.debug": {"msg": "{{ summary }}"}}, answer(diagnoses=[diagnosis]))
    write(root, "plan", {"ansible.builtin.fail": {"msg": "{{ failure }}"}})
    return root


def write(root: Path, name: str, *tasks: dict) -> None:
    play = {"hosts": "all", "gather_facts": False, "tasks": list(tasks)}
    (root / "playbooks" / f"{name}.yml").write_text(yaml.safe_dump([play], allow_unicode=True))


def call(checkout: Path, *arguments: str, **locale: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    environment = {**kept, "PYTHONPATH": str(Path(_reaper.__file__).parents[1]), **locale}
    return subprocess.run([*COMMAND, *arguments, "-i", "inventory"], cwd=checkout, env=environment, capture_output=True)


@pytest.mark.parametrize("locale", [{"LANG": "C.UTF-8"}, {"LANG": "C"}, {"LC_ALL": "C"}, {}], ids=str)
def test_json_loses_nothing_in_any_locale(checkout: Path, locale: dict) -> None:
    ran = call(checkout, "diagnose", "--json", **locale)
    (diagnosis,) = json.loads(ran.stdout)["diagnoses"]
    assert (diagnosis["host"], diagnosis["service"], diagnosis["summary"]) == (HOST, SERVICE, SUMMARY)
    assert diagnosis["explanation"] == [SENTENCE]
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "C"}], ids=str)
def test_a_pipe_loses_nothing_in_any_locale(checkout: Path, locale: dict) -> None:
    ran = call(checkout, "diagnose", "--verbose", **locale)
    lines = [" ".join(line.split()) for line in ran.stdout.decode().splitlines()]
    assert f"{HOST} {SERVICE} leak_suspected none ▁▇ {SUMMARY}" in lines
    assert SENTENCE in lines
    assert (ran.returncode, lines[-1]) == (0, "succeeded")
    assert "Ende" in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr


def test_a_failure_is_told_in_full_once(checkout: Path) -> None:
    ran = call(checkout, "plan", LC_ALL="C")
    assert ran.returncode == 1
    assert (ran.stdout + ran.stderr).decode().count(FAILURE) == 1


def test_an_output_that_cannot_show_it_says_which_character_it_was(checkout: Path) -> None:
    ran = call(checkout, "diagnose", LC_ALL="C", PYTHONIOENCODING="latin-1")
    assert "größer — ".encode("latin-1", "backslashreplace") in ran.stdout
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    told = json.loads(call(checkout, "diagnose", "--json", LC_ALL="C", PYTHONIOENCODING="latin-1").stdout.decode("latin-1"))
    assert told["diagnoses"][0]["summary"] == SUMMARY


def test_the_api_gets_it_as_it_was_said(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    seen = []
    remediator = Remediator(checkout / "inventory", project=checkout, extra_vars={"mine": "ж" * 100_000})
    ran = remediator.plan(limit=HOST, on_event=lambda event: seen.append(event.message))
    assert (ran.status, ran.message) == (RunStatus.FAILED, f"{HOST}: {FAILURE}")
    assert FAILURE in seen


def test_a_locale_that_is_not_installed_is_one_line_with_the_way_out(checkout: Path) -> None:
    ran = call(checkout, "diagnose", LC_ALL="xx_XX.UTF-8")
    assert ran.returncode == 2
    assert ran.stderr.decode().splitlines()[-1].endswith("unsupported locale setting; set LC_ALL=C.UTF-8, or install that locale")
