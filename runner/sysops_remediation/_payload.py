# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker elsewhere is sent: playbooks, collection, settings, inventory and secrets, in the format of ``ansible-runner transmit``.

It is put together in memory, so that no secret reaches a disk on this side; the worker keeps it in its private directory as long as it lives.
All paths are seen from the worker's ``project`` directory, in which ansible runs there.
"""

from __future__ import annotations

import configparser
import io
import json
import os
import shlex
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ._launch import RUNNER_SETTINGS, InvalidInput, Request, defaults, inventory_json, options, sources_of
from ._project import ANSIBLE_DEFAULT_COLLECTIONS, COLLECTION, Project
from ._rundir import IDENT

REPORTS = f"../artifacts/{IDENT}/reports"  # artifacts come back
LEFT_OUT = {"tests", "__pycache__", ".git", ".venv"}


class Payload:
    """Files by their name in the worker's private directory, with their modes."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, int]] = {}

    def add(self, name: str, content: bytes | str, mode: int = 0o600) -> str:
        """Add a file and return its path as ansible sees it."""
        self._files[name] = (content.encode() if isinstance(content, str) else content, mode)
        return f"../{name}"

    def add_tree(self, source: Path, name: str) -> str:
        for path, relative in _files_below(source):
            self.add(f"{name}/{relative}" if relative else name, path.read_bytes(), path.stat().st_mode & 0o777)
        return f"../{name}"

    def send(self, arguments: Mapping[str, Any], stream: IO[bytes]) -> None:
        from ansible_runner.utils.base64io import Base64IO

        packed = self._packed()
        stream.write(json.dumps({"kwargs": arguments}).encode() + b"\n" + json.dumps({"zipfile": len(packed)}).encode() + b"\n")
        with Base64IO(stream) as encoded:
            encoded.write(packed)
        stream.write(json.dumps({"eof": True}).encode() + b"\n")
        stream.flush()

    def _packed(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression=zipfile.ZIP_DEFLATED) as archive:
            for name, (content, mode) in self._files.items():
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = mode << 16
                archive.writestr(entry, content)
        return buffer.getvalue()


def pack(request: Request, project: Project) -> tuple[Payload, dict[str, Any]]:
    """Return what is sent and the arguments of ``ansible_runner.run`` over there."""
    payload = Payload()
    payload.add("env/settings", json.dumps(RUNNER_SETTINGS))
    payload.add("project/ansible.cfg", _settings(project))
    collection = project.collection()
    if collection is not None:
        payload.add_tree(collection, f"project/collections/{COLLECTION}")
    if (project.root / "playbooks").is_dir():
        payload.add_tree(project.root / "playbooks", "project/playbooks")
    # Reports would be lost with the worker's directory: they are written where they come back from.
    request = replace(request, extra_vars={**request.extra_vars, "remediation_report_dir": REPORTS})
    command = [*options(request, lambda name, text: payload.add(f"env/{name}", text)), *_inventories(request, project, payload)]
    return payload, {
        "ident": IDENT,
        "playbook": _playbook(request, project, payload),
        "limit": request.limit,
        "forks": request.forks,
        "cmdline": shlex.join(command) or None,
        "envvars": {**defaults(), **project.choices(), **_ours(), **request.environment},
        "fact_cache_type": "memory",
        # A little later than our own deadline: for a worker that we cannot reach any more.
        "timeout": int(request.timeout) + 30 if request.timeout is not None else None,
    }


def _ours() -> dict[str, str]:
    chosen = {name: os.environ[name] for name in ("ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_FORKS") if name in os.environ}
    return {**chosen, "ANSIBLE_CONFIG": "ansible.cfg", "ANSIBLE_COLLECTIONS_PATH": ":".join(["collections", *ANSIBLE_DEFAULT_COLLECTIONS])}


def _settings(project: Project) -> str:
    """Return the user's ansible.cfg as it is, without what names folders of this machine."""
    settings = project.settings()
    if settings.has_section("defaults"):
        for name in ("collections_path", "collections_paths", "inventory"):
            settings.remove_option("defaults", name)
    return _as_text(settings)


def _as_text(settings: configparser.ConfigParser) -> str:
    stream = io.StringIO()
    settings.write(stream)
    return stream.getvalue()


def _playbook(request: Request, project: Project, payload: Payload) -> str:
    named = request.playbook if os.sep in request.playbook else project.playbook(request.playbook)
    if os.sep not in named:
        return named  # in the collection
    payload.add(f"project/playbooks/{Path(named).name}", Path(named).read_bytes())
    return f"playbooks/{Path(named).name}"


def _inventories(request: Request, project: Project, payload: Payload) -> Iterator[str]:
    if isinstance(request.inventory, Mapping):
        yield from ("-i", payload.add("inventories/inventory.json", inventory_json(request.inventory)))
        return
    sources = sources_of(request.inventory) if request.inventory is not None else [str(path) for path in project.inventories()]
    for number, source in enumerate(sources):
        yield from ("-i", source if "," in source else _send_inventory(Path(source), f"inventories/{number}", payload))


def _send_inventory(source: Path, name: str, payload: Payload) -> str:
    if not source.exists():
        raise InvalidInput(f"inventory {source} not found")
    if source.is_dir():
        return payload.add_tree(source, name)
    for folder in ("group_vars", "host_vars"):  # Ansible reads those beside an inventory
        if (source.parent / folder).is_dir():
            payload.add_tree(source.parent / folder, f"{name}/{folder}")
    return payload.add(f"{name}/{source.name}", source.read_bytes(), source.stat().st_mode & 0o777)


def _files_below(source: Path) -> Iterator[tuple[Path, str]]:
    for folder, folders, names in os.walk(source, followlinks=True):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                yield path, str(path.relative_to(source))
