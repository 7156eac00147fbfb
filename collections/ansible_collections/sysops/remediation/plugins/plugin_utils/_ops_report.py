# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A past incident from the ledger: found by its id, or as the latest of a host or service, and rendered as on its day."""

from __future__ import annotations

import typing as t
from dataclasses import asdict

from ..module_utils._gates import closed
from ._ledger import AuditEntry, Incident, Ledger
from ._ledger._words import names_service
from ._policy_kinds import did_you_mean
from ._report import recalled
from ._report._markdown import incident_markdown
from ._report._templates import render

Data = dict[str, t.Any]

MOST = 5000  # incidents that are looked through, the newest first


def find(ledger: Ledger, incident: str, host: str, service: str) -> Incident:
    """Return the incident; raise LookupError with one line if there is none."""
    if incident:
        known = ledger.incidents(incident=incident)
        if known and ((host and known[0].host != host) or (service and not names_service(service, known[0].service))):
            raise LookupError(f"incident {incident} is of {known[0].service} on {known[0].host}, and not of what else was named: name one of both")
        if known:
            return known[0]
        near = did_you_mean(incident, [one.id for one in ledger.incidents(limit=MOST)])
        raise LookupError(f"remediation_incident={incident} is not in this ledger{near}")
    among = ledger.incidents(host=host or None, limit=MOST)
    latest = next((one for one in among if not service or names_service(service, one.service)), None)
    if latest is None:
        raise LookupError(f"no incident{f' of {service}' if service else ''}{f' on {host}' if host else ''} is in this ledger")
    return latest


def report_of(incident: Incident, trail: list[AuditEntry]) -> tuple[Data, str]:
    """Return (JSON, Markdown) of an incident.

    :param trail: what the audit says of its run; only what concerns the incident is shown.
    """
    body = recalled(incident)
    mine = [one for one in reversed(trail) if one.incident == incident.id]
    data = {**body, "ledger": {**asdict(incident), "trail": [asdict(one) for one in mine]}}
    data["ledger"].pop("body")
    return data, f"{incident_markdown(body, None).rstrip()}\n\n{render('ledger.md.j2', incident=incident, trail=mine, said=said)}"


def said(detail: Data) -> list[str]:
    """Return what a decision of the audit says in short."""
    shut = [one["name"] for one in detail.get("closed") or closed(detail.get("gates") or [])]
    return [str(detail[name]) for name in ("action", "outcome", "msg") if detail.get(name)] + ([f"closed: {', '.join(shut)}"] if shut else [])
