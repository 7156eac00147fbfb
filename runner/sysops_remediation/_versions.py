# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of what is here."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_ANSIBLE = (2, 19)
INSTALL = f"pip install 'ansible-core>={'.'.join(map(str, OLDEST_ANSIBLE))}'"


def of_package() -> str:
    return importlib.metadata.version("sysops-remediation")


def ansible_runner() -> str:
    return importlib.metadata.version("ansible-runner")


def of_collection(folder: Path) -> str:
    """Return the version of an installed collection (MANIFEST.json) or of one in a checkout or a wheel (galaxy.yml)."""
    try:
        if (folder / "MANIFEST.json").is_file():
            return str(json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"])
        found = re.search(r"^version:\s*['\"]?([^\s'\"]+)", (folder / "galaxy.yml").read_text(encoding="utf-8"), re.MULTILINE)
        return found.group(1) if found else "unknown"
    except (OSError, ValueError, KeyError):
        return "unknown"


@functools.cache
def ansible_playbook(path: str) -> tuple[str | None, str | None]:
    """Return (program, version of ansible-core) that a run with this PATH would use; None for what is not there or does not say."""
    program = shutil.which("ansible-playbook", path=path)
    if program is None:
        return None, None
    if Path(program).parent == Path(sys.executable).parent:
        return program, importlib.metadata.version("ansible-core")
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return program, None
    found = re.search(r"\[core ([^\]\s]+)", said) or re.search(r"^ansible-playbook (\d\S*)", said)
    return program, found.group(1) if found else None


def problem_of_ansible(path: str) -> str | None:
    """Return one line if the ansible-playbook that is found is missing, silent or too old."""
    program, version = ansible_playbook(path)
    oldest = ".".join(map(str, OLDEST_ANSIBLE))
    if program is None:
        return "ansible-playbook is not installed here"
    if version is None:
        return f"{program} does not say its version"
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return f"{program} is ansible-core {version}, and {oldest} or newer is needed" if numbers < OLDEST_ANSIBLE else None
