# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: data of the plan and the hosts in; Markdown, JSON and charts out."""

from __future__ import annotations

import typing as t

from .._plan import CHRONIC, REFUSED, Data, HostFacts
from .._plan_outcome import ended, reconcile
from ._chart import draw_svg
from ._files import ReportError, file_stem, write_files
from ._incident import describe_incident
from ._markdown import incident_markdown, summary_markdown, to_json
from ._summary import summarise

if t.TYPE_CHECKING:
    from .._ledger import Incident

__all__ = ["ReportError", "build_report", "recalled", "write_report"]


def build_report(plan: Data, fleet: t.Iterable[HostFacts], outcomes: t.Iterable[Data], check_mode: bool) -> tuple[Data, list[Data]]:
    """Return (summary, incidents): what goes into ``summary.json`` and into ``<incident>.json``.

    :param fleet: what the run learned of its hosts; only the diagnoses are read.
    :param outcomes: what role remediate left on the hosts; a planned action without one is reported as ``unknown``.
    """
    diagnoses = {(facts.host, one["service"]): one for facts in fleet for one in facts.diagnoses}
    left = list(outcomes)
    settled = reconcile(plan, left)
    by_incident = {outcome["incident"]: outcome for outcome in left + settled}  # a refusal has one if evidence was kept
    incidents = [
        describe_incident(plan, item, diagnoses.get((item["host"], item["service"])), by_incident.get(item["incident"]), check_mode)
        for item in plan["actions"] + plan["refusals"]
    ]
    head = ended(plan, settled)
    return summarise(head, plan, incidents, check_mode), incidents


def recalled(incident: Incident) -> Data:
    """Return the report of an incident that the ledger remembers; of one that came to no report, as much as was known when it was planned."""
    body = incident.body
    if "decision_gates" in body:
        return body
    plan = {"run_id": incident.run_id, "id": body.get("plan_id", ""), "created_at": incident.opened_at}
    item = {"incident": incident.id, "host": incident.host, "service": incident.service, **body}
    outcome = body.get("result") or {"outcome": incident.outcome or incident.state, "action": item.get("action"), "msg": f"its run left it {incident.state}"}
    return describe_incident(plan, item, None, None if incident.outcome in (REFUSED, CHRONIC) else outcome, check_mode=False)


def write_report(report_dir: str, summary: Data, incidents: list[Data]) -> list[str]:
    """Write all files, complete the summary with their paths and return these. The summary is written last: where it is, everything is."""
    files: dict[str, str] = {}
    briefs = {brief["incident"]: brief for brief in summary["incidents"]}
    for incident in incidents:
        stem = file_stem(incident["incident"])
        chart = draw_svg(incident)
        if chart:
            files[f"{stem}.svg"] = chart
        files[f"{stem}.md"] = incident_markdown(incident, f"{stem}.svg" if chart else None)
        files[f"{stem}.json"] = to_json(incident)
        briefs[incident["incident"]]["report"] = f"{stem}.md"
    return write_files(report_dir, summary["run_id"], files, summary, lambda: {"summary.md": summary_markdown(summary), "summary.json": to_json(summary)})
