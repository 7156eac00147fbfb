# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``execution-environment.yml``: ansible-builder accepts it, and what its image build does with our collection works with what it was given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sysops_remediation._project import COLLECTION

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    create = [BIN / "ansible-builder", "create", "-f", CHECKOUT / "execution-environment.yml", "-c", folder, "--output-filename", "Containerfile"]
    ran = subprocess.run(create, capture_output=True, text=True, cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def test_it_is_a_version_3_file_that_ansible_builder_accepts(context: Path) -> None:
    assert yaml.safe_load((CHECKOUT / "execution-environment.yml").read_text())["version"] == 3
    built = (context / "Containerfile").read_text()
    assert "ansible-core>=2.19 ansible-runner>=2.4" in built


def test_the_build_finds_the_collection_and_the_packages_it_needs(context: Path, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").touch()
    install = [BIN / "ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml", "-p", tmp_path / "installed"]
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")}
    ran = subprocess.run(install, cwd=context / "_build", env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "installed" / COLLECTION / "plugins" / "modules" / "service_restart.py").is_file()
    introspect = [sys.executable, context / "_build" / "scripts" / "introspect.py", "introspect", tmp_path / "installed"]
    needed = subprocess.run(introspect, capture_output=True, text=True, check=True).stdout.lower()
    assert "sqlalchemy" in needed
