# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the wrapper's tests share: small projects with real playbooks, a local inventory, and a look at processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write a project whose playbook ``diagnose`` runs these tasks on all hosts."""

    def write(*tasks: dict, playbook: str = "diagnose", **play: object) -> Path:
        root = tmp_path / "project"
        (root / "playbooks").mkdir(parents=True, exist_ok=True)
        content = [{"hosts": "all", "gather_facts": False, **play, "tasks": list(tasks)}]
        (root / "playbooks" / f"{playbook}.yml").write_text(yaml.safe_dump(content, sort_keys=False))
        return root

    return write


@pytest.fixture(autouse=True)
def nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is empty and no Ansible setting of whoever runs the tests applies."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for name in [name for name in os.environ if name.startswith("ANSIBLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SYSOPS_REMEDIATION_LEDGER", f"sqlite:///{tmp_path}/ledger.sqlite")


def local(*hosts: str, **variables: object) -> dict:
    """Return an inventory of hosts that are all this machine."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables}
    return {"all": {"hosts": {host: dict(here) for host in hosts or ("h1",)}}}


def answer(**values: object) -> dict:
    """Return the task with which a playbook of ours hands its answer over."""
    return {"ansible.builtin.set_stats": {"data": {"remediation": {"schema": 1, "status": "succeeded", **values}}}}


def until(condition: Callable[[], object], seconds: float = 60) -> object:
    """Wait for a condition and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def processes_with(text: str) -> list[str]:
    """Return the command lines, zombies aside, that contain the text."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text in command:
                found.append(command)
    return found
