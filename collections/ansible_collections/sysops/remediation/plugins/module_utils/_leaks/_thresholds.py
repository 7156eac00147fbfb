# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every number that a verdict hangs on: its name, its unit, and where it comes from.

"Measured" means: on the labelled corpus, with which the values were also chosen; the distances to the nearest leak and the nearest healthy
series, and the leaks that lie beyond, are in ``docs/diagnosis.md``. Shares are shares of the judged time or of the growth, so no verdict
depends on whether a series is counted in bytes or gibibytes, or sampled each second or each minute. ``benchmarks/tune.py`` sets these names.
"""

from __future__ import annotations

# Points
MAX_POINTS = 4000  # points. A floor needs no more than a hundred; more are thinned to the lowest and highest of each block.
MIN_POINTS = 10  # points. Five floors of two points: the fewest on which Kendall's test can reach 95 %.
MIN_POINTS_AFTER_GC = 5  # collections. Each one is a floor already, and five floors are needed.
MAX_FLOORS = 30  # floors. All pairs are looked at (435 slopes): a matter of a millisecond.
MIN_FLOORS = 5  # floors. With four, Kendall's test cannot reach 95 %.
CROWDED = 0.3  # share of the time in which half of the points crowd; evenly spaced ones take half of it.
POINTS_PER_FLOOR = 3  # points. The minimum of three sheds single high readings.
GAP_FACTOR = 10.0  # times the usual distance of two points. A few lost samples are no gap, a suspended host is.
MIN_SPAN = 1.0  # seconds. Below it, time stamps are noise.
SAME_MOMENT = 1e-3  # seconds. Points that are nearer have no slope: nobody samples as often.
MAX_VALUE = 1e18  # bytes. An exbibyte: no host has one, so it is a misread.
MAX_EPOCH = 1e11  # seconds. The year 5138.
PERCENT_FULL = 100.0  # percent.
CHART_POINTS = 60  # points that go back for charts (design.md).

# How much is known
SURE_POINTS = 60  # points. Measured: windows of 60 s find 0.86 of the leaks of the own recordings, windows of 20 s 0.73.
HISTORY_FROM = 1800.0  # seconds. Shorter series are a "window": heaps and caches of the corpus take 8 to 25 min to settle.
CYCLES_FROM = 36 * 3600.0  # seconds. A day and a half: half a day can be compared with the same hours of the day before.
DAY = 86400.0  # seconds. The cycle of people, cron and logrotate.
WARM_UP_AGE = 20.0  # seconds since start. Measured: C and Python processes are up within 15 s; a JVM takes longer, and levels off.

# Does it grow?
Z_95 = 1.96  # normal quantile of a two-sided 95 % interval.
STEADY_RISE = 0.5  # share. Lower end of the 95 % slope, times the time, against the growth of the floor. Measured: leaks >= 0.68, healthy <= 0.25.
MIN_QUANTA = 4.0  # smallest steps of the meter. Three could be one jump seen through rounding.
MIN_COUNT = 5.0  # descriptors, threads, children ... A pool opening its last four members is no leak.
MIN_GROWTH_WINDOW = 0.05  # share of the level, or of the room to the limit. Chosen above the 4 % in a minute of one tail of a warm-up.
MIN_GROWTH_LINE = 0.005  # same, if it grows like a line: a service of 200 MiB that leaks 16 KiB/s, seen for a minute.
LINE_STEADINESS = 0.85  # STEADY_RISE of a line. Measured: leaks of even rate 0.89 to 1.05, tails of warm-ups <= 0.82.
LINE_EVENNESS = 0.1  # how far the share of the growth in the second half may be from a half.
MIN_GROWTH_CYCLES = 0.10  # same, for more than a day and a half: what grows through nights and days is no part of one.
MIN_GROWTH_HISTORY = 0.15  # same, for hours. A restart buys no more than what grew. Chosen above the 12 % in 12 h of one undisturbed service.
MIN_GROWTH_STRAIGHT = 0.05  # same, for hours of which each third brings its third of the growth: caches fill ever more slowly, and load bends the line.
MIN_GROWTH_AFTER_PRIOR = 0.05  # same, above a healthy cycle. That cycle says what is normal; this only says that it still grows.

# Of what shape is the growth?
WARM_UP_SLICE = 1.0 / 6  # share of the time that is looked at (and cut) as warm-up at once.
WARM_UP_SHARE = 0.5  # share of the growth within that slice; steady growth has 0.17. Half: a heap that grows in three steps keeps its first.
WARM_UP_CUTS = 3  # times. Together they remove at most 42 % of the time.
MIN_SPREAD = 0.3  # share of the time between 20 % and 80 % of the growth; steady growth has 0.6. Measured: leaks >= 0.5, a healthy one 0.1: the middle.
MAX_QUIET_START = 0.35  # share of the time before 10 % of the growth; steady growth has 0.1. Measured: leaks <= 0.15.
MAX_QUIET_END = 0.25  # share of the time after 90 % of the growth; steady growth has 0.1. Longer if it has rested as long before and went on.
MIN_LATE_SHARE = 0.3  # share of the growth in the second half; steady growth has 0.5. Measured: leaks >= 0.32 (a staircase), a healthy one 0.28.
SLOWDOWN = 0.75  # later slope (upper end) against the earlier one (lower end): certainly a quarter slower is levelling off.
TEETH_OUTGROWN = 2.0  # times the height of a tooth. Measured: leaks >= 70, heaps that a collector resizes <= 1.7 (1.8 where samples are lost).
MIN_PEAK_RISE = 0.33  # growth of the peaks from the first to the last third against that of the floor; steady growth has 0.67. Measured: leaks >= 0.46.

# Against a healthy cycle before
PRIOR_MARGIN = 0.02  # share of the highest value before. The reading error of the percentages in the corpus.
PRIOR_ABOVE = 0.25  # share of the time above everything before: longer than the top of a daily peak lasts (0.2 for a sine).
PRIOR_FAR = 0.25  # share of the highest value before: so far above that it need not have lasted.
PRIOR_QUIET_END = 0.30  # as MAX_QUIET_END: the staircases of real leaks rest for longer within a day.
PRIOR_MIN_SPREAD = 0.15  # as MIN_SPREAD: enough to tell a staircase from a single step.
RHYTHM_EXPLAINS = 0.7  # correlation of the days before with their usual hours: half of their variance.
OWN_HIGH = 0.97  # last floor against the highest floor of its own past: what came down again was given back.
CONFIRM_ABOVE = 1.0 / 3  # share of the time above everything before, and at least a quarter of a day, that makes of the suspicion a confirmation.
CONFIRM_MARGIN = 0.05  # share of the highest value before, likewise.
SAME_HOUR_HIGHER = 0.8  # share of floors that lie above the same hour of the day before.
LAST_PART = 1.0 / 3  # share of a long series that is compared with all before it; then half of that, and so on.
LAST_PART_POINTS = 20  # points. Seven floors: half that many could rise by chance.
PAST_FROM = 2 * DAY  # seconds that "all before it" must cover to have shown two daily peaks.

# Explained by something else; what is not a leak has a shape, too
LOAD_EXPLAINS = 0.8  # correlation of use and load from which load is an explanation.
LOAD_VARIES = 0.1  # standard deviation of the load against its mean; flatter load explains nothing.
PAGE_TABLES = 0.01  # share. 8 bytes map a page of 4 KiB: 0.2 %; sparse address spaces take some more.
TRACE = 0.01  # share of the memory of the service. What has ended below that is no news: the limits of the whole are a hundred times as far away.
FREE_CHUNKS = 0.6  # share of the growth that the allocator holds free. Measured: glibc after fragmentation holds 98 % free; what leaks is not free.
OUTSIDE_FIXED = 0.5  # share of the growth that may lie outside of memory of fixed size: half of it, and it is no leak for the most part.
OPENED_AGAIN = 0.5  # share of the growth that files open more than once, or deleted, may have: likewise. A few runs of PostgreSQL: 0, standard streams aside.
OPENED_EVENLY = 0.75  # share of floors that are higher than the one before, from which files are leaked. One PostgreSQL recording reached 0.57.
STEP_SPREAD = 0.1  # share of the time in which a step does the middle of its growth: three of thirty floors.
STEP_START = 1.0 / 12  # share of the time. What happens earlier belongs to the start of the service: a warm-up, not a step.
LAST_TOOTH = 0.5  # share of the time before any growth, from which the growth is but the tooth that has not come down yet.
TOOTH = 0.10  # share of the level that a fall must have to be a tooth.
TEETH = 3  # falls that make a sawtooth.

# Urgency
LIMIT_PLAUSIBLE = 0.5  # share of what is in use. An enforced limit cannot be exceeded twofold.
URGENT_NOW = 3600.0  # seconds to exhaustion, lower end. Less than it takes to wake somebody who then has to think.
URGENT_HOURS = 86400.0  # seconds. Before the same time tomorrow.
URGENT_DAYS = 30 * 86400.0  # seconds. Later than a month is for office hours.
