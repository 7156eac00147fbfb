# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a corpus of services that are made of parts, in the format that diagnosis_accuracy.py reads: a new seed is a set that nobody has seen.

    python benchmarks/synthetic_corpus.py --seed 4711 --each 40 /tmp/corpus && python benchmarks/diagnosis_accuracy.py --corpus /tmp/corpus

_synthetic.py draws one shape per series. Here a service is a sum, as real ones are: work in flight, sessions, a cache, garbage and what the allocator does not
give back follow one load of days and weekends; a deployment or a nightly job may come on top, and a leak per request, per job or per time.

The truth is known by construction, but not every truth can be seen: where it cannot, the label is `unclear` (not scored) and `why` says so.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOUR, DAY = 3600.0, 86400.0

# Each way of watching: (group, seconds between two samples to choose from, shortest and longest time, days before it that are known).
WATCHED = {
    "minutes": ("live", (1.0, 2.0, 5.0), 120.0, 900.0, 0),
    "hours": ("history", (15.0, 60.0), 6 * HOUR, 30 * HOUR, 0),
    "day_after_days": ("history", (250.0,), DAY, DAY, 6),
    "week": ("history", (300.0, 900.0), 5 * DAY, 9 * DAY, 0),
}

# What a leak must be, to be called one by somebody who sees only the series.
LEAST_LEAK = 0.10  # of the level
LEAST_AGAINST_SWING = 1.0  # of the lowest to the highest level of the same service without the leak, once it is warm
LEAST_AT_THE_END = 0.10  # of the leak within the last quarter of the time: a leak per request that sleeps cannot be told from a warm-up
SETTLED_BY = 0.5  # of the time: a healthy service that is still filling later cannot be told from a leak


@dataclass
class Service:
    """What is drawn of one service; sizes are shares of its level."""

    draw: random.Random
    span: float
    start: float = 0.0  # hours since Monday, in seconds
    swing: float = 0.0  # how far the load of a day swings, 0..1
    weekend: float = 1.0  # load of a weekend against that of a weekday
    parts: list[Callable[[float, float, float], float]] = field(default_factory=list)
    settled: float = 0.0  # seconds
    released: float = 0.0  # seconds; nothing lost before a restart is still there after it
    noise: float = 0.002
    jitter: float = 0.0

    def load(self, when: float) -> float:
        clock = self.start + when
        day = (1 - math.cos(math.tau * (clock / DAY - 0.1))) / 2
        self.jitter = 0.95 * self.jitter + self.draw.gauss(0, 0.03)
        return max((1 - self.swing + self.swing * day**0.7) * (self.weekend if clock // DAY % 7 >= 5 else 1.0) * math.exp(self.jitter), 0.0)


def in_flight(service: Service) -> None:
    size = service.draw.uniform(0.01, 0.15)
    service.parts.append(lambda _when, load, _step: size * load * service.draw.uniform(0.7, 1.0))


def sessions(service: Service) -> None:
    """Rise and fall with the load, late by their life."""
    size, life, held = service.draw.uniform(0.02, 0.3), service.draw.uniform(0.002, 0.05) * service.span, [0.0]

    def part(_when: float, load: float, step: float) -> float:
        held[0] += (load - held[0]) * min(step / life, 1.0)
        return size * held[0]

    service.settled = max(service.settled, 4 * life)
    service.parts.append(part)


def cache(service: Service) -> None:
    """Fills with what is asked for first, ever more slowly, up to its bound."""
    size, needed, asked = service.draw.uniform(0.1, 1.5), service.draw.uniform(0.01, 0.12) * service.span, [0.0]

    def part(_when: float, load: float, step: float) -> float:
        asked[0] += load * step
        return size * (1 - math.exp(-asked[0] / needed))

    service.settled = max(service.settled, 5 * needed / max(1 - service.swing, 0.4))
    service.parts.append(part)


def garbage(service: Service) -> None:
    """A heap that is collected when it is full; the more work, the more often."""
    height, teeth, filled = service.draw.uniform(0.03, 0.3), service.draw.uniform(15, 150), [service.draw.random()]

    def part(_when: float, load: float, step: float) -> float:
        filled[0] += load * step * teeth / service.span
        if filled[0] >= 1:
            filled[0] = service.draw.uniform(0.0, 0.1)
        return height * filled[0]

    service.parts.append(part)


def shipped_logs(service: Service) -> None:
    """Lines wait in a buffer until it is sent."""
    height, often, last = service.draw.uniform(0.02, 0.2), service.draw.uniform(0.01, 0.06) * service.span, [0.0]

    def part(when: float, load: float, _step: float) -> float:
        if when - last[0] > often * service.draw.uniform(0.8, 1.4):
            last[0] = when
        return height * min((when - last[0]) / often, 1.2)

    service.parts.append(part)


def kept_by_the_allocator(service: Service) -> None:
    """What was once needed is given back slowly, or not at all."""
    size, decay, high = service.draw.uniform(0.02, 0.2), service.draw.choice((0.0, 3.0, 10.0)) / service.span, [0.0]

    def part(_when: float, load: float, step: float) -> float:
        high[0] = max(load, high[0] * (1 - min(decay * step, 1.0)))
        return size * min(high[0], 1.1)

    service.parts.append(part)


def jobs(service: Service) -> None:
    often, lasts, height = service.draw.uniform(0.03, 0.2) * service.span, service.draw.uniform(0.1, 0.4), service.draw.uniform(0.1, 0.8)
    service.parts.append(lambda when, _load, _step: height * (when / often % 1 < lasts))


def new_release(service: Service) -> None:
    """Restarted once, warm again soon; the new one is a bit larger or smaller."""
    at, soon, other = service.draw.uniform(0.1, 0.6) * service.span, service.draw.uniform(0.001, 0.02) * service.span, service.draw.uniform(-0.2, 0.25)
    service.parts.append(lambda when, _load, _step: 0.0 if when < at else other - (other + 0.5) * math.exp(-(when - at) / soon))
    service.settled, service.released = max(service.settled, at + 5 * soon), at


PARTS = (in_flight, sessions, cache, garbage, shipped_logs, kept_by_the_allocator, jobs, new_release)


def leak(service: Service, whole: float, begin: float) -> Callable[[float, float, float], float]:
    """What is lost so far: per time, per request, or per job."""
    kind, often, lost = service.draw.choice(("time", "request", "job")), service.draw.uniform(0.01, 0.05) * service.span, [0.0, 0.0]

    def lost_so_far(when: float, load: float, step: float) -> float:
        if when < begin:
            return 0.0
        lost[0] += whole * step / (service.span - begin) * (1.0 if kind == "time" else load)
        if kind != "job" or when // often > lost[1] // often:
            lost[1], shown[0] = when, lost[0]
        return shown[0]

    shown = [0.0]
    return lost_so_far


def draw_service(draw: random.Random, span: float, known_days: int, leaks: bool) -> tuple[Service, Callable[[float, float, float], float] | None]:
    service = Service(draw, span + known_days * DAY, start=draw.uniform(0, 7 * DAY), noise=draw.uniform(0.0005, 0.01))
    if span > 2 * HOUR:
        service.swing, service.weekend = draw.choice((0.0, draw.uniform(0.1, 0.9))), draw.choice((1.0, draw.uniform(0.4, 1.0)))
    for part in draw.sample(PARTS, draw.randint(1, 4)):
        part(service)
    if not leaks:
        return service, None
    latest = 0.3 if not known_days else (service.span - DAY * 0.8) / service.span
    begin = max(draw.choice((0.0, draw.uniform(0.0, latest))) * service.span, service.released)
    return service, leak(service, draw.uniform(0.15, 1.5), begin)


def draw_series(draw: random.Random, watched: str, leaks: bool) -> tuple[dict[str, object], list[tuple[float, float]], list[tuple[float, float, float]]]:
    """Return ``(row of labels.csv, points, prior)``."""
    group, steps, shortest, longest, known_days = WATCHED[watched]
    step, span = draw.choice(steps), math.exp(draw.uniform(math.log(shortest), math.log(longest)))
    service, lost_so_far = draw_service(draw, span, known_days, leaks)
    without, lost, times = [], [], [at * step for at in range(int(service.span / step))]
    for when in times:
        load = service.load(when)
        without.append((1 + sum(part(when, load, step) for part in service.parts)) * (1 + draw.gauss(0, service.noise)))
        lost.append(lost_so_far(when, load, step) if lost_so_far else 0.0)
    unit, level = "bytes", draw.uniform(2e7, 2e9)
    if known_days:
        highest = max(value + more for value, more in zip(without, lost, strict=True))
        unit, level = "percent", 90 / (highest * draw.uniform(1.0, 4.0))
    values = [round((value + more) * level, 2 if known_days else 0) for value, more in zip(without, lost, strict=True)]
    today = sum(when < known_days * DAY for when in times)
    size = 6
    prior = [(times[at], max(values[at : at + size]), min(values[at : at + size])) for at in range(0, today - size + 1, size)]
    label, why = truth(service, times, without, lost, today)
    points = [(when - times[today], value) for when, value in zip(times[today:], values[today:], strict=True)]
    row = {"label": label, "why": why, "source": f"parts_{watched}", "license": "GPL-3.0-or-later", "unit": unit, "group": group}
    return row | {"interval_s": step, "duration_s": points[-1][0], "n": len(points)}, points, prior


def truth(service: Service, times: list[float], without: list[float], lost: list[float], today: int) -> tuple[str, str]:
    span, seen = times[-1] - times[today], lost[-1] - lost[today]
    settles = max(service.settled - times[today], 0.0)
    if lost[-1] == 0:
        why = f"no leak; settled after {settles:.0f} of {span:.0f} s"
        return ("healthy", why) if settles <= SETTLED_BY * span else ("unclear", why)
    warm = without[today + int((len(times) - today) * min(settles / span, 0.5)) :]
    swing = max(warm) - min(warm)
    late = lost[-1] - lost[today + (len(times) - today) * 3 // 4]
    why = f"leaks {seen / without[today]:.0%} of its level while it is watched; without it, it would swing by {swing / without[today]:.0%}"
    if seen < LEAST_LEAK * without[today] or seen < LEAST_AGAINST_SWING * swing:
        return "unclear", why
    if late < LEAST_AT_THE_END * seen:
        return "unclear", why + "; at the end there is no load to leak under"
    if today and without[-1] + lost[-1] < max(value + more for value, more in zip(without[:today], lost[:today], strict=True)):
        return "unclear", why + "; below what it reached in the days before"
    return "leak", why


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the corpus is written; must not exist")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--each", type=int, default=40, help="leaks, and twice as many healthy services, per way of watching (default: %(default)s)")
    options = parser.parse_args()
    (options.folder / "prior").mkdir(parents=True)
    rows = []
    for watched in WATCHED:
        for number in range(3 * options.each):
            row, points, prior = draw_series(random.Random(f"{options.seed} {watched} {number}"), watched, leaks=number % 3 == 0)
            file = f"parts__{watched}_{number}.csv"
            write(options.folder / file, ("t_seconds", "value"), points)
            if prior:
                write(options.folder / "prior" / file, ("t_seconds", "hi", "lo"), prior)
            rows.append({"file": file, **row})
    write(options.folder / "labels.csv", tuple(rows[0]), [tuple(row.values()) for row in rows])


def write(file: Path, names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([names, *rows])


if __name__ == "__main__":
    main()
