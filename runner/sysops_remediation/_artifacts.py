# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller wants to keep of its runs: events, result and the end of the output of each, for the owner's eyes, rotated and bounded.

ansible-runner's own artifacts are no substitute: they hold the whole environment, and its rotation takes one private directory for all runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ._launch import InvalidInput, Request
from .events import RunEvent
from .models import RunResult

EVENTS_BYTES = 10_000_000
FOLDER_BYTES = 100_000_000
EVENTS = "events.jsonl"
HIDDEN = "********"
_RUN = re.compile(r"\d{8}T\d{12}Z-\w+-[0-9a-f]{8}")
_SECRET_NAME = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"://[^/\s:@]*:(\S+)@")  # up to the last @: a password may hold one
LONG_ENOUGH = 6
A_WORD = 4


class Mask:
    """Hides what must not be kept or shown of a run."""

    def __init__(self, request: Request) -> None:
        self._hidden = re.compile("|".join(_pattern(text) for text in sorted(secrets_of(request), key=len, reverse=True)) or r"(?!)")

    def text(self, text: str) -> str:
        return self._hidden.sub(HIDDEN, text)

    def data(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        if isinstance(value, Mapping):
            return {key: self.data(item) for key, item in value.items()}
        return [self.data(item) for item in value] if isinstance(value, (list, tuple)) else value


def _pattern(text: str) -> str:
    """Find a short secret as a whole word only: hidden everywhere, it would leave no sentence readable and so tell what it is."""
    return re.escape(text) if len(text) >= A_WORD else rf"(?<!\w){re.escape(text)}(?!\w)"


class Artifacts:
    """The folder of one run below ``artifact_dir``. Its events are locked while the run lasts, so that no other run rotates it away."""

    def __init__(self, folder: Path, request: Request) -> None:
        self._folder = folder
        self._mask = Mask(request)
        self.problem: str | None = None
        self._room = EVENTS_BYTES
        now = time.time()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f"{int(now % 1 * 1e6):06d}Z"
        self.path = folder / f"{stamp}-{Path(request.playbook).stem}-{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            self.path.mkdir(mode=0o700)
            self._events = _create(self.path / EVENTS)
            fcntl.flock(self._events, fcntl.LOCK_EX)
        except OSError as error:
            raise InvalidInput(f"artifact_dir {folder} cannot be used: {error.strerror}; name a folder that you can write to") from None

    def event(self, event: RunEvent) -> None:
        if self.problem is None and self._room > 0:
            line = self._text(event.model_dump()) + b"\n"
            self._room -= len(line)
            self._write(self._events, line if self._room > 0 else b'{"kind": "truncated"}\n')

    def finish(self, result: RunResult, rotate: int) -> RunResult:
        """Write what is left to write and rotate; return the result with where it is kept, or with why it is not."""
        kept = result.model_copy(update={"artifacts": str(self.path)})
        text = self._text(kept.model_dump())
        if len(text) > FOLDER_BYTES:
            self.problem = f"its result of {len(text)} bytes is above the limit of {FOLDER_BYTES}"
        for name, content in (("output.txt", self._mask.text("\n".join(result.log) + "\n").encode()), ("result.json", text)):
            if self.problem is None:
                try:
                    with open(_create(self.path / name), "wb") as stream:
                        stream.write(content)
                except OSError as error:
                    self.problem = str(error)
        os.close(self._events)
        try:
            _rotate(self._folder, rotate)
        except OSError as error:
            self.problem = self.problem or str(error)
        if self.problem is not None:
            return result.model_copy(update={"message": f"{result.message}; its artifacts are incomplete: {self.problem}".removeprefix("; ")})
        return kept

    def _write(self, descriptor: int, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError as error:
            self.problem = str(error)

    def _text(self, value: Any) -> bytes:
        return json.dumps(self._mask.data(value), ensure_ascii=False, default=str).encode(errors="replace")


def secrets_of(request: Request) -> set[str]:
    """Return what must not be kept: passwords, and what the caller has handed over as variables and environment, our own variables aside."""
    passwords = {text for text in (request.vault_password, request.become_password, request.connection_password) if text}
    given = {name: value for name, value in request.extra_vars.items() if not name.startswith("remediation_")}
    environment = {name: value for name, value in request.environment.items() if name != "ANSIBLE_HOST_KEY_CHECKING"}  # True or False
    found = [*_strings({**given, **environment}), *_strings(dict(request.inventory) if isinstance(request.inventory, Mapping) else {}, named=True)]
    urls = _URL_PASSWORD.findall(str(request.extra_vars.get("remediation_ledger", "")))
    whole = passwords | set(found) | set(urls) | {unquote(text) for text in urls}
    lines = {line.strip() for text in whole for line in text.splitlines() if len(line.strip()) >= LONG_ENOUGH}
    return whole | lines | {json.dumps(text, ensure_ascii=False)[1:-1] for text in whole}  # as ansible prints them


def _strings(value: Any, name: str = "", named: bool = False) -> Iterator[str]:
    """Yield the texts that are long enough to be told from other words, or whose name says that they are secret; with ``named`` only those."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, str(key), named)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item, name, named)
    elif value is not None and not isinstance(value, bool):
        text = str(value)
        if text and (_SECRET_NAME.search(name) or (not named and len(text) >= LONG_ENOUGH)):
            yield text


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _rotate(folder: Path, keep: int) -> None:
    """Remove the oldest runs, but those under way, until no more than ``keep`` and ``FOLDER_BYTES`` are left."""
    runs = sorted((entry for entry in folder.iterdir() if _RUN.fullmatch(entry.name) and not entry.is_symlink()), reverse=True)
    total = 0
    for number, run in enumerate(runs):
        total += _size(run)
        if (number >= keep or (number > 0 and total > FOLDER_BYTES)) and not _under_way(run):
            shutil.rmtree(run, ignore_errors=True)


def _size(run: Path) -> int:
    try:
        return sum(path.lstat().st_size for path in run.iterdir())
    except FileNotFoundError:  # another run rotates too
        return 0


def _under_way(run: Path) -> bool:
    try:
        descriptor = os.open(run / EVENTS, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
