# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One private directory per run. It is gone when the run is, and no secret in it ever reaches a disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from . import _reaper

IDENT = "run"


class CannotRun(RuntimeError):
    """Something that a run needs is not there; the message is one line."""


class RunDirectory:
    """What ansible-runner calls ``private_data_dir``, guarded by a process that outlives us long enough to clean up."""

    def __init__(self) -> None:
        try:
            self.path = Path(tempfile.mkdtemp(prefix="remediation-run-")).resolve()
        except OSError as error:
            why = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
            raise CannotRun(f"no directory for the run can be made: {why}; make room there, or name another folder in TMPDIR") from None
        self._files: list[int] = []
        self._sessions: set[int] = set()
        self._removed = threading.Event()
        try:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", _reaper.__file__, str(self.path), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in our terminal is not meant for it
            )
        except OSError as error:
            self.path.rmdir()
            raise CannotRun(f"the guard of the run cannot be started: {sys.executable}: {error.strerror}") from None
        self.artifacts = self.path / "artifacts" / IDENT
        self.artifacts.mkdir(parents=True, mode=0o700)
        # ansible-runner writes the whole environment into this file, whatever secrets the caller's environment holds.
        self.secret("command", "", directory=self.artifacts)

    def secret(self, name: str, text: str, directory: Path | None = None) -> Path:
        """Return a file with this text that can be read many times: a link to anonymous memory where the system has that."""
        path = (directory or self.path) / name
        if not hasattr(os, "memfd_create"):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
                stream.write(text)
            return path
        descriptor = os.memfd_create(name)
        os.fchmod(descriptor, 0o600)
        with open(descriptor, "w", encoding="utf-8", closefd=False) as stream:
            stream.write(text)
        self._files.append(descriptor)
        path.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
        return path

    def secret_read_once(self, name: str, text: str) -> Path:
        """Return a named pipe that gives this text to its first reader. Ansible resolves links in some options, which anonymous memory cannot bear."""
        path = self.path / name
        os.mkfifo(path, 0o600)
        threading.Thread(target=self._feed, args=(path, text.encode()), name=f"remediation-{name}", daemon=True).start()
        return path

    def _feed(self, path: Path, data: bytes) -> None:
        while not self._removed.wait(0.01):
            with contextlib.suppress(OSError):  # nobody reads yet, or the reader has died
                descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                path.unlink()  # who opens it again, such as ansible to show a line that it cannot read, would wait for ever
                os.set_blocking(descriptor, True)
                with open(descriptor, "wb") as stream:
                    stream.write(data)
                return

    def write(self, name: str, text: str) -> Path:
        """Write a file that holds no secret."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def end_processes(self, grace: float = 5.0) -> int:
        return _reaper.end_run(self.path, grace, self._sessions)

    def watch_worker(self, pid: int) -> None:
        """Let the guard end this worker too, should we be gone."""
        assert self._guard.stdin is not None
        with contextlib.suppress(OSError):
            self._guard.stdin.write(b"%s%d\n" % (_reaper.WORKER, pid))
            self._guard.stdin.flush()

    def remove(self) -> None:
        self._removed.set()
        for descriptor in self._files:
            os.close(descriptor)
        self._files.clear()
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._guard.communicate(_reaper.GOODBYE)
