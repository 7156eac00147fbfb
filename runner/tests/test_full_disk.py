# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full during the run, made with a limit on the size of files: what is lost is said, and nothing lost is success."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import answer, local
from sysops_remediation import _reaper

pytestmark = pytest.mark.slow

CALLER = """
import json, resource, sys
from sysops_remediation import Remediator
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
result = Remediator(json.loads(sys.argv[1]), project=sys.argv[2], timeout=120, artifact_dir=sys.argv[4] if sys.argv[4:] else None).diagnose()
print(result.model_dump_json())
"""


def run_without_room(project: Path, *more: Path, room: int = 200_000) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1])}
    command = [sys.executable, "-c", CALLER, json.dumps(local("h1")), str(project), str(room), *map(str, more)]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_a_result_that_found_no_room_is_failed_and_says_why(project: Callable[..., Path]) -> None:
    diagnosis = {"host": "h1", "service": "systemd/postfix.service", "verdict": "healthy", "summary": "{{ 'x' * 1000000 }}"}
    told = run_without_room(project(answer(diagnoses=[diagnosis])))
    assert told["status"] == "failed"
    assert "the result of the run is lost: [Errno 27] File too large; make room in" in told["message"]


def test_a_run_that_finds_no_room_to_begin_with_says_where_to_make_some(project: Callable[..., Path]) -> None:
    told = run_without_room(project(answer(run_id="r1")), room=1)
    assert told["status"] == "failed"
    assert "[Errno 27] File too large; make room in " in told["message"], told["message"]
    assert told["message"].endswith(", or name another folder in TMPDIR")


def test_an_event_that_found_no_room_is_mentioned_while_the_result_stands(project: Callable[..., Path]) -> None:
    told = run_without_room(project({"ansible.builtin.debug": {"msg": "{{ 'x' * 400000 }}"}}, answer(run_id="r1")))
    assert (told["status"], told["run_id"]) == ("succeeded", "r1")
    assert "some events are lost: [Errno 27] File too large" in told["message"]


def test_artifacts_that_found_no_room_are_mentioned_while_the_result_stands(project: Callable[..., Path], tmp_path: Path) -> None:
    told = run_without_room(project(*[{"ansible.builtin.debug": {"msg": "{{ 'x' * 90000 }}"}}] * 3, answer(run_id="r1")), tmp_path / "kept")
    assert (told["status"], told["run_id"], told["artifacts"]) == ("succeeded", "r1", None)
    assert "its artifacts are incomplete: [Errno 27] File too large" in told["message"]
