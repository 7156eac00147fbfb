# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the playbooks and the collection come from, and which of the user's Ansible settings apply.

A checkout is used when the working directory lies in one or when this package does; else what the wheel carries. A collection that the
user has installed comes before the one in the wheel.
"""

from __future__ import annotations

import configparser
import os
import stat
from dataclasses import dataclass
from pathlib import Path

COLLECTION = Path("ansible_collections", "sysops", "remediation")
EMBEDDED = Path(__file__).resolve().parent / "_project"
SOURCE = Path(__file__).resolve().parents[2]
ANSIBLE_DEFAULT_COLLECTIONS = ["~/.ansible/collections", "/usr/share/ansible/collections"]
FORKS = 50


@dataclass(frozen=True)
class Project:
    """A directory with ``playbooks/`` and usually ``collections/`` and ``ansible.cfg``."""

    root: Path

    @property
    def embedded(self) -> bool:
        return self.root == EMBEDDED

    def playbook(self, name: str) -> str:
        """Return the playbook's path, or its name in the collection where the project has no file for it."""
        path = self.root / "playbooks" / f"{name}.yml"
        return str(path) if path.is_file() else f"sysops.remediation.{name}"

    def config_file(self) -> Path | None:
        """Return the ansible.cfg that a run uses: the one ansible itself would find from here, else the project's own."""
        if os.environ.get("ANSIBLE_CONFIG"):
            return _absolute(os.environ["ANSIBLE_CONFIG"])
        # Like ansible itself: a folder that everybody can write to is not trusted.
        candidates = [] if Path.cwd().stat().st_mode & stat.S_IWOTH else [Path.cwd() / "ansible.cfg"]
        if self.embedded:
            candidates += [Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible/ansible.cfg")]
        candidates.append(self.root / "ansible.cfg")
        return next((path for path in candidates if path.is_file()), None)

    def settings(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
        if path := self.config_file():
            parser.read(path, encoding="utf-8")
        return parser

    def collections(self) -> list[Path]:
        """Return the folders that are searched for the collection, in order."""
        configured = os.environ.get("ANSIBLE_COLLECTIONS_PATH")
        if configured is not None:
            theirs = [_absolute(part) for part in configured.split(":") if part]
        elif setting := self.settings().get("defaults", "collections_path", fallback=""):
            base = (self.config_file() or self.root).parent
            theirs = [_absolute(part, base) for part in setting.split(":") if part]
        else:
            theirs = [_absolute(part) for part in ANSIBLE_DEFAULT_COLLECTIONS]
        ours = self.root / "collections"
        ordered = [*theirs, ours] if self.embedded else [ours, *theirs]
        return list(dict.fromkeys(ordered))

    def collection(self) -> Path | None:
        """Return the collection that a run uses."""
        return next(iter(self.all_collections()), None)

    def all_collections(self) -> list[Path]:
        """Return every copy of the collection that can be found: the one that a run uses, then those that it hides."""
        return [path / COLLECTION for path in self.collections() if (path / COLLECTION).is_dir()]

    def is_ours(self) -> bool:
        """Tell whether a run uses the collection that came with this package: the wheel's, or the one of the checkout it lies in."""
        return self.collection() in (None, EMBEDDED / "collections" / COLLECTION, SOURCE / "collections" / COLLECTION)

    def origin_of(self, collection: Path) -> str:
        """Return in a word or two where a collection comes from."""
        if collection == EMBEDDED / "collections" / COLLECTION:
            return "this package"
        return "the checkout" if collection == self.root / "collections" / COLLECTION else "an installation"

    def inventories(self) -> list[Path]:
        """Return the inventories that are used when the caller names none; none if Ansible's own default is."""
        if setting := os.environ.get("ANSIBLE_INVENTORY"):
            return _paths(setting, Path.cwd())
        config = self.config_file()
        if config is None:
            return [self.root / "inventories" / "local"]
        return _paths(self.settings().get("defaults", "inventory", fallback=""), config.parent)

    def environment(self) -> dict[str, str]:
        """Return what ansible is told about this project, and the user's own choices that ansible-runner would override."""
        environment = {"ANSIBLE_COLLECTIONS_PATH": ":".join(str(path) for path in self.collections())}
        if path := self.config_file():
            environment["ANSIBLE_CONFIG"] = str(path)
        elif inventories := self.inventories():
            environment["ANSIBLE_INVENTORY"] = ",".join(map(str, inventories))
            environment["ANSIBLE_PIPELINING"] = os.environ.get("ANSIBLE_PIPELINING", "True")
        return {**environment, **self.choices()}

    def choices(self) -> dict[str, str]:
        """Return what the user has chosen in ansible.cfg and ansible-runner would override, and our choice of forks where there is none."""
        settings = self.settings()
        chosen = {"ANSIBLE_HOST_KEY_CHECKING": settings.get("defaults", "host_key_checking", fallback="True")}
        if not settings.has_option("defaults", "forks"):
            chosen["ANSIBLE_FORKS"] = str(FORKS)
        return {name: value for name, value in chosen.items() if name not in os.environ}


def find_project(root: str | os.PathLike[str] | None = None) -> Project:
    """Return the project at ``root``, or the checkout we are in, or what the wheel carries."""
    if root is not None:
        return Project(Path(root).expanduser().resolve())
    here = Path.cwd()
    for candidate in (here, *here.parents, SOURCE):
        if (candidate / "collections" / COLLECTION).is_dir() and (candidate / "playbooks").is_dir():
            return Project(candidate)
    return Project(EMBEDDED)


def _paths(setting: str, base: Path) -> list[Path]:
    """Return what a list of paths in a setting of Ansible names."""
    return [_absolute(part.strip(), base) for part in setting.split(",") if part.strip()]


def _absolute(path: str | os.PathLike[str], base: Path | None = None) -> Path:
    return Path(os.path.normpath((base or Path.cwd()) / Path(path).expanduser()))
