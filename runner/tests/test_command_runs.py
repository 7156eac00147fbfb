# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command as its users call it: a program of its own, with real services where it needs some."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from conftest import local, processes_with, until
from sysops_remediation import _reaper
from sysops_remediation.demo._stage import NEIGHBOUR, POLICY, Stage

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-c", "from sysops_remediation.cli import main; main()"]
NAP = "86415.43"


def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1]), **options.pop("environment", {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], env=environment, text=True, **pipes)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "inventory" / "hosts.json"
    path.parent.mkdir()
    path.write_text(json.dumps(local("mail1")))
    return path


@pytest.fixture
def checkout_that_hangs(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "collections" / "ansible_collections" / "sysops" / "remediation").mkdir(parents=True)
    (root / "playbooks").mkdir()
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "Hang", "ansible.builtin.command": f"sleep {NAP}"}]}
    (root / "playbooks" / "diagnose.yml").write_text(yaml.safe_dump([play]))
    return root


def test_init_writes_a_policy_that_recommends_and_touches_nothing(hosts: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        with Stage() as stage:
            wrote, errors = (init := start("init", "mail1", "-i", hosts, "--server", stage.socket)).communicate()
            assert init.returncode == 0, errors
            policy = hosts.parent / "host_vars" / "mail1" / "remediation.yml"
            assert str(policy) in wrote
            entries = {entry["name"]: entry for entry in yaml.safe_load(policy.read_text())["remediation_services"]}
            assert set(entries) == {POLICY, NEIGHBOUR}
            assert all((entry["mode"], entry["server"]) == ("recommend", str(stage.socket)) for entry in entries.values())

            before = stage.incarnation(POLICY)
            short = "remediation_window=4s remediation_interval=200ms"
            folders = f"remediation_state_dir={folder}/state remediation_report_dir={folder}/reports"
            told, errors = start("run", "-i", hosts, "-l", "mail1", "--json", "-e", short, "-e", folders).communicate()
            assert json.loads(told)["status"] == "nothing_to_do", (told, errors)
            assert stage.incarnation(POLICY) == before


def test_ctrl_c_cancels_cleanly(hosts: Path, checkout_that_hangs: Path) -> None:
    running = start("diagnose", "-i", hosts, cwd=checkout_that_hangs)
    until(lambda: processes_with(NAP))
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=120)
    assert running.returncode == 130, (out, errors)
    assert "canceled" in errors
    assert processes_with(NAP) == []


def test_a_terminal_shows_each_host_while_it_works(hosts: Path, checkout_that_hangs: Path) -> None:
    ours, theirs = pty.openpty()
    running = start(
        "diagnose", "-i", hosts, "--deadline", "6", cwd=checkout_that_hangs, stdout=theirs, stderr=theirs, environment={"TERM": "xterm", "COLUMNS": "100"}
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass  # the other end of a terminal is closed like this
    assert running.wait(60) == 124
    assert "mail1" in shown.decode(errors="replace")
    assert "Hang" in shown.decode(errors="replace")


def test_a_reader_that_leaves_early_gets_no_traceback(hosts: Path) -> None:
    running = start("run", "--json", "-i", hosts, "-l", "nobody")
    running.stdout.close()
    errors = running.stderr.read()
    running.wait(120)
    assert "Traceback" not in errors


@pytest.fixture
def checkout_that_talks(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "collections" / "ansible_collections" / "sysops" / "remediation").mkdir(parents=True)
    (root / "playbooks").mkdir()
    said = {"name": "Talk", "ansible.builtin.debug": {"msg": "é {{ token }}"}}
    play = {"name": "Say it", "hosts": "all", "gather_facts": False, "tasks": [said]}
    (root / "playbooks" / "diagnose.yml").write_text(yaml.safe_dump([play]))
    return root


def test_json_lines_tell_each_event_as_it_happens_and_then_the_result_without_what_was_handed_over_as_a_secret(hosts: Path, checkout_that_talks: Path) -> None:
    running = start("diagnose", "--json-lines", "-i", hosts, "-e", '{"token": "s3cret-of-ours"}', cwd=checkout_that_talks)
    out, errors = running.communicate()
    *events, last = [json.loads(line) for line in out.splitlines()]
    assert [list(one) for one in events] == [["event"]] * len(events), (out, errors)
    assert {"play_started", "host_ok", "finished"} <= {one["event"]["kind"] for one in events}
    assert [one["event"]["message"] for one in events if one["event"]["kind"] == "host_ok"] == ["é ********"]
    assert list(last) == ["result"] and last["result"]["exit_code"] == running.returncode
    assert errors == ""


def test_json_lines_are_there_while_the_run_goes_on(hosts: Path, checkout_that_hangs: Path) -> None:
    running = start("diagnose", "--json-lines", "-i", hosts, cwd=checkout_that_hangs)
    assert json.loads(running.stdout.readline())["event"]["kind"] == "play_started"
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    *_events, last = running.communicate(timeout=120)[0].splitlines()
    assert json.loads(last)["result"]["status"] == "canceled"


def test_a_reader_of_json_lines_that_leaves_early_gets_no_traceback(hosts: Path, checkout_that_talks: Path) -> None:
    running = start("diagnose", "--json-lines", "-i", hosts, "-e", "token=none", cwd=checkout_that_talks)
    running.stdout.close()
    errors = running.stderr.read()
    assert (running.wait(120), "Traceback" in errors) == (1, False), errors


def test_one_form_of_json_at_a_time(hosts: Path) -> None:
    _out, errors = (ran := start("diagnose", "--json", "--json-lines", "-i", hosts)).communicate()
    assert ran.returncode == 2
    assert "--json prints one object and --json-lines one a line: choose one of them" in errors


def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        _out, errors = (ran := start("diagnose", "--help", stdout=full)).communicate()
    assert ran.returncode == 1
    assert errors == "remediate: cannot go on: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("arguments", [["diagnose", "--help"], ["--version"]])  # the second is only written when all is done
def test_a_reader_that_goes_away_is_no_accident(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as gone:
        _out, errors = (ran := start(*arguments, stdout=gone)).communicate()
    assert (ran.returncode, errors) == (1, "")


@pytest.mark.parametrize("descriptor", [1, 2])
def test_an_output_that_the_caller_has_closed_is_no_accident(descriptor: int, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as stream:
        ran = start("schema", "plan", stdout=subprocess.DEVNULL, stderr=stream, preexec_fn=lambda: os.close(descriptor))
        assert ran.wait(60) == 0
    assert errors.read_text() == ""


def test_a_working_directory_that_was_removed_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    _out, errors = (ran := start("status", "-i", "h1,", cwd=gone, preexec_fn=gone.rmdir)).communicate()
    assert (ran.returncode, errors) == (1, "remediate: cannot go on: the working directory was removed; change to another one\n")


def test_ctrl_c_twice_kills_also_an_ansible_that_does_not_listen(hosts: Path, checkout_that_hangs: Path) -> None:
    running = start("diagnose", "-i", hosts, cwd=checkout_that_hangs)
    until(lambda: processes_with(NAP))
    for pid in ansible_of(hosts):
        os.kill(pid, signal.SIGSTOP)
    running.send_signal(signal.SIGINT)
    assert "canceling; once more to kill\n" in iter(running.stderr.readline, ""), "it ended without a word"
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=120)
    assert running.returncode == 130, (out, errors)
    assert processes_with(NAP) == []


def ansible_of(hosts: Path) -> list[int]:
    """Return ansible-playbook and its workers that use this inventory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                if "ansible-playbook" in command and str(hosts) in command:
                    found.append(int(entry.name))
    return found
