# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API for asyncio programs: nothing blocks the loop, no event is lost, and the program keeps its pool of threads for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import answer, local
from sysops_remediation import AsyncRemediator, DiagnoseResult, EventKind, RunStatus
from sysops_remediation.aio import AsyncRun, _in_thread

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
SAY = {"name": "Say it", "ansible.builtin.debug": {"msg": "hello"}}


async def impatient(run: AsyncRun[DiagnoseResult]) -> tuple[list[EventKind], int]:
    """Return the kinds of all events, and how often nobody waited long enough."""
    kinds: list[EventKind] = []
    given_up = 0
    while True:
        try:
            kinds.append((await asyncio.wait_for(anext(run.__aiter__()), 0.001)).kind)
        except StopAsyncIteration:
            return kinds, given_up
        except TimeoutError:
            given_up += 1


def test_who_gives_up_waiting_for_an_event_finds_it_at_the_next_try(project: Write) -> None:
    async def main() -> tuple[list[EventKind], list[EventKind], int]:
        remediator = AsyncRemediator(local("h1", "h2"), project=project(SAY, SAY, answer()))
        patient = [event.kind async for event in remediator.start_diagnose()]
        run = remediator.start_diagnose()
        kinds, given_up = await impatient(run)
        assert (await run.result()).status is RunStatus.SUCCEEDED
        return patient, kinds, given_up

    patient, kinds, given_up = asyncio.run(main())
    assert given_up > 10
    assert kinds == patient and kinds[-1] is EventKind.FINISHED


def test_a_program_whose_threads_are_all_busy_gets_its_answers(project: Write) -> None:
    async def main() -> DiagnoseResult:
        busy = threading.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        waiting = loop.run_in_executor(None, busy.wait)
        try:
            return await asyncio.wait_for(AsyncRemediator(local("h1"), project=project(answer())).diagnose(), 120)
        finally:
            busy.set()
            await waiting

    assert asyncio.run(main()).status is RunStatus.SUCCEEDED


def test_a_task_that_is_cancelled_cancels_its_run(project: Write) -> None:
    async def main() -> DiagnoseResult:
        run = AsyncRemediator(local("h1"), project=project({"name": "Wait", "ansible.builtin.wait_for": {"timeout": 600}})).start_diagnose()
        async for event in run:
            if event.kind is EventKind.TASK_STARTED:
                break
        task = asyncio.create_task(run.result())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await run.result()

    assert asyncio.run(main()).status is RunStatus.CANCELED


def test_what_goes_wrong_reaches_whoever_waits() -> None:
    def fails() -> None:
        raise ValueError("it went wrong")

    async def main() -> None:
        with pytest.raises(ValueError, match="it went wrong"):
            await asyncio.wait_for(_in_thread(fails), 10)

    asyncio.run(main())
