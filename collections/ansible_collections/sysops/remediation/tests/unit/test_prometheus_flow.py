# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook diagnose with Prometheus: asked once for all hosts, each host gets its own, and a dead Prometheus costs a warning in each diagnosis only."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
import time

import pytest
from ansible_collections.sysops.remediation.tests.unit.flow_lab import FlowLab
from ansible_collections.sysops.remediation.tests.unit.test_prometheus_live import await_points, free_port

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


def test_a_dead_prometheus_is_told_in_each_diagnosis_and_costs_nothing_else(lab):
    outcome = diagnose(lab, "http://127.0.0.1:1")
    assert outcome.rc == 0, outcome.output
    problem = "Prometheus at 127.0.0.1:1 cannot be asked: Connection refused"
    assert f"prometheus_series: {problem}" in " ".join(outcome.output.split())
    assert sorted(diagnosis["host"] for diagnosis in outcome.answer["diagnoses"]) == list(HOSTS)
    for diagnosis in outcome.answer["diagnoses"]:
        assert [warning for warning in diagnosis["warnings"] if warning.startswith(f"series from Prometheus: {problem}")]
        assert {source["name"] for source in diagnosis["sources"] if source["used"]} <= {"live", "history"}


def test_a_mistake_in_the_variable_is_told_the_same_way(lab):
    outcome = lab.run("diagnose", remediation_prometheus={"queries": {"anon": "rss"}}, remediation_window="3s")
    assert outcome.rc == 0, outcome.output
    for diagnosis in outcome.answer["diagnoses"]:
        assert [warning for warning in diagnosis["warnings"] if "series from Prometheus: " in warning and "url" in warning]


def test_a_real_prometheus_adds_its_series_and_is_missed_when_it_goes_down(lab, tmp_path):
    """Debian's Prometheus and process exporter watch the very services that are diagnosed."""
    for program in ("prometheus", "prometheus-process-exporter"):
        if not shutil.which(program):
            pytest.skip(f"needs the Debian package {program} (make system)")
    exporter, port = free_port(), free_port()
    (tmp_path / "exporter.yml").write_text(
        "process_names:\n  - name: '{{.Matches.Host}}'\n    cmdline: ['%s/mail.py [0-9]+ .*/(?P<Host>[a-z0-9]+)$']\n" % tmp_path
    )
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: process\n    static_configs: [{targets: ['127.0.0.1:%d']}]\n" % exporter
    )
    url = f"http://127.0.0.1:{port}"
    commands = (
        ["prometheus-process-exporter", "-config.path=exporter.yml", f"-web.listen-address=127.0.0.1:{exporter}"],
        ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"],
    )
    processes = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    queries = {"anon": 'namedprocess_namegroup_memory_bytes{memtype="resident"}', "fds": "namedprocess_namegroup_open_filedesc"}
    access = {"url": url, "queries": queries, "host": "[[ groupname ]]", "service": "[[ groupname ]]", "window": "5m", "step": "1s"}
    try:
        await_points(url, 15)
        up = lab.run("diagnose", remediation_prometheus=access, remediation_window="5s")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
    assert up.rc == 0, up.output
    assert sorted(diagnosis["host"] for diagnosis in up.answer["diagnoses"]) == list(HOSTS)
    for diagnosis in up.answer["diagnoses"]:
        (series,) = [source for source in diagnosis["sources"] if source["name"] == "series"]
        assert series["points"] >= 10
        assert diagnosis["resources"]["fds"]["source"] == "series"  # it agrees with our own, and covers more time
        assert not [warning for warning in diagnosis["warnings"] if "Prometheus" in warning]
    down = lab.run("diagnose", remediation_prometheus=access, remediation_window="3s")
    assert down.rc == 0, down.output
    assert all(f"Prometheus at 127.0.0.1:{port} cannot be asked" in " ".join(diagnosis["warnings"]) for diagnosis in down.answer["diagnoses"])
