# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and sizes as people write them (``30m``, ``2GiB``), and back.

One parser for modules, policy and the wrapper, so that ``90s`` means the same everywhere.
"""

from __future__ import annotations

import math
import re

LONGEST = 3660 * 86400  # seconds; clocks and timers of the operating system end not far beyond
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
BYTES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgtp", start=1):
    BYTES[_letter + "ib"] = 1024**_power
    BYTES[_letter] = 1024**_power  # as systemd and docker read "512M"
    BYTES[_letter + "b"] = 1000**_power

OUT_OF_ORDER = "names a unit twice or after a smaller one: write each once, the largest first"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


def parse_duration(value):
    """Return seconds (float) for ``90``, ``"90"``, ``"1h30m"``, ``"250ms"``; raise ValueError otherwise."""
    seconds = _seconds(value)
    if seconds > LONGEST:
        raise ValueError("'%s' is longer than ten years" % str(value)[:40])
    return seconds


def _seconds(value):
    number = _plain_number(value)
    if number is not None:
        return number
    text = str(value).strip().lower()
    if text.startswith("-"):
        raise ValueError("'%s' is negative" % (value,))
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError("'%s' is not a duration: write a number of seconds or '45s', '30m', '1h30m', '2d'" % (value,))
    units = [SECONDS[unit] for _number, unit in parts]
    if any(later >= earlier for earlier, later in zip(units, units[1:])):
        raise ValueError("'%s' %s, as in '1h30m'" % (value, OUT_OF_ORDER))
    return _finite(float(sum(float(number) * SECONDS[unit] for number, unit in parts)), value)


def parse_size(value):
    """Return bytes (int) for ``1024``, ``"512MiB"``, ``"2G"`` (1024-based as in systemd), ``"2GB"`` (1000-based)."""
    number = _plain_number(value)
    if number is not None:
        return int(number)
    match = _SIZE.fullmatch(str(value).strip())
    if not match or match.group(2).lower() not in BYTES:
        raise ValueError("'%s' is not a size: write a number of bytes or '512KiB', '300MiB', '2GiB'" % (value,))
    return int(_finite(float(match.group(1)) * BYTES[match.group(2).lower()], value))


def read_option(parse, options, name):
    """Return ``parse(options[name])``; the ValueError names the option."""
    try:
        return parse(options[name])
    except ValueError as error:
        raise ValueError("%s: %s" % (name, error)) from None


def _plain_number(value):
    if isinstance(value, bool):
        raise ValueError("'%s' is a truth value, not a number" % (value,))
    try:
        number = float(value if isinstance(value, (int, float)) else str(value).strip())
    except OverflowError:
        number = math.inf
    except ValueError:
        return None
    if _finite(number, value) < 0:
        raise ValueError("'%s' is negative" % (value,))
    return number


def _finite(number, value):
    if not math.isfinite(number):
        raise ValueError("'%s' is not a finite number" % (value,))
    return number


def human_duration(seconds):
    """Return at most two units: ``"6 h 10 min"``, ``"45 s"``, ``"3 d 4 h"``."""
    seconds = round(seconds)
    for size, unit, smaller, smaller_unit in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = (seconds % size) // smaller
            return "%d %s" % (seconds // size, unit) + (" %d %s" % (rest, smaller_unit) if rest else "")
    return "%d s" % seconds


def human_size(count):
    """Return bytes with a binary unit: ``"1.4 GiB"``, ``"312 MiB"``, ``"17 B"``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024 or unit == "TiB":
            return ("%d %s" if unit == "B" or abs(value) >= 100 else "%.1f %s") % (value, unit)
        value /= 1024
    raise AssertionError("unreachable")
