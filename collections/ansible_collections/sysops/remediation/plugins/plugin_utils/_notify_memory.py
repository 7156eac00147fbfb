# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each target was told, so that another run does not tell it again: one small file per story below the report directory."""

from __future__ import annotations

import hashlib
import json
import os

from ._report._files import write_whole

REMEMBERED = 24 * 3600.0  # seconds; a refusal that still stands is told again after a day


class Memory:
    def __init__(self, folder: str, now: float) -> None:
        self.folder = folder
        self.now = now

    def heard(self, target: str, story: str) -> bool:
        """Was this target told this story within the last day? What cannot be read was not heard: twice is better than never."""
        try:
            with open(self._path(target, story), encoding="utf-8") as source:
                told_at = float(json.load(source)["told_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return abs(self.now - told_at) < REMEMBERED

    def remember(self, target: str, stories: list[str]) -> str | None:
        """Note what was told; return why that failed, if it did."""
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            for story in stories:
                write_whole(self._path(target, story), json.dumps({"told_at": self.now, "story": story}), durable=True)
        except OSError as problem:
            return f"another run will repeat it, because {self.folder} cannot be written: {problem.strerror}"
        return None

    def forget_old(self) -> None:
        """Remove what is no longer needed to decide anything."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return
        for name in names:
            path = os.path.join(self.folder, name)
            try:
                if self.now - os.stat(path).st_mtime > 2 * REMEMBERED:
                    os.unlink(path)
            except OSError:
                continue  # another run was faster

    def _path(self, target: str, story: str) -> str:
        return os.path.join(self.folder, hashlib.sha256(f"{target}\n{story}".encode()).hexdigest()[:40] + ".json")
