# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people use today to find leaks, each as its usual recipe says: to be beaten, not to be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, sqrt
from statistics import fmean, median

from _corpus import Points, Series

THRESHOLD = 1.5  # times the start: the alert rule of countless Grafana boards
HORIZON = 4.0  # times the span: predict_linear(memory[1h], 4 * 3600)
PRECOG_R2 = 0.75  # of the fitted line: Jindal et al., "Online Memory Leak Detection in the Cloud-based Infrastructures" (2020)
MANN_KENDALL_POINTS = 300  # the test looks at all pairs
Z_95 = 1.96


def threshold(series: Series) -> bool:
    values = [value for _when, value in series.points]
    tenth = max(len(values) // 10, 1)
    return median(values[-tenth:]) > THRESHOLD * median(values[:tenth])


def predict_linear(series: Series) -> bool:
    """Least squares over everything, extrapolated over four times as long, against the threshold."""
    slope, intercept, _r2 = _least_squares(series.points)
    begin, end = series.points[0][0], series.points[-1][0]
    ahead = end + HORIZON * (end - begin)
    bound = 100.0 if series.unit == "percent" else THRESHOLD * median(value for _when, value in series.points)
    return slope * ahead + intercept > bound


def mann_kendall(series: Series) -> bool:
    """Mann-Kendall significant at 5 % with a positive Sen slope."""
    step = -(-len(series.points) // MANN_KENDALL_POINTS)
    values = [value for _when, value in series.points[::step]]
    count = len(values)
    if count < 4:
        return False
    signs = sum((later > earlier) - (later < earlier) for at, earlier in enumerate(values) for later in values[at + 1 :])
    ties = sum(n * (n - 1) * (2 * n + 5) for n in (values.count(value) for value in set(values)))
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    return variance > 0 and (signs - 1) / sqrt(variance) > Z_95


def precog_like(series: Series) -> bool:
    """A line that fits well from some point on to the end, and reaches the bound within the horizon."""
    values = [value for _when, value in series.points]
    bound = 100.0 if series.unit == "percent" else THRESHOLD * max(values[0], 1.0)
    span = series.points[-1][0] - series.points[0][0]
    for part in range(8):
        tail = series.points[len(series.points) * part // 10 :]
        slope, intercept, r2 = _least_squares(tail)
        if slope > 0 and r2 >= PRECOG_R2 and slope * (series.points[-1][0] + span) + intercept > bound:
            return True
    return False


def _least_squares(points: Points) -> tuple[float, float, float]:
    mean_t, mean_v = fmean(when for when, _value in points), fmean(value for _when, value in points)
    spread_t = sum((when - mean_t) ** 2 for when, _value in points)
    spread_v = sum((value - mean_v) ** 2 for _when, value in points)
    together = sum((when - mean_t) * (value - mean_v) for when, value in points)
    if not spread_t or not spread_v:
        return 0.0, mean_v, 0.0
    slope = together / spread_t
    return slope, mean_v - slope * mean_t, together * together / (spread_t * spread_v)


def _on_what_counts(detect: Callable[[Series], bool]) -> Callable[[Series], bool]:
    """Give a baseline what a time series database would: finite numbers in the order of time."""

    def detected(series: Series) -> bool:
        points = sorted(point for point in series.points if all(map(isfinite, point)))
        return len(points) > 1 and detect(replace(series, points=points))

    return detected


BASELINES = {
    "threshold_1.5x": _on_what_counts(threshold),
    "predict_linear": _on_what_counts(predict_linear),
    "mann_kendall_sen": _on_what_counts(mann_kendall),
    "precog_like": _on_what_counts(precog_like),
}
