# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Families of leaks and of healthy look-alikes, drawn at random from a seed.

Each family is a function of the share of the time (0..1), the number of days that pass, and a random generator; it returns
values in which 1.0 is the level at the start. A leak ends 0.3 to 3 levels higher.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

from _corpus import Series

Values = list[float]
Family = Callable[[int, float, random.Random], Values]

LEVEL = 2e8  # bytes
DAY = 86400.0

# How a series is taken: (points, seconds between two).
WINDOWS = {"live 2 min": (120, 1.0), "live 10 min": (600, 1.0), "hours": (480, 60.0), "days": (1700, 300.0)}


def _shares(count: int) -> list[float]:
    return [at / (count - 1) for at in range(count)]


def _grown(draw: random.Random) -> float:
    return draw.uniform(0.3, 3.0)


def _noisy(values: Values, draw: random.Random, noise: float = 0.02) -> Values:
    return [max(value + draw.gauss(0, noise * draw.random()), 0.0) for value in values]


def linear_leak(count: int, days: float, draw: random.Random) -> Values:
    grown = _grown(draw)
    return _noisy([1 + grown * at for at in _shares(count)], draw)


def leak_under_garbage_collection(count: int, days: float, draw: random.Random) -> Values:
    grown, teeth, height = _grown(draw), draw.randint(12, 60), draw.uniform(0.1, 0.6)
    return [1 + grown * at + height * (at * teeth % 1) for at in _shares(count)]


def leak_in_stairs(count: int, days: float, draw: random.Random) -> Values:
    """A pool, a heap or an arena that grows by a chunk at a time."""
    grown, stairs = _grown(draw), draw.randint(6, 15)
    return _noisy([1 + grown * math.floor(at * stairs) / stairs for at in _shares(count)], draw, 0.005)


def leak_per_request(count: int, days: float, draw: random.Random) -> Values:
    """Every request leaks, and requests come by day."""
    grown, phase = _grown(draw), draw.random() * math.tau
    cycles = max(days, 3.0)
    total, values = 0.0, []
    for at in _shares(count):
        total += 1.0 + 0.9 * math.sin(math.tau * at * cycles + phase)
        values.append(total)
    return [1 + grown * value / total for value in values]


def leak_below_daily_load(count: int, days: float, draw: random.Random) -> Values:
    grown, swing, phase, cycles = _grown(draw), draw.uniform(0.05, 0.2), draw.random() * math.tau, max(days, 4.0)
    return _noisy([1 + grown * at + swing * math.sin(math.tau * at * cycles + phase) for at in _shares(count)], draw)


def accelerating_leak(count: int, days: float, draw: random.Random) -> Values:
    grown, power = _grown(draw), draw.uniform(1.1, 1.6)
    return _noisy([1 + grown * at**power for at in _shares(count)], draw, 0.01)


def leak_that_began_late(count: int, days: float, draw: random.Random) -> Values:
    """Long healthy, then something makes it leak."""
    begin, grown = draw.uniform(0.5, 0.9), draw.uniform(0.6, 3.0)
    return _noisy([1 + grown * max(at - begin, 0.0) / (1 - begin) for at in _shares(count)], draw)


def flat(count: int, days: float, draw: random.Random) -> Values:
    return _noisy([1.0] * count, draw, draw.choice((0.0, 0.02, 0.1)))


def wandering(count: int, days: float, draw: random.Random) -> Values:
    """Random steps that are pulled back: use that depends on who logs in."""
    pull, values, value = draw.uniform(0.02, 0.1), [], 0.0
    for _at in range(count):
        value += draw.gauss(0, 0.02) - pull * value
        values.append(max(1 + value, 0.0))
    return values


def cache_filling_to_its_bound(count: int, days: float, draw: random.Random) -> Values:
    """Fills in the first half at the latest, evenly or ever more slowly."""
    full, grown, power = draw.uniform(0.1, 0.5), _grown(draw), draw.uniform(0.5, 1.0)
    return _noisy([1 + grown * min(at / full, 1.0) ** power for at in _shares(count)], draw, 0.01)


def saturating_warm_up(count: int, days: float, draw: random.Random) -> Values:
    tau, grown = draw.uniform(0.05, 0.4), _grown(draw)
    return _noisy([1 + grown * (1 - math.exp(-at / tau)) for at in _shares(count)], draw, 0.01)


def garbage_collection(count: int, days: float, draw: random.Random) -> Values:
    teeth, height, phase = draw.uniform(1.5, 60), draw.uniform(0.1, 1.5), draw.random()
    return _noisy([1 + height * ((at * teeth + phase) % 1) for at in _shares(count)], draw)


def daily_load(count: int, days: float, draw: random.Random) -> Values:
    """A sine of the load: as many days as pass, or at least one and a half swings."""
    cycles, swing, phase = max(days, draw.uniform(1.5, 4)), draw.uniform(0.1, 0.6), draw.random() * math.tau
    return _noisy([1 + swing * math.sin(math.tau * at * cycles + phase) for at in _shares(count)], draw)


def week_with_busy_days(count: int, days: float, draw: random.Random) -> Values:
    """Daily peaks of different height."""
    cycles = max(int(days), 3)
    heights, phase = [draw.uniform(0.1, 0.6) for _day in range(cycles + 2)], draw.random()
    return _noisy([1 + heights[int(at * cycles + phase)] * math.sin(math.pi * ((at * cycles + phase) % 1)) ** 2 for at in _shares(count)], draw)


def one_step(count: int, days: float, draw: random.Random) -> Values:
    when, grown = draw.uniform(0.1, 0.9), _grown(draw)
    return _noisy([1 + grown * (at > when) for at in _shares(count)], draw)


def two_steps(count: int, days: float, draw: random.Random) -> Values:
    first, second = sorted(draw.uniform(0.05, 0.6) for _step in range(2))
    grown = _grown(draw)
    return _noisy([1 + grown * (at > first) + grown * draw.uniform(0.49, 0.51) * (at > second) for at in _shares(count)], draw, 0.01)


def batch_jobs(count: int, days: float, draw: random.Random) -> Values:
    jobs, height = draw.randint(2, 12), draw.uniform(0.3, 3)
    width, phase = draw.uniform(0.1, 0.5), draw.random()
    return _noisy([1 + height * ((at * jobs + phase) % 1 < width) for at in _shares(count)], draw)


def spikes(count: int, days: float, draw: random.Random) -> Values:
    return [1 + (draw.uniform(0.5, 3) if draw.random() < 0.02 else draw.gauss(0, 0.005)) for _at in range(count)]


LEAKS: tuple[Family, ...] = (
    linear_leak,
    leak_under_garbage_collection,
    leak_in_stairs,
    leak_per_request,
    leak_below_daily_load,
    accelerating_leak,
    leak_that_began_late,
)
NEEDS_HISTORY = (leak_that_began_late,)
HEALTHY: tuple[Family, ...] = (
    flat,
    wandering,
    cache_filling_to_its_bound,
    saturating_warm_up,
    garbage_collection,
    daily_load,
    week_with_busy_days,
    one_step,
    two_steps,
    batch_jobs,
    spikes,
)


def draw_series(each: int, seed: int) -> Iterator[Series]:
    """``each`` series per family and way of taking it."""
    for leaks, families in ((True, LEAKS), (False, HEALTHY)):
        for family in families:
            for group, (count, interval) in WINDOWS.items():
                if family in NEEDS_HISTORY and group.startswith("live"):
                    continue
                draw = random.Random(f"{seed} {family.__name__} {group}")
                for number in range(each):
                    values = family(count, count * interval / DAY, draw)
                    points = [(at * interval, LEVEL * max(value, 0.0)) for at, value in enumerate(values)]
                    yield Series(f"{family.__name__} {number}", family.__name__, group, "bytes", leaks, points)
