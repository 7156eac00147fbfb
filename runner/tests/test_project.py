# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which playbooks, which collection and which of the user's settings a run uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sysops_remediation import _project
from sysops_remediation._project import COLLECTION, Project, find_project

CHECKOUT = Path(__file__).resolve().parents[2]


def collection_in(folder: Path) -> Path:
    (folder / COLLECTION).mkdir(parents=True)
    return folder


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project as the wheel carries it, and a home folder without any Ansible setting."""
    monkeypatch.setattr(_project, "EMBEDDED", tmp_path / "_project")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    collection_in(tmp_path / "_project" / "collections")
    return Project(tmp_path / "_project")


def test_the_checkout_around_the_working_directory_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "clone"
    collection_in(other / "collections")
    (other / "playbooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(other / "playbooks" / "deep")
    assert find_project().root == other


def test_elsewhere_the_checkout_of_this_package_is_used() -> None:
    assert find_project().root == CHECKOUT


def test_a_playbook_without_a_file_is_taken_from_the_collection(tmp_path: Path) -> None:
    assert Project(tmp_path).playbook("diagnose") == "sysops.remediation.diagnose"


def test_in_a_checkout_its_own_collection_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(collection_in(tmp_path / "installed")))
    collection_in(tmp_path / "clone" / "collections")
    assert Project(tmp_path / "clone").collection() == tmp_path / "clone" / "collections" / COLLECTION


def test_an_installed_collection_comes_before_the_one_in_the_wheel(embedded: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert embedded.collection() == embedded.root / "collections" / COLLECTION
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(collection_in(tmp_path / "installed")))
    assert embedded.collection() == tmp_path / "installed" / COLLECTION


def test_collections_path_of_ansible_cfg_is_relative_to_that_file(embedded: Project, tmp_path: Path) -> None:
    collection_in(tmp_path / "elsewhere" / "mine")
    (tmp_path / "elsewhere" / "ansible.cfg").write_text("[defaults]\ncollections_path = mine\n")
    assert embedded.collection() == tmp_path / "elsewhere" / "mine" / COLLECTION


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("", "True"), ("[defaults]\nhost_key_checking = False\n", "False"), ("[defaults]\nhost_key_checking = True\n", "True")],
)
def test_host_key_policy_is_the_users(tmp_path: Path, settings: str, expected: str) -> None:
    (tmp_path / "elsewhere" / "ansible.cfg").write_text(settings)
    assert Project(tmp_path).environment()["ANSIBLE_HOST_KEY_CHECKING"] == expected


def test_host_key_policy_of_the_environment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_HOST_KEY_CHECKING", "False")
    assert "ANSIBLE_HOST_KEY_CHECKING" not in Project(tmp_path).environment()


def test_without_any_setting_the_wheel_brings_an_inventory(embedded: Project) -> None:
    if Path("/etc/ansible/ansible.cfg").exists():
        pytest.skip("this machine has an ansible.cfg for everybody")
    assert embedded.environment()["ANSIBLE_INVENTORY"] == str(embedded.root / "inventories" / "local")


def test_several_inventories_may_be_set_as_ansible_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection_in(tmp_path / "collections")
    (tmp_path / "ansible.cfg").write_text("[defaults]\ninventory = hosts.ini, /srv/more\n")
    monkeypatch.chdir(tmp_path)
    assert Project(tmp_path).inventories() == [tmp_path / "hosts.ini", Path("/srv/more")]
    monkeypatch.setenv("ANSIBLE_INVENTORY", "other.ini,~/mine")
    assert Project(tmp_path).inventories() == [tmp_path / "other.ini", Path("~/mine").expanduser()]


@pytest.mark.slow
def test_in_the_checkout_a_misspelt_inventory_is_an_error_also_of_ansible_playbook(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", tmp_path / "prdo", CHECKOUT / "playbooks" / "diagnose.yml", "--limit", "mail"]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert (ran.returncode, "No inventory was parsed" in ran.stderr) == (1, True), ran
