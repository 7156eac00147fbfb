# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people read them, per unit."""

from __future__ import annotations

from .._units import human_size
from . import _words


def amount(value, unit):
    """``"214 MiB"``, ``"61.5 %"``, ``"1,024"``."""
    if unit == _words.BYTES:
        return ("-" if value < 0 else "") + human_size(abs(value))
    if unit == _words.PERCENT:
        return "%.1f %%" % value
    return "{:,.0f}".format(value)  # noqa: UP032


def rate(per_second, unit):
    """Per second, minute, hour or day: the shortest in which the number is not tiny."""
    smallest = {_words.BYTES: 1024.0, _words.PERCENT: 0.1}.get(unit, 1.0)
    for seconds, name in ((1.0, "s"), (60.0, "min"), (3600.0, "h"), (86400.0, "day")):
        if abs(per_second) * seconds >= smallest or name == "day":
            break
    value = per_second * seconds
    if unit == _words.COUNT:
        return "%.1f/%s" % (value, name)
    return "%s/%s" % (amount(value, unit), name)


def share(fraction):
    return "%.0f %%" % (100.0 * fraction)
