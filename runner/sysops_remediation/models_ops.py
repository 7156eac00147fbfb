# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed results of what operators ask and tell: pause, resume, status, why_not, report, policy. Times are epoch seconds."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .models import Gate, Model, PlannedAction, RunResult


class Pause(Model):
    """Hands off. Empty ``group``, ``host`` and ``service`` mean: of all of them."""

    subject: str
    reason: str = ""
    until: float | None = None
    created_at: float = 0.0
    created_by: str = ""
    group: str = ""
    host: str = ""
    service: str = ""


class PauseResult(RunResult):
    """Result of ``pause`` and ``resume``: all pauses that are in force now, and those that were ended."""

    changed: bool = False
    pauses: list[Pause] = Field(default_factory=list)
    ended: list[Pause] = Field(default_factory=list)
    ledger: str = ""


class Breaker(Model):
    """A group in which too much failed at once, so that nothing is restarted."""

    group: str
    state: str
    since: float = 0.0
    sick: list[str] = Field(default_factory=list)
    opens_at: float | None = None


class WaitingPlan(Model):
    """A plan that waits for a person; ``approve`` is the command for that."""

    plan_id: str
    run_id: str = ""
    created_at: float = 0.0
    expires_at: float = 0.0
    approved_by: str | None = None
    actions: list[PlannedAction] = Field(default_factory=list)
    approve: str = ""


class PermitOut(Model):
    """An action that is under way, or whose run died in it (``expired``)."""

    host: str
    service: str
    action: str = ""
    run_id: str = ""
    holder: str = ""
    expires_at: float = 0.0
    expired: bool = False


class OpenIncident(Model):
    id: str
    host: str
    service: str
    state: str = ""
    summary: str = ""
    run_id: str = ""
    updated_at: float = 0.0


class Recurring(Model):
    """A service that was sick again soon after our restarts; ``chronic`` is not restarted any more."""

    host: str
    service: str
    state: str
    detail: str = ""


class Budget(Model):
    """How many hosts of a group may still become unavailable, and who counts (host → why)."""

    group: str
    hosts: int = 0
    max_unavailable: int = 0
    left: int = 0
    unavailable: dict[str, str] = Field(default_factory=dict)
    breaker: str = "closed"
    services: list[str] = Field(default_factory=list)


class Span(Model):
    start: float
    end: float
    text: str = ""
    open: bool = False


class Windows(Model):
    """When the policy of a service lets it be acted on next."""

    service: str
    hosts: list[str] = Field(default_factory=list)
    windows: list[Span] = Field(default_factory=list)
    frozen: str | None = None
    outside_windows: str | None = None


class StatusResult(RunResult):
    """How the fleet stands."""

    ledger: str = ""
    at: float = 0.0
    pauses: list[Pause] = Field(default_factory=list)
    breakers: list[Breaker] = Field(default_factory=list)
    plans: list[WaitingPlan] = Field(default_factory=list)
    permits: list[PermitOut] = Field(default_factory=list)
    incidents: list[OpenIncident] = Field(default_factory=list)
    recurring: list[Recurring] = Field(default_factory=list)
    groups: list[Budget] = Field(default_factory=list)
    windows: list[Windows] = Field(default_factory=list)


class WhyNot(Model):
    """All gates of one service on one host; ``acts`` when none of them is closed, ``opens_at`` when the last closed one opens by itself."""

    host: str
    service: str
    acts: bool = False
    headline: str = ""
    verdict: str = ""
    urgency: str = "none"
    summary: str = ""
    opens_at: float | None = None
    gates: list[Gate] = Field(default_factory=list)


class WhyNotResult(RunResult):
    services: list[WhyNot] = Field(default_factory=list)
    ledger: str = ""


class Policy(Model):
    """The policy that is in force for one service on one host: ``policy`` is complete and without secrets; durations are seconds, sizes are bytes."""

    host: str
    service: str
    mode: str = ""
    policy_hash: str = ""
    policy: dict[str, Any] = Field(default_factory=dict)
    gates: list[Gate] = Field(default_factory=list)
    windows: list[Span] = Field(default_factory=list)


class PolicyResult(RunResult):
    """All policies; ``text`` tells one that several hosts share only once."""

    policies: list[Policy] = Field(default_factory=list)
    text: str = ""


class ReportResult(RunResult):
    """A past incident: its complete report as data (docs/report.md) and as Markdown."""

    incident: dict[str, Any] = Field(default_factory=dict)
    markdown: str = ""
    ledger: str = ""
