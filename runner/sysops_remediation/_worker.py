# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run by a worker: a program that speaks the protocol of ``ansible-runner worker`` on its standard input and output.

It may be a child of ours, or anything that leads to another machine, such as ``ssh host ansible-runner worker``.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from . import _reaper
from ._launch import path_with_our_ansible
from ._payload import Payload
from ._rundir import CannotRun, RunDirectory

OURS = (sys.executable, "-m", "ansible_runner", "worker")
KEPT_LINES = 20
PATIENCE = 30.0


class Worker:
    """A worker at work. ``rc`` is ansible's exit code, or None if it never said."""

    def __init__(self, command: Sequence[str], directory: RunDirectory) -> None:
        self._command = list(command) or list(OURS)
        temporary = directory.path / "worker"
        temporary.mkdir(mode=0o700)
        # Its private directory is made below ours, if it takes our environment: then it is gone with ours, whatever happens.
        environment = {**os.environ, "PATH": path_with_our_ansible(), "TMPDIR": str(temporary)}
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
            )
        except OSError as error:
            raise CannotRun(f"worker '{shlex.join(self._command)}' cannot be started: {error.strerror}") from None
        directory.watch_worker(self._process.pid)
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._listener = threading.Thread(target=self._listen, name="remediation-worker-stderr", daemon=True)
        self._listener.start()
        self.rc: int | None = None
        self.reports: dict[str, bytes] = {}

    def run(self, payload: Payload, arguments: dict[str, Any], private_data_dir: Path, on_event: Callable[[dict[str, Any]], bool]) -> None:
        """Hand the work over and take what comes back, until the worker says that it is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has gone: what comes back, or does not, tells why
            payload.send(arguments, self._process.stdin)
            self._process.stdin.close()
        try:
            problem = self._process_stream(self._process.stdout, private_data_dir, on_event)
        finally:
            self._close()
        if self.rc is None:
            raise CannotRun(self._why(problem))

    def _close(self) -> None:
        """Wait until it has tidied up; who still lives then is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self.end(0)
        self._process.wait()
        self._listener.join(1)

    def _process_stream(self, stream: IO[bytes], private_data_dir: Path, on_event: Callable[[dict[str, Any]], bool]) -> str:
        from ansible_runner.streaming import Processor

        worker = self
        problem = ""

        class Reader(Processor):  # type: ignore[misc]
            """Takes from the artifacts what we need, in memory: among them is a file with the whole environment."""

            def artifacts_callback(self, artifacts_data: dict[str, Any]) -> None:
                worker._take_artifacts(_unpacked(stream, artifacts_data["zipfile"]))

        def on_status(status: dict[str, Any], runner_config: object) -> None:
            nonlocal problem
            problem = str(status.get("job_explanation") or problem)

        Reader(_input=stream, private_data_dir=str(private_data_dir), quiet=True, settings={}, status_handler=on_status, event_handler=on_event).run()
        return problem

    def _take_artifacts(self, archive: zipfile.ZipFile) -> None:
        for name in archive.namelist():
            if name == "rc":
                self.rc = int(archive.read(name))
            elif name.startswith("reports/") and not name.endswith("/"):
                self.reports[name.removeprefix("reports/")] = archive.read(name)

    def _why(self, problem: str) -> str:
        code = self._process.returncode
        said = self._said[-1] if self._said else problem or "it said nothing"
        return f"worker '{shlex.join(self._command)}' ended with code {code} before the run had ended: {said}"

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if text := line.decode(errors="replace").strip():
                self._said.append(text)

    def end(self, grace: float) -> None:
        """End ansible below it first, so that the worker tidies up by itself; then the worker."""
        _reaper.end_worker(self._process.pid, grace)


def _unpacked(stream: IO[bytes], length: int) -> zipfile.ZipFile:
    from ansible_runner.utils.base64io import Base64IO

    buffer = io.BytesIO()
    with Base64IO(stream) as source:
        while (missing := length - buffer.tell()) > 0:
            part = source.read(min(missing, 1_000_000))
            if not part:
                raise EOFError("the worker's stream ended in the middle of its artifacts")
            buffer.write(part)
    return zipfile.ZipFile(buffer)


def store_reports(reports: dict[str, bytes], folder: Path) -> None:
    """Write the reports that came back where a local run would have written them."""
    for name, content in reports.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"the worker sent a report with the name {name}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)


def at_home(answer: Any, folder: Path) -> Any:
    """Return the answer with the worker's paths of reports replaced by ours."""
    if isinstance(answer, dict):
        return {key: at_home(value, folder) for key, value in answer.items()}
    if isinstance(answer, list):
        return [at_home(value, folder) for value in answer]
    mark = "/artifacts/run/reports"
    if isinstance(answer, str) and answer.startswith("/") and mark in answer:
        return str(folder) + answer.partition(mark)[2]
    return answer
