# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""managed_services_info: run as Ansible runs it, a process, against a real supervisord; and the list it is made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _inventory, _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import ManagerError
from ansible_collections.sysops.remediation.tests.unit.managers_lab import engine, make_root, recorded_engine, write

COLLECTIONS = Path(__file__).parents[5]
MODULE = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sysops.remediation.plugins.modules import managed_services_info
with patch_module_args(json.loads(sys.argv[1])):
    managed_services_info.main()
"""
CONFIG = """
[unix_http_server]
file = %(here)s/sock
username = me
password = s3cr3tw0rd
[supervisord]
logfile = %(here)s/supervisord.log
pidfile = %(here)s/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:imap]
command = /bin/sleep 1000
startsecs = 0
[program:off]
command = /bin/sleep 1000
autostart = false
"""


def run_module(**arguments):
    environment = dict(os.environ, PYTHONPATH=str(COLLECTIONS))
    done = subprocess.run([sys.executable, "-c", MODULE, json.dumps(arguments)], capture_output=True, text=True, check=False, env=environment, cwd="/")
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stdout


@pytest.fixture
def supervisord(tmp_path):
    config = tmp_path / "supervisord.conf"
    config.write_text(CONFIG)
    process = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        deadline = time.monotonic() + 120
        while not run_module(manager="supervisord", server=str(config))[0].get("services"):
            assert time.monotonic() < deadline
        yield tmp_path
    finally:
        process.terminate()
        process.wait(120)


@pytest.mark.slow
def test_what_runs_is_listed_with_its_memory(supervisord):
    result, _text = run_module(manager="supervisord", server=str(supervisord / "supervisord.conf"))
    assert result["changed"] is False
    (imap,) = result["services"]  # "off" does not run
    assert (imap["service"], imap["manager"], imap["name"], imap["active"], imap["comm"]) == ("supervisord/imap", "supervisord", "imap", "running", "sleep")
    assert imap["main_pid"] > 0 and imap["processes"] == 1 and imap["memory"] > 0


@pytest.mark.slow
def test_check_mode_lists_the_same(supervisord):
    server = str(supervisord / "supervisord.conf")
    plain, check = (run_module(manager="supervisord", server=server, _ansible_check_mode=mode)[0] for mode in (False, True))
    assert [one["service"] for one in plain["services"]] == [one["service"] for one in check["services"]] == ["supervisord/imap"]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["http://me:s3cr3tw0rd@127.0.0.1:1", "unix://me:wr0ngw0rd@%s/sock"])
def test_a_password_in_a_url_is_never_shown(supervisord, server):
    result, text = run_module(manager="supervisord", server=server % supervisord if "%s" in server else server)
    assert result["failed"] and "supervisord" in result["msg"]
    assert "s3cr3tw0rd" not in text and "wr0ngw0rd" not in text


def test_an_unknown_manager_is_one_clear_line():
    result, _text = run_module(manager="upstart")
    assert result["failed"] and result["msg"].startswith("value of manager must be one of")


def test_a_manager_that_cannot_be_asked_is_an_error_when_it_was_named(tmp_path):
    with pytest.raises(ManagerError, match="manager 'podman' cannot be asked: no socket of podman"):
        _inventory.running_services(_run.run, make_root(tmp_path), manager="podman")


def test_a_host_where_nothing_can_be_asked_gets_a_warning(tmp_path):
    rows, warnings = _inventory.running_services(_run.run, make_root(tmp_path))
    assert rows == [] and len(warnings) == 1
    assert warnings[0].startswith("no service manager of this host knows a running service (systemd: ") and "docker: no socket of docker" in warnings[0]


def test_a_server_where_nothing_answers_is_an_error_because_it_was_named(tmp_path):
    with pytest.raises(ManagerError, match=r"no service manager answers at unix:///nope: supervisord: .*; docker: "):
        _inventory.running_services(_run.run, make_root(tmp_path), server="unix://me:secret@/nope")


def test_one_manager_that_breaks_down_does_not_hide_the_others(tmp_path):
    root = make_root(tmp_path, [50])
    write(tmp_path, "etc/init.d/mail", "#!/bin/sh\nPIDFILE=/run/mail.pid\ncase $1 in start) ;; esac\n").chmod(0o755)
    write(tmp_path, "run/mail.pid", "50\n")
    answers = dict(recorded_engine("docker"), **{"GET /containers/json": (500, b'{"message":"database is locked"}')})
    with engine(tmp_path / "run/docker.sock", answers):
        rows, warnings = _inventory.running_services(_run.run, root)
    assert [row["service"] for row in rows] == ["sysv/mail"]
    assert warnings == ["services of docker are missing: database is locked"]


def test_every_running_container_is_listed_also_where_its_processes_cannot_be_seen(tmp_path):
    (tmp_path / "run").mkdir()
    with engine(tmp_path / "run/docker.sock", recorded_engine("docker")):
        rows, warnings = _inventory.running_services(_run.run, make_root(tmp_path))
    names = [row["name"] for row in rows]
    assert names == sorted(names) and "rec-plain" in names and "rec-exited" not in names
    assert all(row["memory"] is None for row in rows) and warnings == []
