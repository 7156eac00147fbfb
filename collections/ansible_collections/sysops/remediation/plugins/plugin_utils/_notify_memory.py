# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each target was told, so that another run does not tell it again: one small file per target below the report directory.

Where it cannot be read, or two runs write at once, something may be told twice: that is better than never.
"""

from __future__ import annotations

import hashlib
import json
import os

from ._report._files import write_whole

REMEMBERED = 24 * 3600.0  # seconds; a refusal that still stands is told again after a day


class Memory:
    def __init__(self, folder: str, target: str, now: float) -> None:
        self.folder = folder
        self.path = os.path.join(folder, f"{target[:32]}.json")
        self.now = now
        self.told_at = self._read()

    def heard(self, story: str) -> bool:
        """Was this target told this story within the last day? A clock that was set back does not make a story old."""
        return _key(story) in self.told_at

    def remember(self, stories: list[str]) -> str | None:
        """Note what was told; return why that failed, if it did."""
        told_at = {**self.told_at, **{_key(story): self.now for story in stories}}
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            write_whole(self.path, json.dumps({"schema": 1, "told_at": told_at}), durable=True)
        except OSError as problem:
            return f"another run will repeat it, because {self.path} cannot be written: {problem.strerror}"
        return None

    def _read(self) -> dict[str, float]:
        try:
            with open(self.path, encoding="utf-8") as source:
                told_at = json.load(source)["told_at"]
            return {key: float(when) for key, when in told_at.items() if abs(self.now - float(when)) < REMEMBERED}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def _key(story: str) -> str:
    return hashlib.sha256(story.encode()).hexdigest()[:32]
