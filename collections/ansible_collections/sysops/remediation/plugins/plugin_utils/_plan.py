# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy × diagnoses of the whole fleet → what will be done in which order, and what will not be done and why.

Pure: facts of hosts in, a plan (plain data, see docs/architecture.md) out.
"""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass, field

from ..module_utils._gates import closed, gate
from ..module_utils._leaks import _words as words
from ..module_utils._managers._base import without_user
from ._policy import bare_name, canonical_hash, policy_hash
from ._policy_schema import AUTO, SICK_VERDICTS

REMEDIATE = "remediate"
RESTART = "restart"

# Nothing is done about these, and yet nobody may call them healthy.
NOT_JUDGED = ("insufficient_data", "stopped")
OBSERVED = "observed"  # something was seen that the policy does not act on, and it presses nobody

LEFT_ALONE = ("healthy", OBSERVED, *NOT_JUDGED)

# Closed by the policy's own will. Whoever wrote it wants nothing done, so a run that does nothing went well.
POLICY_GATES = ("mode", "verdict", "urgency")

Data = dict[str, t.Any]


@dataclass
class HostFacts:
    """What the run learned of one host."""

    host: str
    policy: list[Data] = field(default_factory=list)
    diagnoses: list[Data] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unreachable: bool = False
    why: str = ""  # it could not be reached
    notes: list[str] = field(default_factory=list)  # why nothing was found on it

    @property
    def complaints(self) -> list[str]:
        """Return one line for each thing that kept the host from being looked at."""
        return [*self.errors, *([not_reached(self.why)] if self.unreachable else [])]


def not_reached(why: str) -> str:
    return "the host could not be reached" + (f": {why}" if why else "")


def build_plan(fleet: t.Iterable[HostFacts], run_id: str, created_at: float, purpose: str = REMEDIATE) -> Data:
    """Return the plan.

    :param fleet: the hosts of the run in the order of the inventory.
    :param purpose: ``restart`` waives the gates ``verdict`` and ``urgency``: a person asked for it.
    """
    plan: Data = {"id": "", "run_id": run_id, "created_at": created_at, "purpose": purpose, "waves": []}
    plan.update(actions=[], refusals=[], healthy=[], unreachable=[], because={}, errors=[])
    for facts in fleet:
        if facts.unreachable:
            plan["unreachable"].append(facts.host)
            plan["because"][facts.host] = facts.why
        plan["errors"].extend({"host": facts.host, "msg": message} for message in facts.errors)
        for diagnosis in facts.diagnoses:
            _place(plan, facts, diagnosis, purpose)
    _order(plan)
    for number, incident in enumerate(plan["actions"] + plan["refusals"], start=1):
        incident["incident"] = f"{run_id}-{number}"
    plan["waves"] = [[host] for host in dict.fromkeys(action["host"] for action in plan["actions"])]
    plan["id"] = plan_id(plan["actions"])
    return plan


def health(item: Data) -> str:
    """Return ``healthy`` for a service of the plan's ``healthy``, or the word that does not say so much."""
    if item["verdict"] in SICK_VERDICTS:
        return OBSERVED
    return str(item["verdict"]) if item["verdict"] in NOT_JUDGED else "healthy"


def tally(healthy: list[Data]) -> dict[str, int]:
    """Return how many services are healthy, and how many are left alone for another reason."""
    counts = collections.Counter(health(item) for item in healthy)
    return {word: counts[word] for word in LEFT_ALONE if counts[word] or word == "healthy"}


def plan_id(actions: list[Data]) -> str:
    """Return an id that is the same whenever the same would be done for the same reason; neither measurements nor times count."""
    essence = [
        [action["host"], action["service"], action["incarnation"], action["action"], policy_hash(action["policy"]), verdict_class(action["verdict"])]
        for action in actions
    ]
    return canonical_hash(sorted(essence, key=str))[:16]


def verdict_class(verdict: str) -> str:
    """Return ``leak`` for suspected and confirmed leaks, which differ only in how sure we are; every other verdict is its own class."""
    return "leak" if verdict in words.LEAKS else verdict


def by_policy_only(refusal: Data) -> bool:
    """Tell whether nothing but the policy's own will stands between this service and an action."""
    return all(one["name"] in POLICY_GATES for one in closed(refusal["gates"]))


def entry_for(policy: list[Data], diagnosis: Data) -> Data | None:
    """Return the policy entry that a diagnosis answers."""
    for entry in policy:
        named = bare_name(entry["name"]) == bare_name(diagnosis["name"])
        managed = entry["manager"] in ("auto", diagnosis["manager"])
        if named and managed and entry["scope"] == diagnosis.get("scope", "system") and without_user(entry["server"]) == diagnosis.get("server"):
            return entry
    return None


def _place(plan: Data, facts: HostFacts, diagnosis: Data, purpose: str) -> None:
    entry = entry_for(facts.policy, diagnosis)
    if entry is None:  # acting on what the policy does not name is not possible, whatever a host may answer
        plan["errors"].append({"host": facts.host, "msg": f"diagnosed {diagnosis['service']}, which the policy does not name"})
        return
    if purpose == REMEDIATE and not _is_a_matter(entry, diagnosis):
        plan["healthy"].append({"host": facts.host, "service": diagnosis["service"], "verdict": diagnosis["verdict"]})
        return
    gates = _gates(entry, diagnosis, purpose)
    incident = _incident(facts.host, entry, diagnosis, gates)
    plan["refusals" if closed(gates) else "actions"].append(incident)


def _is_a_matter(entry: Data, diagnosis: Data) -> bool:
    """Tell whether anybody has to decide something: it is sick, and it presses or is what the policy acts on."""
    accepted = diagnosis["verdict"] in entry["accept"]["verdicts"]
    return diagnosis["verdict"] in SICK_VERDICTS and (accepted or diagnosis["urgency"] != words.NONE)


def _incident(host: str, entry: Data, diagnosis: Data, gates: list[Data]) -> Data:
    incarnation = diagnosis.get("incarnation")
    return {
        "incident": "",
        "host": host,
        "service": diagnosis["service"],
        "name": diagnosis["name"],
        "manager": diagnosis["manager"],
        "scope": entry["scope"],
        "server": without_user(entry["server"]),
        "incarnation": incarnation["id"] if incarnation else None,
        "action": entry["ladder"][0]["action"] if entry["ladder"] else None,
        "verdict": diagnosis["verdict"],
        "urgency": diagnosis["urgency"],
        "summary": diagnosis["summary"],
        "policy": entry,
        "gates": gates,
    }


def _gates(entry: Data, diagnosis: Data, purpose: str) -> list[Data]:
    return [
        _mode_gate(entry),
        _ladder_gate(entry),
        _accept_gate("verdict", diagnosis["verdict"], entry["accept"]["verdicts"], purpose),
        _accept_gate("urgency", diagnosis["urgency"], entry["accept"]["urgencies"], purpose),
    ]


def _mode_gate(entry: Data) -> Data:
    mode = entry["mode"]
    detail = f"the policy's mode is '{mode}'"
    if mode != AUTO:
        detail += f": nothing is done without 'mode: {AUTO}' for this service"
    return gate("mode", mode == AUTO, detail, value=mode, threshold=AUTO)


def _ladder_gate(entry: Data) -> Data:
    steps = [step["action"] for step in entry["ladder"]]
    detail = f"the policy's ladder is {' → '.join(steps)}" if steps else "the policy's ladder is empty: there is nothing that may be done"
    return gate("ladder", bool(steps), detail, value=len(steps), threshold=1, unit="steps")


def _accept_gate(name: str, seen: str, accepted: list[str], purpose: str) -> Data:
    if purpose == RESTART:
        return gate(name, True, f"{name} '{seen}' does not matter: a person asked for the restart", value=seen)
    listed = ", ".join(accepted) or "nothing"
    return gate(name, seen in accepted, f"{name} is '{seen}'; the policy accepts {listed}", value=seen, threshold=accepted)


def _order(plan: Data) -> None:
    """Sort the most urgent first; within that as in the inventory. All actions of a host follow each other."""
    for incidents in (plan["actions"], plan["refusals"]):
        incidents.sort(key=_urgency)
    first_seen: dict[str, int] = {}
    for place, action in enumerate(plan["actions"]):
        first_seen.setdefault(action["host"], place)
    plan["actions"].sort(key=lambda action: first_seen[action["host"]])


def _urgency(incident: Data) -> int:
    return words.URGENCIES.index(incident["urgency"]) if incident["urgency"] in words.URGENCIES else len(words.URGENCIES)
