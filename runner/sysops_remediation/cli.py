# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``remediate``: a thin user of the API."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _cli_run, _init
from ._cli_options import Options, with_options
from ._status import EXIT_CODES

app = typer.Typer(
    name="remediate",
    help="Diagnose memory leaks and restart services safely.",
    epilog="Exit codes: " + ", ".join(f"{code} {status.value.replace('_', ' ')}" for status, code in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AllowAll = Annotated[bool, typer.Option("--all", help="Yes, act on the whole inventory.")]


@app.command(epilog="Example: remediate diagnose -i inventories/prod -l mail --window 60s")
@with_options()
def diagnose(
    options: Options,
    window: Annotated[str | None, typer.Option(help="How long to watch, such as 30s.")] = None,
    interval: Annotated[str | None, typer.Option(help="How often to look, such as 1s.")] = None,
) -> None:
    """Observe the services and say what leaks, how fast and how long it will take. Changes nothing."""
    _cli_run.run(options, lambda remediator: remediator.start_diagnose(window=window, interval=interval, **options.of_run()))


@app.command(epilog="Example: remediate plan -i inventories/prod")
@with_options()
def plan(options: Options) -> None:
    """Diagnose, then say what `run` would do, what it would refuse, and why. Changes nothing."""
    _cli_run.run(options, lambda remediator: remediator.start_plan(**options.of_run()))


@app.command(epilog="Example: remediate run -i inventories/prod -l mail --check --diff")
@with_options()
def run(options: Options, allow_all: AllowAll = False) -> None:
    """Do the main job: observe, diagnose, plan, act, verify, report. Acts only where the policy says `auto`."""
    _cli_run.run(options, lambda remediator: remediator.start_remediate(allow_all=allow_all, **options.of_run()))


@app.command(epilog="Example: remediate restart postfix.service -i inventories/prod -l mail1")
@with_options("service")
def restart(
    options: Options,
    service: Annotated[str, typer.Argument(help="The service, as the policy names it.")],
    allow_all: AllowAll = False,
) -> None:
    """Restart one service under the same guards and with the same proof, whatever its diagnosis says."""
    options.service = service
    _cli_run.run(options, lambda remediator: remediator.start_restart(allow_all=allow_all, **options.of_run()))


@app.command(epilog="Example: remediate init mail1 -i inventories/prod")
@with_options("limit", "service", "check", "diff", "forks")
def init(
    options: Options,
    host: Annotated[str, typer.Argument(help="A host of the inventory.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here, not to host_vars/HOST/remediation.yml beside the inventory.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    server: Annotated[str | None, typer.Option("--server", help="Ask the service manager at this socket instead of the usual ones.")] = None,
) -> None:
    """List what a host runs and write a starter policy in mode `recommend`: nothing is touched until you say `auto`."""
    options.limit = host
    _init.init(options, host, output, force, server)


@app.command()
def demo(
    reports: Annotated[Path | None, typer.Option(help="Keep the report below this folder. Default: .demo/reports")] = None,
) -> None:
    """See the main job here and now: a leaking mail-like service and a healthy neighbour, under a supervisord of their own."""
    from .demo import play

    raise typer.Exit(play(reports))


def main(arguments: list[str] | None = None) -> Any:
    """Entry point."""
    try:
        try:
            return app(args=arguments)
        finally:
            sys.stdout.flush()
    except OSError as error:  # the reader has gone away, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more while it ends
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"remediate: cannot go on: {error}")
