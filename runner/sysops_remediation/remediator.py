# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API: what another program calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ._launch import Inventory, Request
from ._project import find_project
from ._run import Run
from .events import RunEvent
from .models import DiagnoseResult, PlanResult, RemediateResult, RunResult, ServicesResult

Result = TypeVar("Result", bound=RunResult)
OnEvent = Callable[[RunEvent], None]


class Remediator:
    """Diagnoses and remediates the services of an inventory. Holds no state between runs; may be used from several threads.

    ``inventory`` is a path, a dictionary in Ansible's YAML shape, or a list of paths or host names; None means what ansible.cfg says.
    ``extra_vars``, ``environment``, the passwords and an inventory given as a dictionary never reach a disk or a command line.
    ``timeout`` is a deadline in seconds for each run. ``ansible_args`` are further options of ansible-playbook, as a list.
    """

    def __init__(
        self,
        inventory: Inventory | None = None,
        *,
        project: str | os.PathLike[str] | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        vault_password: str | None = None,
        become_password: str | None = None,
        connection_password: str | None = None,
        host_key_checking: bool | None = None,
        forks: int | None = None,
        timeout: float | None = None,
        ansible_args: Sequence[str] = (),
    ) -> None:
        self.project = find_project(project)
        self._extra_vars = dict(extra_vars or {})
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
        }

    def diagnose(self, *, on_event: OnEvent | None = None, **options: Any) -> DiagnoseResult:
        """Diagnose; changes nothing. Options as for :meth:`start_diagnose`."""
        return self.start_diagnose(**options).drain(on_event)

    def plan(self, *, on_event: OnEvent | None = None, **options: Any) -> PlanResult:
        """Say what ``remediate`` would do and refuse; changes nothing. Options as for :meth:`start_plan`."""
        return self.start_plan(**options).drain(on_event)

    def remediate(self, *, on_event: OnEvent | None = None, **options: Any) -> RemediateResult:
        """Do the main job. Options as for :meth:`start_remediate`."""
        return self.start_remediate(**options).drain(on_event)

    def restart(self, service: str, *, on_event: OnEvent | None = None, **options: Any) -> RemediateResult:
        """Restart one service under the same guards, whatever its diagnosis says. Options as for :meth:`start_restart`."""
        return self.start_restart(service, **options).drain(on_event)

    def services(self, *, on_event: OnEvent | None = None, **options: Any) -> ServicesResult:
        """List the services that the hosts run."""
        return self.start_services(**options).drain(on_event)

    def start_diagnose(self, *, window: str | None = None, interval: str | None = None, **options: Any) -> Run[DiagnoseResult]:
        """Start a diagnosis and return its handle.

        ``window`` and ``interval`` are durations such as ``30s``. Further options of every ``start_…``: ``limit`` (Ansible's pattern),
        ``service`` (only this one), ``extra_vars`` (added to the Remediator's), ``check``, ``diff``, ``timeout``.
        """
        return self._start("diagnose", DiagnoseResult, {"remediation_window": window, "remediation_interval": interval}, **options)

    def start_plan(self, **options: Any) -> Run[PlanResult]:
        return self._start("plan", PlanResult, {}, **options)

    def start_remediate(self, *, allow_all: bool = False, **options: Any) -> Run[RemediateResult]:
        """Start the main job. ``allow_all`` is needed to act on a whole inventory without a limit."""
        return self._start("remediate", RemediateResult, {"remediation_allow_all": allow_all or None}, **options)

    def start_restart(self, service: str, *, allow_all: bool = False, **options: Any) -> Run[RemediateResult]:
        return self._start("restart", RemediateResult, {"remediation_allow_all": allow_all or None}, service=service, **options)

    def start_services(self, *, server: str | None = None, **options: Any) -> Run[ServicesResult]:
        """Start listing what the hosts run. ``server`` is the socket of a service manager that is not at the usual place."""
        return self._start(_OWN_SERVICES_PLAYBOOK, ServicesResult, {"remediation_server": server}, **options)

    def _start(
        self,
        playbook: str,
        result_type: type[Result],
        variables: Mapping[str, Any],
        *,
        limit: str | None = None,
        service: str | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        check: bool = False,
        diff: bool = False,
        timeout: float | None = None,
    ) -> Run[Result]:
        named = {**variables, "remediation_service": service}
        given = {name: value for name, value in named.items() if value is not None}
        common = {**self._common, "timeout": timeout if timeout is not None else self._common["timeout"]}
        request = Request(
            playbook=playbook,
            limit=limit,
            extra_vars={**self._extra_vars, **given, **(extra_vars or {})},
            check=check,
            diff=diff,
            **common,
        )
        return Run(request, self.project, result_type)


_OWN_SERVICES_PLAYBOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "services.yml")
