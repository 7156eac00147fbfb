# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger is told of the hosts of a run, and what it answers."""

from __future__ import annotations

import typing as t

from ._ledger import Ledger, Observation
from ._ledger._words import DOWN, HEALTHY, RETIRED, RUNNING, SICK, UNKNOWN, names_service, plain_key, qualified_key
from ._plan_budgets import Budgets, Inventory, hosts_having, written_name
from ._plan_gates import Standing, Target, accepted
from ._policy import bare_name

if t.TYPE_CHECKING:
    from ._plan import HostFacts


def lost_hosts(fleet: t.Iterable[HostFacts]) -> list[HostFacts]:
    """Return the hosts of which nobody knows how their services are: they could not be reached, or could not say."""
    return [facts for facts in fleet if facts.unreachable or (facts.policy and facts.errors and not facts.diagnoses)]


def groups_of_hosts(inventory: Inventory) -> dict[str, frozenset[str]]:
    """Return host → the names of its groups."""
    found: dict[str, set[str]] = {}
    for name, hosts in inventory.items():
        for host in hosts:
            found.setdefault(host, set()).add(name)
    return {host: frozenset(names) for host, names in found.items()}


def look(ledger: Ledger, fleet: t.Sequence[HostFacts], targets: list[Target], at: float, budgets: Budgets) -> Standing:
    """Tell the ledger what was seen, and ask how everything stands.

    :param targets: what was diagnosed of the fleet.
    :param at: the ledger's time from before the diagnosis.
    :param budgets: those that the targets were made with.
    """
    lost = lost_hosts(fleet)
    seen = [Observation(one.host, one.service, one.group.name, _status(one), _since(one, at), _stopped(one)) for one in targets]
    in_vain = ledger.observe([*seen, *_unseen(targets, lost, ledger)], at)
    ledger.lost([facts.host for facts in lost], at)
    ledger.retire({facts.host: {one["service"] for one in facts.diagnoses} for facts in fleet if facts.whole}, at)
    narrowed = budgets.seen(hosts_having(ledger))
    groups = {one.group.name: one for one in targets}  # a thousand hosts share a handful
    views = ledger.views([narrowed.group(one.entry, one.service) for one in groups.values()], record=True)
    return Standing(ledger.now(), ledger.described, "", views, ledger.pauses(), ledger.effectiveness(), in_vain)


def _status(target: Target) -> str:
    if target.dead:
        return DOWN
    if target.diagnosis["verdict"] == "insufficient_data":
        return RUNNING
    return SICK if accepted(target) else HEALTHY


def _stopped(target: Target) -> bool:
    return target.dead and target.diagnosis["verdict"] == "stopped"


def _since(target: Target, at: float) -> float | None:
    """Return when it went down by the ledger's clock: for how long it has been down is told by one clock, the host's."""
    stopped = (target.diagnosis.get("state") or {}).get("stopped_at")
    if not target.dead or target.host_time is None or not isinstance(stopped, (int, float)):
        return None
    return at - max(0.0, target.host_time - stopped)


def _unseen(targets: list[Target], lost: list[HostFacts], ledger: Ledger) -> t.Iterator[Observation]:
    """Yield the services of hosts that could not be reached and that no run has ever seen, as far as other hosts tell what their policy's names mean."""
    theirs: dict[str, list[str]] = {}
    for row in ledger.targets() if lost else ():
        if row["status"] != RETIRED:
            theirs.setdefault(row["host"], []).append(row["service"])
    known = {(one.entry["name"], one.entry["manager"], one.entry["scope"], one.entry["server"]): one for one in targets}
    for facts in lost:
        for entry in facts.policy:
            like = known.get((entry["name"], entry["manager"], entry["scope"], entry["server"]))
            if like is None or any(names_service(written_name(entry), key) for key in theirs.get(facts.host, ())):
                continue
            alike = sum(bare_name(other["name"]) == bare_name(entry["name"]) for other in facts.policy)
            key = qualified_key(like.service, like.diagnosis.get("server"), entry["scope"]) if alike > 1 else plain_key(like.service)
            yield Observation(facts.host, key, entry["group"] or plain_key(key), UNKNOWN)
