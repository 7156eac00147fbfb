# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command at a real terminal: Ctrl-C as a key, which reaches every process of the foreground; colours; progress."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from conftest import answer, local, processes_with, until
from sysops_remediation import _reaper
from sysops_remediation._project import COLLECTION

pytestmark = pytest.mark.slow

NAP = "86419.57"
COLOUR = re.compile(r"\x1b\[[\d;]*3[0-7]m")
Start = Callable[..., pexpect.spawn]


@pytest.fixture
def terminal(project: Callable[..., Path], tmp_path: Path) -> Iterator[Start]:
    """Start the command at a terminal of its own, in a checkout where `diagnose` hangs and `plan` answers."""
    root = project({"name": "Hang", "ansible.builtin.command": f"sleep {NAP}"})
    project(answer(message="all is well"), playbook="plan")
    (root / "collections" / COLLECTION).mkdir(parents=True)
    (tmp_path / "hosts.json").write_text(json.dumps(local("mail1")))
    started = []

    def start(command: str, **more: str) -> pexpect.spawn:
        environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1]), "TERM": "xterm", **more}
        arguments = ["-c", "from sysops_remediation.cli import main; main()", command, "-i", str(tmp_path / "hosts.json")]
        started.append(pexpect.spawn(sys.executable, arguments, env=environment, cwd=root, encoding="utf-8", timeout=120, dimensions=(40, 120)))
        return started[-1]

    yield start
    for one in started:
        one.close(force=True)


def test_the_key_once_cancels_cleanly(terminal: Start, tmp_path: Path) -> None:
    running = terminal("diagnose", NO_COLOR="1")
    until(lambda: processes_with(NAP))
    running.sendintr()
    running.expect("canceling; once more to kill")
    running.expect("canceled: all its processes were ended")
    running.expect(pexpect.EOF)
    running.wait()
    assert running.exitstatus == 130
    assert "Traceback" not in running.before
    assert processes_with(NAP) == processes_with(str(tmp_path / "hosts.json")) == []


def test_the_key_twice_kills_what_does_not_listen(terminal: Start, tmp_path: Path) -> None:
    running = terminal("diagnose")
    until(lambda: processes_with(NAP))
    (directory,) = _reaper._run_directories_below(running.pid)
    for process in _reaper._marked(directory):
        if process.ansible:
            os.kill(process.pid, signal.SIGSTOP)
    running.sendintr()
    running.expect("canceling; once more to kill")
    running.sendintr()
    running.expect(pexpect.EOF, timeout=60)
    running.wait()
    assert running.exitstatus == 130
    assert processes_with(NAP) == processes_with(str(tmp_path / "hosts.json")) == []


def test_progress_names_the_host_and_its_task_while_it_works(terminal: Start) -> None:
    running = terminal("diagnose")
    running.expect(r"mail1.*Hang")
    assert running.isalive()
    running.sendintr()
    running.expect(pexpect.EOF)


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_shown_unless_the_user_wants_none(terminal: Start, no_color: bool) -> None:
    running = terminal("plan", **({"NO_COLOR": "1"} if no_color else {}))
    running.expect(pexpect.EOF)
    running.wait()
    assert running.exitstatus == 0
    assert "all is well" in running.before
    assert bool(COLOUR.search(running.before)) != no_color
