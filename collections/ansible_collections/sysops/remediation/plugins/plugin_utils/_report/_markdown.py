# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown for people and as JSON for programs."""

from __future__ import annotations

import json
import typing as t

from ...module_utils._gates import closed
from .._plan import LEFT_ALONE, Data, health
from ._chart import draw_text
from ._templates import render

MOST_ROWS = 200  # of one table; summary.json has everything


def incident_markdown(incident: Data, chart: str | None) -> str:
    """Return the report of one incident.

    :param chart: name of the SVG file beside it, if there is one.
    """
    return render("incident.md.j2", incident=incident, chart=chart, text_chart=draw_text(incident["memory"]), closed=closed)


def summary_markdown(summary: Data) -> str:
    """Return the summary of a run."""
    left_alone = [(word, [item for item in summary["healthy"] if health(item) == word]) for word in LEFT_ALONE]
    return render("summary.md.j2", summary=summary, most=MOST_ROWS, needs_a_human=_needs_a_human(summary), links=_links(summary), left_alone=left_alone)


def to_json(data: t.Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"


def _needs_a_human(summary: Data) -> list[Data]:
    return [brief for brief in summary["incidents"] if brief["outcome"] not in ("remediated", "predicted", "already_changed")] + summary["ineffective"]


def _links(summary: Data) -> dict[str, str]:
    return {brief["incident"]: brief["report"].rpartition("/")[2] for brief in summary["incidents"] if brief["report"]}
