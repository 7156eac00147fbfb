# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the Python wrapper cost? Wall time against bare ansible-runner and bare ansible-playbook, memory over many events, time to import.

Each way runs the same playbook in a new Python process, from start to exit. The ways take turns within a round, and ratios are of one round, so that
whatever else this machine does meets all of them alike; the median of the rounds is shown. CPU time is that of all processes of a way: it hardly
depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNNER = Path(__file__).resolve().parents[1] / "runner"
BIN = Path(sys.executable).parent
WRAPPER = """
import sys
from sysops_remediation import Remediator
result = Remediator(sys.argv[1], project=sys.argv[2]).diagnose()
sys.exit(result.exit_code)
"""
ANSIBLE_RUNNER = """
import sys, tempfile
import ansible_runner
with tempfile.TemporaryDirectory() as folder:
    sys.exit(ansible_runner.run(private_data_dir=folder, playbook=sys.argv[2] + "/playbooks/diagnose.yml", inventory=sys.argv[1], quiet=True).rc)
"""
MEMORY = """
import json, os, sys
from sysops_remediation import Remediator
def now():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
seen, marks = 0, {}
run = Remediator(sys.argv[1], project=sys.argv[2]).start_diagnose()
for event in run:
    seen += 1
    if seen in (1000, 5000, 10000):
        marks[seen] = round(now(), 1)
marks["end"] = round(now(), 1)
print(json.dumps({"status": str(run.result.status), "events": seen, "rss_mb": marks}))
"""


def write_project(folder: Path, hosts: int, tasks: int) -> tuple[str, str]:
    """Write a playbook of cheap tasks, whose events are then the main cost; return (inventory, project)."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = folder / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {f"h{number}": here for number in range(hosts)}}}))
    listed = [{"name": f"Task {number}", "ansible.builtin.debug": {"msg": f"task {number} on {{{{ inventory_hostname }}}}"}} for number in range(tasks)]
    playbook = folder / "project" / "playbooks" / "diagnose.yml"
    playbook.parent.mkdir(parents=True)
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": listed}]))
    return str(inventory), str(playbook.parents[1])


def environment() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    # The same number of forks for all, which else is a choice of the wrapper.
    return {**plain, "PATH": f"{BIN}:{plain.get('PATH', os.defpath)}", "PYTHONPATH": str(RUNNER), "ANSIBLE_FORKS": "10"}


def seconds(command: list[str], cwd: str) -> tuple[float, float]:
    """Return wall time and CPU time."""
    started, used = time.perf_counter(), cpu_of_children()
    ran = subprocess.run(command, cwd=cwd, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{command} ended with {ran.returncode}: {ran.stderr}")
    return time.perf_counter() - started, cpu_of_children() - used


def cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wall_time(rounds: int, hosts: int, tasks: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        inventory, project = write_project(Path(folder), hosts, tasks)
        ways = {
            "ansible_playbook": [str(BIN / "ansible-playbook"), "-i", inventory, f"{project}/playbooks/diagnose.yml"],
            "ansible_runner": [sys.executable, "-c", ANSIBLE_RUNNER, inventory, project],
            "wrapper": [sys.executable, "-c", WRAPPER, inventory, project],
        }
        for command in ways.values():  # once for the caches
            seconds(command, folder)
        taken: list[dict[str, float]] = []
        cpu: list[dict[str, float]] = []
        for number in range(rounds):
            names = list(ways)[number % 3 :] + list(ways)[: number % 3]
            both = {name: seconds(ways[name], folder) for name in names}
            taken.append({name: wall for name, (wall, _cpu) in both.items()})
            cpu.append({name: used for name, (_wall, used) in both.items()})
    result = {name: statistics.median(one[name] for one in taken) for name in ways}
    result["runner_to_playbook"] = statistics.median(one["ansible_runner"] / one["ansible_playbook"] for one in taken)
    result["wrapper_to_runner"] = statistics.median(one["wrapper"] / one["ansible_runner"] for one in taken)
    result["wrapper_to_playbook"] = statistics.median(one["wrapper"] / one["ansible_playbook"] for one in taken)
    # Above 0 the goal is missed: wrapper ≤ 1.05 × ansible-runner + 0.5 s.
    result["above_goal"] = statistics.median(one["wrapper"] - 1.05 * one["ansible_runner"] - 0.5 for one in taken)
    result |= {f"cpu_{name}": statistics.median(one[name] for one in cpu) for name in ways}
    return {name: round(value, 3) for name, value in result.items()}


def memory(hosts: int, tasks: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        inventory, project = write_project(Path(folder), hosts, tasks)
        command = [sys.executable, "-c", MEMORY, inventory, project]
        told: dict = json.loads(subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True).stdout)
        return told


def import_ms(rounds: int) -> dict[str, float]:
    """Return milliseconds for ``import sysops_remediation``, and with everything that a run needs."""
    result = {}
    for name, statement in (("package", "import sysops_remediation"), ("with_remediator", "from sysops_remediation import Remediator")):
        code = f"import time; t = time.perf_counter(); {statement}; print((time.perf_counter() - t) * 1000)"
        taken = [
            float(subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True).stdout) for _ in range(rounds)
        ]
        result[name] = round(statistics.median(taken), 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--tasks", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {"wall": wall_time(options.rounds, options.hosts, options.tasks), "memory": memory(50, 105), "import_ms": import_ms(options.rounds)}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    wall = found["wall"]
    print(f"{options.hosts} hosts x {options.tasks} tasks, {options.rounds} rounds, median")
    print(f"  ansible-playbook {wall['ansible_playbook']:7.2f} s")
    print(f"  ansible-runner   {wall['ansible_runner']:7.2f} s  {wall['runner_to_playbook']:.2f} x ansible-playbook")
    print(
        f"  wrapper          {wall['wrapper']:7.2f} s  {wall['wrapper_to_playbook']:.2f} x ansible-playbook, {wall['wrapper_to_runner']:.2f} x ansible-runner"
    )
    print("  CPU: " + ", ".join(f"{name.replace('_', '-')} {wall[f'cpu_{name}']:.2f} s" for name in ("ansible_playbook", "ansible_runner", "wrapper")))
    print(f"  wrapper less the goal (1.05 x ansible-runner + 0.5 s): {wall['above_goal']:+.2f} s")
    print(f"memory over {found['memory']['events']} events: RSS in MB {found['memory']['rss_mb']}")
    print(f"import: {found['import_ms']['package']} ms; with what a run needs {found['import_ms']['with_remediator']} ms")


if __name__ == "__main__":
    main()
