# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pip install` alone is enough: the wheel carries playbooks and collection and works from any directory, without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION = "sysops_remediation/_project/collections/ansible_collections/sysops/remediation/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=CHECKOUT, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which the wheel's package is found before any other."""
    target = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, wheel], check=True)
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    return {**plain, "PYTHONPATH": str(target), "HOME": str(tmp_path_factory.mktemp("home"))}


def test_it_carries_what_is_needed_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("plugins/modules/service_restart.py", "plugins/modules/memory_leak_info.py", "playbooks/remediate.yml", "galaxy.yml"):
        assert COLLECTION + needed in names
    assert "sysops_remediation/_project/playbooks/remediate.yml" in names
    assert "sysops_remediation/_project/inventories/local/hosts.yml" in names
    assert "sysops_remediation/py.typed" in names
    assert not [name for name in names if "/tests/" in name or "__pycache__" in name]


def test_it_works_without_a_checkout(installed: dict[str, str], tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"h1": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}))
    command = [sys.executable, "-c", "from sysops_remediation.cli import main; main()", "plan", "--json", "-i", inventory]
    ran = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True)
    told = json.loads(ran.stdout)
    assert (told["status"], ran.returncode) == ("nothing_to_do", 3), (told, ran.stderr)
    assert told["collection"] == str(Path(installed["PYTHONPATH"], COLLECTION))


def test_importing_it_costs_next_to_nothing(installed: dict[str, str], tmp_path: Path) -> None:
    loaded = "import sys, sysops_remediation; print([name for name in ('pydantic', 'ansible_runner', 'rich', 'typer') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", loaded], cwd=tmp_path, env=installed, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
