# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a memory limit may be raised: a bounded step, out of memory that the host has to spare. Pure: limits and meminfo in."""

from __future__ import annotations

from .._gates import gate
from .._units import human_size

RESERVE = 0.10  # of the host's memory stays free for everybody else
_RAISED = ("memory_high", "memory_max")


def new_limits(limits, scale):
    """Return {limit: bytes} after the step: what is set is raised, what is not set stays unlimited."""
    return {name: _raised(limits[name], limits, scale) for name in _RAISED if limits.get(name)}


def judge(name, limits, scale, meminfo):
    """Return the gates of a scale step."""
    wanted = new_limits(limits, scale)
    if not wanted:
        return [gate("scale_step", False, "%s has no memory limit that could be raised" % name)]
    return [_step(name, limits, wanted, scale), _room(name, limits, wanted, meminfo)]


def _raised(value, limits, scale):
    """MemoryHigh and MemoryMax are raised by the same share, so that the distance between them keeps its meaning."""
    if scale.share is not None:
        return int(value * (1 + scale.share))
    top = limits.get("memory_max") or limits["memory_high"]
    return value + int(scale.size * value / top)


def _step(name, limits, wanted, scale):
    top = "memory_max" if "memory_max" in wanted else "memory_high"
    said = "%s of %s would rise from %s to %s" % (top, name, human_size(limits[top]), human_size(wanted[top]))
    if wanted[top] > 2 * limits[top]:
        return gate("scale_step", False, said + ": one step may at most double it", value=wanted[top], threshold=2 * limits[top], unit="bytes")
    if scale.memory_max is not None and wanted[top] > scale.memory_max:
        return gate("scale_step", False, "%s, above memory_max of %s" % (said, human_size(scale.memory_max)), wanted[top], scale.memory_max, "bytes")
    return gate("scale_step", True, said, value=wanted[top], threshold=scale.memory_max or 2 * limits[top], unit="bytes")


def _room(name, limits, wanted, meminfo):
    available, total = meminfo.get("MemAvailable"), meminfo.get("MemTotal")
    if not available or not total:
        return gate("scale_memory", False, "the host's free memory cannot be read from /proc/meminfo")
    top = "memory_max" if "memory_max" in wanted else "memory_high"
    extra, spare = wanted[top] - limits[top], int(available - RESERVE * total)
    detail = "%s would get %s more; the host has %s available, of which %s stay reserved" % (
        name,
        human_size(extra),
        human_size(available),
        human_size(int(RESERVE * total)),
    )
    return gate("scale_memory", extra <= spare, detail, value=extra, threshold=max(0, spare), unit="bytes")
