# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget of each group: how many of its hosts may be unavailable at once, over everything that policies say of it.

Services of one group share one budget, and hosts of a group may have policies of their own. The tightest counts, whichever of these services
and hosts a run is about: what a run does not look at is taken away from all the same.
"""

from __future__ import annotations

import typing as t

from ._ledger import Group, Ledger
from ._ledger._words import RETIRED, names_service, plain_key

if t.TYPE_CHECKING:
    from ._plan import HostFacts

Data = dict[str, t.Any]
Inventory = t.Mapping[str, frozenset[str]]  # group → its hosts
Elsewhere = t.Callable[[frozenset[str]], list[Data]]  # hosts → the limits that their policies name


def limits_of(policy: t.Iterable[Data]) -> list[Data]:
    """Return what a policy says of budgets: ``group`` (None: the service has a budget of its own), ``service`` and ``max_unavailable``."""
    return [{"group": entry["group"], "service": written_name(entry), "max_unavailable": entry["max_unavailable"]} for entry in policy]


def unreadable(host: str) -> list[Data]:
    """Return what is known of budgets from a host whose policy cannot be read: whatever it names, one at a time is not too much."""
    return [{"unreadable": host}]


def written_name(entry: Data) -> str:
    """Return what a policy calls a service, with its manager as far as the policy names it: ``postfix`` or ``systemd/postfix``."""
    return str(entry["name"] if entry["manager"] == "auto" else f"{entry['manager']}/{entry['name']}")


class Budgets:
    """The budgets of a fleet, from what its policies say."""

    def __init__(self, inventory: Inventory, limits: t.Iterable[Data], having: Inventory | None = None) -> None:
        """``having``: service → the hosts that were ever seen to have it; None counts all hosts of the inventory."""
        self.inventory = inventory
        self.having = having
        self._of_groups: dict[str, set[int | str]] = {}
        self._of_services: dict[str, set[int | str]] = {}
        self._unreadable: set[str] = set()
        for limit in limits:
            if "unreadable" in limit:
                self._unreadable.add(limit["unreadable"])
                continue
            known, name = (self._of_groups, limit["group"]) if limit["group"] else (self._of_services, limit["service"])
            known.setdefault(name, set()).add(limit["max_unavailable"])
        self._made: dict[tuple[str, str | None], Group] = {}  # thousands of services share a handful

    def group(self, entry: Data, service: str) -> Group:
        """Return the hosts that share a budget with this service. A share of them is rounded down.

        Without a group in the policy these are the hosts that were ever seen to have the service: three mail servers that are down are a
        mass failure, whatever else is in the inventory.
        """
        key = (entry["group"] or plain_key(service), entry["group"])
        if key not in self._made:
            self._made[key] = self._group(entry, plain_key(service))
        return self._made[key]

    def _group(self, entry: Data, service: str) -> Group:
        members = self.inventory.get(entry["group"] or "all", frozenset())
        if entry["group"]:
            limits = self._of_groups.get(entry["group"], set())
        else:
            limits = set().union(*(limits for name, limits in self._of_services.items() if names_service(name, service)))
            members &= members if self.having is None else self.having.get(service, frozenset())
        most = min(_hosts(limit, members) for limit in limits | {entry["max_unavailable"]})
        nobody_knows = sorted(members & self._unreadable)
        if most > 1 and nobody_knows:
            return Group(entry["group"] or service, members, 1, f"only 1, because the policy of {', '.join(nobody_knows[:5])} cannot be read")
        return Group(entry["group"] or service, members, most)

    def seen(self, having: Inventory) -> Budgets:
        """Return the same, with only those hosts counted that were seen to have a service."""
        other = Budgets(self.inventory, (), having)
        other._of_groups, other._of_services, other._unreadable = self._of_groups, self._of_services, self._unreadable
        return other


def _hosts(written: int | str, members: frozenset[str]) -> int:
    return len(members) * int(written[:-1]) // 100 if isinstance(written, str) else written


def hosts_having(ledger: Ledger) -> Inventory:
    """Return service → the hosts that have it as far as anybody knows, whatever group their policies name for it."""
    found: dict[str, set[str]] = {}
    for target in ledger.targets():
        if target["status"] != RETIRED:
            found.setdefault(plain_key(target["service"]), set()).add(target["host"])
    return {service: frozenset(hosts) for service, hosts in found.items()}


def nowhere(_hosts: frozenset[str]) -> list[Data]:
    return []


def budgets_of(fleet: t.Sequence[HostFacts], inventory: Inventory, elsewhere: Elsewhere = nowhere, ledger: Ledger | None = None) -> Budgets:
    """Return the budgets of a run, as tight as the policies of all hosts make them that share one."""
    limits = [limit for facts in fleet for limit in facts.limits]
    groups = {entry["group"] for facts in fleet for entry in facts.policy} - {None}
    sharing = {host for group in groups for host in inventory.get(group, ())}
    named = {written_name(entry) for facts in fleet for entry in facts.policy if not entry["group"]}
    if ledger and named:
        sharing |= {host for service, hosts in hosts_having(ledger).items() if any(names_service(name, service) for name in named) for host in hosts}
    others = frozenset(sharing & inventory.get("all", frozenset())) - {facts.host for facts in fleet}
    return Budgets(inventory, [*limits, *(elsewhere(others) if others else [])])
