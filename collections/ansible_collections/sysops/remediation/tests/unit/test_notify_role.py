# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role notify as a playbook includes it: secrets stay out of the output even at -vvv, and a failing notification never fails the run."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

pytestmark = pytest.mark.slow
COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]

SUMMARY = {
    "schema": 1,
    "run_id": "run1",
    "plan_id": "p1",
    "status": "succeeded",
    "headline": "1 remediated",
    "counts": {"remediated": 1},
    "check_mode": False,
    "unreachable": [],
    "errors": [],
    "paths": [],
    "incidents": [
        {
            "incident": "run1-1",
            "host": "mail1",
            "service": "systemd/policyd.service",
            "incarnation": None,
            "verdict": "leak_suspected",
            "urgency": "hours",
            "outcome": "remediated",
            "action": "restart",
            "headline": "policyd.service on mail1: remediated",
            "next_steps": [],
            "owner": None,
            "refused_by": [],
            "mass_failure": None,
            "report": None,
        }
    ],
}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture
def hook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.bodies = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def play(tmp_path, targets, *options):
    variables = {"notify_summary": SUMMARY, "notify_report_dir": str(tmp_path / "reports"), "notify_targets": targets}
    tasks = [{"ansible.builtin.include_role": {"name": "sysops.remediation.notify"}, "vars": variables}]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "mail1,mail2", "gather_facts": False, "tasks": tasks}]))
    (tmp_path / "ansible.cfg").write_text("")
    environment = dict(
        os.environ,
        no_proxy="*",
        ANSIBLE_COLLECTIONS_PATH=COLLECTIONS,
        ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_NOCOLOR="1",
    )
    # Neither host exists: whoever tried to connect to one would fail.
    argv = [os.path.join(sys.prefix, "bin", "ansible-playbook"), "-i", "mail1,mail2", "play.yml", *options]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)


def test_people_are_told_once_and_secrets_stay_secret(tmp_path, hook):
    targets = [{"type": "webhook", "url": f"http://127.0.0.1:{hook.server_port}/S3cretPath", "secret": "S3cretKey", "headers": {"X-Team": "S3cretHeader"}}]
    first, second = play(tmp_path, targets, "-vvv"), play(tmp_path, targets)
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr
    assert "told 127.0.0.1: policyd.service on mail1: remediated" in first.stdout
    assert "nothing new to tell" in second.stdout
    assert len(hook.bodies) == 1
    assert "S3cret" not in first.stdout + first.stderr
    assert "changed=0" in first.stdout
    assert "changed=1" not in first.stdout


def test_check_mode_sends_nothing(tmp_path, hook):
    done = play(tmp_path, [{"type": "webhook", "url": f"http://127.0.0.1:{hook.server_port}/"}], "--check")
    assert "would tell 127.0.0.1" in done.stdout
    assert hook.bodies == []


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"type": "webhook", "url": "http://127.0.0.1:1/", "timeout": "5s"}, "127.0.0.1 was NOT told:"),
        ({"type": "pigeon"}, "NOBODY was told:"),
        ({"type": "mail", "to": ["a@example.org"], "prot": 25}, "NOBODY was told:"),
    ],
)
def test_a_failing_notification_is_reported_and_does_not_fail_the_run(tmp_path, target, told):
    done = play(tmp_path, [target])
    assert done.returncode == 0, done.stdout + done.stderr
    assert told in done.stdout
