# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service is acted on, or is not: all gates of one service on one host, now.

The plan and ``why_not`` ask the same functions. What spans the hosts of one plan, its waves, is in ``_plan_waves.py``.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from itertools import islice

from ..module_utils._gates import closed, gate
from ..module_utils._leaks import _words as words
from ._ledger import Effectiveness, Group, GroupView, Pause
from ._ledger._incidents import effectiveness_gates
from ._ledger._pauses import pause_gate
from ._ledger._permits import breaker_gate, budget_gate
from ._ledger._words import DOWN, SICK, plain_key
from ._policy_schema import ACTING, APPROVE, AUTO
from ._windows import timing_gates

REMEDIATE = "remediate"
RESTART = "restart"

# Closed by the policy's own will, or because the same was just done. A run that does nothing for these reasons went well.
POLICY_GATES = ("mode", "verdict", "urgency", "window", "freeze", "approval", "alert_tail")

# What does not matter as long as the policy itself does not act: it would have to be asked again.
MOOT_GATES = ("pause", "single_instance", "max_unavailable")

Data = dict[str, t.Any]


@dataclass
class Standing:
    """What the ledger knows that matters to a plan. With an ``error`` nothing may be acted on."""

    now: float
    described: str = ""
    error: str = ""
    views: dict[str, GroupView] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    effectiveness: dict[tuple[str, str], Effectiveness] = field(default_factory=dict)
    in_vain: list[Data] = field(default_factory=list)  # restarts that were, and of which this run is the first to know


@dataclass(frozen=True)
class Target:
    """One service on one host, as the gates see it."""

    host: str
    service: str
    entry: Data  # of the policy
    diagnosis: Data
    group: Group  # its budget
    host_groups: frozenset[str] = frozenset()
    host_time: float | None = None  # epoch seconds of the host's own clock, when it was diagnosed

    @property
    def dead(self) -> bool:
        return not self.diagnosis.get("incarnation")


def policy_gates(target: Target, purpose: str) -> list[Data]:
    """Return the gates that need nothing but policy and diagnosis."""
    entry, diagnosis = target.entry, target.diagnosis
    return [
        _mode_gate(entry),
        _ladder_gate(entry),
        _accept_gate("verdict", diagnosis["verdict"], entry["accept"]["verdicts"], purpose),
        _accept_gate("urgency", diagnosis["urgency"], entry["accept"]["urgencies"], purpose),
    ]


def accepted(target: Target) -> bool:
    """Tell whether the diagnosis is a reason to act, whoever may do it: that is when a service counts as sick again."""
    return not closed(policy_gates(target, REMEDIATE)[2:])


def target_gates(target: Target, standing: Standing, purpose: str) -> list[Data]:
    """Return all gates of a service but its budget, which :func:`budget` tells.

    ``restart`` waives what the diagnosis says, because a person asked for it; what protects others stays.
    """
    gates = policy_gates(target, purpose) + timing_gates(target.entry, standing.now, target.diagnosis.get("exhaustion"), target.dead)
    if standing.error:
        return [*gates, gate("ledger", False, standing.error)]
    gates.append(pause_gate(standing.pauses, target.host, target.service, target.host_groups | {target.group.name}))
    view = standing.views[target.group.name]
    gates += [breaker_gate(view, target.host), _single_instance_gate(target, view)]
    done = standing.effectiveness.get((target.host, target.service), Effectiveness())
    if purpose == REMEDIATE:
        gates += effectiveness_gates(done, DOWN if target.dead else SICK, standing.now)
    return gates


def budget(target: Target, standing: Standing) -> Data:
    """Return the gate of the group's budget as it stands now, whatever else the plan does."""
    return budget_gate(standing.views[target.group.name], target.host)


def _mode_gate(entry: Data) -> Data:
    mode = entry["mode"]
    detail = f"the policy's mode is '{mode}'"
    if mode not in ACTING:
        detail += f": nothing is done without 'mode: {AUTO}' (or '{APPROVE}') for this service"
    return gate("mode", mode in ACTING, detail, value=mode, threshold=AUTO)


def _ladder_gate(entry: Data) -> Data:
    steps = [step["action"] for step in entry["ladder"]]
    detail = f"the policy's ladder is {' → '.join(steps)}" if steps else "the policy's ladder is empty: there is nothing that may be done"
    return gate("ladder", bool(steps), detail, value=len(steps), threshold=1, unit="steps")


def _accept_gate(name: str, seen: str, accepts: list[str], purpose: str) -> Data:
    if purpose == RESTART:
        return gate(name, True, f"{name} '{seen}' does not matter: a person asked for the restart", value=seen)
    listed = ", ".join(accepts) or "nothing"
    return gate(name, seen in accepts, f"{name} is '{seen}'; the policy accepts {listed}", value=seen, threshold=accepts)


def _single_instance_gate(target: Target, view: GroupView) -> Data:
    """Acting on the only one that serves is an outage, and needs consent; what is down already takes nothing away."""
    if target.dead:
        return gate("single_instance", True, "it does not run: acting on it takes nothing away")
    serving = view.serving.get(plain_key(target.service), {})
    others = len(serving) - (target.host in serving)
    if others:
        first = list(islice((host for host in serving if host != target.host), 3))
        return gate("single_instance", True, f"of group {view.group.name} {_named(first, others)} it meanwhile", value=others, threshold=1, unit="hosts")
    if target.entry["allow_outage"]:
        return gate("single_instance", True, "no other host serves meanwhile, and the policy allows the outage", value=0, threshold=1, unit="hosts")
    detail = f"no other host of group {view.group.name} was seen to serve it within a day: acting is an outage; 'allow_outage: true' in its policy allows it"
    return gate("single_instance", False, detail, value=0, threshold=1, unit="hosts")


def _named(first: list[str], count: int) -> str:
    listed = ", ".join(first) + (f" and {count - len(first)} more" if count > len(first) else "")
    return f"{listed} {'serves' if count == 1 else 'serve'}"


def urgency_rank(word: str) -> int:
    return words.URGENCIES.index(word) if word in words.URGENCIES else len(words.URGENCIES)
