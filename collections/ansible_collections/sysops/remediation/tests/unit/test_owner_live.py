# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two users and one supervisord: whoever calls and whichever way, there is one lock, one journal and one cooldown, or no restart at all."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import xmlrpc.server
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._action import owner
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import paths
from ansible_collections.sysops.remediation.plugins.module_utils._managers import ManagerError, docker, supervisord
from ansible_collections.sysops.remediation.tests.unit.action_lab import COLLECTIONS, Lab, gates, shut
from ansible_collections.sysops.remediation.tests.unit.managers_lab import engine, recorded_engine

NOBODY = pwd.getpwnam("nobody")

PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin")  # ours may be where another user may not read

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not PYTHON, reason="only root can become two users; both need a Python that they may read"),
]

# A user's home and root's directory are places of the whole machine: the test has its own instead. What is imported late is imported while
# we may still read it.
MODULE = """
import json, os, pwd, sys
import encodings.idna, hashlib, syslog, urllib.parse
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import paths
paths.DEFAULT, homes, uid = sys.argv[3], sys.argv[4], int(sys.argv[5])
paths._home = lambda uid: "%s/%d" % (homes, uid)
from ansible_collections.sysops.remediation.plugins.module_utils._managers import docker, podman, supervisord, systemd, sysv
module = __import__("ansible_collections.sysops.remediation.plugins.modules." + sys.argv[1], fromlist=["main"])
if uid:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
with patch_module_args(json.loads(sys.argv[2])):
    module.main()
"""


class TwoUsers(Lab):
    """A supervisord that is reached through its Unix socket, by everybody, and over HTTP."""

    program = (sys.executable, "-c", "import encodings.idna, supervisor.rpcinterface; from supervisor.supervisord import main; main()")

    def __init__(self, folder, runs_as="root"):
        super().__init__(folder)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.http_port = listener.getsockname()[1]
        self.http = "http://127.0.0.1:%d" % self.http_port
        self.system = folder / "system"
        self.homes = folder / "homes"
        (self.homes / str(NOBODY.pw_uid)).mkdir(parents=True)
        config = folder / "supervisord.conf"
        text = config.read_text().replace("user=root", "user=%s" % runs_as).replace("command=%s" % sys.executable, "command=%s" % PYTHON)
        config.write_text("[inet_http_server]\nport=127.0.0.1:%d\n" % self.http_port + text.replace("s.sock\n", "s.sock\nchmod=0777\n", 1))
        for path in (folder, self.room, self.homes / str(NOBODY.pw_uid)):
            os.chown(path, pwd.getpwnam(runs_as).pw_uid, -1)

    def call_as(self, uid=0, module="service_restart", check=False, **more):
        params = self.params(server=more.pop("server", self.http), **more) if module == "service_restart" else more
        params.pop("state_dir", None)
        arguments = json.dumps(dict(params, _ansible_check_mode=check))
        done = subprocess.run(
            [sys.executable, "-c", MODULE, module, arguments, str(self.system), str(self.homes), str(uid)],
            capture_output=True,
            env=dict(os.environ, PYTHONPATH=str(COLLECTIONS), PYTHONDONTWRITEBYTECODE="1"),
            timeout=240,
            check=False,
        )
        assert done.stdout.strip(), done.stderr.decode()
        return json.loads(done.stdout)


@contextlib.contextmanager
def two_users(runs_as):
    folder = Path(tempfile.mkdtemp(prefix="two-users-"))  # pytest's own directories are closed to other users
    folder.chmod(0o755)
    lab = TwoUsers(folder, runs_as)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def of_root():
    with two_users("root") as lab:
        yield lab


@pytest.fixture
def of_nobody():
    with two_users("nobody") as lab:
        yield lab


class TestTheSupervisordOfRoot:
    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("way", ["http", "unix"])
    def test_another_user_who_reaches_it_is_refused_in_one_line_and_leaves_nothing(self, of_root, way, check):
        before = of_root.incarnation()
        result = of_root.call_as(NOBODY.pw_uid, check=check, server=of_root.http if way == "http" else "unix://%s" % of_root.socket)
        assert (result["outcome"], result["changed"], shut(result)) == ("refused", False, ["state_directory"])
        where = "unix://%s" % of_root.socket if way == "unix" else "tcp port %d" % of_root.http_port
        assert (
            "supervisord at %s runs as root, so its services are guarded in %s, which nobody may not write: run the task as root (become: true)"
            % (
                where,
                of_root.system,
            )
            in result["msg"]
            and "\n" not in result["msg"]
        )
        assert of_root.incarnation() == before and list((of_root.homes / str(NOBODY.pw_uid)).iterdir()) == []

    def test_root_has_one_cooldown_whichever_way_it_comes(self, of_root):
        assert of_root.call_as(server="http://localhost:%d" % of_root.http_port)["outcome"] == "succeeded"
        for server in (of_root.http, "unix://%s" % of_root.socket):
            assert not gates(of_root.call_as(server=server))["cooldown"]
        assert len(list((of_root.system / "attempts").iterdir())) == 1

    def test_another_user_cannot_pause_it_and_is_told_so(self, of_root):
        result = of_root.call_as(NOBODY.pw_uid, "service_pause", name="mail", manager="supervisord", server=of_root.http)
        assert result["failed"] and "which nobody may not write: run the task as root (become: true)" in result["msg"]

    def test_another_user_can_diagnose_it_and_is_warned_that_nothing_was_recorded(self, of_root):
        service = {"name": "mail", "manager": "supervisord", "server": of_root.http}
        result = of_root.call_as(NOBODY.pw_uid, "memory_leak_info", services=[service], window="1s", interval="0.1s", record=True)
        assert result["diagnoses"][0]["state"]["active"] == "running"
        assert "history was not recorded: " in str(result["warnings"]) and str(of_root.system) in str(result["warnings"])


class TestTheSupervisordOfAUser:
    def test_that_user_and_root_share_one_guard_whoever_comes_first(self, of_nobody):
        """root works as that user, so that the user can still write what root left."""
        assert of_nobody.call_as()["outcome"] == "succeeded"
        (journal,) = (of_nobody.homes / str(NOBODY.pw_uid) / "sysops").parent.rglob("*.jsonl")
        assert journal.owner() == "nobody" and not of_nobody.system.exists()
        socket_of_it = "unix://%s" % of_nobody.socket
        assert shut(of_nobody.call_as(NOBODY.pw_uid, server=socket_of_it)) == ["cooldown"]
        assert of_nobody.call_as(NOBODY.pw_uid, server=socket_of_it, cooldown="0")["outcome"] == "succeeded"
        assert shut(of_nobody.call_as(server=socket_of_it)) == ["cooldown"]

    def test_a_pause_of_the_whole_host_binds_it_too(self, of_nobody):
        assert of_nobody.call_as(module="service_pause", reason="disk")["changed"]
        assert shut(of_nobody.call_as(NOBODY.pw_uid, server="unix://%s" % of_nobody.socket)) == ["pause"]
        assert of_nobody.call_as(module="service_pause", state="resumed")["changed"]
        result = of_nobody.call_as(NOBODY.pw_uid, "service_pause", reason="mine")
        assert result["failed"] and "the whole host is guarded in %s, which nobody may not write" % of_nobody.system in result["msg"]


def test_a_supervisord_elsewhere_is_neither_watched_nor_acted_on():
    """What answers is no process of this host that listens there: another host, a container, a tunnel."""
    with xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
        server.register_function(lambda: "4.2.5", "supervisor.getSupervisorVersion")
        server.register_function(os.getppid, "supervisor.getPID")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            manager = supervisord.Supervisord(_run.run, server="http://127.0.0.1:%d" % server.server_address[1])
            with pytest.raises(ManagerError, match=r"does not run on this host as far as can be seen \(process \d+, as which it answers, does not listen"):
                manager.owner()
        finally:
            server.shutdown()
            thread.join()


def test_whoever_is_in_the_group_of_dockers_socket_is_not_its_owner(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "DEFAULT", str(tmp_path / "system"))
    with engine(tmp_path / "docker.sock", recorded_engine("docker")):
        manager = docker.Docker(_run.run, server=str(tmp_path / "docker.sock"))
        assert manager.owner() == 0
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(paths.StateError, match=r"docker at .*docker.sock runs as root, so its services are guarded in .*which nobody may not write"):
            owner.guard_directory(manager, None)
