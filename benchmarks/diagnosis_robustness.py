# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the accuracy survive what real recordings do? Short windows, lost samples, noise, late starts, and shapes drawn at random.

    python benchmarks/diagnosis_robustness.py --corpus ../shared/corpus

Windows are cut from the series of the group "live" that are long enough, at every sixth of their length, from the 20th second on. A window that lies
within one tooth of a garbage collector, or within the filling of a cache, cannot be told from a leak: those are the errors at 20 to 60 s.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from _corpus import DEFAULT_CORPUS, Score, Series, read_corpus, score
from _synthetic import draw_series
from tune import called_leak

WINDOW_LENGTHS = (20, 30, 60, 120, 200)
SETTLED_AFTER = 20.0  # seconds: younger services are warming up whatever they do (_thresholds.WARM_UP_AGE)


def windows(corpus: list[Series], length: float) -> Iterator[Series]:
    for series in corpus:
        begin, end = series.points[0][0], series.points[-1][0]
        start = begin + SETTLED_AFTER
        while series.group == "live" and start + length <= end + 1:
            points = [point for point in series.points if start <= point[0] < start + length]
            if len(points) >= length / 2:
                yield replace(series, points=points)
            start += length / 6


def every(count: int) -> Callable[[Series], Series]:
    return lambda series: replace(series, points=series.points[::count])


def with_noise(share: float) -> Callable[[Series], Series]:
    def disturb(series: Series) -> Series:
        draw = random.Random(series.file)
        return replace(series, points=[(when, max(value * (1 + draw.gauss(0, share)), 0.0)) for when, value in series.points])

    return disturb


def losing(share: float) -> Callable[[Series], Series]:
    def lose(series: Series) -> Series:
        draw = random.Random(series.file)
        return replace(series, points=[point for point in series.points if draw.random() >= share])

    return lose


def without_first(share: float) -> Callable[[Series], Series]:
    return lambda series: replace(series, points=series.points[int(len(series.points) * share) :])


DISTORTIONS: dict[str, Callable[[Series], Series]] = {
    "as recorded": lambda series: series,
    "every 2nd sample": every(2),
    "every 4th sample": every(4),
    "noise of 0.5 %": with_noise(0.005),
    "noise of 2 %": with_noise(0.02),
    "30 % lost": losing(0.3),
    "first 10 % not seen": without_first(0.1),
    "first 25 % not seen": without_first(0.25),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--each", type=int, default=50, help="synthetic series per family and way of taking it (default: %(default)s)")
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    print("Windows cut from live recordings")
    for length in WINDOW_LENGTHS:
        show(f"{length} s", score(windows(corpus, length), called_leak))
    print("The corpus, distorted")
    for name, distort in DISTORTIONS.items():
        show(name, score((distort(series) for series in corpus), called_leak))
    print("Synthetic families")
    families: dict[str, Score] = {}
    for series in draw_series(options.each, seed=1):
        families.setdefault(series.source, Score()).add(bool(series.leaks), called_leak(series))
    for name, one in {**families, "all": sum(families.values(), Score())}.items():
        show(name.replace("_", " "), one)


def show(name: str, one: Score) -> None:
    figures = [f"{key.replace('_', ' ')} {'-' if value is None else format(value, '.3f')}" for key, value in one.as_dict().items()]
    print(f"  {name:32s}" + "   ".join(figures))


if __name__ == "__main__":
    main()
