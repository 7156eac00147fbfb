# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of pause, resume, status, why_not, report and policy for people."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from ._render import console, table
from .models import Gate, RunResult
from .models_ops import Pause, PauseResult, PolicyResult, ReportResult, StatusResult, WaitingPlan, WhyNot, WhyNotResult

FEW = 5  # hosts that are named before the rest is counted


def show(result: RunResult) -> None:
    """Show what is special to these results; how the run ended is said by ``_render.show``."""
    out = console()
    if isinstance(result, PauseResult) and result.ledger:
        _pauses(out, result.pauses)
        _ledger(out, result.ledger)
    elif isinstance(result, StatusResult):
        _status(out, result)
    elif isinstance(result, WhyNotResult):
        for one in result.services:
            _why_not(out, one)
        _ledger(out, result.ledger)
    elif isinstance(result, PolicyResult) and result.policies:
        out.print(result.text, markup=False, soft_wrap=True)
    elif isinstance(result, ReportResult) and result.markdown:
        out.print(result.markdown.rstrip(), markup=False, soft_wrap=True)
        _ledger(out, result.ledger)


def show_plan(out: Console, plan: WaitingPlan, now: float) -> None:
    """Show a plan that waits for a person."""
    by = f", approved by {plan.approved_by}" if plan.approved_by else ""
    _line(out, f"plan {plan.plan_id} of run {plan.run_id} expires {clock(plan.expires_at)}, in {minutes(plan.expires_at - now)}{by}")
    for action in plan.actions:
        _line(out, f"  {action.action} {action.host} {action.service} ({action.verdict}): {action.summary}")


def clock(moment: float) -> str:
    """Return a time as the playbooks say it: UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(moment))


def minutes(seconds: float) -> str:
    return f"{max(0, int(seconds)) // 60} min {max(0, int(seconds)) % 60} s"


def _status(out: Console, result: StatusResult) -> None:
    if not result.ledger:  # could not be asked; the last line says why
        return
    _pauses(out, result.pauses)
    for breaker in result.breakers:
        opens = f"; one host may be tried after {clock(breaker.opens_at)}, once all others are back" if breaker.opens_at else ""
        _line(out, f"breaker {breaker.state.replace('_', ' ')} for group {breaker.group} since {clock(breaker.since)}: {_few(breaker.sick)}{opens}", "bold red")
    for plan in result.plans:
        show_plan(out, plan, result.at)
        _line(out, f"  approve it with: remediate approve {plan.plan_id}")
    for permit in result.permits:
        ends = "its run died" if permit.expired else f"until {clock(permit.expires_at)} at the latest"
        _line(out, f"under way: {permit.action} {permit.host} {permit.service}, run {permit.run_id} by {permit.holder}, {ends}")
    for incident in result.incidents:
        _line(out, f"open: incident {incident.id}: {incident.host} {incident.service}, {incident.state} since {clock(incident.updated_at)}: {incident.summary}")
    for recurring in result.recurring:
        _line(out, f"{recurring.state}: {recurring.host} {recurring.service}: {recurring.detail}", "bold red")
    _budgets(out, result)
    _windows(out, result)
    _ledger(out, result.ledger)


def _budgets(out: Console, result: StatusResult) -> None:
    if not result.groups:
        return
    rows = table(out, "budget", "left", "hosts", "services", "who counts")
    for one in result.groups:
        left = Text(f"{one.left} of {one.max_unavailable}", style="green" if one.left else "bold red")
        counts = "; ".join(f"{host}: {why}" for host, why in list(one.unavailable.items())[:FEW]) or "nobody"
        rest = f"; and {len(one.unavailable) - FEW} more" if len(one.unavailable) > FEW else ""
        rows.add_row(one.group, left, str(one.hosts), _few(one.services), counts + rest)
    out.print(rows)


def _windows(out: Console, result: StatusResult) -> None:
    if not result.windows:
        return
    rows = table(out, "window of", "hosts", "next")
    for one in result.windows:
        spans = ", then ".join(("open now, " if span.open else "") + span.text for span in one.windows)
        rows.add_row(one.service, _few(one.hosts), "; ".join(filter(None, [one.frozen, spans])))
    out.print(rows)


def _pauses(out: Console, pauses: Sequence[Pause]) -> None:
    for one in pauses:
        until = "until somebody resumes it" if one.until is None else f"until {clock(one.until)}"
        _line(out, f"paused: {one.subject} {until}, by {one.created_by} since {clock(one.created_at)}: {one.reason}", "yellow")
    if not pauses:
        _line(out, "nothing is paused")


def _why_not(out: Console, one: WhyNot) -> None:
    out.print(Text(one.headline, style="green" if one.acts else "yellow"), soft_wrap=True)
    if one.summary:
        _line(out, f"  {one.verdict}, urgency {one.urgency}: {one.summary}")
    for gate in sorted(one.gates, key=lambda each: each.passed):
        _line(out, f"  {'✓' if gate.passed else '✗'} {gate.name}: {gate.detail}{_opens(gate)}")


def _opens(gate: Gate) -> str:
    return f"; opens {clock(float(gate.opens_at))}" if gate.opens_at and not gate.passed else ""


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")


def _ledger(out: Console, ledger: str) -> None:
    if ledger:
        _line(out, f"ledger: {ledger}")


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Text(text, style=style), soft_wrap=True)
