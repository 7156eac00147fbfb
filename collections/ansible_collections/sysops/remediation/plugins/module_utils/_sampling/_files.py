# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small readers of kernel files. A file that vanished is ``None``; one that may not be read raises PermissionError."""

from __future__ import annotations

import os


def read_text(path):
    """Return the whole file as text, or None when it (or its process) is gone."""
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape")
    except PermissionError:
        raise
    except OSError:  # ENOENT, ESRCH (process exited while reading), EINVAL, ENODEV (cgroup removed)
        return None


def read_number(path):
    """Return the integer in the file; None when the file is missing or says ``max`` (cgroup v2 for "no limit")."""
    return number(read_text(path))


def number(text):
    """Return the integer in the text, or None."""
    try:
        return int((text or "").strip())
    except ValueError:
        return None


def read_keyed(path):
    """Return ``{key: int}`` of a "key value" file such as memory.stat; None when it is missing."""
    text = read_text(path)
    if text is None:
        return None
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def below(root, *parts):
    """Return the path of a kernel file below a root that is ``/`` on a host and a recorded tree in a test."""
    return os.path.join(root, *(part.lstrip("/") for part in parts))
