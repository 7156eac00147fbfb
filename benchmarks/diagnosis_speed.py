# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does a diagnosis take? Milliseconds per series, and that a million points stay bounded.

Time on the clock and time on the processor: on a busy machine only the second is ours. Both are the best of a few runs.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import tracemalloc

import _corpus  # noqa: F401 - puts the collection on the path
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import diagnose_series

SIZES = (20, 60, 1000, 10_000, 100_000, 1_000_000)
RUNS = 5


def leaky(count: int) -> list[tuple[float, float]]:
    """The expensive case: a leak passes every gate."""
    noise = random.Random(1)
    return [(1.76e9 + second, 2e8 + 1e4 * second + noise.uniform(0, 1e6)) for second in range(count)]


def milliseconds(count: int) -> dict[str, float]:
    points = leaky(count)
    wall, cpu = [], []
    for _run in range(RUNS if count <= 10_000 else 1):
        begin_wall, begin_cpu = time.perf_counter(), time.process_time()
        diagnose_series(points, "bytes", [{"name": "MemoryMax", "value": 1e12}], {"resource": "anon"})
        wall.append(time.perf_counter() - begin_wall)
        cpu.append(time.process_time() - begin_cpu)
    return {"milliseconds": round(1000 * min(wall), 2), "cpu_milliseconds": round(1000 * min(cpu), 2)}


def peak_mebibytes(count: int) -> float:
    points = leaky(count)
    tracemalloc.start()
    diagnose_series(points, "bytes", None, {"resource": "anon"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [{"points": count, **milliseconds(count)} for count in SIZES]
    memory = round(peak_mebibytes(SIZES[-1]), 1)
    if options.json:
        print(json.dumps({"speed": rows, "peak_mebibytes_for_a_million_points": memory}, indent=2))
        return
    for row in rows:
        print(f"{row['points']:>9,} points  {row['milliseconds']:>9.2f} ms  ({row['cpu_milliseconds']:.2f} ms on the processor)")
    print(f"a million points take {memory} MiB besides the points themselves")


if __name__ == "__main__":
    main()
