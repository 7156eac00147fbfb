# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook diagnose with Prometheus: asked once for all hosts, each host gets its own, and a dead Prometheus costs a warning only."""

from __future__ import annotations

import http.server
import json
import threading
import time

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab

pytestmark = pytest.mark.slow
HOSTS = ("mail1", "mail2")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        start = time.time() - 3600
        result = [
            {"metric": {"instance": f"{host}:9256", "groupname": host}, "values": [[start + 10 * n, str(base + n)] for n in range(300)]}
            for base, host in enumerate((*HOSTS, "not-of-this-run"), start=1)
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def prometheus(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def lab(tmp_path):
    lab = FlowLab(tmp_path)
    for host in HOSTS:
        lab.add(host, policy={})
    lab.start()
    yield lab
    lab.stop()


def diagnose(lab, url):
    access = {"url": url, "queries": {"anon": "rss"}, "service": "[[ groupname ]]"}
    return lab.run("diagnose", remediation_prometheus=access, remediation_window="3s")


def test_prometheus_is_asked_once_and_each_host_gets_its_own(lab, prometheus):
    outcome = diagnose(lab, f"http://127.0.0.1:{prometheus.server_port}")
    assert outcome.rc == 0, outcome.output
    assert prometheus.asked == 1
    for diagnosis in outcome.answer["diagnoses"]:
        (series,) = [source for source in diagnosis["sources"] if source["name"] == "series"]
        assert series["points"] == 300


def test_a_dead_prometheus_costs_a_warning_and_nothing_else(lab):
    outcome = diagnose(lab, "http://127.0.0.1:1")
    assert outcome.rc == 0, outcome.output
    assert "prometheus_series: Prometheus at 127.0.0.1:1 cannot be asked: Connection refused" in " ".join(outcome.output.split())
    assert sorted(diagnosis["host"] for diagnosis in outcome.answer["diagnoses"]) == list(HOSTS)
    assert {source["name"] for diagnosis in outcome.answer["diagnoses"] for source in diagnosis["sources"] if source["used"]} <= {"live", "history"}
