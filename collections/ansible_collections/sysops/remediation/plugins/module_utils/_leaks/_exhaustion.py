# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the nearest limit is reached, as an interval, and how urgent that is."""

from __future__ import annotations

from .._gates import gate
from . import _numbers, _words
from . import _thresholds as limits
from ._clean import number


def usable_limits(wanted, unit, now):
    """Return ``([{"name", "value"}, ...] nearest first, gate or None)``; the gate names limits that cannot be of this series."""
    found, odd = [], []
    for limit in wanted or ():
        value = _end_of(limit, now)
        if value is None:
            continue
        # An enforced limit cannot be far exceeded: bytes against KiB, or the limit of another unit.
        if value < limits.LIMIT_PLAUSIBLE * now and limit.get("name") != _words.HEAP_LIMIT:
            odd.append("%s (%s)" % (limit.get("name"), _numbers.amount(value, unit)))
        else:
            found.append({"name": str(limit.get("name", "limit")), "value": value})
    if not found and unit == _words.PERCENT:
        found.append({"name": "100 percent", "value": limits.PERCENT_FULL})
    found.sort(key=lambda limit: (limit["value"], limit["name"]))
    if not odd:
        return found, None
    detail = "%s lies far below the %s in use and is ignored: are the units mixed up?" % (", ".join(odd), _numbers.amount(now, unit))
    return found, gate("limits_plausible", False, detail, now, limits.LIMIT_PLAUSIBLE, "share")


def _end_of(limit, now):
    """Where this limit ends the series: its value, or the room that is left above ``now``."""
    for key, offset in (("value", 0.0), ("free", now)):
        value = number(limit.get(key))
        if value is not None and value >= 0:
            return value + offset
    return None


def exhaustion(limit, slope, now, unit):
    """Return the interval until ``limit`` is reached at ``slope`` (low, mid, high per second); None when it never is."""
    if not limit or slope[2] <= 0:
        return None
    room = max(limit["value"] - now, 0.0)
    return {
        "limit_name": limit["name"],
        "limit": limit["value"],
        "now": now,
        "unit": unit,
        "seconds_low": room / slope[2],
        "seconds_high": room / slope[0] if slope[0] > 0 else None,
    }


def urgency(verdict, end):
    """Return the urgency: that of the earliest moment at which the limit can be reached."""
    if verdict not in _words.GROWING:
        return _words.NONE
    if end is None:
        # The limit is not known, the leak is: somewhere the memory ends.
        return _words.DAYS if verdict in _words.LEAKS else _words.NONE
    for border, word in ((limits.URGENT_NOW, _words.NOW), (limits.URGENT_HOURS, _words.HOURS), (limits.URGENT_DAYS, _words.DAYS)):
        if end["seconds_low"] < border:
            return word
    return _words.NONE
