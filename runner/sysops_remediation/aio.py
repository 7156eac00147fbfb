# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same API for asyncio programs. The work is done by the same threads and processes; nothing here blocks the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

from ._run import Run
from .events import RunEvent
from .models import DiagnoseResult, DoctorResult, PlanResult, RemediateResult, RunResult
from .models_ops import PauseResult, PolicyResult, ReportResult, StatusResult, WhyNotResult
from .remediator import Remediator

Result = TypeVar("Result", bound=RunResult)


class AsyncRun(Generic[Result]):
    """Handle of a run in progress: iterate it for events, ``await run.result()`` for the typed result."""

    def __init__(self, run: Run[Result]) -> None:
        self._run = run

    async def __aiter__(self) -> AsyncIterator[RunEvent]:
        while (event := await asyncio.to_thread(self._run.next_event)) is not None:
            yield event

    async def result(self) -> Result:
        """Wait for the end of the run. When the waiting task is cancelled, so is the run."""
        try:
            return await asyncio.to_thread(self._run.wait)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def cancel(self) -> None:
        self._run.cancel()


class AsyncRemediator:
    """As :class:`Remediator`, with the same arguments; its methods are awaited, its ``start_…`` return an :class:`AsyncRun`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._remediator = Remediator(*arguments, **options)

    async def diagnose(self, **options: Any) -> DiagnoseResult:
        return await self.start_diagnose(**options).result()

    async def plan(self, **options: Any) -> PlanResult:
        return await self.start_plan(**options).result()

    async def remediate(self, **options: Any) -> RemediateResult:
        return await self.start_remediate(**options).result()

    async def restart(self, service: str, **options: Any) -> RemediateResult:
        return await self.start_restart(service, **options).result()

    async def approve(self, plan_id: str, approver: str, **options: Any) -> RemediateResult:
        return await self.start_approve(plan_id, approver, **options).result()

    async def pause(self, reason: str, **options: Any) -> PauseResult:
        return await self.start_pause(reason, **options).result()

    async def resume(self, **options: Any) -> PauseResult:
        return await self.start_resume(**options).result()

    async def status(self, **options: Any) -> StatusResult:
        return await self.start_status(**options).result()

    async def why_not(self, service: str, **options: Any) -> WhyNotResult:
        return await self.start_why_not(service, **options).result()

    async def report(self, incident: str | None = None, **options: Any) -> ReportResult:
        return await self.start_report(incident, **options).result()

    async def policy(self, **options: Any) -> PolicyResult:
        return await self.start_policy(**options).result()

    async def doctor(self, **options: Any) -> DoctorResult:
        return await self.start_doctor(**options).result()

    def start_doctor(self, **options: Any) -> AsyncRun[DoctorResult]:
        return AsyncRun(self._remediator.start_doctor(**options))

    def start_diagnose(self, **options: Any) -> AsyncRun[DiagnoseResult]:
        return AsyncRun(self._remediator.start_diagnose(**options))

    def start_plan(self, **options: Any) -> AsyncRun[PlanResult]:
        return AsyncRun(self._remediator.start_plan(**options))

    def start_remediate(self, **options: Any) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_remediate(**options))

    def start_restart(self, service: str, **options: Any) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_restart(service, **options))

    def start_approve(self, plan_id: str, approver: str, **options: Any) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_approve(plan_id, approver, **options))

    def start_pause(self, reason: str, **options: Any) -> AsyncRun[PauseResult]:
        return AsyncRun(self._remediator.start_pause(reason, **options))

    def start_resume(self, **options: Any) -> AsyncRun[PauseResult]:
        return AsyncRun(self._remediator.start_resume(**options))

    def start_status(self, **options: Any) -> AsyncRun[StatusResult]:
        return AsyncRun(self._remediator.start_status(**options))

    def start_why_not(self, service: str, **options: Any) -> AsyncRun[WhyNotResult]:
        return AsyncRun(self._remediator.start_why_not(service, **options))

    def start_report(self, incident: str | None = None, **options: Any) -> AsyncRun[ReportResult]:
        return AsyncRun(self._remediator.start_report(incident, **options))

    def start_policy(self, **options: Any) -> AsyncRun[PolicyResult]:
        return AsyncRun(self._remediator.start_policy(**options))
