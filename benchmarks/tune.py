# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the named thresholds of the diagnosis on all sources but one, and score the one left out.

The search: each threshold has a grid from lax to strict, and starts at its laxest. Coordinate by coordinate, in the
order below and for ROUNDS rounds, the value with the best F0.5 (precision counts twice) on the training sources is taken; of equally
good neighbours the middle one, the farthest from either mistake. Nothing is known of the source left out, and no source or file name
ever reaches the diagnosis. `--all` prints what the search finds on the whole corpus, next to the values in use.
"""

from __future__ import annotations

import argparse
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _corpus import DEFAULT_CORPUS, Score, Series, read_corpus
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import LEAKS, diagnose_series
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import _thresholds as thresholds
from ansible_collections.sysops.remediation.plugins.module_utils._leaks._clean import clean_context
from ansible_collections.sysops.remediation.plugins.module_utils._leaks._judge import judge
from ansible_collections.sysops.remediation.plugins.module_utils._leaks._series import prepare

GRIDS: dict[str, tuple[float, ...]] = {
    "STEADY_RISE": (0.1, 0.3, 0.5, 0.7, 0.8),
    "MIN_GROWTH_WINDOW": (0.01, 0.03, 0.05, 0.08, 0.12),
    "MIN_GROWTH_HISTORY": (0.05, 0.1, 0.15, 0.2, 0.3),
    "MIN_SPREAD": (0.15, 0.25, 0.3, 0.35, 0.45),
    "MAX_QUIET_START": (0.6, 0.45, 0.35, 0.28, 0.2),
    "MAX_QUIET_END": (0.5, 0.35, 0.25, 0.2, 0.15),
    "MIN_LATE_SHARE": (0.1, 0.2, 0.3, 0.35, 0.4),
    "MIN_PEAK_RISE": (0.0, 0.2, 0.33, 0.45, 0.55),
    "PRIOR_MARGIN": (0.0, 0.01, 0.02, 0.04, 0.06),
    "PRIOR_ABOVE": (0.05, 0.15, 0.25, 0.35, 0.45),
    "PRIOR_MIN_SPREAD": (0.0, 0.1, 0.15, 0.2, 0.3),
    "PRIOR_QUIET_END": (0.6, 0.4, 0.3, 0.25, 0.2),
    "TEETH_OUTGROWN": (0.0, 1.0, 2.0, 4.0, 8.0),
}
ROUNDS = 3

Values = dict[str, float]


class Search:
    """Evaluates a set of thresholds once, on every source at a time."""

    def __init__(self, corpus: list[Series]) -> None:
        # No threshold of the grids plays a part before judging: series are cleaned and cut into floors once.
        self.corpus = [(series.source, bool(series.leaks), cases(series)) for series in corpus if series.leaks is not None]
        self.sources = sorted({source for source, _leaks, _cases in self.corpus})
        self.known: dict[tuple[float, ...], dict[str, Score]] = {}

    def scores(self, values: Values) -> dict[str, Score]:
        key = tuple(values.values())
        if key not in self.known:
            with using(values):
                found = {source: Score() for source in self.sources}
                for source, leaks, prepared in self.corpus:
                    found[source].add(leaks, any(judge(case)[0] in LEAKS for case in prepared))
            self.known[key] = found
        return self.known[key]

    def fit(self, training: list[str]) -> Values:
        values = {name: grid[0] for name, grid in GRIDS.items()}
        for _round in range(ROUNDS):
            for name, grid in GRIDS.items():
                results = [self._quality(values | {name: value}, training) for value in grid]
                best = [at for at, result in enumerate(results) if result == max(results)]
                values[name] = grid[best[len(best) // 2]]
        return values

    def _quality(self, values: Values, training: list[str]) -> float:
        scores = self.scores(values)
        return sum((scores[source] for source in training), Score()).f_half

    def leave_one_out(self) -> dict[str, Score]:
        return {left: self.scores(self.fit([source for source in self.sources if source != left]))[left] for left in self.sources}


def cases(series: Series) -> list[Any]:
    return list(prepare(series.points, series.unit, None, clean_context({"prior": series.prior}))[2])


def called_leak(series: Series) -> bool:
    return diagnose_series(series.points, series.unit, None, {"prior": series.prior})["verdict"] in LEAKS


@contextmanager
def using(values: Values):
    before = {name: getattr(thresholds, name) for name in values}
    for name, value in values.items():
        setattr(thresholds, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(thresholds, name, value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--all", action="store_true", help="fit on the whole corpus and print the values next to those in use")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    search = Search(read_corpus(options.corpus))
    if options.all:
        fitted = search.fit(search.sources)
        rows: dict[str, object] = {name: {"fitted": value, "in_use": getattr(thresholds, name)} for name, value in fitted.items()}
    else:
        scores = search.leave_one_out()
        rows = {source: one.as_dict() for source, one in scores.items()} | {"overall": sum(scores.values(), Score()).as_dict()}
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        print(f"{name:20s}", "  ".join(f"{key} {'-' if value is None else format(value, '.3f')}" for key, value in row.items()))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
