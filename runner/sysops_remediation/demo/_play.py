# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's story: what is there, what would be done, what is done, and whether it is as promised."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from .. import _render
from .._progress import Progress
from .._project import find_project
from ..models import Incident, RemediateResult
from ..remediator import Remediator
from ._stage import LEAK, NEIGHBOUR, POLICY, Stage, StageError
from ._traffic import Traffic

HOST = "demo"
WINDOW = "6s"
INTERVAL = "400ms"
WARM_UP = 15.0  # seconds; whoever is younger than 20 s at the end of the window is not called a leak


class BrokenPromise(Exception):
    """Something is not as the demo says it is."""


def play(reports: Path | None = None) -> int:
    """Play the demo and return an exit code: 0 only if everything was as promised."""
    out = _render.console()
    folder = (reports or _default_reports()).expanduser().absolute()
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with Stage() as stage, Traffic(stage.ports.values()):
            _Story(out, stage, folder).tell()
    except (StageError, BrokenPromise) as error:
        _render.console(stderr=True).print(Text.assemble(("demo failed: ", "bold red"), str(error)), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        out.print("interrupted; nothing is left running")
        return 128 + signal.SIGINT
    finally:
        signal.signal(signal.SIGTERM, before)
    out.print("Nothing of the demo is left running.")
    return 0


def _leave(number: int, _frame: object) -> None:
    """Leave by the front door, so that the stage is taken down."""
    sys.exit(128 + number)


def _default_reports() -> Path:
    project = find_project()
    return (Path.cwd() if project.embedded else project.root) / ".demo" / "reports"


class _Story:
    def __init__(self, out: Console, stage: Stage, reports: Path) -> None:
        self._out = out
        self._stage = stage
        self._remediator = Remediator(inventory(stage, reports), timeout=300)

    def tell(self) -> None:
        before = {service: self._stage.incarnation(service) for service in (POLICY, NEIGHBOUR)}
        self._introduce(before)
        self._wait_until_warm()
        self._rehearse(before)
        self._remediate()
        self._check_incarnations(before)

    def _introduce(self, before: dict[str, dict[str, int]]) -> None:
        self._heading("Two mail-like services under a supervisord of their own")
        self._say(f"{POLICY:<20} process {before[POLICY]['pid']}, keeps {LEAK // 1024} KiB of every message it handles")
        self._say(f"{NEIGHBOUR:<20} process {before[NEIGHBOUR]['pid']}, the same program without the leak")
        self._say("Both get the same mail. They are left to warm up first: a young service that grows is no leak yet.")

    def _wait_until_warm(self) -> None:
        time.sleep(max(0.0, WARM_UP - (time.monotonic() - self._stage.started)))

    def _rehearse(self, before: dict[str, dict[str, int]]) -> None:
        self._heading("Rehearsal: remediate run --check")
        result = self._run(check=True)
        planned = [(incident.service, incident.outcome) for incident in result.incidents]
        _promised(
            planned == [(f"supervisord/{POLICY}", "predicted")], f"the rehearsal should predict one restart, of {POLICY}; it said {planned or result.message}"
        )
        for service, incarnation in before.items():
            _promised(self._stage.incarnation(service) == incarnation, f"the rehearsal touched {service}")
        self._say(f"would {result.incidents[0].action} {POLICY} and nothing else; nothing was touched")

    def _remediate(self) -> None:
        self._heading("The job: remediate run")
        result = self._run()
        _only(result, "remediated")
        self._show(result.incidents[0])

    def _run(self, check: bool = False) -> RemediateResult:
        with Progress(enabled=sys.stderr.isatty()) as progress:
            result = self._remediator.remediate(limit=HOST, check=check, on_event=progress.take)
        _promised(result.status == "succeeded", f"the run ended as {result.status}: {result.message}\n" + "\n".join(result.log))
        return result

    def _show(self, incident: Incident) -> None:
        report = incident.details()
        self._label("saw", f"{incident.verdict} in {report['resource']}, urgency {incident.urgency}  {_render.sparkline(report['memory']['points_before'])}")
        for sentence in report["explanation"]:
            self._say(sentence)
        step = report["steps"][-1]
        self._label("did", f"{step['action']} of {POLICY}, after keeping evidence")
        self._label("proof", incident.headline)
        for gate in step["proof"]["gates"]:
            self._say(f"{'✓' if gate['passed'] else '✗'} {gate['name']}: {gate['detail']}")
        _promised(step["proof"]["proven"], "the restart is not proven")
        self._label("report", str(incident.report))
        _promised(Path(str(incident.report)).is_file(), "the report is not where it should be")
        evidence = (report.get("evidence") or {}).get("fetched_to")
        _promised(evidence and Path(evidence).is_file(), "the evidence was not fetched")
        self._label("evidence", str(evidence))

    def _check_incarnations(self, before: dict[str, dict[str, int]]) -> None:
        _promised(self._stage.incarnation(NEIGHBOUR) == before[NEIGHBOUR], f"{NEIGHBOUR} was touched")
        after = self._stage.incarnation(POLICY)
        _promised(after != before[POLICY], f"{POLICY} is still the same process")
        _promised(self._stage.running(), "a service does not answer any more")
        self._label("neighbour", f"untouched: still process {before[NEIGHBOUR]['pid']}; {POLICY} is now process {after['pid']}, and both answer")

    def _heading(self, text: str) -> None:
        self._out.print(Text(f"\n{text}", style="bold"))

    def _label(self, name: str, text: str) -> None:
        self._out.print(Text.assemble((f"  {name:<10}", "bold cyan"), text), soft_wrap=True)

    def _say(self, text: str) -> None:
        self._out.print(f"  {text}", markup=False, soft_wrap=True)


def inventory(stage: Stage, reports: Path) -> dict[str, Any]:
    """Return the demo's inventory: this machine, and a policy that lets both services be restarted if they need it."""
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "remediation_window": WINDOW,
        "remediation_interval": INTERVAL,
        "remediation_state_dir": str(stage.folder / "state"),
        "remediation_report_dir": str(reports),
        "remediation_ledger": f"sqlite:///{stage.folder}/ledger.sqlite",
        "remediation_services": [policy(stage, service) for service in (POLICY, NEIGHBOUR)],
    }
    return {"all": {"hosts": {HOST: variables}}}


def policy(stage: Stage, service: str) -> dict[str, Any]:
    return {
        "name": service,
        "manager": "supervisord",
        "server": str(stage.socket),
        "mode": "auto",
        "allow_outage": True,
        "health": [{"type": "tcp", "host": "127.0.0.1", "port": stage.ports[service], "expect": "220 "}],
        "verify": {"verify_for": "3s", "passes": 3, "interval": "1s", "deadline": "60s"},
        "guard": {"stand_down": "5s"},  # the demo itself has started the services a moment ago; elsewhere that would be respected
        "evidence": {"collect": True, "fetch": True},
    }


def _only(result: RemediateResult, outcome: str) -> None:
    ended = [(incident.service, incident.outcome) for incident in result.incidents]
    _promised(ended == [(f"supervisord/{POLICY}", outcome)], f"only {POLICY} should be {outcome}; the run says {ended or result.message}")


def _promised(kept: object, otherwise: str) -> None:
    if not kept:
        raise BrokenPromise(otherwise)
