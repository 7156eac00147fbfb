# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnose memory leaks and restart services safely, from Python.

>>> from sysops_remediation import Remediator
>>> result = Remediator(inventory="inventories/local").diagnose()
>>> for diagnosis in result.diagnoses:
...     print(diagnosis.host, diagnosis.service, diagnosis.verdict)

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._run import Run
    from ._status import EXIT_CODES, RunStatus
    from .aio import AsyncRemediator, AsyncRun
    from .events import EventKind, RunEvent
    from .models import Check, CheckState, DiagnoseResult, Diagnosis, DoctorResult, Gate, Incident, Plan, PlanResult, RemediateResult, RunResult
    from .models_ops import Pause, PauseResult, Policy, PolicyResult, ReportResult, StatusResult, WhyNot, WhyNotResult
    from .remediator import Remediator

_HOMES = {
    "_run": ["Run"],
    "_status": ["EXIT_CODES", "RunStatus"],
    "aio": ["AsyncRemediator", "AsyncRun"],
    "events": ["EventKind", "RunEvent"],
    "models": ["Check", "CheckState", "DiagnoseResult", "Diagnosis", "DoctorResult", "Gate", "Incident", "Plan", "PlanResult", "RemediateResult", "RunResult"],
    "models_ops": ["Pause", "PauseResult", "Policy", "PolicyResult", "ReportResult", "StatusResult", "WhyNot", "WhyNotResult"],
    "remediator": ["Remediator"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EXIT_CODES",
    "AsyncRemediator",
    "AsyncRun",
    "Check",
    "CheckState",
    "DiagnoseResult",
    "Diagnosis",
    "DoctorResult",
    "EventKind",
    "Gate",
    "Incident",
    "Pause",
    "PauseResult",
    "Plan",
    "PlanResult",
    "Policy",
    "PolicyResult",
    "RemediateResult",
    "Remediator",
    "ReportResult",
    "Run",
    "RunEvent",
    "RunResult",
    "RunStatus",
    "StatusResult",
    "WhyNot",
    "WhyNotResult",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
