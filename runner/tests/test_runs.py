# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible through the wrapper: statuses, events, bad input, and the traps of ansible-runner that have to do with results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_runner.interface import init_runner
from conftest import answer, local, processes_with, until
from sysops_remediation import EventKind, Remediator, RunStatus, _reaper
from sysops_remediation._launch import Request, runner_arguments
from sysops_remediation._project import Project
from sysops_remediation._rundir import RunDirectory
from sysops_remediation.cli import app
from typer.testing import CliRunner

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
SAY = {"name": "Say it", "ansible.builtin.debug": {"msg": "hello"}}
DIAGNOSIS = {"host": "h1", "service": "systemd/postfix.service", "verdict": "healthy"}


def test_the_answer_arrives_typed(project: Write) -> None:
    ran = Remediator(local(), project=project(answer(run_id="r1", diagnoses=[DIAGNOSIS]))).diagnose()
    assert ran.status is RunStatus.SUCCEEDED, ran.log
    assert (ran.run_id, ran.exit_code) == ("r1", 0)
    assert ran.diagnoses[0].service == "systemd/postfix.service"
    assert ran.stats["h1"].ok == 1


def test_events_tell_what_happens_on_which_host(project: Write) -> None:
    seen = []
    Remediator(local("h1", "h2"), project=project(SAY)).diagnose(on_event=lambda event: seen.append((event.kind, event.host, event.task)))
    assert (EventKind.TASK_STARTED, None, "Say it") in seen
    assert {(EventKind.HOST_OK, "h1", "Say it"), (EventKind.HOST_OK, "h2", "Say it")} <= set(seen)
    assert seen[-1][0] is EventKind.FINISHED


def test_a_play_without_hosts_is_not_success(project: Write) -> None:
    assert Remediator({"all": {"hosts": {}}}, project=project(SAY)).diagnose().status is RunStatus.NO_HOSTS
    assert Remediator({}, project=project(SAY)).diagnose().status is RunStatus.NO_HOSTS


@pytest.mark.parametrize(
    ("limit", "help_"),
    [
        ("smtp9", "did you mean smtp1 or smtp2?"),
        ("mial,!web", "did you mean mail?"),
        ("zzz", "it has smtp1, smtp2, w1, w2, w3 and 3 more"),
        ("mail:!mail", "it has smtp1, smtp2, w1, w2, w3 and 3 more"),
    ],
)
def test_a_limit_that_matches_nothing_is_named_with_what_could_be_meant(project: Write, tmp_path: Path, limit: str, help_: str) -> None:
    groups = {"mail": local("smtp1", "smtp2")["all"], "web": local("w1", "w2", "w3", "w4")["all"]}
    inventory = {"all": {"children": groups}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    for given, name in ((tmp_path / "hosts.json", f"inventory {tmp_path}/hosts.json"), (inventory, "the inventory that was given as a dictionary")):
        ran = Remediator(given, project=project(SAY)).diagnose(limit=limit)
        assert ran.status is RunStatus.NO_HOSTS
        assert ran.message == f"no host matches --limit {limit} in {name}; {help_}"


def test_a_cancel_holds_while_names_are_looked_for(project: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reaper, "POLL", 0.5)  # ansible is long gone when the one who ended it looks for what it has left
    script = tmp_path / "hosts.sh"  # answers ansible-playbook, then never again
    script.write_text('#!/bin/sh\n[ -e "$0.asked" ] && exec sleep 86417.73\n: >"$0.asked"\necho \'{"mail": {"hosts": ["h1"]}, "_meta": {"hostvars": {}}}\'\n')
    script.chmod(0o755)
    run = Remediator(script, project=project(SAY)).start_diagnose(limit="h9")
    until(lambda: processes_with("86417.73"))
    run.cancel()
    assert run.wait(60).status is RunStatus.CANCELED
    assert processes_with("86417.73") == []


def test_a_limit_file_that_is_missing_is_named(project: Write) -> None:
    assert Remediator(local(), project=project(SAY)).diagnose(limit="@nobody").message == "Unable to find limit file 'nobody'"


def test_an_unreachable_host_is_named(project: Write) -> None:
    gone = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    ran = Remediator({"all": {"hosts": {"mail1": gone}}}, project=project({"ansible.builtin.ping": None})).diagnose()
    assert ran.status is RunStatus.UNREACHABLE, ran.log
    assert ran.unreachable == ["mail1"]
    assert "mail1" in ran.message


def test_a_failed_task_is_failed_with_its_words(project: Write) -> None:
    ran = Remediator(local(), project=project({"ansible.builtin.fail": {"msg": "unknown service 'postfx'"}})).diagnose()
    assert (ran.status, ran.message) == (RunStatus.FAILED, "h1: unknown service 'postfx'")


@pytest.mark.parametrize("inventory", ["/no/such/inventory", ["/no/such/folder/"], {"all": {"vars": {"x": object()}}}])
def test_a_bad_inventory_is_invalid_input_in_one_line(project: Write, inventory: object) -> None:
    ran = Remediator(inventory, project=project(SAY)).diagnose()
    assert ran.status is RunStatus.INVALID_INPUT
    assert ran.message
    assert "\n" not in ran.message


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        ("][: {", RunStatus.INVALID_INPUT, "inventory {path} cannot be read: YAML parsing failed"),
        ("just words: [", RunStatus.INVALID_INPUT, "inventory {path} cannot be read"),
        ("", RunStatus.NO_HOSTS, "no host matched: inventory {path} gives this playbook no host to work on"),
        ("all: {hosts: {}}", RunStatus.NO_HOSTS, "no host matched: inventory {path} gives this playbook no host to work on"),
    ],
)
def test_an_inventory_that_cannot_be_parsed_or_is_empty_is_named(project: Write, tmp_path: Path, content: str, status: RunStatus, told: str) -> None:
    (tmp_path / "hosts.yml").write_text(content)
    ran = Remediator(tmp_path / "hosts.yml", project=project(SAY)).diagnose()
    assert (ran.status, ran.message.startswith(told.format(path=tmp_path / "hosts.yml"))) == (status, True), ran.message
    assert "\n" not in ran.message


def test_an_inventory_folder_without_inventory_is_told_so(project: Write, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = Remediator(tmp_path / "empty", project=project(SAY)).diagnose()
    assert (ran.status, ran.message) == (RunStatus.INVALID_INPUT, f"inventory {tmp_path}/empty cannot be read: no inventory file is in this folder")


@pytest.mark.parametrize("problem", ["missing", "file", "not writable"])
def test_a_run_directory_that_cannot_be_made_is_one_line_with_the_way_out(
    project: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    (tmp_path / "file").touch()
    folder = {"missing": str(tmp_path / "missing"), "file": str(tmp_path / "file"), "not writable": "/proc"}[problem]
    monkeypatch.setattr("tempfile.tempdir", folder)
    ran = Remediator(local(), project=project(SAY)).diagnose()
    assert ran.status is RunStatus.FAILED
    assert ran.message.startswith(f"no directory for the run can be made: {folder}/remediation-run-")
    assert ran.message.endswith("; make room there, or name another folder in TMPDIR")


def test_extra_vars_that_are_not_data_are_invalid_input(project: Write) -> None:
    ran = Remediator(local(), project=project(SAY)).diagnose(extra_vars={"x": object()})
    assert ran.status is RunStatus.INVALID_INPUT
    assert "extra_vars" in ran.message


def test_a_broken_playbook_is_invalid_input(project: Write) -> None:
    ran = Remediator(local(), project=project({"no_such_module": {}})).diagnose()
    assert ran.status is RunStatus.INVALID_INPUT
    assert "no_such_module" in ran.message


def test_host_names_in_a_list_are_hosts(project: Write) -> None:
    remediator = Remediator(["h1", "h2"], project=project(SAY, connection="local"))
    assert set(remediator.diagnose().stats) == {"h1", "h2"}


def test_nothing_of_an_earlier_run_leaks_into_the_next(project: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.json").write_text(json.dumps(local("new")))
    monkeypatch.setenv("ANSIBLE_INVENTORY", str(tmp_path / "hosts.json"))
    root = project(answer(run_id="{{ lookup('ansible.builtin.env', 'AWX_ISOLATED_DATA_DIR') }}"), connection="local")
    first, second = Remediator("old,", project=root).diagnose(), Remediator(project=root).diagnose()
    assert (set(first.stats), set(second.stats)) == ({"old"}, {"new"})
    directories = [Path(ran.run_id).parents[1] for ran in (first, second)]
    assert directories[0] != directories[1]
    assert not any(directory.exists() for directory in directories)


def test_an_end_is_noticed_within_a_second_also_where_somebody_holds_the_terminal_open(project: Write) -> None:
    directory = RunDirectory()
    try:
        arguments = runner_arguments(Request("diagnose", inventory=local()), Project(project(SAY)), directory)
        assert init_runner(**arguments).config.pexpect_timeout == 1
    finally:
        directory.remove()


def test_no_handle_and_no_thread_stays(project: Write) -> None:
    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    remediator = Remediator(local(), project=project(SAY), become_password="b")
    remediator.diagnose()
    before = held()
    for _ in range(3):
        remediator.diagnose()
    until(lambda: held() <= before, 10)


def test_a_broken_handler_does_not_end_the_run(project: Write) -> None:
    def handler(_event: object) -> None:
        raise KeyError("display")

    ran = Remediator(local(), project=project(SAY, answer(run_id="r1"))).diagnose(on_event=handler)
    assert ran.status is RunStatus.HANDLER_ERROR
    assert "KeyError" in ran.message
    assert ran.run_id == "r1"


def test_a_run_that_nobody_watches_is_not_held_up(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysops_remediation._run.KEPT_EVENTS", 5)
    run = Remediator(local(), project=project(*[SAY] * 10)).start_diagnose()
    assert run.wait(120).status is RunStatus.SUCCEEDED
    assert run.events_dropped > 0
    assert [event.kind for event in run][-1] is EventKind.FINISHED


def test_big_answers_are_not_lost(project: Write) -> None:
    diagnosis = {**DIAGNOSIS, "summary": "{{ 'x' * 2000000 }}"}
    ran = Remediator(local(), project=project(answer(diagnoses=[diagnosis]))).diagnose()
    assert len(ran.diagnoses[0].summary) == 2_000_000


def test_output_is_kept_without_colours_and_bounded(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_FORCE_COLOR", "1")
    ran = Remediator(local(), project=project({"ansible.builtin.debug": {"msg": "{{ range(500) | list }}"}}, SAY)).diagnose()
    assert 0 < len(ran.log) <= 200
    assert "\x1b" not in "".join(ran.log)


def test_signal_handlers_of_the_program_stay(project: Write) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    Remediator(local(), project=project(SAY)).diagnose()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(("chosen", "expected"), [(None, "True"), (False, "False")])
def test_host_keys_are_checked_unless_the_user_says_no(project: Write, chosen: bool | None, expected: str) -> None:
    tell = answer(run_id="{{ lookup('ansible.builtin.env', 'ANSIBLE_HOST_KEY_CHECKING') }}")
    assert Remediator(local(), project=project(tell), host_key_checking=chosen).diagnose().run_id == expected


TWENTY = """
import concurrent.futures, importlib.metadata, json, sys, time
from sysops_remediation import Remediator

quick = importlib.metadata.entry_points
def slow(**asked):  # the last thing that ansible-runner does while it is imported
    time.sleep(2 if asked == {"group": "ansible_runner.plugins"} else 0)
    return quick(**asked)

importlib.metadata.entry_points = slow

def one(number):
    ran = Remediator(json.loads(sys.argv[1]), project=sys.argv[2], extra_vars={"mine": f"run{number}"}).diagnose()
    return ran.run_id or ran.message

with concurrent.futures.ThreadPoolExecutor(20) as pool:
    print(json.dumps(list(pool.map(one, range(20)))))
"""


def test_twenty_runs_from_as_many_threads_do_not_meet(project: Write) -> None:
    """In a new program, because what they could meet in is also the import of ansible-runner."""
    command = [sys.executable, "-c", TWENTY, json.dumps(local()), str(project(answer(run_id="{{ mine }}")))]
    environment = {**os.environ, "PYTHONPATH": str(Path(_reaper.__file__).parents[1])}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [f"run{number}" for number in range(20)]


def test_the_command_prints_json_and_nothing_else(project: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(answer(diagnoses=[DIAGNOSIS]))
    (tmp_path / "hosts.json").write_text(json.dumps(local()))
    monkeypatch.setattr("sysops_remediation.remediator.find_project", lambda _root: __import__("sysops_remediation._project")._project.Project(root))
    ran = CliRunner().invoke(app, ["diagnose", "--json", "-i", str(tmp_path / "hosts.json")])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["diagnoses"][0]["verdict"] == "healthy"
