# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion in a real, interactive bash, installed as docs/python.md says: keys are typed, the screen is read."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")]


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Callable[[], pexpect.spawn]]:
    (tmp_path / "hosts.yml").touch()
    environment = {"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb", "LANG": "C.UTF-8"}
    started = []

    def start() -> pexpect.spawn:
        shell = pexpect.spawn("bash", ["--noprofile", "-i"], env=environment, cwd=tmp_path, encoding="utf-8", timeout=60, dimensions=(50, 200))
        started.append(shell)
        shell.sendline("PS1='RE''ADY> '")
        shell.expect("READY> ")
        return shell

    yield start
    for shell in started:
        shell.close(force=True)


def test_the_tab_key_completes_commands_options_and_files(bash: Callable[[], pexpect.spawn]) -> None:
    shell = bash()
    shell.sendline("remediate --install-completion")
    shell.expect("installed")
    shell = bash()  # reads what was installed
    typed = {
        "remediate diagn": "diagnose",
        "remediate why": "why-not",
        "remediate run --inven": "--inventory",
        "remediate run --private-key ho": "hosts.yml",
    }
    for text, completed in typed.items():
        shell.send(text + "\t")
        shell.expect_exact(text + completed.removeprefix(text.split()[-1]))
        shell.sendcontrol("u")
