# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words a diagnosis may use. Nothing else may come out of this room."""

from __future__ import annotations

LEAK_CONFIRMED = "leak_confirmed"
LEAK_SUSPECTED = "leak_suspected"
GROWTH_UNEXPLAINED = "growth_unexplained"
FRAGMENTATION = "fragmentation"
CACHE_GROWTH = "cache_growth"
WARMUP = "warmup"
SAWTOOTH = "sawtooth"
STEP_CHANGE = "step_change"
LOAD_CORRELATED = "load_correlated"
HEALTHY = "healthy"
INSUFFICIENT_DATA = "insufficient_data"

OOM_KILLED = "oom_killed"
CRASHED = "crashed"
STOPPED = "stopped"

LEAKS = (LEAK_CONFIRMED, LEAK_SUSPECTED)
DEAD = (OOM_KILLED, CRASHED, STOPPED)

# The gravest first: of several resources the gravest verdict speaks for the service.
GRAVITY = (
    LEAK_CONFIRMED,
    LEAK_SUSPECTED,
    FRAGMENTATION,
    GROWTH_UNEXPLAINED,
    STEP_CHANGE,
    LOAD_CORRELATED,
    WARMUP,
    SAWTOOTH,
    CACHE_GROWTH,
    HEALTHY,
    INSUFFICIENT_DATA,
)
VERDICTS = GRAVITY + DEAD

NOW = "now"
HOURS = "hours"
DAYS = "days"
NONE = "none"
URGENCIES = (NOW, HOURS, DAYS, NONE)  # the most urgent first

# How much is known of a series: minutes, hours, or more than a day or a healthy cycle before it.
WINDOW = "window"
HISTORY = "history"
CYCLES = "cycles"

BYTES = "bytes"
PERCENT = "percent"
COUNT = "count"
UNITS = (BYTES, PERCENT, COUNT)

# Resources in the order in which they are reported; of two equally grave ones the first speaks.
# Of resources that are equally grave the first one speaks: a child brings threads and descriptors of its own, not the other way round.
RESOURCES = ("anon", "swap", "shmem", "kernel", "children", "zombies", "fds", "threads", "sockets", "file")
PAGE_CACHE = "file"

HEAP_LIMIT = "-Xmx"  # the limit of the live heap, not of the process around it

# Verdicts under which time to exhaustion means something.
GROWING = (LEAK_CONFIRMED, LEAK_SUSPECTED, GROWTH_UNEXPLAINED, FRAGMENTATION, LOAD_CORRELATED)
