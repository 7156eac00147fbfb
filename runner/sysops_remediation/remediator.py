# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API: what another program calls."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Unpack

from . import _doctor
from ._launch import LOCAL, TRANSMIT, Inventory, PlainText, Request
from ._options import (
    ActOptions,
    CommonOptions,
    DiagnoseOptions,
    PauseOptions,
    ReportOptions,
    RestartOptions,
    RunOptions,
    ServicesOptions,
    SubjectOptions,
    WhyNotOptions,
    unknown_option,
)
from ._project import find_project
from ._run import Run
from .events import RunEvent
from .models import DiagnoseResult, DoctorResult, PlanResult, RemediateResult, RunResult, ServicesResult
from .models_ops import PauseResult, PolicyResult, ReportResult, StatusResult, WhyNotResult

Result = TypeVar("Result", bound=RunResult)
OnEvent = Callable[[RunEvent], None]


class Remediator:
    """Diagnoses and remediates the services of an inventory. Holds no state between runs; may be used from several threads.

    ``inventory`` is a path, a dictionary in Ansible's YAML shape, or a list of paths or host names; None means what ansible.cfg says.
    ``extra_vars``, ``environment``, the passwords and an inventory given as a dictionary never reach a disk or a command line.
    ``ledger`` is the URL of the ledger, instead of the variable ``remediation_ledger``; as secret as these.
    ``timeout`` is a deadline in seconds for each run. ``ansible_args`` are further options of ansible-playbook, as a list.
    With ``artifact_dir``, events and result of each run are kept in a private folder below it, of the last ``rotate_artifacts`` runs.
    With ``executor="transmit"`` another program runs ansible: ``worker``, a command that speaks the protocol of ``ansible-runner worker``.
    """

    def __init__(
        self,
        inventory: Inventory | None = None,
        *,
        project: str | os.PathLike[str] | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        ledger: str | None = None,
        environment: Mapping[str, str] | None = None,
        vault_password: str | None = None,
        become_password: str | None = None,
        connection_password: str | None = None,
        host_key_checking: bool | None = None,
        forks: int | None = None,
        timeout: float | None = None,
        ansible_args: Sequence[str] = (),
        executor: Literal["local", "transmit"] = LOCAL,
        worker: Sequence[str] = (),
        artifact_dir: str | os.PathLike[str] | None = None,
        rotate_artifacts: int = 20,
    ) -> None:
        if executor not in (LOCAL, TRANSMIT):
            raise ValueError(f"executor {executor!r} is neither 'local' nor 'transmit'")
        if worker and executor != TRANSMIT:
            raise ValueError("a worker is for executor='transmit' only")
        for name, words in (("ansible_args", ansible_args), ("worker", worker)):
            if isinstance(words, str):
                raise ValueError(f"{name} is one text, {words!r}; give a list of words")
        if rotate_artifacts < 1:
            raise ValueError(f"rotate_artifacts is {rotate_artifacts}; keep at least 1 run, or leave artifact_dir out to keep none")
        self.project = find_project(project)
        self._extra_vars = {**(extra_vars or {}), **({"remediation_ledger": ledger} if ledger else {})}
        own_environment = dict(environment or {})
        if host_key_checking is not None:
            own_environment["ANSIBLE_HOST_KEY_CHECKING"] = str(host_key_checking)
        self._common: dict[str, Any] = {
            "inventory": inventory,
            "environment": own_environment,
            "vault_password": vault_password,
            "become_password": become_password,
            "connection_password": connection_password,
            "forks": forks,
            "timeout": timeout,
            "ansible_args": tuple(ansible_args),
            "executor": executor,
            "worker": tuple(worker),
            "artifact_dir": Path(artifact_dir).expanduser().absolute() if artifact_dir is not None else None,
            "rotate_artifacts": rotate_artifacts,
        }

    def diagnose(self, *, on_event: OnEvent | None = None, **options: Unpack[DiagnoseOptions]) -> DiagnoseResult:
        """Diagnose; changes nothing. Options as for :meth:`start_diagnose`."""
        return self.start_diagnose(**options).drain(on_event)

    def plan(self, *, on_event: OnEvent | None = None, **options: Unpack[RunOptions]) -> PlanResult:
        """Say what ``remediate`` would do and refuse; changes nothing. Options as for :meth:`start_plan`."""
        return self.start_plan(**options).drain(on_event)

    def remediate(self, *, on_event: OnEvent | None = None, **options: Unpack[ActOptions]) -> RemediateResult:
        """Do the main job. Options as for :meth:`start_remediate`."""
        return self.start_remediate(**options).drain(on_event)

    def restart(self, service: str, *, on_event: OnEvent | None = None, **options: Unpack[RestartOptions]) -> RemediateResult:
        """Restart one service under the same guards, whatever its diagnosis says. Options as for :meth:`start_restart`."""
        return self.start_restart(service, **options).drain(on_event)

    def approve(self, plan_id: str, approver: str, *, on_event: OnEvent | None = None, **options: Unpack[RunOptions]) -> RemediateResult:
        """Carry out a plan that waits for a person, exactly as it was shown, in that person's name. Options as for :meth:`start_approve`."""
        return self.start_approve(plan_id, approver, **options).drain(on_event)

    def pause(self, reason: str, *, on_event: OnEvent | None = None, **options: Unpack[PauseOptions]) -> PauseResult:
        """Hands off the whole fleet, a group, a host or a service. Options as for :meth:`start_pause`."""
        return self.start_pause(reason, **options).drain(on_event)

    def resume(self, *, on_event: OnEvent | None = None, **options: Unpack[SubjectOptions]) -> PauseResult:
        """End the pauses of exactly this subject. Options as for :meth:`start_resume`."""
        return self.start_resume(**options).drain(on_event)

    def status(self, *, on_event: OnEvent | None = None, **options: Unpack[RunOptions]) -> StatusResult:
        """Say how the fleet stands; contacts no managed host."""
        return self.start_status(**options).drain(on_event)

    def why_not(self, service: str, *, on_event: OnEvent | None = None, **options: Unpack[WhyNotOptions]) -> WhyNotResult:
        """Say for a service on each host whether it would be acted on now, with all gates. Options as for :meth:`start_why_not`."""
        return self.start_why_not(service, **options).drain(on_event)

    def report(self, incident: str | None = None, *, on_event: OnEvent | None = None, **options: Unpack[ReportOptions]) -> ReportResult:
        """Return a past incident, or the latest of a host or service. Options as for :meth:`start_report`."""
        return self.start_report(incident, **options).drain(on_event)

    def policy(self, *, on_event: OnEvent | None = None, **options: Unpack[RunOptions]) -> PolicyResult:
        """Say what policy is in force for every service, or for the one of ``service``; contacts no managed host."""
        return self.start_policy(**options).drain(on_event)

    def services(self, *, on_event: OnEvent | None = None, **options: Unpack[ServicesOptions]) -> ServicesResult:
        """List the services that the hosts run."""
        return self.start_services(**options).drain(on_event)

    def doctor(self, *, on_event: OnEvent | None = None, **options: Unpack[CommonOptions]) -> DoctorResult:
        """Say whether everything is there that a run needs, and how to get what is not. Changes nothing on the hosts."""
        return self.start_doctor(**options).drain(on_event)

    def start_diagnose(self, *, window: str | None = None, interval: str | None = None, **options: Unpack[RunOptions]) -> Run[DiagnoseResult]:
        """Start a diagnosis and return its handle.

        ``window`` and ``interval`` are durations such as ``30s``. Further options of every ``start_…``: ``limit`` (Ansible's pattern),
        ``service`` (only this one), ``extra_vars`` (added to the Remediator's), ``check``, ``diff``, ``timeout``.
        """
        return self._start("diagnose", DiagnoseResult, {"remediation_window": window, "remediation_interval": interval}, **options)

    def start_plan(self, **options: Unpack[RunOptions]) -> Run[PlanResult]:
        return self._start("plan", PlanResult, {}, **options)

    def start_remediate(self, *, allow_all: bool = False, **options: Unpack[RunOptions]) -> Run[RemediateResult]:
        """Start the main job. ``allow_all`` is needed to act on a whole inventory without a limit."""
        return self._start("remediate", RemediateResult, {"remediation_allow_all": allow_all or None}, **options)

    def start_restart(self, service: str, *, allow_all: bool = False, **options: Unpack[CommonOptions]) -> Run[RemediateResult]:
        return self._start("restart", RemediateResult, {"remediation_allow_all": allow_all or None}, service=service, **options)

    def start_approve(self, plan_id: str, approver: str, **options: Unpack[RunOptions]) -> Run[RemediateResult]:
        return self._start("approve", RemediateResult, {"remediation_plan_id": plan_id, "remediation_approver": approver}, **options)

    def start_pause(
        self,
        reason: str,
        *,
        group: str | None = None,
        host: str | None = None,
        until: str | datetime.datetime | None = None,
        duration: str | float | None = None,
        **options: Unpack[RunOptions],
    ) -> Run[PauseResult]:
        """Start a pause of what ``group``, ``host`` and ``service`` name together; without any of them, of the whole fleet.

        It ends ``until`` a time (``06:00``, ``2026-11-26T06:00:00Z``), after a ``duration`` (``2h``, or seconds), or when somebody resumes it.
        """
        end = until.isoformat() if isinstance(until, datetime.datetime) else until
        subject = {"remediation_group": group, "remediation_host": host}
        return self._start("pause", PauseResult, {**subject, "remediation_until": end, "remediation_for": duration, "remediation_reason": reason}, **options)

    def start_resume(self, *, group: str | None = None, host: str | None = None, **options: Unpack[RunOptions]) -> Run[PauseResult]:
        return self._start("resume", PauseResult, {"remediation_group": group, "remediation_host": host}, **options)

    def start_status(self, **options: Unpack[RunOptions]) -> Run[StatusResult]:
        return self._start("status", StatusResult, {}, **options)

    def start_why_not(self, service: str, *, window: str | None = None, interval: str | None = None, **options: Unpack[CommonOptions]) -> Run[WhyNotResult]:
        """Start asking, on all hosts or those of ``limit``. ``window`` and ``interval`` as for :meth:`start_diagnose`."""
        return self._start("why_not", WhyNotResult, {"remediation_window": window, "remediation_interval": interval}, service=service, **options)

    def start_report(self, incident: str | None = None, *, host: str | None = None, **options: Unpack[RunOptions]) -> Run[ReportResult]:
        """Start looking up an incident by its id; without one, the latest of the ``host``, of the ``service``, or of all."""
        return self._start("report", ReportResult, {"remediation_incident": incident, "remediation_host": host}, **options)

    def start_policy(self, **options: Unpack[RunOptions]) -> Run[PolicyResult]:
        return self._start("policy", PolicyResult, {}, **options)

    def start_services(self, *, server: str | None = None, **options: Unpack[RunOptions]) -> Run[ServicesResult]:
        """Start listing what the hosts run. ``server`` is the socket of a service manager that is not at the usual place."""
        return self._start(_OWN_SERVICES_PLAYBOOK, ServicesResult, {"remediation_server": server}, **options)

    def start_doctor(self, **options: Unpack[CommonOptions]) -> Run[DoctorResult]:
        request = self._request("doctor", {}, **options)
        return Run(request, self.project, DoctorResult, lambda ran: _doctor.examine(ran, self.project, request))

    def _start(self, playbook: str, result_type: type[Result], variables: Mapping[str, Any], **options: Any) -> Run[Result]:
        return Run(self._request(playbook, variables, **options), self.project, result_type)

    def _request(
        self,
        playbook: str,
        variables: Mapping[str, Any],
        *,
        limit: str | None = None,
        service: str | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        check: bool = False,
        diff: bool = False,
        timeout: float | None = None,
        **unknown: object,
    ) -> Request:
        for name in unknown:
            raise unknown_option(Path(playbook).stem, name, RunOptions.__annotations__)
        named = {**variables, "remediation_service": service}
        given = {name: PlainText(value) if isinstance(value, str) else value for name, value in named.items() if value is not None}
        common = {**self._common, "timeout": timeout if timeout is not None else self._common["timeout"]}
        return Request(
            playbook=playbook,
            limit=limit,
            extra_vars={**self._extra_vars, **given, **(extra_vars or {})},
            check=check,
            diff=diff,
            **common,
        )


_OWN_SERVICES_PLAYBOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "services.yml")
