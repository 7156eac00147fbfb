# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the inventory a value was written: ``(group_vars/mail.yml:14)``."""

from __future__ import annotations

import os
import typing as t

from ._policy_kinds import Path

try:
    # Not public in ansible-core, so its absence must not matter: messages then only lack the file.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None


def origin_of(written: dict[str, t.Any], path: Path) -> str:
    """Return `` (file:line)`` of the innermost value on the path that knows where it comes from, or nothing.

    :param written: the raw, untemplated variables by name.
    """
    found = None
    value: t.Any = written
    for step in path:
        try:
            key = next((key for key in value if key == step), None) if isinstance(value, dict) else None
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        found = _place(value) or _place(key) or found
    return f" ({found})" if found else ""


def _place(value: t.Any) -> str | None:
    origin = Origin.get_tag(value) if Origin is not None and value is not None else None
    if origin is None or not origin.path:
        return origin.description if origin else None
    path = os.path.relpath(origin.path) if origin.path.startswith(os.getcwd() + os.sep) else origin.path
    return f"{path}:{origin.line_num}" if origin.line_num else str(path)
