# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it, on a service of a real supervisord."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time

import pytest

pytestmark = pytest.mark.slow
COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]
BIN = os.path.join(sys.prefix, "bin")

SUPERVISORD = """
[unix_http_server]
file={folder}/s.sock
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/s.sock
[program:mail]
command={python} -u -c "import time; print('listening, token=Log5ecret'); time.sleep(600)" --password Arg5ecret
environment=MAIL_TOKEN="Env5ecret"
redirect_stderr=true
"""


@pytest.fixture(scope="module")
def supervisord(tmp_path_factory):
    if not os.path.exists(os.path.join(BIN, "supervisord")):
        pytest.skip("supervisord is not in this virtual environment: pip install supervisor")
    folder = tmp_path_factory.mktemp("sv")
    (folder / "supervisord.conf").write_text(SUPERVISORD.format(folder=folder, python=sys.executable))
    daemon = subprocess.Popen([os.path.join(BIN, "supervisord"), "-c", str(folder / "supervisord.conf")], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while "RUNNING" not in ask(folder, "status") and time.monotonic() < deadline:
        time.sleep(0.2)
    yield folder
    daemon.terminate()
    daemon.wait(60)


def ask(folder, *words):
    return subprocess.run(
        [os.path.join(BIN, "supervisorctl"), "-c", str(folder / "supervisord.conf"), *words], capture_output=True, text=True, check=False
    ).stdout


def incident_evidence(folder, tmp_path, *options, name="mail", server=None):
    server = server or "unix://%s/s.sock" % folder
    arguments = {"name": name, "manager": "supervisord", "server": server, "incident": "i1", "state_dir": str(tmp_path / "state")}
    argv = [os.path.join(BIN, "ansible"), "localhost", "-m", "sysops.remediation.incident_evidence", "-a", json.dumps(arguments), *options]
    environment = dict(
        os.environ,
        ANSIBLE_COLLECTIONS_PATH=COLLECTIONS,
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
        ANSIBLE_LOAD_CALLBACK_PLUGINS="1",
        ANSIBLE_STDOUT_CALLBACK="ansible.builtin.minimal",
        ANSIBLE_PYTHON_INTERPRETER=sys.executable,
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"),
    )
    (tmp_path / "ansible.cfg").write_text("")  # not that of the repository or of the user
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    return json.loads(done.stdout.split("=> ", 1)[1])


def test_a_bundle_of_a_running_service(supervisord, tmp_path):
    result = incident_evidence(supervisord, tmp_path)
    assert result["changed"] is False
    evidence = result["evidence"]
    assert evidence["service"] == "supervisord/mail"
    assert os.stat(evidence["path"]).st_mode & 0o777 == 0o600
    with tarfile.open(evidence["path"]) as archive:
        texts = {one.name: archive.extractfile(one).read().decode() for one in archive}
    everything = json.dumps([result, texts])
    assert not [secret for secret in ("Log5ecret", "Arg5ecret", "Env5ecret") if secret in everything]
    assert "listening, token=***" in texts["log.txt"]
    assert "1 processes" in texts["processes.txt"]


def test_the_password_of_the_supervisord_is_nowhere(supervisord, tmp_path):
    result = incident_evidence(supervisord, tmp_path, server="http://bob:Server5ecret@127.0.0.1:1/")
    assert "Server5ecret" not in json.dumps(result)
    assert "\n" not in result["msg"]


def test_check_mode_writes_nothing(supervisord, tmp_path):
    result = incident_evidence(supervisord, tmp_path, "--check")
    assert result["changed"] is False
    assert result["msg"].startswith("would keep the evidence of supervisord/mail in ")
    assert not (tmp_path / "state").exists()


def test_an_unknown_service_is_one_line_with_the_nearest_name(supervisord, tmp_path):
    result = incident_evidence(supervisord, tmp_path, name="mial")
    assert "did you mean 'mail'" in result["msg"]
    assert not (tmp_path / "state").exists()
