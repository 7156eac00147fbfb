# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled series (`labels.csv` and one CSV per series), and what a detector scored on them."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_CORPUS = REPOSITORY.parent / "shared" / "corpus"
sys.path.insert(0, str(REPOSITORY / "collections"))

Points = list[tuple[float, float]]


@dataclass
class Series:
    """One labelled series. Only points, unit and prior ever reach a detector: no source, no file name."""

    file: str
    source: str
    group: str
    unit: str
    leaks: bool | None  # None: unclear, not scored
    points: Points
    prior: list[tuple[float, float, float]] = field(default_factory=list)


LABELS = {"leak": True, "healthy": False, "unclear": None}


def read_corpus(folder: Path) -> list[Series]:
    labels = folder / "labels.csv"
    if not labels.is_file():
        raise SystemExit(f"{labels} does not exist: --corpus wants a folder with labels.csv and one CSV per series")
    with labels.open(newline="", encoding="utf-8-sig") as lines:
        return [_series(folder, row) for row in _rows(labels, lines, ("file", "source", "group", "unit", "label"))]


def _series(folder: Path, row: dict[str, str]) -> Series:
    if row["unit"] not in ("bytes", "percent", "count"):
        raise SystemExit(f"{folder / 'labels.csv'}: {row['file']}: unit '{row['unit']}' is neither bytes nor percent nor count")
    label = row["label"].strip().lower()
    if label not in LABELS:
        print(f"{folder / 'labels.csv'}: {row['file']}: label '{label}' is neither leak nor healthy nor unclear: not scored", file=sys.stderr)
    prior = folder / "prior" / row["file"]
    return Series(
        file=row["file"],
        source=row["source"],
        group=row["group"],
        unit=row["unit"],
        leaks=LABELS.get(label),
        points=[(when, value) for when, value in _columns(folder / row["file"], "t_seconds", "value")],
        prior=[(when, high, low) for when, high, low in _columns(prior, "t_seconds", "hi", "lo")] if prior.is_file() else [],
    )


def _columns(file: Path, *names: str) -> Iterable[tuple[float, ...]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            for row in _rows(file, lines, names):
                yield tuple(_number(row[name]) for name in names)
    except OSError as error:
        raise SystemExit(f"{file} cannot be read: {error.strerror}") from None


def _rows(file: Path, lines: Iterable[str], names: tuple[str, ...]) -> Iterable[dict[str, str]]:
    table = csv.DictReader(lines)
    missing = [name for name in names if name not in (table.fieldnames or names)]
    if missing:
        raise SystemExit(f"{file} has no column {', '.join(missing)}; its first line is {', '.join(table.fieldnames or [])}")
    return table


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


@dataclass
class Score:
    """The confusion matrix of a detector."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    def add(self, leaks: bool, called_leak: bool) -> None:
        if leaks:
            self.true_positives += called_leak
            self.false_negatives += not called_leak
        else:
            self.false_positives += called_leak
            self.true_negatives += not called_leak

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def figures(self) -> dict[str, tuple[int, int]]:
        """Each figure as (hits, of how many)."""
        return {
            "precision": (self.true_positives, self.true_positives + self.false_positives),
            "recall": (self.true_positives, self.true_positives + self.false_negatives),
            "false_positive_rate": (self.false_positives, self.false_positives + self.true_negatives),
        }

    def as_dict(self) -> dict[str, float | None]:
        """null where there is nothing to divide by: a source without leaks has no recall."""
        return {name: hits / total if total else None for name, (hits, total) in self.figures.items()}

    @property
    def f_half(self) -> float:
        """F with precision counting twice: a restart on a wrong verdict is an outage we caused."""
        weighted = 1.25 * self.true_positives
        below = weighted + 0.25 * self.false_negatives + self.false_positives
        return weighted / below if below else 1.0


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share, honest for small numbers and shares near 0 and 1."""
    if not total:
        return 0.0, 1.0
    share = hits / total
    centre = share + z * z / (2 * total)
    reach = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max((centre - reach) / (1 + z * z / total), 0.0), min((centre + reach) / (1 + z * z / total), 1.0)


def score(corpus: Iterable[Series], detect: Callable[[Series], bool]) -> Score:
    total = Score()
    for series in corpus:
        if series.leaks is not None:
            total.add(series.leaks, detect(series))
    return total
