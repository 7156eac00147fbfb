# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder's program against a real supervisord."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import unquote

import pytest
from action_lab import COLLECTIONS, PATIENCE, wait_until
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.history import History
from ansible_collections.sysops.remediation.plugins.module_utils._managers.supervisord import Supervisord
from ansible_collections.sysops.remediation.plugins.plugin_utils._recorder_program import build
from test_memory_leak_info import call

pytestmark = pytest.mark.slow

MODULE_UTILS = COLLECTIONS / "ansible_collections/sysops/remediation/plugins/module_utils"
HOLD = "import sys, time; kept = bytearray(b'x') * (int(sys.argv[1]) << 20); open(sys.argv[0] + sys.argv[1], 'w'); time.sleep(3600)"
CONFIG = """
[unix_http_server]
file=%(folder)s/s.sock
[supervisord]
logfile=%(folder)s/log
pidfile=%(folder)s/pid
nodaemon=true
minfds=1024
user=root
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:calm]
command=%(python)s %(folder)s/hold.py 20
startsecs=0
[program:big]
command=%(python)s %(folder)s/hold.py 200
startsecs=0
[program:down]
command=%(python)s %(folder)s/hold.py 1
autostart=false
"""


class Host:
    """A supervisord with two services that hold memory and one that is down, and the recorder beside it."""

    def __init__(self, folder):
        self.folder, self.state, self.program = folder, folder / "state", folder / "recorder.pyz"
        self.server = "unix://%s/s.sock" % folder
        (folder / "hold.py").write_text(HOLD)
        (folder / "supervisord.conf").write_text(CONFIG % {"folder": folder, "python": sys.executable})
        self.program.write_bytes(build(MODULE_UTILS))
        self.supervisord = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(folder / "supervisord.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def is_up(self):
        return all((self.folder / ("hold.py%d" % size)).exists() for size in (20, 200))

    def manager(self):
        return Supervisord(_run.run, server=self.server)

    def service(self, name):
        return {"name": name, "manager": "supervisord", "server": self.server}

    def config(self, *names):
        path = self.folder / "recorder.json"
        path.write_text(json.dumps({"services": [self.service(name) for name in names], "state_dir": str(self.state)}))
        return path

    def command(self, *arguments):
        return [sys.executable, "-S", "-E", "-s", str(self.program), *map(str, arguments)]

    def record(self, *names):
        return subprocess.run(self.command(self.config(*names)), capture_output=True, text=True, timeout=PATIENCE, check=False)

    def key(self, name):
        (folder,) = [one for one in os.listdir(self.state / "history") if one.startswith("supervisord%%2F%s%%3F" % name)]
        return unquote(folder)

    def samples(self, name):
        samples, problems = History(str(self.state)).read(self.key(name))
        assert problems == []
        return samples

    def stop(self):
        self.supervisord.terminate()
        self.supervisord.wait(2 * PATIENCE)


@pytest.fixture
def host(tmp_path):
    host = Host(tmp_path)
    try:
        wait_until(host.is_up, "supervisord")
        yield host
    finally:
        host.stop()


def test_a_pass_records_what_runs_and_names_what_does_not_exist(host):
    done = host.record("calm", "big", "down", "gone")
    assert done.returncode == 0 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("sysops-remediation-recorder: service 'gone' not found (manager: supervisord)")
    assert {name: len(host.samples(name)) for name in ("calm", "big")} == {"calm": 1, "big": 1}
    assert len(os.listdir(host.state / "history")) == 3  # with the lock; "down" has nothing to record
    (big,), (calm,) = host.samples("big"), host.samples("calm")
    assert big.values["anon"] - calm.values["anon"] > 170 << 20
    assert (big.pid, big.ticks) == (host.manager().inspect("big").main_pid, host.manager().inspect("big").incarnation.start_ticks)


def test_it_follows_a_service_through_a_restart(host):
    host.record("calm")
    host.manager().stop("calm", PATIENCE)
    assert host.record("calm").returncode == 0
    host.manager().start("calm", PATIENCE)
    host.record("calm")
    first, second = host.samples("calm")
    assert first.pid != second.pid and second.pid == host.manager().inspect("calm").main_pid


def test_nothing_but_problems_is_a_failure_that_the_scheduler_sees(host):
    host.state.write_text("")
    done = host.record("calm")
    assert done.returncode == 1 and done.stderr == "sysops-remediation-recorder: %s is not a directory: remove it or choose another state_dir\n" % host.state


def test_under_supervisord_it_records_for_ever_until_it_is_ended(host):
    recorder = subprocess.Popen(host.command(host.config("calm"), 1), stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: os.path.isdir(host.state / "history") and len(os.listdir(host.state / "history")) > 1 and len(host.samples("calm")) >= 3, "samples")
    finally:
        recorder.send_signal(signal.SIGTERM)
        _out, complaints = recorder.communicate(timeout=PATIENCE)
    assert complaints == ""


def test_killed_at_any_moment_it_leaves_a_history_that_the_next_pass_continues(host):
    host.record("calm", "big")
    config = host.config("calm", "big")
    for number in range(12):
        recorder = subprocess.Popen(host.command(config, 1), stderr=subprocess.PIPE)
        time.sleep(number * 0.02)  # anywhere between its start and its second sample
        recorder.kill()
        recorder.communicate(timeout=PATIENCE)
    before = {name: len(host.samples(name)) for name in ("calm", "big")}
    done = host.record("calm", "big")
    assert (done.returncode, done.stderr) == (0, "")
    assert {name: len(host.samples(name)) for name in ("calm", "big")} == {name: count + 1 for name, count in before.items()}


def test_memory_leak_info_reads_what_it_recorded_and_wants_its_window_while_that_is_short(host):
    host.record("calm")
    result = call(services=[host.service("calm")], window="5s", interval="0.5s", state_dir=str(host.state))
    assert result["window"] >= 4.5
    (diagnosis,) = result["diagnoses"]
    sources = {source["name"]: source for source in diagnosis["sources"]}
    assert sources["history"]["points"] == 1 and sources["live"]["points"] >= 10
