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
from ..module_utils._units import human_duration
from ._ledger import Group, GroupView
from ._ledger._words import plain_key
from ._plan_budgets import Budgets, limits_of, unreadable
from ._plan_gates import MOOT_GATES, POLICY_GATES, REMEDIATE, RESTART, Data, Standing, Target, budget, target_gates, urgency_rank
from ._plan_standing import groups_of_hosts
from ._plan_waves import fill_waves
from ._policy import bare_name, canonical_hash, policy_hash
from ._policy_schema import APPROVE, OBSERVE, SICK_VERDICTS

__all__ = ["REMEDIATE", "RESTART", "Approved", "Data", "HostFacts", "build_plan", "targets_of"]

REFUSED = "refused"
CHRONIC = "chronic"

# Nothing is done about these, and yet nobody may call them healthy.
NOT_JUDGED = ("insufficient_data", "stopped")
OBSERVED = "observed"  # something was seen that the policy does not act on, and it presses nobody

LEFT_ALONE = ("healthy", OBSERVED, *NOT_JUDGED)

NOBODY_NAMED = "no host has a service in its policy: name some in remediation_services (docs/policy.md)"


@dataclass
class HostFacts:
    """What the run learned of one host."""

    host: str
    policy: list[Data] = field(default_factory=list)
    diagnoses: list[Data] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unreachable: bool = False
    why: str = ""  # it could not be reached
    asked_at: float | None = None  # controller's time from before its diagnosis
    host_time: float | None = None  # the host's own, at its diagnosis
    notes: list[str] = field(default_factory=list)  # why nothing was found on it
    origins: list[Data] = field(default_factory=list)  # of each entry of the policy, where its keys were written, if somebody asked for it
    told_limits: list[Data] | None = None  # what its whole policy says of budgets, of which `policy` may be a part

    @property
    def limits(self) -> list[Data]:
        if self.told_limits is not None:
            return self.told_limits
        return unreadable(self.host) if self.errors and not self.policy else limits_of(self.policy)

    @property
    def whole(self) -> bool:
        """Tell whether all was looked at that its policy names."""
        return not (self.unreachable or self.errors) and len(self.diagnoses) == len(self.policy) == len(self.limits)

    @property
    def complaints(self) -> list[str]:
        """Return one line for each thing that kept the host from being looked at."""
        return [*self.errors, *([not_reached(self.why)] if self.unreachable else [])]


def not_reached(why: str) -> str:
    return "the host could not be reached" + (f": {why}" if why else "")


@dataclass(frozen=True)
class Approved:
    """A plan that a person agreed to: exactly this is done, or what has changed since is refused."""

    plan_id: str
    person: str
    actions: tuple[Data, ...]


def targets_of(fleet: t.Iterable[HostFacts], budgets: Budgets) -> list[Target]:
    """Return every diagnosed service that the policy of its host names."""
    groups = groups_of_hosts(budgets.inventory)
    found = []
    for facts in fleet:
        for diagnosis in facts.diagnoses:
            entry = entry_for(facts.policy, diagnosis)
            if entry is not None:
                group = budgets.group(entry, diagnosis["service"])
                found.append(Target(facts.host, diagnosis["service"], entry, diagnosis, group, groups.get(facts.host, frozenset()), facts.host_time))
    return found


def build_plan(
    fleet: list[HostFacts],
    targets: list[Target],
    standing: Standing,
    run_id: str,
    created_at: float,
    purpose: str = REMEDIATE,
    approved: Approved | None = None,
    stores: bool = True,
) -> Data:
    """Return the plan.

    :param fleet: the hosts of the run in the order of the inventory.
    :param targets: of :func:`targets_of` the fleet.
    :param standing: what the ledger says.
    :param purpose: ``restart`` waives what the diagnosis says: a person asked for it.
    :param approved: do this and nothing else.
    :param stores: what waits for a person is stored; False for who only looks.
    """
    plan: Data = {"id": "", "run_id": run_id, "created_at": created_at, "purpose": purpose, "ledger": standing.described or standing.error, "waves": []}
    plan.update(
        actions=[], refusals=[], healthy=[], unreachable=[], because={}, errors=[], groups={}, breakers=[], approval=None, evidence_only=[], ineffective=[]
    )
    plan.update(approved=approved and approved.plan_id, held_back=[])
    for facts in fleet:
        _place_trouble(plan, facts)
    for target in targets:
        _place(plan, target, standing, purpose, approved)
    if approved:
        _place_missing(plan, approved, [facts.host for facts in fleet])
    _order(plan, standing)
    _fill_waves(plan, standing)
    for number, incident in enumerate(plan["actions"] + plan["refusals"], start=1):
        incident["incident"] = f"{run_id}-{number}"
    plan["id"] = plan_id(plan["actions"])
    _ask_for_approval(plan, stores)
    plan["ineffective"] = _ineffective(targets, standing)
    plan["evidence_only"] = [one["incident"] for one in plan["refusals"] if _fails_with_many(one) and one["policy"]["evidence"]["collect"]]
    plan["groups"] = {name: _group_data(standing.views[name].group) for name in sorted({action["group"] for action in plan["actions"]})}
    plan["breakers"] = [_breaker_data(view) for view in standing.views.values() if view.breaker.state != "closed"]
    return plan


def looked_at(plan: Data) -> bool:
    """Tell whether there was anything to judge, or to complain of."""
    return any(plan.get(kind) for kind in ("actions", "refusals", "healthy", "unreachable", "errors", "held_back"))


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
    return canonical_hash(sorted((_essence(action) for action in actions), key=str))[:16]


def _essence(action: Data) -> list[t.Any]:
    return [action["host"], action["service"], action["incarnation"], action["action"], policy_hash(action["policy"]), verdict_class(action["verdict"])]


def verdict_class(verdict: str) -> str:
    """Return ``leak`` for suspected and confirmed leaks, which differ only in how sure we are; every other verdict is its own class."""
    return "leak" if verdict in words.LEAKS else verdict


def by_policy_only(refusal: Data) -> bool:
    """Tell whether it is the policy's own will that nothing is done, and nothing else is wrong that somebody has to hear of."""
    if any(one["name"] == "unchanged" for one in refusal["gates"]):  # a person has approved it, and waits
        return False
    shut = {one["name"]: one for one in closed(refusal["gates"])}
    mode = shut.get("mode", {}).get("value")
    if mode is None and any(name in shut and shut[name]["opens_at"] is None for name in ("window", "freeze")):
        return False  # it waits for a window that never comes
    moot = (*MOOT_GATES, "ladder") if mode == OBSERVE else MOOT_GATES
    return not shut.keys().isdisjoint(POLICY_GATES) and shut.keys() <= {*POLICY_GATES, *moot}


def refusal_outcome(refusal: Data) -> str:
    """Return ``chronic`` when restarts were in vain too often, else ``refused``."""
    return CHRONIC if any(one["name"] == "chronic" for one in closed(refusal["gates"])) else REFUSED


def entry_for(policy: list[Data], diagnosis: Data) -> Data | None:
    """Return the policy entry that a diagnosis answers."""
    for entry in policy:
        named = bare_name(entry["name"]) == bare_name(diagnosis["name"])
        managed = entry["manager"] in ("auto", diagnosis["manager"])
        if named and managed and entry["scope"] == diagnosis.get("scope", "system") and without_user(entry["server"]) == diagnosis.get("server"):
            return entry
    return None


def _place_trouble(plan: Data, facts: HostFacts) -> None:
    if facts.unreachable:
        plan["unreachable"].append(facts.host)
        plan["because"][facts.host] = facts.why
    plan["errors"].extend({"host": facts.host, "msg": message} for message in facts.errors)
    for diagnosis in facts.diagnoses:
        if entry_for(facts.policy, diagnosis) is None:  # acting on what the policy does not name is not possible, whatever a host may answer
            plan["errors"].append({"host": facts.host, "msg": f"diagnosed {diagnosis['service']}, which the policy does not name"})


def _place(plan: Data, target: Target, standing: Standing, purpose: str, approved: Approved | None) -> None:
    if approved and not any(_same_target(action, target) for action in approved.actions):
        return
    if purpose == REMEDIATE and not _is_a_matter(target.entry, target.diagnosis):
        plan["healthy"].append({"host": target.host, "service": target.service, "verdict": target.diagnosis["verdict"]})
        return
    incident = _incident(target, target_gates(target, standing, purpose))
    if approved or not closed(incident["gates"]):
        incident["gates"] += _approval_gates(incident, purpose, approved)
    elif not standing.error:
        incident["gates"].append(budget(target, standing))  # of what can be done, the waves tell
    plan["refusals" if closed(incident["gates"]) else "actions"].append(incident)


def _is_a_matter(entry: Data, diagnosis: Data) -> bool:
    """Tell whether anybody has to decide something: it is sick, and it presses or is what the policy acts on."""
    accepted = diagnosis["verdict"] in entry["accept"]["verdicts"]
    return diagnosis["verdict"] in SICK_VERDICTS and (accepted or diagnosis["urgency"] != words.NONE)


def _same_target(action: Data, target: Target) -> bool:
    return bool(action["host"] == target.host and action["service"] == target.service)


def _approval_gates(incident: Data, purpose: str, approved: Approved | None) -> list[Data]:
    """Return the gates of a plan that a person has to agree to, or has agreed to."""
    if approved is None:
        if incident["policy"]["mode"] != APPROVE or purpose == RESTART:  # who asks for a restart agrees to it
            return []
        return [gate("approval", False, "a person has to agree")]  # with what, is known when the plan is complete
    [before] = [one for one in approved.actions if (one["host"], one["service"]) == (incident["host"], incident["service"])]
    changed = [name for name, was, now in zip(_ESSENCE, before["essence"], _essence(incident), strict=True) if was != now]
    detail = f"since the approval this has changed: {', '.join(changed)}; plan anew" if changed else f"as in plan {approved.plan_id}"
    return [
        gate("approval", True, f"approved by {approved.person}", value=approved.person),
        gate("unchanged", not changed, detail, value=changed, threshold=[]),
    ]


_ESSENCE = ("host", "service", "incarnation", "action", "policy", "verdict")


def _place_missing(plan: Data, approved: Approved, hosts: list[str]) -> None:
    """What was approved and was not found again is said."""
    seen = {(one["host"], one["service"]) for one in plan["actions"] + plan["refusals"] + plan["healthy"]}
    for action in approved.actions:
        host, service = action["host"], action["service"]
        if (host, service) in seen or host in plan["unreachable"]:
            continue
        if host in hosts:
            plan["errors"].append({"host": host, "msg": f"{service}, approved in plan {approved.plan_id}, was not found again; plan anew"})
        elif hosts:  # told for a host of the run, whose exit code it decides
            plan["errors"].append({"host": hosts[0], "msg": f"{service} on {host}, approved in plan {approved.plan_id}, is outside this run; plan anew"})


def _incident(target: Target, gates: list[Data]) -> Data:
    entry, diagnosis = target.entry, target.diagnosis
    incarnation = diagnosis.get("incarnation")
    return {
        "incident": "",
        "host": target.host,
        "service": target.service,
        "name": diagnosis["name"],
        "manager": diagnosis["manager"],
        "scope": entry["scope"],
        "server": without_user(entry["server"]),
        "incarnation": incarnation["id"] if incarnation else None,
        "action": entry["ladder"][0]["action"] if entry["ladder"] else None,
        "verdict": diagnosis["verdict"],
        "urgency": diagnosis["urgency"],
        "summary": diagnosis["summary"],
        "exhaustion": diagnosis.get("exhaustion"),
        "group": target.group.name,
        "policy": entry,
        "gates": gates,
    }


def _order(plan: Data, standing: Standing) -> None:
    """Sort the most urgent first; then what takes least away; then as in the inventory. All actions of a host follow each other."""
    for incidents in (plan["actions"], plan["refusals"]):
        incidents.sort(key=lambda incident: (urgency_rank(incident["urgency"]), _blast_radius(incident, standing)))
    first_seen: dict[str, int] = {}
    for place, action in enumerate(plan["actions"]):
        first_seen.setdefault(action["host"], place)
    plan["actions"].sort(key=lambda action: first_seen[action["host"]])


def _blast_radius(incident: Data, standing: Standing) -> float:
    """Return which share of those that serve is taken away: nothing of what is down, all of the only one."""
    view = standing.views.get(incident["group"])
    serving = len(view.serving.get(plain_key(incident["service"]), ())) if view else 0
    return 0.0 if incident["incarnation"] is None else 1.0 / max(1, serving)


def _fill_waves(plan: Data, standing: Standing) -> None:
    """Put the hosts into waves; what no wave has room for is refused."""
    waves, refused = fill_waves(plan["actions"], standing.views) if plan["actions"] else ([], {})
    wave_of = {host: number for number, hosts in enumerate(waves) for host in hosts}
    for action in plan["actions"]:
        if (action["host"], action["group"]) in refused:
            action["gates"].append(refused[action["host"], action["group"]])
    plan["refusals"] += [action for action in plan["actions"] if (action["host"], action["group"]) in refused]
    kept = [action for action in plan["actions"] if (action["host"], action["group"]) not in refused]
    plan["actions"] = sorted(kept, key=lambda action: wave_of[action["host"]])
    plan["waves"] = waves


def _ask_for_approval(plan: Data, stores: bool) -> None:
    """Name the plan that would be approved, and how."""
    waiting = [one for one in plan["refusals"] if [shut["name"] for shut in closed(one["gates"])] == ["approval"]]
    if not waiting:
        return
    expires = min(one["policy"]["approve"]["expires"] for one in waiting)
    asked = plan_id(waiting)
    plan["approval"] = {"id": asked, "expires_in": expires, "incidents": [one["incident"] for one in waiting]}
    detail = f"a person has to agree: a run of remediate stores this plan, tells how, and waits {human_duration(expires)}; this one only looked"
    if stores:
        command = f"ansible-playbook playbooks/approve.yml -e remediation_plan_id={asked} -e remediation_approver=YOUR_NAME"
        detail = f"a person has to agree within {human_duration(expires)}: {command}"
    for one in waiting:
        one["gates"] = [{**each, "detail": detail, "value": asked} if each["name"] == "approval" else each for each in one["gates"]]


def stored_for_approval(plan: Data) -> Data:
    """Return what the ledger keeps of a plan until a person agrees: what would be done, by essence, and no policy with its secrets."""
    waiting = [one for one in plan["refusals"] if one["incident"] in plan["approval"]["incidents"]]
    keys = ("incident", "host", "service", "action", "verdict", "urgency", "summary", "incarnation")
    actions = [{**{key: one[key] for key in keys}, "essence": _essence(one)} for one in waiting]
    return {"id": plan["approval"]["id"], "run_id": plan["run_id"], "created_at": plan["created_at"], "actions": actions}


def _ineffective(targets: list[Target], standing: Standing) -> list[Data]:
    """Return the incidents of earlier runs whose restart was in vain, as this run is the first to see."""
    of = {(one.host, one.service): one for one in targets}
    known = [(one, of[one["host"], one["service"]]) for one in standing.in_vain if (one["host"], one["service"]) in of]
    keys = ("name", "manager", "incarnation", "verdict", "urgency", "summary")
    return [
        {**one, **{key: incident[key] for key in keys}, **{key: target.entry[key] for key in ("owner", "runbook", "notify")}}
        for one, target in known
        for incident in [_incident(target, [])]
    ]


def _fails_with_many(refusal: Data) -> bool:
    return any(one["name"] == "breaker" for one in closed(refusal["gates"]))


def _group_data(group: Group) -> Data:
    return {"members": sorted(group.members), "max_unavailable": group.max_unavailable, "note": group.note}


def _breaker_data(view: GroupView) -> Data:
    breaker = view.breaker
    return {"group": view.group.name, "state": breaker.state, "since": breaker.since, "sick": list(breaker.sick), "just_opened": breaker.just_opened}
