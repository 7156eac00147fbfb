# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves: which hosts are treated together, so that no group ever has more hosts unavailable than its budget allows.

Of a service whose policy does not allow an outage one host is kept out of each wave, whatever the budget says.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ._ledger import GroupView
from ._ledger._permits import budget_gate
from ._ledger._words import plain_key
from ._plan_gates import Data


@dataclass
class _Room:
    """The budget of one group while waves are filled."""

    view: GroupView
    blocked: set[str]  # hosts that are unavailable and not treated by this plan
    down: dict[str, float]  # host that is down → the wave that treats it
    waves: list[set[str]] = field(default_factory=list)

    def acting(self, wave: int) -> set[str]:
        return self.waves[wave] if wave < len(self.waves) else set()

    def fits(self, host: str, wave: int) -> bool:
        return len(self.blocked | self.acting(wave) | self.waiting(wave) | {host}) <= self.view.group.max_unavailable

    def waiting(self, wave: int) -> set[str]:
        """Return the hosts that are down during a wave because their turn comes later."""
        return {host for host, treated in self.down.items() if treated > wave}

    def place(self, host: str, wave: int) -> None:
        while len(self.waves) <= wave:
            self.waves.append(set())
        self.waves[wave].add(host)
        if host in self.down:
            self.down[host] = wave


@dataclass
class _Serving:
    """The hosts of one service that must not all be treated at once."""

    hosts: t.Collection[str]
    acting: dict[int, int] = field(default_factory=dict)  # wave → how many of them it treats

    def fits(self, host: str, wave: int) -> bool:
        return len(self.hosts) - self.acting.get(wave, 0) - (host in self.hosts) > 0

    def place(self, host: str, wave: int) -> None:
        self.acting[wave] = self.acting.get(wave, 0) + (host in self.hosts)


def keeps_one(action: Data) -> bool:
    """Tell whether another host must serve while this is done: what is down takes nothing away, and the policy may allow the outage."""
    return not (action["incarnation"] is None or action["policy"]["allow_outage"])


def fill_waves(actions: list[Data], views: t.Mapping[str, GroupView]) -> tuple[list[list[str]], dict[tuple[str, str], Data]]:
    """Return the waves of hosts, and (host, group) → gate for the groups that no wave has room for on that host.

    :param actions: in the order in which they should be done, all of which may be done one by one.
    """
    hosts = list(dict.fromkeys(action["host"] for action in actions))
    groups: dict[str, set[str]] = {host: set() for host in hosts}
    for action in actions:
        groups[action["host"]].add(action["group"])
    treated: dict[str, set[str]] = {}
    for action in actions:
        treated.setdefault(action["host"], set()).add(action["service"])
    rooms = {name: _room(views[name], {host: treated[host] for host in hosts if name in groups[host]}) for name in sorted(set().union(*groups.values()))}
    kept = {key: _Serving(views[key[0]].serving.get(key[1], {})) for key in {_group_and_service(action) for action in actions if keeps_one(action)}}
    serving: dict[tuple[str, str], list[_Serving]] = {}
    for action in actions:
        if _group_and_service(action) in kept:
            serving.setdefault((action["host"], action["group"]), []).append(kept[_group_and_service(action)])
    waves: list[list[str]] = []
    refused: dict[tuple[str, str], Data] = {}
    first_free = dict.fromkeys(rooms, 0)  # earlier waves of the group are full, and stay so
    for host in hosts:
        names = sorted(groups[host])
        while names:
            mine = [rooms[name] for name in names]
            wave = max(first_free[name] for name in names)
            ours = [one for name in names for one in serving.get((host, name), [])]
            while wave < len(waves) and not (all(room.fits(host, wave) for room in mine) and all(one.fits(host, wave) for one in ours)):
                wave += 1
            tight = {name: rooms[name] for name in names if not rooms[name].fits(host, wave)}
            if not tight:
                break
            refused.update({(host, name): _no_room(room, host, wave) for name, room in tight.items()})
            names = [name for name in names if name not in tight]  # the services of other groups do not wait for it
        if not names:
            continue
        for one in ours:
            one.place(host, wave)
        for room in mine:
            room.place(host, wave)
            while first_free[room.view.group.name] < len(room.waves) and not room.fits("", first_free[room.view.group.name]):
                first_free[room.view.group.name] += 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(host)
    return waves, refused


def _group_and_service(action: Data) -> tuple[str, str]:
    return action["group"], plain_key(action["service"])


def _room(view: GroupView, treated: t.Mapping[str, set[str]]) -> _Room:
    """Return the budget before the first wave: a host comes back with its wave if all of it is treated that makes it unavailable."""
    unavailable = set(view.unavailable)
    back = {host for host in unavailable & treated.keys() if view.troubled.get(host, frozenset()) <= treated[host]}
    return _Room(view, unavailable - back, dict.fromkeys(back, float("inf")))


def _no_room(room: _Room, host: str, wave: int) -> Data:
    """Return the closed gate with the hosts that are in the way even when all before are treated."""
    others = room.blocked | room.waiting(wave)
    return budget_gate(replace(room.view, unavailable={name: why for name, why in room.view.unavailable.items() if name in others}), host)
