# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does one sample cost, on a host with how many processes? CPU milliseconds of the pass over /proc that all services share, and of
the sample of one service with 1, 10 and 100 processes of its own."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import _corpus  # noqa: F401 - puts the collection on the path
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import fds, procfs, sampler

TREE = "import os, time; [os.fork() or time.sleep(3600) for _child in range(%d)]; print(flush=True); time.sleep(3600)"
REPEAT = 15


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the median over some calls; CPU time, so that other work on the machine counts little."""
    taken = []
    for _call in range(REPEAT):
        begin = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begin))
    return statistics.median(taken)


class Tree:
    """A process with children that sleep."""

    def __init__(self, processes: int):
        code = TREE % (processes - 1)
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
        assert self.process.stdout
        self.process.stdout.readline()

    def sample_ms(self) -> float:
        """Return what its sample costs once the pass over /proc is done."""
        pid, processes = self.process.pid, procfs.scan()
        return cpu_ms(lambda: sampler.sample("/", sampler.Target("bench", pid), processes, fds.Tmpfs("/", pid)))

    def end(self) -> None:
        os.killpg(self.process.pid, 9)
        self.process.communicate()


def measure(background: int) -> dict:
    """Return the costs on a host with ``background`` processes more than it has now."""
    crowd = Tree(background) if background else None
    try:
        processes = len(procfs.scan())
        scan = cpu_ms(procfs.scan)
        row: dict = {"processes": processes, "scan_ms": round(scan, 2), "microseconds_per_process": round(1000 * scan / processes, 1)}
        for size in (1, 10, 100):
            service = Tree(size)
            try:
                row[f"service_of_{size}_ms"] = round(service.sample_ms(), 2)
            finally:
                service.end()
        return row
    finally:
        if crowd:
            crowd.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--background", type=int, nargs="*", default=[0, 500, 2000], help="numbers of processes to add")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [measure(background) for background in options.background]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'processes':>10} {'one pass':>11} {'per process':>12}   a service of 1, 10, 100 processes besides")
    for row in rows:
        services = ", ".join(f"{row[f'service_of_{size}_ms']:.2f}" for size in (1, 10, 100))
        print(f"{row['processes']:>10} {row['scan_ms']:>8.2f} ms {row['microseconds_per_process']:>9.1f} us   {services} ms")


if __name__ == "__main__":
    main()
