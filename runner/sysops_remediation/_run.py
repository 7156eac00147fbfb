# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: started, watched, cancelled, waited for."""

from __future__ import annotations

import contextlib
import errno
import queue
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from . import _artifacts, _limit, _outcome, _payload, _reaper, _request, _worker
from ._launch import TRANSMIT, InvalidInput, Request, check_ansible, runner_arguments
from ._project import Project
from ._rundir import CannotRun, RunDirectory
from ._status import RunStatus
from .events import RunEvent, typed
from .models import RunResult

Result = TypeVar("Result", bound=RunResult)
KEPT_EVENTS = 10_000
KEPT_LINES = 200
GRACE = 5.0
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_IMPORTING = threading.Lock()


class Run(Generic[Result]):
    """Handle of a run in progress. Iterate it for events; ``wait()`` or ``result`` for the typed result.

    ansible-runner works in a thread of its own and never waits for whoever reads the events: they are queued, and when nobody reads
    them the oldest are dropped (``events_dropped``).
    """

    def __init__(self, request: Request, project: Project, result_type: type[Result], finish: Callable[[Result], Result] | None = None) -> None:
        self._request = request
        self._project = project
        self._result_type = result_type
        self._finish = finish
        self._events: queue.Queue[RunEvent | None] = queue.Queue(KEPT_EVENTS)
        self.events_dropped = 0
        self._facts = _outcome.Facts(lines=deque(maxlen=KEPT_LINES))
        self._stop: RunStatus | None = None
        self._stopping = threading.Lock()
        self._directory: RunDirectory | None = None
        self._worker: _worker.Worker | None = None
        self._mask: _artifacts.Mask | None = None
        self._artifacts: _artifacts.Artifacts | None = None
        self._result: Result | None = None
        self._ansible_ended = threading.Event()
        self._finished = threading.Event()
        self._started = time.time()
        self._thread = threading.Thread(target=self._work, name="remediation-run", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[RunEvent]:
        """Yield the events as they happen, until the run has ended."""
        while (event := self.next_event()) is not None:
            yield event

    def next_event(self) -> RunEvent | None:
        """Return the next event, waiting for it; None when the run has ended."""
        event = self._events.get()
        if event is None:
            self._put(None)  # for the next reader
        return event

    def without_secrets(self, event: RunEvent) -> RunEvent:
        """Return the event as it may be shown or kept: what the run was handed as a secret is hidden."""
        if self._mask is None:
            self._mask = _artifacts.Mask(self._request)
        hidden: RunEvent = event.model_copy(update=self._mask.data(event.model_dump()))
        return hidden

    @property
    def running(self) -> bool:
        return not self._finished.is_set()

    @property
    def result(self) -> Result:
        """Return the result; waits for the end of the run."""
        return self.wait()

    def wait(self, timeout: float | None = None) -> Result:
        """Return the result; raise TimeoutError if the run has not ended within ``timeout`` seconds (it goes on)."""
        if not self._finished.wait(timeout):
            raise TimeoutError(f"the run has not ended within {timeout} s; it goes on: wait again or cancel it")
        assert self._result is not None
        return self._result

    def cancel(self) -> None:
        """End the run and all its processes; returns at once. The result's status is then ``canceled``."""
        self._end(RunStatus.CANCELED)

    def kill(self) -> None:
        """End the run without giving ansible time to tidy up."""
        self._stop = self._stop or RunStatus.CANCELED
        self._end_processes(grace=0)

    def drain(self, on_event: Callable[[RunEvent], None] | None) -> Result:
        """Call ``on_event`` for each event in the caller's thread and return the result.

        When the callback raises, the run still goes on to its end: a broken display must not leave a service half remediated. The status
        of a run that otherwise went well is then ``handler_error``.
        """
        try:
            for event in self:
                self._handle(event, on_event)
        except BaseException:  # Ctrl-C in a program that calls us: its run ends with the call
            self.cancel()
            self._finished.wait()
            raise
        return _outcome.with_handler_error(self.wait(), self._facts.handler_error)

    def _handle(self, event: RunEvent, on_event: Callable[[RunEvent], None] | None) -> None:
        if on_event is not None and self._facts.handler_error is None:
            try:
                on_event(event)
            except Exception as error:
                self._facts.handler_error = f"{type(error).__name__}: {error}"

    def _end(self, reason: RunStatus) -> None:
        with self._stopping:
            if self._stop is None and not self._finished.is_set():
                self._stop = reason
                threading.Thread(target=self._end_processes, name="remediation-stop", daemon=True).start()

    def _end_processes(self, grace: float = GRACE) -> None:
        """End what runs, and again what was being started at that moment, until ansible-runner has noticed."""
        while not self._ansible_ended.is_set():
            if self._directory is not None:
                self._directory.end_processes(grace)
            if self._worker is not None:
                self._worker.end(grace)
            self._ansible_ended.wait(0.05)

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[None]:
        """Our own, because ansible-runner's leaves ansible's workers behind."""
        if self._request.timeout is None:
            yield
            return
        timer = threading.Timer(self._request.timeout, self._end, [RunStatus.TIMED_OUT])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _work(self) -> None:
        try:
            _request.check(self._request, self._project)
            with self._deadline():
                _import_ansible_runner()
                if self._request.artifact_dir is not None:
                    self._artifacts = _artifacts.Artifacts(self._request.artifact_dir, self._request)
                if self._request.executor == TRANSMIT:
                    self._directory = RunDirectory()
                    self._run_worker(self._directory)
                else:
                    check_ansible(self._request, self._project)
                    self._directory = RunDirectory()
                    self._run_ansible(self._directory)
        except InvalidInput as error:
            self._facts.invalid_input = str(error)
        except CannotRun as error:
            self._facts.internal_error = str(error)
        except OSError as error:
            room = f"; make room in {tempfile.gettempdir()}, or name another folder in TMPDIR" if error.errno in NO_ROOM else ""
            self._facts.internal_error = f"the run could not be prepared or watched: {error}{room}"
        except Exception as error:
            self._facts.internal_error = f"{type(error).__name__}: {error}"
        finally:
            self._ansible_ended.set()
            self._tidy_up()
            self._facts.stop = self._stop
            result = _outcome.result(self._result_type, self._facts, self._request, self._project, self._started)
            self._result = self._kept(self._finish(result) if self._finish else result)
            self._finished.set()
            self._put(None)

    def _run_ansible(self, directory: RunDirectory) -> None:
        from ansible_runner.interface import init_runner

        arguments = runner_arguments(self._request, self._project, directory)
        runner = init_runner(**arguments, event_handler=self._on_raw_event, cancel_callback=_never)
        if self._stop is None:
            runner.run()
            self._facts.rc = runner.rc
        if self._request.limit and self._stop is None and self._facts.nobody():
            mark = {_reaper.MARK.decode().rstrip("="): str(directory.artifacts)}  # cancel and deadline end it like ansible itself
            self._facts.names = _limit.names_in(arguments["inventory"], {**arguments["envvars"], **mark})

    def _run_worker(self, directory: RunDirectory) -> None:
        payload, arguments = _payload.pack(self._request, self._project)
        if self._stop is not None:
            return
        self._worker = _worker.Worker(self._request.worker, directory)
        try:
            self._worker.run(payload, arguments, directory.path, self._on_raw_event)
        finally:
            self._facts.rc = self._worker.rc
            folder = Path(self._request.extra_vars.get("remediation_report_dir") or "remediation-reports").absolute()
            _worker.store_reports(self._worker.reports, folder)
            self._facts.remediation = _worker.at_home(self._facts.remediation, folder)

    def _kept(self, result: Result) -> Result:
        return cast(Result, self._artifacts.finish(result, self._request.rotate_artifacts)) if self._artifacts else result

    def _tidy_up(self) -> None:
        if self._directory is None:
            return
        self._directory.end_processes(GRACE)
        self._directory.remove()

    def _on_raw_event(self, raw: dict[str, Any]) -> bool:
        """Take what the result needs, queue the event, return at once. False: it need not be written to disk."""
        self._facts.take(raw)
        event = typed(raw)
        if event is not None:
            if self._artifacts is not None:
                self._artifacts.event(event)
            self._put(event)
        return False

    def _put(self, event: RunEvent | None) -> None:
        while True:
            try:
                self._events.put_nowait(event)
                return
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._events.get_nowait()
                    self.events_dropped += 1


def _import_ansible_runner() -> None:
    """Import it in one thread only: while it is being imported, its attribute ``plugins`` is something else, and another thread's run would fail."""
    with _IMPORTING:
        import ansible_runner.interface  # noqa: F401 - here, as it takes longer than everything else of this package together


def _never() -> bool:
    """Be the question of ansible-runner whether to cancel: without one it takes the signal handlers of the program, and its own way leaves workers behind."""
    return False
