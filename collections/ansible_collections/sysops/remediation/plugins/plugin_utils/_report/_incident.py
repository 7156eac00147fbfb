# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One incident as data: everything that its Markdown shows and its JSON holds. The shape is documented in docs/report.md."""

from __future__ import annotations

from ...module_utils._gates import closed
from ...module_utils._redact import redact_data
from ...module_utils._units import human_size
from .._plan import CHRONIC, REFUSED, Data, refusal_outcome
from ._advice import next_steps

SCHEMA = 1
MEMORY = ("anon", "swap", "shmem", "kernel", "file")  # resources that the memory seen by service_restart can be drawn with


def describe_incident(plan: Data, item: Data, diagnosis: Data | None, outcome: Data | None, check_mode: bool) -> Data:
    """Return the report of one incident.

    :param item: its entry among the plan's actions or refusals.
    :param diagnosis: what memory_leak_info said of the service, if it is known.
    :param outcome: what became of it; None for a refusal.
    """
    diagnosis = diagnosis or {}
    steps = [_step(step) for step in (outcome or {}).get("steps") or []]
    policy = item.get("policy") or {}
    incident = {
        "schema": SCHEMA,
        "incident": item["incident"],
        "run_id": plan["run_id"],
        "plan_id": plan["id"],
        "created_at": plan["created_at"],
        "check_mode": check_mode,
        "host": item["host"],
        "service": item["service"],
        "name": item["name"],
        "manager": item["manager"],
        "incarnation": item["incarnation"],
        "mode": policy.get("mode"),
        "owner": policy.get("owner"),
        "runbook": policy.get("runbook"),
        "notify": policy.get("notify"),
        "verdict": item["verdict"],
        "urgency": item["urgency"],
        "resource": diagnosis.get("resource"),
        "outcome": outcome["outcome"] if outcome else refusal_outcome(item),
        "action": (outcome or item)["action"],
        "message": outcome["msg"] if outcome else "; ".join(one["detail"] for one in closed(item["gates"])),
        "headline": "",
        "summary": item["summary"],
        "explanation": diagnosis.get("explanation") or [],
        "exhaustion": diagnosis.get("exhaustion"),
        "post_mortem": diagnosis.get("post_mortem"),
        "diagnosis_gates": diagnosis.get("gates") or [],
        "decision_gates": item["gates"] + ((outcome or {}).get("gates") or []),
        "memory": _memory(diagnosis, steps),
        "steps": steps,
        "evidence": (outcome or {}).get("evidence"),
        "next_steps": [],
    }
    incident["headline"] = _headline(incident)
    incident["next_steps"] = next_steps(incident)
    return redact_data(incident)


def _step(step: Data) -> Data:
    attempt = step.get("attempt") or {}
    keys = ("action", "outcome", "msg", "changed", "before", "after", "gates", "proof", "undo", "logs", "next_steps", "notes")
    return {**{key: step.get(key) for key in keys}, "attempt": attempt.get("id"), "started": attempt.get("started"), "finished": attempt.get("finished")}


def _memory(diagnosis: Data, steps: list[Data]) -> Data:
    """Return what the chart draws: the resource that carried the verdict before, and the same afterwards as far as the steps have seen it."""
    resource = diagnosis.get("resource") or "anon"
    facts = (diagnosis.get("resources") or {}).get(resource) or {}
    memory: Data = {
        "resource": resource,
        "unit": facts.get("unit", "bytes"),
        "limit": facts.get("limit"),
        "before": facts.get("now"),
        "after": None,
        "acted_at": None,
        "points_before": list(facts.get("points") or []),
        "points_after": [],
    }
    acted = [step for step in steps if step["started"] and step["changed"]]
    if acted:
        memory["acted_at"] = acted[0]["started"]
        if resource in MEMORY:
            _add_seen_by_steps(memory, acted)
    return memory


def _add_seen_by_steps(memory: Data, acted: list[Data]) -> None:
    """The restart itself has looked at the memory right before and after; that belongs into the chart."""
    before = (acted[0]["before"] or {}).get("memory")
    after = (acted[-1]["after"] or {}).get("memory")
    if before is not None:
        memory["before"] = before
        memory["points_before"].append([acted[0]["started"], before])
    if after is not None and acted[-1]["finished"]:
        memory["after"] = after
        memory["points_after"].append([acted[-1]["finished"], after])


def _headline(incident: Data) -> str:
    where = f"{incident['name']} on {incident['host']}"
    if incident["outcome"] in (REFUSED, CHRONIC):
        return f"{where}: not touched: {incident['message']}"
    outcome = incident["outcome"].replace("_", " ")
    if incident["outcome"] != "remediated":
        return f"{where}: {incident['message']}" if outcome in incident["message"] else f"{where}: {outcome}: {incident['message']}"
    text = f"{where}: {outcome} by {incident['action']}"
    memory = incident["memory"]
    if memory["unit"] == "bytes" and memory["before"] is not None and memory["after"] is not None:
        return f"{text}: memory {human_size(memory['before'])} → {human_size(memory['after'])}"
    return text
