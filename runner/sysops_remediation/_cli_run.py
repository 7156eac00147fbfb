# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run for the command line: progress, Ctrl-C, output, exit code."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from pydantic import BaseModel

from . import _render, _render_ops, _versions
from ._cli_options import Options
from ._progress import Progress
from ._project import Project
from ._run import Run
from .events import RunEvent
from .models import RunResult
from .remediator import Remediator


def run(options: Options, start: Callable[[Remediator], Run[Any]]) -> None:
    """Do one run, print its result and end with its exit code."""
    if options.as_json and options.as_json_lines:
        raise typer.BadParameter("--json prints one object and --json-lines one a line: choose one of them", param_hint="--json-lines")
    result = watch(options, start)
    if options.as_json_lines:
        _print_line("result", result)
    elif options.as_json:
        print_json(result)
    else:
        _render_ops.show(result)
        _render.show(result)
    if options.verbose:
        _render.show_log(result)
    raise typer.Exit(result.exit_code)


def print_json(result: RunResult) -> None:
    text = result.model_dump_json(indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2)  # escaped
    print(text)


def watch(options: Options, start: Callable[[Remediator], Run[Any]]) -> RunResult:
    """Do one run with live progress on a terminal."""
    remediator = options.remediator()
    if not (options.as_json or options.as_json_lines):
        _tell_collection(remediator.project)
    handle = start(remediator)
    with _interruptible(handle), Progress(enabled=sys.stderr.isatty()) as progress:

        def take(event: RunEvent) -> None:
            if options.as_json_lines:
                _print_line("event", handle.without_secrets(event))
            progress.take(event)

        result: RunResult = handle.drain(take)
    return result


def _print_line(kind: str, content: BaseModel) -> None:
    """Print at once, whoever reads on; in ASCII, so that every reader can."""
    print(json.dumps({kind: content.model_dump(mode="json")}), flush=True)


def _tell_collection(project: Project) -> None:
    """Say whose collection it is, unless it is the one that came with this package."""
    used = project.collection()
    if used is not None and not project.is_ours():
        print(f"collection: {_versions.of_collection(used)} from {project.origin_of(used)}, {used}", file=sys.stderr)


@contextmanager
def _interruptible(handle: Run[Any]) -> Iterator[None]:
    """Ctrl-C or SIGTERM once cancels cleanly, twice kills. The handlers are those of this program, not of the library, and are put back."""
    asked = 0

    def on_signal(_number: int, _frame: object) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            print("canceling; once more to kill", file=sys.stderr)
            handle.cancel()
        else:
            handle.kill()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
