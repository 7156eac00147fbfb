# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and shapes of the ledger. All times are epoch seconds of the ledger's own clock, all durations are seconds."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field

Data = dict[str, t.Any]

DAY = 86400.0
SKEW = 60.0  # seconds by which transactions on several controllers may overtake each other

# What is known of a target (one service on one host).
HEALTHY = "healthy"
SICK = "sick"  # runs and serves, but leaks: does not count as unavailable
RUNNING = "running"  # runs, and too little was seen of it to say more: settles nothing
DOWN = "down"
FAILED = "failed"  # our action was not proven to have helped
UNKNOWN = "unknown"  # unreachable, or nobody knows how an action ended
IN_REMEDIATION = "in_remediation"  # holds a permit: evidence, action and verification
RETIRED = "retired"  # the policy of its host does not name it any more: counts for nothing

UNAVAILABLE = (DOWN, FAILED, UNKNOWN, IN_REMEDIATION)
MASS_FAILURE = (DOWN, FAILED)  # what the breaker counts
SEEN = (HEALTHY, SICK, RUNNING, DOWN, UNKNOWN)  # what a diagnosis can say

# The outcome of an incident (docs/architecture.md) → what is known of the target; None: as it was before the permit.
STATUS_AFTER = {
    "remediated": HEALTHY,
    "already_changed": None,
    "refused": None,
    "failed": FAILED,
    "inconclusive": UNKNOWN,
    "unknown": UNKNOWN,
}


def names_service(name: str, service: str) -> bool:
    """Tell whether what a person calls a service (``postfix``, ``postfix.service``, ``systemd/postfix``) means this service key."""
    wanted, known = plain_key(name), plain_key(service)
    if wanted != name and known != service and name[len(wanted) :] != service[len(known) :]:  # one of two of that name, and the other one
        return False
    manager, slash, bare = wanted.rpartition("/")
    theirs, _slash, known = known.rpartition("/")
    return bare.removesuffix(".service") == known.removesuffix(".service") and (not slash or manager == theirs)


def plain_key(service: str) -> str:
    """Return a service key without what tells it from another one of the same name on its host: ``supervisord/web (unix:///b.sock)``."""
    return service.partition(" (")[0]


def qualified_key(service: str, server: str | None, scope: str) -> str:
    """Return what tells a service from another one of the same name on its host: another server's, or a user's and the system's."""
    return f"{plain_key(service)} ({server or scope})"


class LedgerError(Exception):
    """The ledger cannot be used, so nothing may be acted on. The message is one line for people, without secrets."""


@dataclass(frozen=True)
class Observation:
    """What a diagnosis says of a target."""

    host: str
    service: str
    group: str
    status: str  # one of SEEN
    since: float | None = None  # when it went down, if known
    stopped: bool = False  # down because somebody stopped it, or never started it: no failure of its own


@dataclass(frozen=True)
class Group:
    """The hosts that share one budget. Hosts that left the inventory are no members and do not count."""

    name: str
    members: frozenset[str]
    max_unavailable: int  # hosts
    note: str = ""  # why it is tighter than the policies say


@dataclass(frozen=True)
class Ask:
    """A request for a permit. ``valid_for`` is the time for evidence, action and verification, plus a margin."""

    host: str
    service: str
    group: Group
    run_id: str
    incident: str
    action: str
    valid_for: float
    groups: frozenset[str] = frozenset()  # all groups of the host: a pause may name any of them
    keep_one: bool = False  # it serves, and its policy does not allow an outage: another host must serve meanwhile
    gates: tuple[Data, ...] = ()  # what else stands for or against it, as who asks has found
    planned: bool = False  # a rehearsal: the plan has seen more than this copy, and has found room in the budget


@dataclass(frozen=True)
class Permit:
    """What ``service_restart`` takes as ``permit``."""

    id: str
    token: int
    valid_for: float
    issued_at: float

    def as_data(self) -> Data:
        return asdict(self)


@dataclass(frozen=True)
class Reply:
    """A permit, or closed gates that say why there is none."""

    permit: Permit | None
    gates: list[Data]


@dataclass(frozen=True)
class Pause:
    """Hands off. Empty ``group``, ``host`` and ``service`` mean: of all of them; all three empty: the whole fleet.

    ``service`` is what a person calls it: before a host was asked, nobody knows by which manager it runs.
    """

    id: str
    group: str
    host: str
    service: str
    reason: str
    until: float | None  # None: until it is resumed
    created_at: float
    created_by: str

    def covers(self, host: str, service: str, groups: t.Collection[str]) -> bool:
        meant = not self.service or names_service(self.service, service)
        return meant and self.host in ("", host) and (not self.group or self.group in groups)

    def is_of(self, group: str, host: str, service: str) -> bool:
        """Tell whether somebody who names these means this very pause."""
        same = names_service(service, self.service) if service else not self.service
        return same and (self.group, self.host) == (group, host)

    def subject(self) -> str:
        named = [f"{word} {value}" for word, value in (("group", self.group), ("host", self.host), ("service", self.service)) if value]
        return ", ".join(named) or "the whole fleet"


@dataclass(frozen=True)
class Breaker:
    """Stops all actions in a group when too much of it fails at once."""

    state: str = "closed"  # closed | open | half_open
    since: float = 0.0
    sick: tuple[str, ...] = ()  # hosts that went down, or were not helped, within the last 10 minutes
    opens_at: float | None = None  # when half_open can begin at the earliest
    just_opened: bool = False  # by this very call: whoever sees it notifies, once
    before: frozenset[str] = frozenset()  # hosts that were down before it opened, as a standby that nobody starts: no part of the failure


@dataclass(frozen=True)
class GroupView:
    """How a group stands."""

    group: Group
    unavailable: dict[str, str]  # host → why it counts
    breaker: Breaker
    serving: t.Mapping[str, t.Mapping[str, None]] = field(default_factory=dict)  # service → available hosts seen to run it within a day, in order
    troubled: t.Mapping[str, frozenset[str]] = field(default_factory=dict)  # host → those of its services that make it unavailable


@dataclass(frozen=True)
class Effectiveness:
    """What restarts bought lately: how long each one held before the service was sick again."""

    bought: tuple[float, ...] = ()  # seconds, oldest first; only those that held less than 24 h
    last_success: float | None = None

    @property
    def state(self) -> str:
        return ("effective", "ineffective")[len(self.bought)] if len(self.bought) < 2 else "chronic"


@dataclass(frozen=True)
class Incident:
    """One service's way through a run. ``state`` is free text of the run (planned, refused, acting, ended)."""

    id: str
    run_id: str
    host: str
    service: str
    state: str
    outcome: str | None = None
    body: Data = field(default_factory=dict)
    opened_at: float = 0.0  # set by the ledger
    updated_at: float = 0.0


@dataclass(frozen=True)
class AuditEntry:
    """A decision. ``at`` and ``actor`` are set by the ledger."""

    kind: str
    run_id: str = ""
    host: str = ""
    service: str = ""
    incident: str = ""
    detail: Data = field(default_factory=dict)
    at: float = 0.0
    actor: str = ""
