# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what a program asks for of the kind that the documentation says? Found here it is one line; found later, a run without its deadline."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ._launch import InvalidInput, PlainText, Request, as_json, inventory_json
from ._project import Project


def check(request: Request, project: Project) -> None:
    """Raise InvalidInput with the name, the value and what to write instead."""
    if not project.root.is_dir():
        raise InvalidInput(f"project {project.root} is no folder; name one with playbooks/, or leave it out")
    problems = (
        _of_inventory(request.inventory),
        _of_limit(request.limit),
        _of_numbers(request),
        _of_environment(request.environment),
        _of_passwords(request),
        _of_arguments(request.ansible_args),
    )
    for problem in (*problems, _of_names(request.extra_vars)):
        if problem:
            raise InvalidInput(problem)
    as_json(request.extra_vars, "extra_vars")  # before anything looks for secrets in what may hold itself
    if isinstance(request.inventory, Mapping):
        inventory_json(request.inventory)


def _of_inventory(inventory: Any) -> str | None:
    if inventory is None or isinstance(inventory, Mapping):
        return None
    items = [inventory] if isinstance(inventory, (str, os.PathLike)) else inventory
    if not isinstance(items, Sequence) or not all(isinstance(item, (str, os.PathLike)) for item in items):
        return f"inventory is {inventory!r}; give a path, a dictionary, or a list of paths or host names"
    if not items or "" in items:  # it would mean everything
        return "inventory is empty; name a file, a folder or hosts, or leave it out to use what ansible.cfg says"
    if any("\0" in os.fspath(item) for item in items):
        return f"inventory is {inventory!r}, with a character that no name can hold"
    return None


def _of_names(variables: Mapping[str, Any]) -> str | None:
    """Find names that were given and are empty, as of an unset variable of a shell: they would mean everything."""
    for name in ("service", "host", "group", "incident"):
        value = variables.get(f"remediation_{name}")
        if isinstance(value, PlainText) and not value.strip():
            return f"{name} is empty; name one, or leave it out"
    return None


def _of_limit(limit: Any) -> str | None:
    if limit is not None and not isinstance(limit, str):
        return f"limit is {limit!r}; give one text, such as 'mail1,mail2'"
    if limit is None:
        return None
    if limit.startswith("-"):
        return f"limit is {limit!r}, which ansible takes for an option; begin with a name, as in 'all:!mail1'"
    if not limit.strip(" \t\n,:"):  # to ansible it would mean everything
        return f"limit is {limit!r}, which names no host; name one, or leave it out"
    return None if _can_be_argument(limit) else f"limit is {limit!r}, with a character that no name can hold"


def _of_numbers(request: Request) -> str | None:
    if request.timeout is not None and not (_is_number(request.timeout) and 0 < request.timeout <= threading.TIMEOUT_MAX):
        return f"timeout is {request.timeout!r}; give seconds, more than 0, or leave it out to have no deadline"
    if request.forks is not None and not (isinstance(request.forks, int) and _is_number(request.forks) and request.forks >= 1):
        return f"forks is {request.forks!r}; give a whole number of at least 1"
    return None


def _of_passwords(request: Request) -> str | None:
    """Values are not shown."""
    for name in ("vault_password", "become_password", "connection_password"):
        if not isinstance(getattr(request, name), (str, type(None))):
            return f"{name} is no text; decode it, or leave it out"
    return None


def _of_arguments(arguments: Sequence[Any]) -> str | None:
    for argument in arguments:
        if not isinstance(argument, str) or not _can_be_argument(argument):
            return f"ansible_args holds {argument!r}; give words of a command line, as texts"
    return None


def _can_be_argument(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode())
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of_environment(environment: Mapping[Any, Any]) -> str | None:
    """Values are not shown: they may be secrets."""
    for name, value in environment.items():
        if not isinstance(name, str) or not isinstance(value, str) or "\0" in name + value or not name or "=" in name:
            return f"environment {name!r} is not the name of a variable with a text; a number is written as a text"
    return None
