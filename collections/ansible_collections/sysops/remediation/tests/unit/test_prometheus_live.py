# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook calls it, on a real Prometheus that scrapes a real process exporter that watches a real leak."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

pytestmark = pytest.mark.slow
COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]

LEAK = """
import time
kept, files = [], []
while True:
    kept.append(bytearray(b"x" * 1024 * 1024))
    files.append(open("/dev/null"))
    time.sleep(0.2)
"""
EXPORTER = """
process_names:
  - name: policyd
    cmdline: ['leaking_policyd']
"""
SERVER = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: process
    static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{instance: "mail1:9256"}}}}]
"""
QUERIES = {
    "anon": 'namedprocess_namegroup_memory_bytes{memtype="resident"}',
    "fds": "namedprocess_namegroup_open_filedesc",
    "threads": "sum by (instance, groupname) (namedprocess_namegroup_num_threads)",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    missing = [name for name in ("prometheus", "prometheus-process-exporter") if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs the Debian packages {', '.join(missing)} (make system)")
    folder = tmp_path_factory.mktemp("prometheus")
    exporter, port = free_port(), free_port()
    (folder / "leaking_policyd.py").write_text(LEAK)
    (folder / "exporter.yml").write_text(EXPORTER)
    (folder / "prometheus.yml").write_text(SERVER.format(port=exporter))
    commands = [
        [sys.executable, "leaking_policyd.py"],
        ["prometheus-process-exporter", "-config.path=exporter.yml", f"-web.listen-address=127.0.0.1:{exporter}"],
        ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"],
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(command, cwd=folder, **quiet) for command in commands]
    try:
        await_points(f"http://127.0.0.1:{port}", 10)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def await_points(url, count):
    """Wait until that many scrapes have seen the leaking process."""
    query = f"{url}/api/v1/query?query=count_over_time(namedprocess_namegroup_open_filedesc[10m])"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            result = json.load(opener.open(query, timeout=10))["data"]["result"]
        except OSError:
            result = []
        if result and float(result[0]["value"][1]) >= count:
            return
        time.sleep(0.5)
    pytest.fail("Prometheus has not scraped the exporter in two minutes")


def look_up(tmp_path, url, *terms, **options):
    arguments = {"queries": QUERIES, "service": "[[ groupname ]].service", "window": "5m", "step": "1s", **options, "url": url}
    task = {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": str(tmp_path / "found.json")}}
    given = ", ".join([*map(repr, terms), *(f"{name}=arguments.{name}" for name in arguments)])
    variables = {"arguments": arguments, "found": "{{ lookup('sysops.remediation.prometheus_series', %s) }}" % given}
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}]))
    (tmp_path / "ansible.cfg").write_text("")
    environment = dict(
        os.environ,
        no_proxy="*",
        ANSIBLE_COLLECTIONS_PATH=COLLECTIONS,
        ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        ANSIBLE_PYTHON_INTERPRETER=sys.executable,
        ANSIBLE_NOCOLOR="1",
    )
    argv = [os.path.join(sys.prefix, "bin", "ansible-playbook"), "-i", "localhost,", "-c", "local", "play.yml"]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)


def test_a_real_leak_is_seen_by_host_service_and_resource(prometheus, tmp_path):
    done = look_up(tmp_path, prometheus, "mail1")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert list(found) == ["mail1"]
    assert sorted(found["mail1"]["policyd.service"]) == ["anon", "fds", "threads"]
    for resource in ("anon", "fds"):
        values = [value for _when, value in found["mail1"]["policyd.service"][resource]]
        assert len(values) >= 8
        assert values == sorted(values)
        assert values[-1] > values[0]


def test_an_expression_that_prometheus_refuses_is_one_clear_line(prometheus, tmp_path):
    done = look_up(tmp_path, prometheus, queries={"anon": "sum by ("})
    assert done.returncode != 0
    assert "says bad_data: 1:9: parse error: unclosed left parenthesis" in " ".join((done.stdout + done.stderr).split())


def test_a_prometheus_that_is_down_is_one_clear_line(tmp_path):
    port = free_port()
    done = look_up(tmp_path, f"http://127.0.0.1:{port}")
    assert done.returncode != 0
    assert f"prometheus_series: Prometheus at 127.0.0.1:{port} cannot be asked: Connection refused" in " ".join((done.stdout + done.stderr).split())
