# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long does it take to plan a fleet, with an SQLite ledger that is written, and how long to ask for permits?

Four inventories: all healthy; one in a hundred services leaks; one service leaks on every host; everything leaks. Seconds on the clock and on
the processor.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import typing as t

import _corpus  # noqa: F401 - puts the collection on the path
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_permit import release, reserve
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_run import Request, plan_run
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy

GROUP = 50  # hosts that share a budget of two
PERMITS = 50

Data = dict[str, t.Any]
SICK: dict[str, t.Callable[[int, int], bool]] = {
    "all healthy": lambda host, service: False,
    "one in a hundred leaks": lambda host, service: (host * 7 + service) % 100 == 0,
    "one service leaks everywhere": lambda host, service: service == 0,
    "everything leaks": lambda host, service: True,
}


def diagnosis(name: str, sick: bool) -> Data:
    verdict, urgency = ("leak_suspected", "hours") if sick else ("healthy", "none")
    known = {"service": f"systemd/{name}", "name": name, "manager": "systemd", "scope": "system", "server": None, "incarnation": {"id": "b:1:2:-"}}
    return {**known, "verdict": verdict, "urgency": urgency, "summary": "anon grows 2.1 MiB/min", "exhaustion": None}


def fleet(hosts: int, services: int, sick: t.Callable[[int, int], bool]) -> tuple[list[HostFacts], dict[str, frozenset[str]]]:
    names = [f"s{number}.service" for number in range(services)]
    facts, groups = [], {}
    for first in range(0, hosts, GROUP):
        group = f"rack{first // GROUP}"
        policy, problems = read_policy({"remediation_services": [{"name": name, "mode": "auto", "group": group, "max_unavailable": 2} for name in names]})
        assert not problems
        members = range(first, min(first + GROUP, hosts))
        groups[group] = frozenset(f"h{host}" for host in members)
        facts += [HostFacts(f"h{host}", policy, [diagnosis(name, sick(host, one)) for one, name in enumerate(names)]) for host in members]
    return facts, {**groups, "all": frozenset().union(*groups.values())}


def measured(work: t.Callable[[], t.Any]) -> tuple[t.Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    return work(), round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2)


def figures(hosts: int, services: int, name: str) -> Data:
    facts, groups = fleet(hosts, services, SICK[name])
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.sqlite"
        request = Request("20261125T020000Z-ab12cd", time.time(), acts=True, ledger=url)
        plan, wall, cpu = measured(lambda: plan_run(facts, groups, request))
        row = {"fleet": name, "actions": len(plan["actions"]), "refusals": len(plan["refusals"]), "waves": len(plan["waves"])}
        row |= {"seconds": wall, "cpu_seconds": cpu, "permit_ms": None}
        asked = plan["actions"][:PERMITS]
        if asked:
            _done, wall, _cpu = measured(lambda: [one_permit(url, plan, action) for action in asked])
            row["permit_ms"] = round(1000 * wall / len(asked), 1)
    return row


def one_permit(url: str, plan: Data, action: Data) -> str:
    reply = reserve(url, False, plan, action, [])
    return str(release(url, reply["permit"]["id"], "remediated") if reply["permit"] else reply["msg"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--services", type=int, default=20, help="per host")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [figures(options.hosts, options.services, name) for name in SICK]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{options.hosts} hosts × {options.services} services")
    for row in rows:
        permit = f", a permit takes {row['permit_ms']} ms" if row["permit_ms"] else ""
        done = f"{row['actions']:>6} actions, {row['refusals']:>6} refusals, {row['waves']:>3} waves"
        print(f"{row['fleet']:<30} {done}: {row['seconds']:>5.2f} s ({row['cpu_seconds']:.2f} s on the processor){permit}")


if __name__ == "__main__":
    main()
