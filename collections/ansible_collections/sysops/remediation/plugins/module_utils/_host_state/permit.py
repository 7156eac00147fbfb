# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a permit: a fencing token that only ever rises, and a validity that a clock cannot stretch.

The ledger numbers its permits. A caller who was delayed for an hour comes with an old number; by then the host has seen a higher one
and turns it away.
"""

from __future__ import annotations

import json
import os

from . import paths
from .clock import elapsed, is_stamp

VERSION = 1
SKEW = 60.0  # seconds that the clocks of ledger and host may differ


class PermitMemory:
    """The highest token that was seen for a service, and when its permit was first seen."""

    def __init__(self, directory, service):
        self.directory = os.path.join(directory, "permits")
        self.path = os.path.join(self.directory, paths.file_name(service, ".json"))

    def objection(self, permit, now):
        """Return (name, sentence) of what speaks against a permit, None if nothing does."""
        seen = self._read()
        if seen and permit["token"] < seen["token"]:
            return "superseded", "permit token %d is older than %d, which this host has seen: ask for a new permit" % (permit["token"], seen["token"])
        if seen and permit["token"] == seen["token"] and permit["id"] != seen["id"]:
            return "superseded", "permit token %d was seen with another permit (%s): ask for a new permit" % (permit["token"], seen["id"])
        return _expiry(permit, seen, now)

    def remember(self, permit, now):
        """Remember the token (never a lower one); call it only under the service's lock."""
        seen = self._read()
        if seen and seen["token"] >= permit["token"]:
            return
        paths.ensure_directory(self.directory)
        record = {"v": VERSION, "token": permit["token"], "id": permit["id"], "first_seen": now}
        paths.replace_file(self.path, json.dumps(record, sort_keys=True).encode() + b"\n")

    def _read(self):
        content = paths.read_file(self.path)
        if content is None:
            return None
        try:
            record = json.loads(content)
            sound = record["v"] == VERSION and isinstance(record["token"], int) and isinstance(record["id"], str) and is_stamp(record["first_seen"])
        except (ValueError, TypeError, KeyError):
            sound = False
        if not sound:
            raise paths.StateError("%s is damaged: look at it, then remove it" % self.path)
        return record


def _expiry(permit, seen, now):
    age = 0.0
    if permit.get("issued_at") is not None:
        age = now["epoch"] - permit["issued_at"]
        if age < -SKEW:
            return "clock", "permit was issued %.0f s in the future: the clocks of this host and of the ledger differ" % -age
    if seen and seen["id"] == permit["id"] and seen["token"] == permit["token"]:
        age = max(age, elapsed(seen["first_seen"], now))
    if age > permit["valid_for"]:
        return "expired", "permit is %.0f s old and was valid for %.0f s: ask for a new permit" % (age, permit["valid_for"])
    return None
