# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo keeps its promises, leaves nothing behind, and fails when something is not as it says."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import processes_with, until
from sysops_remediation.demo import _play, _stage
from sysops_remediation.demo._stage import NEIGHBOUR, POLICY, Stage
from sysops_remediation.demo._traffic import send

pytestmark = pytest.mark.slow

PACKAGES = str(Path(_stage.__file__).parents[2])
PLAY_FOR_EVER = """
import time
from sysops_remediation.demo._stage import Stage
with Stage() as stage:
    print(stage.folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def stages() -> Iterator[Path]:
    """Stages of these tests are in a folder of their own, with a name short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def program(stages: Path, code: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": PACKAGES, "TMPDIR": str(stages)}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_demos_at_once_both_keep_their_promises(stages: Path, tmp_path: Path) -> None:
    demos = [program(stages, f"from sysops_remediation.cli import main; main(['demo', '--reports', {str(tmp_path / name)!r}])") for name in "ab"]
    for demo, name in zip(demos, "ab", strict=True):
        shown, _ = demo.communicate(timeout=280)
        assert demo.returncode == 0, shown
        for promise in ("leak_suspected", "new_incarnation", "memory_below", "untouched", "Nothing of the demo is left running"):
            assert promise in shown
        assert [path.name for path in (tmp_path / name).glob("*/summary.md")]
        assert "\x1b" not in shown
    assert list(stages.iterdir()) == []
    until(lambda: not processes_with(str(stages)))


def test_a_demo_without_a_leak_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(_stage, "LEAK", 0)
    assert _play.play(tmp_path / "reports") == 1
    assert "the run ended as nothing_to_do" in capsys.readouterr().err


def test_what_a_killed_demo_left_is_taken_down_and_a_living_one_is_left_alone(stages: Path) -> None:
    killed = program(
        stages, "import time; from sysops_remediation.demo._stage import Stage\nwith Stage() as stage: print(stage.folder, flush=True); time.sleep(600)"
    )
    folder = Path(killed.stdout.readline().strip())
    with Stage() as living:
        killed.kill()
        killed.wait()
        assert processes_with(str(folder))
        assert _stage.remove_stale() == 1
        assert not folder.exists()
        until(lambda: not processes_with(str(folder)))
        assert living.running()
    assert list(stages.iterdir()) == []


def test_a_recorded_number_that_now_belongs_to_another_process_is_not_touched(stages: Path) -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        recorded = {**_stage.identity(bystander.pid), "start_ticks": 1}
        _stage._end(recorded)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_services_take_mail_and_only_one_leaks(stages: Path) -> None:
    with Stage() as stage:
        before = {service: memory(stage, service) for service in (POLICY, NEIGHBOUR)}
        for service in (POLICY, NEIGHBOUR):
            for _ in range(100):
                send(stage.ports[service])
        grown = {service: memory(stage, service) - before[service] for service in (POLICY, NEIGHBOUR)}
    assert grown[POLICY] > 100 * _stage.LEAK * 0.9
    assert grown[NEIGHBOUR] < 2 * 2**20


def test_the_service_says_what_it_does_not_know(stages: Path) -> None:
    with Stage() as stage, smtplib.SMTP("127.0.0.1", stage.ports[NEIGHBOUR], local_hostname="test", timeout=30) as client:
        assert client.docmd("TURN")[0] == 502
        assert client.noop()[0] == 250


def test_services_end_with_their_supervisord(stages: Path) -> None:
    with Stage() as stage:
        pids = [stage.incarnation(service)["pid"] for service in (POLICY, NEIGHBOUR)]
        stage._supervisord.kill()
        stage._supervisord.wait()
        until(lambda: not any(is_alive(pid) for pid in pids))


def memory(stage: Stage, service: str) -> int:
    status = Path(f"/proc/{stage.incarnation(service)['pid']}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def is_alive(pid: int) -> bool:
    try:
        return bool(_stage.identity(pid))
    except (OSError, IndexError):
        return False
