# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real supervisord: groups, crashes, start limits, stops that hang, logs with control characters."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, resolve, supervisord

pytestmark = pytest.mark.slow

CONFIG = r"""
[unix_http_server]
file = %(here)s/sock
username = me
password = secret
[supervisord]
logfile = %(here)s/supervisord.log
pidfile = %(here)s/supervisord.pid
childlogdir = %(here)s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command = /bin/sh -c 'printf "hello \033[1m\001\n"; echo trouble >&2; exec sleep 1000'
process_name = web-%(process_num)d
numprocs = 2
startsecs = 0
[program:imap]
command = /bin/sleep 1000
startsecs = 0
[program:stubborn]
command = /bin/sh -c 'trap "" TERM; while :; do sleep 0.1; done'
stopwaitsecs = 600
startsecs = 0
autorestart = false
[program:flaky]
command = /bin/false
startretries = 1000
[program:fatal]
command = /bin/false
startretries = 0
[program:missing]
command = /no/such/thing
startretries = 0
[program:bad]
command = /bin/sh -c 'exit 3'
startsecs = 0
autorestart = false
[program:reloads]
command = /bin/sh -c 'trap "echo reloaded" HUP; echo ready; while :; do sleep 0.1; done'
startsecs = 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("supervisord")
    (folder / "supervisord.conf").write_text(CONFIG)
    process = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(folder / "supervisord.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        until(lambda: (folder / "sock").exists() and supervisord.Supervisord(None, server=str(folder / "supervisord.conf")).available()[0])
        yield folder
    finally:
        with contextlib.suppress(_base.ManagerError):
            manager_of(folder).stop("stubborn", 0, force_kill=True)  # it would hold up the end of supervisord
        process.terminate()
        process.wait(60)


@pytest.fixture
def manager(folder):
    return manager_of(folder)


def manager_of(folder):
    return supervisord.Supervisord(_run.run, server=str(folder / "supervisord.conf"))


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within %d s" % seconds
        time.sleep(0.05)


def is_in(manager, name, *words):
    until(lambda: manager.inspect(name).sub in words)
    return manager.inspect(name)


def test_auto_finds_it_and_says_why(folder):
    manager, reason = resolve({"name": "imap", "server": str(folder / "supervisord.conf")}, _run.run)
    assert manager.name == "supervisord"
    assert reason.startswith("auto: supervisord ") and "/sock and knows imap" in reason and "secret" not in reason


def test_without_the_password_it_says_so(folder):
    manager = supervisord.Supervisord(_run.run, server="unix://%s/sock" % folder)
    assert manager.available() == (False, "supervisord at unix://%s/sock: user name or password is wrong or missing" % folder)


def test_a_running_program_has_an_incarnation(manager):
    state = is_in(manager, "imap", "RUNNING")
    assert (state.key, state.active) == ("supervisord/imap", _base.RUNNING)
    assert state.incarnation.main_pid == state.main_pid > 0 and state.incarnation.start_ticks > 0
    assert abs(state.incarnation.started_at - state.properties["start"]) < 5


@pytest.mark.parametrize("name", ["web:web-1", "web-1"])
def test_members_of_groups_have_one_canonical_name(manager, name):
    assert manager.inspect(name).key == "supervisord/web:web-1"


@pytest.mark.parametrize("name", ["web", "web:", "web:*"])
def test_a_group_is_not_one_service(manager, name):
    with pytest.raises(_base.Unsupported, match="name one of web:web-0, web:web-1") as refused:
        manager.inspect(name)
    assert refused.value.kind == "group"


def test_an_unknown_name_gets_the_nearest(manager):
    with pytest.raises(_base.ServiceNotFound, match="did you mean 'imap'"):
        manager.inspect("imp")


def test_one_that_dies_while_starting_is_starting(manager):
    assert is_in(manager, "flaky", "BACKOFF").active == _base.STARTING


def test_one_that_supervisord_gave_up_is_failed(manager):
    state = is_in(manager, "fatal", "FATAL")
    assert (state.active, state.result, state.incarnation) == (_base.FAILED, "start-limit-hit", None)
    with pytest.raises(_base.ManagerError, match=r"Exited too quickly|will not start fatal"):
        manager.start("fatal", 60)


def test_a_command_that_is_missing_is_named(manager):
    is_in(manager, "missing", "FATAL")
    with pytest.raises(_base.ManagerError, match="will not start missing: can't find command '/no/such/thing'"):
        manager.start("missing", 60)


def test_an_exit_code_is_kept(manager):
    state = is_in(manager, "bad", "EXITED")
    assert (state.active, state.result, state.exit_code) == (_base.FAILED, "exit-code", 3)
    assert state.stopped_at and state.last_incarnation["started_at"]


def test_stop_and_start_make_another_life(manager):
    before = is_in(manager, "imap", "RUNNING").incarnation.id
    manager.stop("imap", 60)
    stopped = manager.inspect("imap")
    assert (stopped.active, stopped.result, stopped.incarnation) == (_base.STOPPED, "success", None)
    manager.stop("imap", 60)  # stopping what is stopped is no error
    manager.start("imap", 60)
    manager.start("imap", 60)  # nor is starting what runs
    assert manager.inspect("imap").incarnation.id != before


def test_a_stop_that_hangs_is_killed_only_when_allowed(manager):
    is_in(manager, "stubborn", "RUNNING")
    with pytest.raises(_base.TimedOut, match=r"did not stop within 0\.5 s"):
        manager.stop("stubborn", 0.5)
    assert manager.inspect("stubborn").active == _base.STOPPING
    manager.stop("stubborn", 0.5, force_kill=True)
    assert manager.inspect("stubborn").active == _base.STOPPED
    manager.start("stubborn", 60)


def test_logs_survive_control_characters(manager):
    until(lambda: len(manager.logs("web-0")) == 2)
    assert manager.logs("web-0") == ["hello ?[1m?", "stderr: trouble"]
    assert manager.logs("web-0", lines=1) == ["stderr: trouble"]
    assert manager.logs("imap") == []


def test_reload_sends_a_signal_only_to_who_handles_it(manager):
    until(lambda: manager.logs("reloads") == ["ready"])
    life = manager.inspect("reloads").incarnation.id
    manager.reload("reloads", 10)
    until(lambda: manager.logs("reloads") == ["ready", "reloaded"])
    assert manager.inspect("reloads").incarnation.id == life
    with pytest.raises(_base.Unsupported, match="does not handle SIGHUP"):
        manager.reload("imap", 10)
    assert manager.inspect("imap").active == _base.RUNNING


def test_reading_changes_nothing(manager):
    life = is_in(manager, "web-1", "RUNNING").incarnation.id
    for read in (manager.names, manager.inspect_running, lambda: manager.logs("web-1"), lambda: manager.dependents("web-1"), lambda: manager.knows("web-1")):
        read()
    assert manager.inspect("web-1").incarnation.id == life


def test_scale_is_refused(manager):
    with pytest.raises(_base.Unsupported, match="no memory limit to raise"):
        manager.scale("imap", memory_max=1 << 30)
