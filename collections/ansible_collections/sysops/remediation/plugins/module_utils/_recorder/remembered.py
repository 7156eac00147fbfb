# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the managers said last time. While the main process of a service lives, nobody needs to be asked about it again, which halves the cost
of a run and spares systemd's PID 1 as much.

The file is a convenience: without it, or if it makes no sense, the managers are asked.
"""

from __future__ import annotations

import contextlib
import json
import os

from .._host_state import paths
from .._sampling.sampler import Target

ASK_AGAIN = 600.0  # seconds: finds what a look at the process cannot, a main process that was exchanged while the old one lives on


class Memory:
    """Targets by what was asked for, valid within one boot."""

    def __init__(self, directory, boot):
        self._path = os.path.join(directory, "recorder.json")
        self._boot = boot
        self._kept = {}

    def recall(self, wanted, uptime, processes):
        """Return [(service, Target, uid of its manager)] of those of ``wanted`` that are known to live, and the list of the others."""
        self._kept = self._read()
        known, unknown = [], []
        for service in wanted:
            asked_at, owner, target = self._kept.get(_key(service), (None, None, None))
            if target is not None and 0 <= uptime - asked_at < ASK_AGAIN and target.is_alive(processes):
                known.append((service, target, owner))
            else:
                unknown.append(service)
        return known, unknown

    def keep(self, known, asked, uptime):
        """Remember ``known`` as of when it was asked for, ``asked`` as of now, and nothing else."""
        kept = {_key(service): self._kept[_key(service)] for service, _target, _owner in known}
        kept.update({_key(service): (uptime, owner, target) for service, target, owner in asked if target.start_ticks is not None})
        if kept.keys() != self._kept.keys() or asked:
            services = {key: [when, owner, one.key, one.main_pid, one.start_ticks, one.cgroups] for key, (when, owner, one) in kept.items()}
            with contextlib.suppress(paths.StateError):  # where this cannot be written the history cannot be either, and says so
                paths.ensure_directory(os.path.dirname(self._path), 0o755)
                paths.replace_file(self._path, json.dumps({"boot": self._boot, "services": services}).encode())

    def _read(self):
        try:
            kept = json.loads(paths.read_file(self._path) or "{}")
            if kept.get("boot") != self._boot:
                return {}
            return {key: (float(when), int(owner), Target(*fields)) for key, (when, owner, *fields) in kept["services"].items()}
        except (paths.StateError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}


def _key(service):
    return json.dumps(service, sort_keys=True)
