# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same API for asyncio programs. The work is done by the same threads and processes; nothing here blocks the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar, Unpack, cast

from ._launch import Inventory
from ._options import (
    ActOptions,
    CommonOptions,
    DiagnoseOptions,
    PauseOptions,
    RemediatorOptions,
    ReportOptions,
    RestartOptions,
    RunOptions,
    ServicesOptions,
    SubjectOptions,
    WhyNotOptions,
)
from ._run import Run
from .events import RunEvent
from .models import DiagnoseResult, DoctorResult, PlanResult, RemediateResult, RunResult, ServicesResult
from .models_ops import PauseResult, PolicyResult, ReportResult, StatusResult, WhyNotResult
from .remediator import Remediator

Result = TypeVar("Result", bound=RunResult)
Value = TypeVar("Value")


def _in_thread(call: Callable[[], Value]) -> asyncio.Future[Value]:
    """Call it in a thread of its own: the program's pool of threads is for the program, and a hundred runs that wait would fill it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Value] = loop.create_future()

    def settle(value: Value | None, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("Value", value))

    def work() -> None:
        try:
            told: tuple[Value | None, BaseException | None] = (call(), None)
        except BaseException as error:
            told = (None, error)
        with contextlib.suppress(RuntimeError):  # the program has ended its loop meanwhile
            loop.call_soon_threadsafe(settle, *told)

    threading.Thread(target=work, name="remediation-await", daemon=True).start()
    return future


class AsyncRun(Generic[Result]):
    """Handle of a run in progress: iterate it for events, ``await run.result()`` for the typed result.

    Whoever waits for an event and gives up (``asyncio.wait_for``) finds it at the next try.
    """

    def __init__(self, run: Run[Result]) -> None:
        self._run = run
        self._following: asyncio.Future[RunEvent | None] | None = None
        self._reading = asyncio.Lock()

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        return self

    async def __anext__(self) -> RunEvent:
        async with self._reading:
            if self._following is None or self._following.get_loop() is not asyncio.get_running_loop():
                self._following = _in_thread(self._run.next_event)
            event = await asyncio.shield(self._following)
            self._following = None
        if event is None:
            raise StopAsyncIteration
        return event

    async def result(self) -> Result:
        """Wait for the end of the run. When the waiting task is cancelled, so is the run."""
        try:
            return await _in_thread(self._run.wait)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def cancel(self) -> None:
        self._run.cancel()


class AsyncRemediator:
    """As :class:`Remediator`, with the same arguments; its methods are awaited, its ``start_…`` return an :class:`AsyncRun`."""

    def __init__(self, inventory: Inventory | None = None, **options: Unpack[RemediatorOptions]) -> None:
        self._remediator = Remediator(inventory, **options)

    async def diagnose(self, **options: Unpack[DiagnoseOptions]) -> DiagnoseResult:
        return await self.start_diagnose(**options).result()

    async def plan(self, **options: Unpack[RunOptions]) -> PlanResult:
        return await self.start_plan(**options).result()

    async def remediate(self, **options: Unpack[ActOptions]) -> RemediateResult:
        return await self.start_remediate(**options).result()

    async def restart(self, service: str, **options: Unpack[RestartOptions]) -> RemediateResult:
        return await self.start_restart(service, **options).result()

    async def approve(self, plan_id: str, approver: str, **options: Unpack[RunOptions]) -> RemediateResult:
        return await self.start_approve(plan_id, approver, **options).result()

    async def pause(self, reason: str, **options: Unpack[PauseOptions]) -> PauseResult:
        return await self.start_pause(reason, **options).result()

    async def resume(self, **options: Unpack[SubjectOptions]) -> PauseResult:
        return await self.start_resume(**options).result()

    async def status(self, **options: Unpack[RunOptions]) -> StatusResult:
        return await self.start_status(**options).result()

    async def why_not(self, service: str, **options: Unpack[WhyNotOptions]) -> WhyNotResult:
        return await self.start_why_not(service, **options).result()

    async def report(self, incident: str | None = None, **options: Unpack[ReportOptions]) -> ReportResult:
        return await self.start_report(incident, **options).result()

    async def policy(self, **options: Unpack[RunOptions]) -> PolicyResult:
        return await self.start_policy(**options).result()

    async def services(self, **options: Unpack[ServicesOptions]) -> ServicesResult:
        return await self.start_services(**options).result()

    async def doctor(self, **options: Unpack[CommonOptions]) -> DoctorResult:
        return await self.start_doctor(**options).result()

    def start_doctor(self, **options: Unpack[CommonOptions]) -> AsyncRun[DoctorResult]:
        return AsyncRun(self._remediator.start_doctor(**options))

    def start_diagnose(self, **options: Unpack[DiagnoseOptions]) -> AsyncRun[DiagnoseResult]:
        return AsyncRun(self._remediator.start_diagnose(**options))

    def start_plan(self, **options: Unpack[RunOptions]) -> AsyncRun[PlanResult]:
        return AsyncRun(self._remediator.start_plan(**options))

    def start_remediate(self, **options: Unpack[ActOptions]) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_remediate(**options))

    def start_restart(self, service: str, **options: Unpack[RestartOptions]) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_restart(service, **options))

    def start_approve(self, plan_id: str, approver: str, **options: Unpack[RunOptions]) -> AsyncRun[RemediateResult]:
        return AsyncRun(self._remediator.start_approve(plan_id, approver, **options))

    def start_pause(self, reason: str, **options: Unpack[PauseOptions]) -> AsyncRun[PauseResult]:
        return AsyncRun(self._remediator.start_pause(reason, **options))

    def start_resume(self, **options: Unpack[SubjectOptions]) -> AsyncRun[PauseResult]:
        return AsyncRun(self._remediator.start_resume(**options))

    def start_status(self, **options: Unpack[RunOptions]) -> AsyncRun[StatusResult]:
        return AsyncRun(self._remediator.start_status(**options))

    def start_why_not(self, service: str, **options: Unpack[WhyNotOptions]) -> AsyncRun[WhyNotResult]:
        return AsyncRun(self._remediator.start_why_not(service, **options))

    def start_report(self, incident: str | None = None, **options: Unpack[ReportOptions]) -> AsyncRun[ReportResult]:
        return AsyncRun(self._remediator.start_report(incident, **options))

    def start_services(self, **options: Unpack[ServicesOptions]) -> AsyncRun[ServicesResult]:
        return AsyncRun(self._remediator.start_services(**options))

    def start_policy(self, **options: Unpack[RunOptions]) -> AsyncRun[PolicyResult]:
        return AsyncRun(self._remediator.start_policy(**options))
