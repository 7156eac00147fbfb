# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Growth towards a bound that the kernel knows (memory of fixed size that fills, files that each process opens but once), and growth beside the rest."""

from __future__ import annotations

from .._gates import gate
from . import _numbers, _words
from . import _thresholds as limits


def not_filling_fixed_memory(case):
    """Shared memory of a size that was fixed before the growth began can only fill up. What lies elsewhere can be a leak."""
    shared, now, growth = case.context["shared"], case.points[-1][1], case.curve.growth
    regions = [one for one in shared["fixed"] if one["since"] <= case.curve.start]
    if not regions or growth <= 0:
        return gate("not_filling_fixed_memory", True, "no shared memory of fixed size is known that could fill", None, limits.OUTSIDE_FIXED, "share")
    size, filled = sum(one["size"] for one in regions), sum(one["allocated"] for one in regions)
    outside = max(now - filled, shared["unlinked"], 0.0)
    fits = case.limit is None or now + size - filled <= case.limit["value"]
    share = outside / growth
    return gate(
        "not_filling_fixed_memory",
        share >= limits.OUTSIDE_FIXED or not fits,
        "of %s shared memory whose size cannot change %s are filled, and it holds %s of other shared memory%s"
        % (*(_numbers.amount(value, case.unit) for value in (size, filled, outside)), "" if fits else "; full, it would exceed %s" % case.limit["name"]),
        share,
        limits.OUTSIDE_FIXED,
        "share",
    )


def fills(case):
    """Name what only fills up: it warms up, if its growth matters."""
    return _words.WARMUP if case.curve.growth >= case.least_growth else _words.HEALTHY


def not_files_open_once(case, verdict):
    """Who leaks descriptors opens the same files again, or deleted ones, or another one all the time. Who keeps files open for their next use
    has each of them once, and opens them in bursts.
    """
    files, now, growth = case.context["files"], case.points[-1][1], case.whole.growth
    fits = case.limit is None or now + growth <= case.limit["value"]
    share = files["again"] / growth if growth > 0 else None
    evenly = verdict in _words.LEAKS and case.curve.rising_share >= limits.OPENED_EVENLY
    return gate(
        "not_files_open_once",
        share is None or share >= limits.OPENED_AGAIN or evenly or files["once"] < growth or not fits,
        "its processes have %s open that exist, each once in a process, and %s again or deleted; %s of its floors are higher than the one before"
        % (*("%d file%s" % (files[kind], "" if files[kind] == 1 else "s") for kind in ("once", "again")), _numbers.share(case.curve.rising_share)),
        share,
        limits.OPENED_AGAIN,
        "share",
    )


def more_than_a_trace(case):
    """A step of a few pages that rests since is nothing to be told of a service a hundred times its size."""
    memory, growth = case.context["memory"], case.whole.growth
    share = growth / memory
    detail = "it grew by %s and rests, in a service of %s" % (_numbers.amount(growth, case.unit), _numbers.amount(memory, case.unit))
    return gate("more_than_a_trace", share >= limits.TRACE, detail, share, limits.TRACE, "share")
