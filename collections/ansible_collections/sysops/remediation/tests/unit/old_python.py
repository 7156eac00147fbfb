# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest Python of managed hosts, where this machine has one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def _find():
    """Return the path of a Python 3.8 that runs, or None; pyenv's shims may be there without it."""
    for path in [*Path.home().glob(".pyenv/versions/3.8.*/bin/python3.8"), shutil.which("python3.8")]:
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(path)
    return None


OLD_PYTHON = _find()
