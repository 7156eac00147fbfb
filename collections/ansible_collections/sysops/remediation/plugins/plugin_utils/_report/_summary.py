# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a run: one line per incident, and the worst per host. The shape is documented in docs/report.md."""

from __future__ import annotations

import collections

from ...module_utils._gates import closed
from ...module_utils._redact import redact_data
from ...module_utils._units import human_duration
from .._plan import Data, health, tally
from ._advice import next_steps
from ._templates import moment

# The worst first: of several things that happened to a host, the worst stands for it.
ORDER = ("failed", "unknown", "chronic", "ineffective", "inconclusive", "refused", "already_changed", "predicted", "remediated")
_BRIEF = ("incident", "host", "service", "incarnation", "verdict", "urgency", "outcome", "action", "headline", "next_steps", "owner", "notify")


def summarise(head: Data, plan: Data, incidents: list[Data], check_mode: bool) -> Data:
    """Return the summary.

    :param head: what ``_plan_outcome.ended`` says of the run: ids, status, message, unreachable hosts, errors.
    """
    failures = _mass_failures(plan)
    briefs = sorted((_brief(incident, failures) for incident in incidents), key=lambda brief: _rank(brief["outcome"]))
    counts = collections.Counter(brief["outcome"] for brief in briefs)
    summary = {
        **head,
        "created_at": plan["created_at"],
        "check_mode": check_mode,
        "headline": "",
        "counts": {**{outcome: counts[outcome] for outcome in ORDER if counts[outcome]}, **tally(plan["healthy"])},
        "hosts": _hosts(plan, briefs),
        "incidents": briefs,
        "ineffective": [_in_vain(one) for one in plan.get("ineffective", [])],
        "healthy": plan["healthy"],
        "paths": [],
    }
    summary["headline"] = _headline(summary)
    return {**redact_data(summary), "hosts": summary["hosts"]}  # a host may be named like a secret: token-server1


def _brief(incident: Data, failures: dict[str, str]) -> Data:
    """The names of the closed gates belong to it: a refusal for another reason is news."""
    refused_by = sorted({one["name"] for one in closed(incident["decision_gates"])}) if incident["outcome"] == "refused" else []
    return {**{key: incident[key] for key in _BRIEF}, "refused_by": refused_by, "mass_failure": failures.get(incident["incident"]), "report": None}


def _in_vain(one: Data) -> Data:
    """Return what is told of an earlier incident whose restart did not last; its report was written on its day."""
    headline = f"{one['name']} on {one['host']}: ineffective: sick again {human_duration(one['held'])} after its {one['action']} in incident {one['incident']}"
    hints = next_steps({**one, "outcome": "ineffective", "decision_gates": [], "steps": []})
    brief = {**one, "outcome": "ineffective", "headline": headline, "next_steps": hints}
    return {**{key: brief[key] for key in _BRIEF}, "refused_by": [], "mass_failure": None, "report": None}


def _mass_failures(plan: Data) -> dict[str, str]:
    """Return incident → the mass failure that it is part of: one event for people, however many hosts it hits."""
    since = {one["group"]: one["since"] for one in plan.get("breakers", []) if one["state"] == "open"}
    if not since:
        return {}
    stopped = [one for one in plan["refusals"] if any(shut["name"] == "breaker" for shut in closed(one["gates"]))]
    return {one["incident"]: f"group {one['group']} since {moment(since[one['group']])}" for one in stopped}


def _rank(outcome: str) -> int:
    return ORDER.index(outcome) if outcome in ORDER else 0


def _hosts(plan: Data, briefs: list[Data]) -> dict[str, str]:
    """Return host → the worst that happened to it."""
    hosts = {item["host"]: health(item) for item in sorted(plan["healthy"], key=health)}  # "healthy" comes first and does not stand
    for brief in reversed(briefs):
        hosts[brief["host"]] = brief["outcome"]
    hosts.update({error["host"]: "error" for error in plan["errors"]})
    hosts.update(dict.fromkeys(plan["unreachable"], "unreachable"))
    return hosts


def _headline(summary: Data) -> str:
    parts = [f"{count} {outcome.replace('_', ' ')}" for outcome, count in summary["counts"].items() if count]
    if summary["ineffective"]:
        parts.append(f"{len(summary['ineffective'])} ineffective before")
    if summary["unreachable"]:
        parts.append(f"{len(summary['unreachable'])} unreachable")
    if summary["errors"]:
        parts.append(f"{len(summary['errors'])} with errors")
    return ("rehearsal: " if summary["check_mode"] else "") + (", ".join(parts) or "nothing was looked at")
