# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed results. Shapes are those of docs/architecture.md; fields that a newer collection adds are kept as they come."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from ._status import RunStatus


class Model(BaseModel):
    model_config = ConfigDict(extra="allow")


class Gate(Model):
    """One named check with value, threshold and unit; verdicts and refusals are lists of these."""

    name: str
    passed: bool
    detail: str = ""
    value: Any = None
    threshold: Any = None
    unit: str | None = None
    opens_at: Any = None


class Slope(Model):
    """Growth per second: the ends of the confidence interval and the middle."""

    low: float | None = None
    mid: float | None = None
    high: float | None = None


class Limit(Model):
    name: str
    value: float | None = None


class Resource(Model):
    """One thing that can leak, within one incarnation."""

    unit: str = ""
    now: float | None = None
    first: float | None = None
    verdict: str = ""
    urgency: str = "none"
    slope: Slope | None = None
    limit: Limit | None = None
    gates: list[Gate] = Field(default_factory=list)
    points: list[tuple[float, float]] = Field(default_factory=list)
    source: str | None = None


class Exhaustion(Model):
    """When the nearest real limit is reached, as an interval in seconds from now."""

    resource: str
    limit_name: str
    limit: float
    now: float
    unit: str = ""
    seconds_low: float | None = None
    seconds_high: float | None = None


class Diagnosis(Model):
    """What is known of one service on one host."""

    host: str
    service: str
    verdict: str
    urgency: str = "none"
    name: str = ""
    manager: str = ""
    resource: str | None = None
    summary: str = ""
    explanation: list[str] = Field(default_factory=list)
    exhaustion: Exhaustion | None = None
    state: dict[str, Any] = Field(default_factory=dict)
    incarnation: dict[str, Any] | None = None
    gates: list[Gate] = Field(default_factory=list)
    resources: dict[str, Resource] = Field(default_factory=dict)
    sparkline: str = ""
    warnings: list[str] = Field(default_factory=list)


class PlannedAction(Model):
    """What would be done, or is refused, for one service; ``gates`` say why."""

    host: str
    service: str
    action: str = ""
    verdict: str = ""
    urgency: str = "none"
    summary: str = ""
    incident: str | None = None
    gates: list[Gate] = Field(default_factory=list)


class HostError(Model):
    host: str
    msg: str


class Plan(Model):
    """What would be done to the whole fleet, in waves of hosts, and what is refused and why."""

    id: str = ""
    run_id: str = ""
    waves: list[list[str]] = Field(default_factory=list)
    actions: list[PlannedAction] = Field(default_factory=list)
    refusals: list[PlannedAction] = Field(default_factory=list)
    healthy: list[dict[str, Any]] = Field(default_factory=list)
    unreachable: list[str] = Field(default_factory=list)
    errors: list[HostError] = Field(default_factory=list)


class Incident(Model):
    """One service's way through observe, diagnose, plan, act, verify, report."""

    incident: str
    host: str
    service: str
    outcome: str
    verdict: str = ""
    urgency: str = "none"
    action: str | None = None
    headline: str = ""
    next_steps: list[str] = Field(default_factory=list)
    report: str | None = None

    def details(self) -> dict[str, Any]:
        """Return the complete report of the incident (docs/report.md): gates, steps, proof, evidence. Read from its JSON file on this machine."""
        if self.report is None:
            raise FileNotFoundError(f"incident {self.incident} has no report")
        found: dict[str, Any] = json.loads(Path(self.report).with_suffix(".json").read_text(encoding="utf-8"))
        return found


class HostStats(Model):
    """How many tasks ended how on one host: ansible's own recap."""

    ok: int = 0
    changed: int = 0
    unreachable: int = 0
    failed: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


class RunResult(Model):
    """How one run ended. Subclasses add what it found or did."""

    model_config = ConfigDict(extra="forbid")

    status: RunStatus
    message: str = ""
    playbook: str = ""
    check_mode: bool = False
    run_id: str = ""
    started_at: float = 0.0
    duration: float = 0.0
    stats: dict[str, HostStats] = Field(default_factory=dict)
    unreachable: list[str] = Field(default_factory=list)
    errors: list[HostError] = Field(default_factory=list)
    handler_error: str | None = None
    collection: str | None = None
    artifacts: str | None = None
    data: dict[str, Any] = Field(default_factory=dict, exclude=True)
    log: list[str] = Field(default_factory=list, exclude=True)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        return self.status.exit_code


class DiagnoseResult(RunResult):
    diagnoses: list[Diagnosis] = Field(default_factory=list)


class PlanResult(RunResult):
    plan: Plan = Field(default_factory=Plan)


class RemediateResult(RunResult):
    """Result of ``remediate`` and ``restart``."""

    plan_id: str = ""
    incidents: list[Incident] = Field(default_factory=list)
    ineffective: list[Incident] = Field(default_factory=list)  # of earlier runs: their restart did not last a day
    paths: list[str] = Field(default_factory=list)


class ServicesResult(RunResult):
    """What a host runs; for ``remediate init``."""

    services: list[dict[str, Any]] = Field(default_factory=list)


class CheckState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Check(Model):
    """One thing that a run needs: whether it is there, and what to do if not. Without a host it is about this machine."""

    name: str
    state: CheckState
    detail: str = ""
    fix: str = ""
    host: str | None = None


class DoctorResult(RunResult):
    """Whether everything is there that a run needs."""

    checks: list[Check] = Field(default_factory=list)
