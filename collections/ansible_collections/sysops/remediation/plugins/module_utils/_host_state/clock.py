# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that a clock jump cannot bend.

Limits ("not again within 30 minutes") must survive a reboot and must neither end early nor last longer because somebody, or NTP, set
the clock. So every moment is remembered three ways, and compared by the one that can be trusted.
"""

from __future__ import annotations

import time

from .._kernel import boot_id, uptime


class Clock:
    """The host's time; tests hand in one of their own."""

    def __init__(self, root="/"):
        self._boot_id = boot_id(root) or ""

    def stamp(self):
        """Return this moment as ``{boot_id, monotonic, epoch}``; ``monotonic`` counts seconds since boot, sleep included."""
        return {"boot_id": self._boot_id, "monotonic": uptime(), "epoch": time.time()}

    def sleep(self, seconds):
        time.sleep(seconds)


def elapsed(then, now):
    """Return the seconds between two stamps, never negative.

    Within one boot the boot clock tells, whatever happened to the wall clock. Across a reboot only the wall clock can tell; if it
    contradicts the time since boot it was set back, and we go by the least that must have passed.
    """
    if then["boot_id"] and then["boot_id"] == now["boot_id"]:
        return max(0.0, now["monotonic"] - then["monotonic"])
    uptime = now["monotonic"] if now["boot_id"] else 0.0
    return max(now["epoch"] - then["epoch"], uptime, 0.0)


def is_stamp(value):
    """Tell whether a value read from a file is a stamp that :func:`elapsed` can use."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("boot_id"), str)
        and all(isinstance(value.get(key), (int, float)) and not isinstance(value.get(key), bool) for key in ("monotonic", "epoch"))
    )
