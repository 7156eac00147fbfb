# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``remediate``: a thin user of the API."""

from __future__ import annotations

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _cli_ops, _cli_run, _init, _versions
from ._cli_options import Options, with_options
from ._options import SubjectOptions
from ._status import EXIT_CODES
from .models import DiagnoseResult, DoctorResult, PlanResult, RemediateResult, RunResult, ServicesResult
from .models_ops import PauseResult, PolicyResult, ReportResult, StatusResult, WhyNotResult

for _name in ("stdout", "stderr"):  # closed by the caller, as with >&-
    if getattr(sys, _name) is None:
        setattr(sys, _name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the program

app = typer.Typer(
    name="remediate",
    epilog="Exit codes: " + ", ".join(f"{code} {status.value.replace('_', ' ')}" for status, code in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if sys.stderr.isatty() else None,  # in a log an error is one line and not a box
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 160},
)

WindowOption = Annotated[str | None, typer.Option("--window", help="How long to watch, such as 30s.")]
IntervalOption = Annotated[str | None, typer.Option("--interval", help="How often to look, such as 1s.")]
GroupOption = Annotated[str | None, typer.Option("--group", "-g", help="Only this group of the inventory.")]
HostOption = Annotated[str | None, typer.Option("--host", "-H", help="Only this host.")]
RESULTS: dict[str, type[RunResult]] = {
    "diagnose": DiagnoseResult,
    "plan": PlanResult,
    "run": RemediateResult,
    "approve": RemediateResult,
    "restart": RemediateResult,
    "pause": PauseResult,
    "resume": PauseResult,
    "status": StatusResult,
    "why-not": WhyNotResult,
    "report": ReportResult,
    "policy": PolicyResult,
    "doctor": DoctorResult,
    "init": ServicesResult,
}


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"remediate {_versions.of_package()}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Diagnose memory leaks and restart services safely."""


AllowAll = Annotated[bool, typer.Option("--all", help="Yes, act on the whole inventory.")]


@app.command(epilog="Example: remediate diagnose -i inventories/prod -l mail --window 60s")
@with_options()
def diagnose(
    options: Options,
    window: WindowOption = None,
    interval: IntervalOption = None,
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


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        raise typer.BadParameter(f"user {os.getuid()} of this system has no name; say who approves", param_hint="--as") from None


@app.command(epilog="Example: remediate approve 51b0c7a5ae2b1dd0 -i inventories/prod --as 'Ada Lovelace'")
@with_options("service")
def approve(
    options: Options,
    plan_id: Annotated[str, typer.Argument(help="Id of the plan, as `remediate status` and the run that made it say.")],
    person: Annotated[str | None, typer.Option("--as", help="Who approves; a name that others can ask. Default: the user of this system.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Carry out a plan that waits for a person, exactly as it was shown, or refuse what has changed since."""
    approver = person or _user()
    if not (yes or options.check):
        _cli_ops.confirm(options, plan_id, approver)
    _cli_run.run(options, lambda remediator: remediator.start_approve(plan_id, approver, **options.of_run()))


@app.command(epilog="Examples: remediate pause -r 'storage is moved' -g mail --for 2h; remediate pause -r deploy -H mail1 -s postfix --until 06:00")
@with_options("limit", "forks")
def pause(
    options: Options,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; told to whoever asks why nothing is done.")],
    group: GroupOption = None,
    host: HostOption = None,
    until: Annotated[str | None, typer.Option("--until", help="When it ends: 06:00, '2026-11-26 06:00', 2026-11-26T06:00:00Z. Local time.")] = None,
    duration: Annotated[str | None, typer.Option("--for", help="Or how long it lasts, such as 90m or 2d. With neither, until somebody resumes.")] = None,
) -> None:
    """Hands off the whole fleet, or what --group, --host and --service name together."""
    subject: SubjectOptions = {"group": group, "host": host}
    _cli_run.run(options, lambda remediator: remediator.start_pause(reason, until=until, duration=duration, **subject, **options.of_run()))


@app.command(epilog="Example: remediate resume -g mail")
@with_options("limit", "forks")
def resume(options: Options, group: GroupOption = None, host: HostOption = None) -> None:
    """End the pauses of exactly this subject: resuming a host does not end a pause of its group."""
    _cli_run.run(options, lambda remediator: remediator.start_resume(group=group, host=host, **options.of_run()))


@app.command(epilog="Example: remediate status -i inventories/prod")
@with_options("service", "check", "diff")
def status(options: Options) -> None:
    """Say how the fleet stands: pauses, breaker, waiting plans, actions under way, budgets left, next windows. Contacts no managed host."""
    _cli_run.run(options, lambda remediator: remediator.start_status(limit=options.limit))


@app.command(epilog="Example: remediate why-not postfix -i inventories/prod -l mail1")
@with_options("service", "check", "diff")
def why_not(
    options: Options,
    service: Annotated[str, typer.Argument(help="The service, as the policy names it.")],
    window: WindowOption = None,
    interval: IntervalOption = None,
) -> None:
    """Diagnose a service and say whether it would be acted on now, gate by gate, and when each closed one opens. Changes nothing."""
    _cli_run.run(options, lambda remediator: remediator.start_why_not(service, window=window, interval=interval, limit=options.limit))


@app.command(epilog="Examples: remediate report 20261125T020000Z-ab12cd-1; remediate report -H mail1 -s postfix")
@with_options("limit", "check", "diff", "forks")
def report(
    options: Options,
    incident: Annotated[str | None, typer.Argument(help="Id of an incident. Default: the latest one.")] = None,
    host: HostOption = None,
) -> None:
    """Show a past incident as it was reported, and what it came to since."""
    _cli_run.run(options, lambda remediator: remediator.start_report(incident, host=host, service=options.service))


@app.command(epilog="Example: remediate policy -i inventories/prod -l mail1 -s postfix")
@with_options("check", "diff", "forks")
def policy(options: Options) -> None:
    """Print the policy that is in force: defaults filled in, secrets taken out, next windows. Contacts no managed host."""
    _cli_run.run(options, lambda remediator: remediator.start_policy(limit=options.limit, service=options.service))


@app.command(epilog="Example: remediate init mail1 -i inventories/prod")
@with_options("limit", "service", "check", "diff", "forks", "as_json_lines")
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


@app.command(epilog="Example: remediate doctor -i inventories/prod --ask-become-pass")
@with_options("service", "check", "diff")
def doctor(options: Options) -> None:
    """Check everything that a run needs: ansible-core, the collection, the ledger, the inventory, the hosts. Says how to fix what is missing."""
    _cli_run.run(options, lambda remediator: remediator.start_doctor(limit=options.limit))


@app.command(epilog="Example: remediate schema diagnose > diagnose.schema.json")
def schema(command: Annotated[str, typer.Argument(help=f"One of: {', '.join(RESULTS)}.")]) -> None:
    """Print the JSON schema of what a command prints with --json."""
    if command not in RESULTS:
        raise typer.BadParameter(f"{command!r} is none of {', '.join(RESULTS)}", param_hint="command")
    print(json.dumps(RESULTS[command].model_json_schema(mode="serialization"), indent=2))


@app.command(epilog="Example: remediate demo --reports /tmp/reports")
def demo(
    reports: Annotated[Path | None, typer.Option(help="Keep the report below this folder. Default: .demo/reports")] = None,
) -> None:
    """See the main job here and now: a leaking mail-like service and a healthy neighbour, under a supervisord of their own."""
    from .demo import play

    raise typer.Exit(play(reports))


def main(arguments: list[str] | None = None) -> Any:
    """Entry point."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a character is told which one it is
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        try:
            return app(args=arguments)
        finally:
            sys.stdout.flush()
    except OSError as error:  # the disk is full; a reader that has gone away ends the program in Typer, with code 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more while it ends
        sys.exit(f"remediate: cannot go on: {_without_folder() or error}")


def _without_folder() -> str | None:
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory was removed; change to another one"
    return None
