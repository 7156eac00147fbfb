# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what a program asks for of the kind that the documentation says? Found here it is one line; found later, a run without its deadline."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ._launch import InvalidInput, Request
from ._project import Project


def check(request: Request, project: Project) -> None:
    """Raise InvalidInput with the name, the value and what to write instead."""
    if not project.root.is_dir():
        raise InvalidInput(f"project {project.root} is no folder; name one with playbooks/, or leave it out")
    for problem in (_of_inventory(request.inventory), _of_limit(request.limit), _of_numbers(request), _of_environment(request.environment)):
        if problem:
            raise InvalidInput(problem)


def _of_inventory(inventory: Any) -> str | None:
    if inventory is None or isinstance(inventory, Mapping):
        return None
    items = [inventory] if isinstance(inventory, (str, os.PathLike)) else inventory
    if not isinstance(items, Sequence) or not all(isinstance(item, (str, os.PathLike)) for item in items):
        return f"inventory is {inventory!r}; give a path, a dictionary, or a list of paths or host names"
    if not items or "" in items:  # it would mean everything
        return "inventory is empty; name a file, a folder or hosts, or leave it out to use what ansible.cfg says"
    return None


def _of_limit(limit: Any) -> str | None:
    if limit is not None and not isinstance(limit, str):
        return f"limit is {limit!r}; give one text, such as 'mail1,mail2'"
    return f"limit is {limit!r}, which ansible takes for an option; begin with a name, as in 'all:!mail1'" if (limit or "").startswith("-") else None


def _of_numbers(request: Request) -> str | None:
    if request.timeout is not None and not (_is_number(request.timeout) and 0 < request.timeout <= threading.TIMEOUT_MAX):
        return f"timeout is {request.timeout!r}; give seconds, more than 0, or leave it out to have no deadline"
    if request.forks is not None and not (isinstance(request.forks, int) and _is_number(request.forks) and request.forks >= 1):
        return f"forks is {request.forks!r}; give a whole number of at least 1"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of_environment(environment: Mapping[Any, Any]) -> str | None:
    """Values are not shown: they may be secrets."""
    for name, value in environment.items():
        if not isinstance(name, str) or not isinstance(value, str) or "\0" in name + value or not name or "=" in name:
            return f"environment {name!r} is not the name of a variable with a text; a number is written as a text"
    return None
