# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chart of a resource before and after the action: as SVG beside the Markdown, and as text inside it.

History may span days and the time after the action seconds, so both sides have a time axis of their own and share the value axis.
"""

from __future__ import annotations

import math
import time
import typing as t
from dataclasses import dataclass, field

from ...module_utils._units import human_size
from .._plan import Data
from ._templates import render

Point = t.Sequence[float]

TEXT_ROWS, TEXT_BEFORE, TEXT_AFTER = 8, 48, 14
BLOCKS = " ▁▂▃▄▅▆▇█"
DAY, DATE = 86400, "%d %b %H:%M"
LIMIT_IN_SIGHT = 2.0  # a limit beyond this multiple of the largest value would flatten the curve; it is told in words


@dataclass
class Scale:
    """The value axis."""

    low: float
    high: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    ticks: list[float] = field(default_factory=list)

    def share(self, value: float) -> float:
        """Return 0 at the bottom and 1 at the top."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def label(self, value: float) -> str:
        return human_size(value) if self.unit == "bytes" else f"{value:.0f}"


def scale_of(memory: Data) -> Scale | None:
    """Return the value axis, None when there is nothing to draw. It starts at zero unless that would hide the movement."""
    values = [value for _time, value in memory["points_before"] + memory["points_after"]]
    if not values:
        return None
    lowest, highest = min(values), max(values)
    limit = memory["limit"] or {}
    value = limit.get("value")
    shown = value if value and value <= LIMIT_IN_SIGHT * highest else None
    top = max(highest, shown or 0)
    low = 0.0 if lowest < 0.6 * top or top == lowest else lowest - (top - lowest) * 0.25
    step = _nice_step((top - low) or 1.0, memory["unit"])
    low = math.floor(low / step) * step
    high = math.ceil(max(top + 0.02 * (top - low), low + step) / step) * step  # a little room, of what is shown and not of all that is below it
    ticks = [low + step * number for number in range(round((high - low) / step) + 1)]
    return Scale(low, high, memory["unit"], shown, limit.get("name", ""), ticks)


def _nice_step(span: float, unit: str) -> float:
    """Return the distance of about four ticks, as people count: 1, 2, 5, 10 … or, for bytes, powers of two."""
    rough = span / 4
    if unit == "bytes":
        return float(2 ** math.ceil(math.log2(max(rough, 1024))))
    power = 10 ** math.floor(math.log10(max(rough, 1)))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough))


def draw_text(memory: Data) -> list[str]:
    """Return the chart as lines of text, at most 80 columns wide; empty when there is nothing to draw."""
    scale = scale_of(memory)
    if scale is None:
        return []
    before = _columns(memory["points_before"], TEXT_BEFORE, scale)
    after = _columns(memory["points_after"], TEXT_AFTER, scale)
    lines = []
    for row in range(TEXT_ROWS, 0, -1):
        cells = [_cells(levels, row) for levels in (before, after) if levels]
        lines.append(f"{_row_label(scale, row):>9} ┤{'┊'.join(cells)}")
    lines.append(" " * 10 + "└" + "┴".join("─" * len(levels) for levels in (before, after) if levels))
    titles = [f"{_title(name, points)}: {scale.label(points[-1][1])}".ljust(len(levels)) for name, points, levels in _sides(memory, before, after)]
    lines.append(" " * 11 + " ".join(titles).rstrip())
    return lines


def _sides(memory: Data, before: list[int], after: list[int]) -> t.Iterator[tuple[str, list[Point], list[int]]]:
    for name, points, levels in (("before", memory["points_before"], before), ("after", memory["points_after"], after)):
        if levels:
            yield name, points, levels


def _row_label(scale: Scale, row: int) -> str:
    if row in (TEXT_ROWS, 1):
        return scale.label(scale.high if row == TEXT_ROWS else scale.low)
    return scale.label(scale.low + (scale.high - scale.low) * row / TEXT_ROWS) if row == TEXT_ROWS // 2 else ""


def _columns(points: list[Point], most: int, scale: Scale) -> list[int]:
    """Return per column the height in eighths of a row; of several points in a column the highest counts."""
    if not points:
        return []
    width = most if len(points) > 1 else 3
    start, end = points[0][0], points[-1][0]
    highest: dict[int, float] = {}
    for when, value in points:
        column = min(width - 1, int((when - start) / (end - start) * width)) if end > start else 0
        highest[column] = max(value, highest.get(column, value))
    levels, last = [], points[0][1]
    for column in range(width):
        last = highest.get(column, last)
        levels.append(max(1, round(scale.share(last) * TEXT_ROWS * 8)))
    return levels


def _cells(levels: list[int], row: int) -> str:
    return "".join(BLOCKS[min(8, max(0, level - (row - 1) * 8))] for level in levels)


def _title(name: str, points: list[Point]) -> str:
    start, end = points[0][0], points[-1][0]
    if end - start >= DAY:
        return f"{name} {_clock(start, DATE)}–{_clock(end, DATE)}"
    return f"{name} {_clock(start)}–{_clock(end)}" if end > start else f"{name} {_clock(start)}"


def _clock(when: float, form: str = "%H:%M:%S") -> str:
    return time.strftime(form, time.gmtime(when))


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, GAP = 860, 320, 86, 24, 44, 44, 28


@dataclass
class Panel:
    """One side of the chart with its own time axis."""

    name: str
    points: list[Point]
    left: float
    right: float

    def place(self, scale: Scale) -> list[tuple[float, float]]:
        start, end = self.points[0][0], self.points[-1][0]
        span = (end - start) or 1.0
        return [(round(self.left + (self.right - self.left) * (when - start) / span, 1), vertical(scale, value)) for when, value in self.points]


def vertical(scale: Scale, value: float) -> float:
    return round(HEIGHT - BOTTOM - scale.share(value) * (HEIGHT - TOP - BOTTOM), 1)


def draw_svg(incident: Data) -> str | None:
    """Return the chart of an incident as SVG text, None when there is nothing to draw."""
    memory = incident["memory"]
    scale = scale_of(memory)
    if scale is None:
        return None
    panels = _panels(memory)
    return render(
        "chart.svg.j2",
        incident=incident,
        memory=memory,
        scale=scale,
        panels=[_drawn(panel, scale) for panel in panels],
        ticks=[(vertical(scale, tick), scale.label(tick)) for tick in scale.ticks],
        limit=vertical(scale, scale.limit) if scale.limit else None,
        acted_x=_acted_x(panels) if memory["acted_at"] else None,
        acted=_clock(memory["acted_at"]) if memory["acted_at"] else None,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM},
    )


def _panels(memory: Data) -> list[Panel]:
    before, after = memory["points_before"], memory["points_after"]
    if not before or not after:
        return [Panel("before" if before else "after", before or after, LEFT, WIDTH - RIGHT)]
    border = LEFT + (WIDTH - LEFT - RIGHT) * (0.62 if len(after) > 2 else 0.8)
    return [Panel("before", before, LEFT, border - GAP / 2), Panel("after", after, border + GAP / 2, WIDTH - RIGHT)]


def _acted_x(panels: list[Panel]) -> float:
    return round((panels[0].right + panels[-1].left) / 2 if len(panels) > 1 else panels[0].right, 1)


def _drawn(panel: Panel, scale: Scale) -> Data:
    places = panel.place(scale)
    return {
        "name": panel.name,
        "line": " ".join(f"{x},{y}" for x, y in places),
        "area": " ".join(f"{x},{y}" for x, y in [(places[0][0], HEIGHT - BOTTOM), *places, (places[-1][0], HEIGHT - BOTTOM)]),
        "first": places[0],
        "last": places[-1],
        "single": len(places) == 1,
        "last_label": scale.label(panel.points[-1][1]),
        "left": panel.left,
        "right": panel.right,
        "title": _title(panel.name, panel.points),
    }
