# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the recorder cost? CPU per run, share of a core at one sample a minute, memory, and history per day, for 20 services.

With Docker and the image of the Molecule scenarios (``scripts/build-image.sh bookworm``) these are systemd services in a container, and the
cost of everything around a run (timer, sandbox, PID 1) is measured too; without, they are programs of a supervisord on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import _corpus  # noqa: F401 - puts the collection on the path
from ansible_collections.sysops.remediation.plugins import plugin_utils
from ansible_collections.sysops.remediation.plugins.plugin_utils._recorder_program import build

IMAGE = "sysops-remediation-test:bookworm"
RUNS = Path(__file__).with_name("_runs.py")
MODULE_UTILS = Path(plugin_utils.__path__[0]).parent / "module_utils"
DAY = 1440  # runs
# As in .config/molecule/inventory/group_vars/containers.yml.
SYSTEMD = [
    *("--network=none", "--stop-signal=SIGRTMIN+3", "--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--cgroupns=host"),
    *("--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined", "--tmpfs=/run", "--tmpfs=/run/lock"),
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
]
UNIT = """[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -S -E -s /root/recorder-compiled.pyz /root/recorder.json
ProtectSystem=strict
ReadWritePaths=/root/state
LogLevelMax=notice
[Unit]
StartLimitIntervalSec=0
"""
TIMER = "[Timer]\nOnActiveSec=1s\nOnUnitActiveSec=1s\nAccuracySec=100ms\n"


class Place:
    """Where the services run: a folder for our files, and how a command is run there."""

    def __init__(self, folder: str, python: str, services: list[dict]):
        self.folder, self.python, self.services = folder, python, services

    def run(self, *argv: str) -> str:
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def put(self, name: str, content: bytes) -> None:
        (Path(self.folder) / name).write_bytes(content)


class Container(Place):
    """A container with systemd."""

    def __init__(self, count: int):
        super().__init__("/root", "/usr/bin/python3", [{"name": f"bench{number}.service", "manager": "systemd"} for number in range(count)])
        self.id = subprocess.run(["docker", "run", "--detach", *SYSTEMD, IMAGE], check=True, capture_output=True, text=True).stdout.strip()

    def run(self, *argv: str) -> str:
        return super().run("docker", "exec", self.id, *argv)

    def put(self, name: str, content: bytes) -> None:
        subprocess.run(["docker", "exec", "-i", self.id, "tee", f"{self.folder}/{name}"], input=content, stdout=subprocess.DEVNULL, check=True)

    def boot(self) -> None:
        deadline = time.monotonic() + 60
        while not self._is_booted():
            if time.monotonic() > deadline:
                raise SystemExit("systemd did not boot in the container within a minute")
            time.sleep(0.5)
        for service in self.services:
            self.run("systemd-run", "--quiet", "--unit", service["name"], "sh", "-c", "sleep 1000000 & sleep 1000000 & wait")

    def _is_booted(self) -> bool:
        asked = subprocess.run(["docker", "exec", self.id, "systemctl", "is-system-running"], capture_output=True, text=True, check=False)
        return asked.stdout.strip() in ("running", "degraded")

    def cpu_ms(self) -> float | None:
        """Return what the whole container has used so far, PID 1 included."""
        for path, scale in (
            (f"/sys/fs/cgroup/cpuacct/docker/{self.id}/cpuacct.usage", 1e6),
            (f"/sys/fs/cgroup/system.slice/docker-{self.id}.scope/cpu.stat", 1e3),
        ):
            with contextlib.suppress(OSError):
                return float(Path(path).read_text().split("usage_usec ")[-1].split()[0]) / scale
        return None


@contextlib.contextmanager
def container(count: int) -> Iterator[Container]:
    place = Container(count)
    try:
        place.boot()
        yield place
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", place.id], stdout=subprocess.DEVNULL, check=False)


@contextlib.contextmanager
def supervisord(count: int) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        server = f"unix://{folder}/s.sock"
        programs = "".join(f"[program:bench{number}]\ncommand=/bin/sleep 1000000\nstartsecs=0\n" for number in range(count))
        Path(folder, "supervisord.conf").write_text(
            f"[unix_http_server]\nfile={folder}/s.sock\n[supervisord]\nnodaemon=true\nlogfile={folder}/log\npidfile={folder}/pid\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n" + programs
        )
        process = subprocess.Popen([sys.executable, "-m", "supervisor.supervisord", "-c", f"{folder}/supervisord.conf"], stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while not os.path.exists(f"{folder}/s.sock") and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(1)
            yield Place(folder, sys.executable, [{"name": f"bench{number}", "manager": "supervisord", "server": server} for number in range(count)])
        finally:
            process.terminate()
            process.wait(60)


def measure(place: Place, times: int) -> dict:
    """Install the recorder and run it; the first run, which asks the managers, is told apart."""
    lean = [place.python, "-S", "-E", "-s"]
    compiled, config, state = (f"{place.folder}/{name}" for name in ("recorder-compiled.pyz", "recorder.json", "state"))
    place.put("recorder.pyz", build(MODULE_UTILS))
    place.put("recorder.json", json.dumps({"services": place.services, "state_dir": state}).encode())
    place.put("_runs.py", RUNS.read_bytes())
    place.run(*lean, f"{place.folder}/recorder.pyz", "--compile", compiled)
    runs = json.loads(place.run(place.python, f"{place.folder}/_runs.py", str(times + 1), *lean, compiled, config))
    bytes_of_history = int(place.run("sh", "-c", f"cat {state}/history/*/*.jsonl | wc -c"))
    cpu = [run["cpu_ms"] for run in runs[1:]]
    return {
        "services": len(place.services),
        "cpu_ms_per_run": round(statistics.median(cpu), 1),
        "cpu_ms_least": round(min(cpu), 1),
        "cpu_ms_of_a_run_that_asks": round(runs[0]["cpu_ms"], 1),
        "percent_of_a_core": round(statistics.median(cpu) / 600, 3),  # of 60,000 ms
        "max_rss_mb": round(max(run["max_rss_mb"] for run in runs), 1),
        "history_mb_per_day": round(bytes_of_history / (times + 1) * DAY / 1e6, 2),
    }


def measure_around(place: Container, seconds: int) -> float | None:
    """Return CPU milliseconds of the whole container per run by the timer, less what it uses anyway."""
    for name, text in (("bench.service", UNIT), ("bench.timer", TIMER)):
        place.run("sh", "-c", f"cat > /etc/systemd/system/{name} <<'EOF'\n{text}EOF")
    place.run("systemctl", "daemon-reload")
    lines = ["sh", "-c", "cat /root/state/history/*bench0.service/*.jsonl | wc -l"]
    used: list[float | None] = []
    runs: list[int] = []
    for is_on in (False, True):
        if is_on:
            place.run("systemctl", "start", "bench.timer")
            time.sleep(2)
        before, lines_before = place.cpu_ms(), int(place.run(*lines))
        time.sleep(seconds)
        after = place.cpu_ms()
        used.append(None if before is None or after is None else after - before)
        runs.append(int(place.run(*lines)) - lines_before)
    place.run("systemctl", "stop", "bench.timer")
    idle, busy = used
    return None if idle is None or busy is None or not runs[1] else round((busy - idle) / runs[1], 1)


def docker_answers() -> bool:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, timeout=20, check=False).returncode == 0
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--times", type=int, default=20, help="runs to measure")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: dict
    if docker_answers():
        with container(options.services) as place:
            found = {"where": "systemd services in a container", **measure(place, options.times), "cpu_ms_with_timer_and_pid_1": measure_around(place, 15)}
    else:
        with supervisord(options.services) as other:
            found = {"where": "no Docker here: programs of a supervisord", **measure(other, options.times)}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"recorder, {found['services']} services ({found['where']})")
    print(f"  CPU per run             {found['cpu_ms_per_run']:6.1f} ms, least {found['cpu_ms_least']}")
    print(f"    where managers are asked {found['cpu_ms_of_a_run_that_asks']:3.1f} ms, the first run and every ten minutes")
    print(f"  at one sample a minute  {found['percent_of_a_core']:6.3f} % of a core")
    around = found.get("cpu_ms_with_timer_and_pid_1")
    if around:
        print(f"    with timer, sandbox and PID 1 {around / 600:.3f} % ({around} ms per run)")
    print(f"  max RSS                 {found['max_rss_mb']:6.1f} MB")
    print(f"  history per day         {found['history_mb_per_day']:6.2f} MB")


if __name__ == "__main__":
    main()
