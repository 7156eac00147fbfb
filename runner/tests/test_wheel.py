# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`pip install` alone is enough: the wheel carries playbooks and collection and works from any directory, without a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Call = Callable[..., subprocess.CompletedProcess[str]]
CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION = "sysops_remediation/_project/collections/ansible_collections/sysops/remediation/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=CHECKOUT, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of commands of a new environment in which nothing but the wheel was asked for: what it needs has come with it."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=True)
    # The versions are those of the checkout's environment, so that a new release elsewhere does not decide this test.
    install = [folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "-c", CHECKOUT / "constraints.txt", wheel]
    subprocess.run(install, check=True, cwd=folder, env=environment())
    return folder / "bin"


def environment(**more: str) -> dict[str, str]:
    """Return the environment without anything that could lead to the checkout or its own environment."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "VIRTUAL_ENV"))}
    return {**plain, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", **more}


@pytest.fixture
def call(installed: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call a command of the new environment in an empty folder, with an empty home."""
    folder, home = tmp_path / "somewhere", tmp_path / "home"
    folder.mkdir()
    home.mkdir()

    def run(program: str, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        command = [installed / program, *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=environment(HOME=str(home), **more), capture_output=True, text=True)

    return run


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps({"all": {"hosts": {"h1": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}))
    return path


def test_it_carries_what_is_needed_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("plugins/modules/service_restart.py", "plugins/modules/memory_leak_info.py", "playbooks/remediate.yml", "galaxy.yml"):
        assert COLLECTION + needed in names
    assert "sysops_remediation/_project/playbooks/remediate.yml" in names
    assert "sysops_remediation/_project/inventories/local/hosts.yml" in names
    assert "sysops_remediation/py.typed" in names
    assert not [name for name in names if "/tests/" in name or "__pycache__" in name]


def test_it_works_without_a_checkout(call: Call, inventory: Path, installed: Path) -> None:
    ran = call("remediate", "plan", "--json", "-i", inventory)
    told = json.loads(ran.stdout)
    assert (told["status"], ran.returncode) == ("nothing_to_do", 3), (told, ran.stderr)
    assert told["collection"] == str(next(installed.parent.glob("lib/*/site-packages")) / COLLECTION.rstrip("/"))


def test_its_doctor_finds_everything_there(call: Call, inventory: Path) -> None:
    ran = call("remediate", "doctor", "--json", "-i", inventory)
    told = json.loads(ran.stdout)
    assert (told["status"], ran.returncode) == ("succeeded", 0), (told, ran.stderr)
    assert "from this package" in next(check["detail"] for check in told["checks"] if check["name"] == "collection")
    assert next(check["state"] for check in told["checks"] if check["name"] == "ledger") == "ok"


def test_a_collection_that_the_user_has_installed_wins_and_the_doctor_says_so(call: Call, inventory: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "ansible_collections" / "sysops" / "remediation"
    shutil.copytree(CHECKOUT / "collections/ansible_collections/sysops/remediation", theirs, ignore=shutil.ignore_patterns("tests"))
    galaxy = (theirs / "galaxy.yml").read_text()
    (theirs / "galaxy.yml").write_text(galaxy.replace("version: 0.1.0", "version: 9.9.9"))
    ran = call("remediate", "doctor", "--json", "-i", inventory, ANSIBLE_COLLECTIONS_PATH=str(tmp_path / "theirs"))
    told = json.loads(ran.stdout)
    found = next(check for check in told["checks"] if check["name"] == "collection")
    assert (told["collection"], found["state"]) == (str(theirs), "warning")
    assert "9.9.9 from an installation" in found["detail"]
    assert "hides another version: 0.1.0" in found["detail"]
    told = f"collection: 9.9.9 from an installation, {theirs}\n"
    assert told in call("remediate", "policy", "-i", inventory, ANSIBLE_COLLECTIONS_PATH=str(tmp_path / "theirs")).stderr
    assert "collection:" not in call("remediate", "policy", "-i", inventory).stderr


def test_inside_a_checkout_that_one_wins_and_the_command_says_so(call: Call, inventory: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "somewhere" / "collections" / "ansible_collections" / "sysops" / "remediation"
    shutil.copytree(CHECKOUT / "collections/ansible_collections/sysops/remediation", theirs, ignore=shutil.ignore_patterns("tests"))
    shutil.copytree(CHECKOUT / "playbooks", tmp_path / "somewhere" / "playbooks")
    assert f"collection: 0.1.0 from the checkout, {theirs}\n" in call("remediate", "policy", "-i", inventory).stderr
    assert json.loads(call("remediate", "policy", "--json", "-i", inventory).stdout)["collection"] == str(theirs)


def test_without_an_inventory_it_looks_at_this_machine(call: Call) -> None:
    assert json.loads(call("remediate", "doctor", "--json").stdout)["stats"].keys() == {"localhost"}


def test_importing_it_costs_next_to_nothing(call: Call) -> None:
    loaded = "import sys, sysops_remediation; print([name for name in ('pydantic', 'ansible_runner', 'rich', 'typer') if name in sys.modules])"
    assert call("python", "-c", loaded).stdout.strip() == "[]"
