# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of series for the tests of `_leaks`: each says what it is, none is random beyond a fixed seed."""

from __future__ import annotations

import math
import random

MIB = 2**20
EPOCH = 1_764_000_000.0


def series(values, interval=1.0, start=EPOCH):
    return [(start + at * interval, value) for at, value in enumerate(values)]


def leak(count=120, level=100 * MIB, per_step=MIB, noise=0.0, seed=1):
    draw = random.Random(seed)
    return [level + at * per_step + draw.uniform(0, noise) for at in range(count)]


def flat(count=120, level=100 * MIB, noise=0.2 * MIB, seed=1):
    draw = random.Random(seed)
    return [level + draw.uniform(0, noise) for at in range(count)]


def warm_up(count=120, level=20 * MIB, grown=100 * MIB, tau=15.0):
    return [level + grown * (1 - math.exp(-at / tau)) for at in range(count)]


def cache_filling(count=120, level=20 * MIB, per_step=2 * MIB, full_at=40):
    return [level + per_step * min(at, full_at) for at in range(count)]


def sawtooth(count=120, level=50 * MIB, height=40 * MIB, period=10, rise=0.0):
    return [level + rise * at + height * (at % period) / period for at in range(count)]


def step(count=120, level=50 * MIB, height=80 * MIB, when=60):
    return [level + height * (at >= when) for at in range(count)]


def daily(days, level=500 * MIB, swing=200 * MIB, per_day=0.0, interval=600.0, hour=0.0):
    """Use that follows the day, with or without growth from day to day; it starts at this hour."""
    count = int(days * 86400 / interval)
    return [level + swing * math.sin(math.tau * (at * interval / 86400 + hour / 24)) + per_day * at * interval / 86400 for at in range(count)]
