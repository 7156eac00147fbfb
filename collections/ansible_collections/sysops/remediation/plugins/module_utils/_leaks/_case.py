# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One series to be judged, with what is known around it and what is derived from it once."""

from __future__ import annotations

from . import _stats, _words
from . import _thresholds as limits
from ._retained import Retained, without_warm_up


class Case:
    """One series to be judged, and what is derived from it once."""

    def __init__(self, points, unit, tier, context, limit=None, prior=(), own_past=False, per_floor=limits.POINTS_PER_FLOOR, levelled=None):
        self.points, self.unit, self.tier, self.context = points, unit, tier, context
        self.limit = limit  # {"name", "value"} of the nearest limit, or None
        self.prior = prior  # [(t, hi, lo), ...] of a healthy cycle
        self.own_past = own_past  # the prior is but the earlier part of the same series
        self.curve_without_rhythm = None  # Retained, where the days before have a rhythm
        self.levelled = levelled is not None  # the rhythm of the day is taken out of what is judged
        self.levelled_prior = []  # and out of the days before
        self.seen = seen = levelled or points
        self.whole = Retained(seen, per_floor)
        self.judged, self.curve = without_warm_up(seen, self.whole, per_floor)
        self.quantum = _stats.quantum(points)

    @property
    def least_growth(self):
        """The growth that would matter: a share of the level or of the room left, whichever is less; never below the meter's noise."""
        share = self._least_share()
        room = max(self.limit["value"] - self.curve.base, 0.0) if self.limit else self.curve.base
        relative = share * min(self.curve.base, room)
        smallest = limits.MIN_COUNT if self.unit == _words.COUNT else 0.0
        return max(relative, smallest, limits.MIN_QUANTA * self.quantum)

    @property
    def has_known_cycle(self):
        """Is normal known from elsewhere, and is there enough to hold against it, so that the shape matters less?"""
        return bool(self.prior) and not self.own_past and self.tier != _words.WINDOW

    def _least_share(self):
        if self.has_known_cycle:
            return limits.MIN_GROWTH_AFTER_PRIOR
        if self.tier == _words.CYCLES:
            return limits.MIN_GROWTH_CYCLES
        if self.tier == _words.HISTORY:
            return limits.MIN_GROWTH_STRAIGHT if self.curve.is_straight else limits.MIN_GROWTH_HISTORY
        return limits.MIN_GROWTH_LINE if self.curve.is_line else limits.MIN_GROWTH_WINDOW
