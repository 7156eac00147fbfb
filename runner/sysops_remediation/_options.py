# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the API's methods, typed: a mistake in one is found by a type checker, and told in one line by a run."""

from __future__ import annotations

import datetime
import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict


class CommonOptions(TypedDict, total=False):
    """What every method takes. ``limit`` is Ansible's pattern; ``extra_vars`` are added to the Remediator's; ``timeout`` is a deadline in seconds."""

    limit: str | None
    extra_vars: Mapping[str, Any] | None
    check: bool
    diff: bool
    timeout: float | None


class RunOptions(CommonOptions, total=False):
    """What most methods take: also ``service``, only this one."""

    service: str | None


class ActOptions(RunOptions, total=False):
    """``allow_all`` is needed to act on a whole inventory without a limit."""

    allow_all: bool


class RestartOptions(CommonOptions, total=False):
    """As :class:`ActOptions`, where the service is named anyway."""

    allow_all: bool


class DiagnoseOptions(RunOptions, total=False):
    """``window`` and ``interval`` are durations such as ``30s``."""

    window: str | None
    interval: str | None


class WhyNotOptions(CommonOptions, total=False):
    """As :class:`DiagnoseOptions`, where the service is named anyway."""

    window: str | None
    interval: str | None


class SubjectOptions(RunOptions, total=False):
    """What is paused or resumed; without any, the whole fleet."""

    group: str | None
    host: str | None


class PauseOptions(SubjectOptions, total=False):
    """A pause ends ``until`` a time, after a ``duration`` (``2h``, or seconds), or when somebody resumes it."""

    until: str | datetime.datetime | None
    duration: str | float | None


class ReportOptions(RunOptions, total=False):
    """The latest incident of a ``host``."""

    host: str | None


class ServicesOptions(RunOptions, total=False):
    """``server`` is the socket of a service manager that is not at the usual place."""

    server: str | None


class RemediatorOptions(TypedDict, total=False):
    """The keywords of :class:`Remediator`, which documents them."""

    project: str | os.PathLike[str] | None
    extra_vars: Mapping[str, Any] | None
    ledger: str | None
    environment: Mapping[str, str] | None
    vault_password: str | None
    become_password: str | None
    connection_password: str | None
    host_key_checking: bool | None
    forks: int | None
    timeout: float | None
    ansible_args: Sequence[str]
    executor: Literal["local", "transmit"]
    worker: Sequence[str]
    artifact_dir: str | os.PathLike[str] | None
    rotate_artifacts: int


def unknown_option(method: str, name: str, known: Iterable[str]) -> TypeError:
    """Return the error of an option that there is not, with the one that may have been meant."""
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return TypeError(f"{method}() has no option '{name}'{hint}; besides its own arguments it takes {', '.join(sorted(known))}")
