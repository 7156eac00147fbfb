# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results for people: colours and tables on a terminal, the same words as plain text in a pipe."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from .models import Check, CheckState, DiagnoseResult, Diagnosis, DoctorResult, Gate, HostError, Plan, PlannedAction, PlanResult, RemediateResult, RunResult

GOOD = {"healthy", "cache_growth", "warmup", "sawtooth", "load_correlated", "step_change", "remediated", "succeeded", "nothing_to_do"}
BAD = {"leak_confirmed", "oom_killed", "crashed", "failed", "ineffective", "chronic", "unknown"}
NOT_JUDGED = {"insufficient_data", "stopped"}
OBSERVED = {"leak_confirmed", "leak_suspected", "growth_unexplained", "fragmentation", "step_change"}  # not accepted by the policy, and without urgency
WIDTH_OF_A_PIPE = 1_000_000_000
ALIGNED = 60
BARS = "▁▂▃▄▅▆▇█"


def console(stderr: bool = False) -> Console:
    """Return a console. Rich itself honours NO_COLOR and drops colours in a pipe, where a line must not depend on a terminal's width."""
    result = Console(stderr=stderr, highlight=False, emoji=False)
    return result if result.is_terminal else Console(stderr=stderr, highlight=False, emoji=False, width=WIDTH_OF_A_PIPE)


def word(text: str) -> Text:
    style = "green" if text in GOOD else "bold red" if text in BAD else "yellow"
    return Text(text, style=style)


def sparkline(points: Sequence[Sequence[float]], width: int = 24) -> str:
    """Return the course of the values, the last of each of ``width`` stretches, between the lowest and the highest."""
    values = [value for _when, value in points]
    if not values:
        return ""
    shown = [values[(number + 1) * len(values) // width - 1] for number in range(width)] if len(values) > width else values
    low, span = min(shown), (max(shown) - min(shown)) or 1.0
    return "".join(BARS[min(len(BARS) - 1, int((value - low) / span * len(BARS)))] for value in shown)


def show(result: RunResult) -> None:
    out = console()
    if isinstance(result, DiagnoseResult) and (result.diagnoses or result.status.good):
        _diagnoses(out, result.diagnoses)
    if isinstance(result, PlanResult):
        _plan(out, result.plan)
    if isinstance(result, RemediateResult):
        _incidents(out, result)
    if isinstance(result, DoctorResult):
        _checks(out, result.checks)
    else:
        _problems(out, result)
    if result.artifacts:
        out.print(f"artifacts: {result.artifacts}", markup=False, soft_wrap=True)
    line = Text.assemble("", word(result.status.value))
    if result.message:
        line.append(f": {result.message}")
    (out if result.status.good else console(stderr=True)).print(line, soft_wrap=True)


def show_log(result: RunResult) -> None:
    err = console(stderr=True)
    err.print(f"collection: {result.collection or 'not found'}", markup=False, soft_wrap=True)
    for line in result.log:
        err.print(line, markup=False, soft_wrap=True)


class Lines:
    """A table for a pipe: one line per row, never folded however long it is; cells are aligned as far as they are short."""

    def __init__(self, *columns: str) -> None:
        self._rows: list[list[str]] = [list(columns)]

    def add_row(self, *cells: str | Text) -> None:
        self._rows.append([" ".join(str(cell).splitlines()) for cell in cells])

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        widths = [max((cell_len(cell) for cell in column if cell_len(cell) <= ALIGNED), default=0) for column in zip(*self._rows, strict=True)]
        for row in self._rows:
            padded = (cell + " " * max(0, width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
            yield Segment("  ".join(padded).rstrip() + "\n")


def table(out: Console, *columns: str) -> Table | Lines:
    if not out.is_terminal:
        return Lines(*columns)
    result = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        result.add_column(column, overflow="fold")
    return result


def _diagnoses(out: Console, diagnoses: Sequence[Diagnosis]) -> None:
    if not diagnoses:
        out.print("no service was diagnosed")
        return
    rows = table(out, "host", "service", "verdict", "urgency", "memory", "what")
    for item in diagnoses:
        rows.add_row(item.host, item.service, word(item.verdict), item.urgency, item.sparkline, item.summary)
    out.print(rows)
    for item in diagnoses:
        if item.verdict in GOOD:
            continue
        out.print(Text.assemble((f"{item.host} {item.service}", "bold")), soft_wrap=True)
        for sentence in item.explanation:
            out.print(f"  {sentence}", markup=False, soft_wrap=True)
        for warning in item.warnings:
            out.print(f"  note: {warning}", markup=False, soft_wrap=True)


def _plan(out: Console, plan: Plan) -> None:
    if plan.actions:
        rows = table(out, "wave", "host", "service", "action", "verdict", "why")
        waves = {host: number for number, hosts in enumerate(plan.waves, start=1) for host in hosts}
        for action in plan.actions:
            rows.add_row(str(waves.get(action.host, "?")), action.host, action.service, action.action, word(action.verdict), action.summary)
        out.print(rows)
    for refusal in plan.refusals:
        _refusal(out, refusal)
    if plan.healthy:
        counts = Counter(_left_alone(item["verdict"]) for item in plan.healthy)
        out.print(", ".join(f"{count} {word.replace('_', ' ')}" for word, count in sorted(counts.items())), soft_wrap=True)


def _left_alone(verdict: str) -> str:
    """Return how a service is called of which nothing is asked; as ``_plan.health`` of the collection."""
    return verdict if verdict in NOT_JUDGED else "observed" if verdict in OBSERVED else "healthy"


def _refusal(out: Console, refusal: PlannedAction) -> None:
    out.print(Text.assemble(("not touched: ", "yellow"), f"{refusal.host} {refusal.service}: {refusal.summary or refusal.verdict}"), soft_wrap=True)
    failed_gates(out, refusal.gates)


def failed_gates(out: Console, gates: Iterable[Gate]) -> None:
    for gate in gates:
        if not gate.passed:
            out.print(f"  ✗ {gate.name}: {gate.detail or _measured(gate)}", markup=False, soft_wrap=True)


def _measured(gate: Gate) -> str:
    unit = f" {gate.unit}" if gate.unit else ""
    return f"{_number(gate.value)}{unit}, threshold {_number(gate.threshold)}{unit}"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _incidents(out: Console, result: RemediateResult) -> None:
    if result.incidents:
        rows = table(out, "host", "service", "verdict", "action", "outcome", "report")
        for item in result.incidents:
            rows.add_row(item.host, item.service, word(item.verdict), item.action or "none", word(item.outcome), item.report or "")
        out.print(rows)
    for item in [*result.incidents, *result.ineffective]:
        out.print(item.headline or f"{item.service} on {item.host}: {item.outcome}", markup=False, soft_wrap=True)
        for step in item.next_steps:
            out.print(f"  next: {step}", markup=False, soft_wrap=True)
    for path in result.paths:
        if path.endswith("summary.md"):
            out.print(f"report: {path}", markup=False, soft_wrap=True)


_MARKS = {CheckState.OK: ("✓", "green"), CheckState.WARNING: ("!", "yellow"), CheckState.FAILED: ("✗", "bold red"), CheckState.NOT_CHECKED: ("·", "dim")}


def _checks(out: Console, checks: Sequence[Check]) -> None:
    for check in checks:
        where = f"{check.host}: " if check.host else ""
        out.print(Text.assemble(_MARKS[check.state], f" {where}{check.name}: {check.detail}"), soft_wrap=True)
        if check.fix:
            out.print(f"    fix: {check.fix}", markup=False, soft_wrap=True)


def _problems(out: Console, result: RunResult) -> None:
    for error in result.errors:
        if _is_told(error, result.message):
            continue
        out.print(Text.assemble((f"{error.host}: ", "bold red"), error.msg), soft_wrap=True)


def _is_told(error: HostError, message: str) -> bool:
    """Tell whether the last line, ``host, host and 3 more: what; host: what`` or ``what (inventory …)``, says it of this host already."""
    if error.msg == message or message.startswith(f"{error.msg} (inventory "):
        return True
    host, what = re.escape(error.host), re.escape(error.msg)
    return re.search(rf"(?:[;,] {host}(?:, [^:;]*| and \d+ more)?| and \d+ more): {what}; ", f"; {message}; ") is not None
