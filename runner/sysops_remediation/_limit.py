# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit that matches no host: ansible only says that nobody is left, a person wants to know what the name could have been."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence

from ._launch import Request, sources_of
from ._project import Project

PATIENCE = 20.0
SHOWN = 5
_ENTRY = re.compile(r"\|--(@?)(.+)$")


def names_in(inventory: str | Sequence[str] | None, environment: Mapping[str, str]) -> list[str]:
    """Return the hosts and groups of the inventory, hosts first; nothing if ``ansible-inventory`` cannot say (an encrypted file, a cancel)."""
    sources = [inventory] if isinstance(inventory, str) else inventory or []
    command = ["ansible-inventory", "--graph", *[part for source in sources for part in ("-i", source)]]
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            start_new_session=True,  # Ctrl-C in our terminal is not meant for it
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    entries = [match.groups() for line in ran.stdout.splitlines() if (match := _ENTRY.search(line))]
    hosts = [name for mark, name in entries if not mark]
    groups = [name.removesuffix(":") for mark, name in entries if mark]
    return [name for name in dict.fromkeys([*hosts, *groups]) if name != "ungrouped"]


def explain(request: Request, project: Project, names: Sequence[str]) -> str:
    """Return the one line: which limit, which inventory, and what could be meant."""
    text = f"no host matches --limit {request.limit} in {inventory_of(request, project)}"
    parts = [part.strip().lstrip("!&") for part in re.split(r"[,:]", request.limit or "")]
    if near := {name for part in parts if part not in names for name in difflib.get_close_matches(part, names)}:
        return f"{text}; did you mean {' or '.join(sorted(near))}?"
    if not names:
        return f"{text}; ansible-inventory --graph lists what is there"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{text}; it has {', '.join(names[:SHOWN])}{more}"


def inventory_of(request: Request, project: Project) -> str:
    """Return which inventory it is, for a sentence."""
    if isinstance(request.inventory, Mapping):
        return "the inventory that was given as a dictionary"
    if request.inventory is None:
        default = project.inventories()
        return f"inventory {' '.join(map(str, default))}" if default else "Ansible's default inventory"
    return f"inventory {' '.join(sources_of(request.inventory))}"
