# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Risky probes, each named by a person who has read its danger; made only where they can change the verdict."""

from __future__ import annotations

from .._runtimes.probes import ProbeError, probe
from .._units import human_size

WORTH_IT = ("leak_suspected", "growth_unexplained")  # what one more fact can settle
LIVES = 0.5  # share of the growth that must be alive after a full collection: then garbage is the smaller part of it


def settle(evidence, found, names, run, root):
    """Probe the main process of a service whose memory grows; return whether that gave the evidence something to judge again by."""
    if found["resource"] != "anon" or found["verdict"] not in WORTH_IT or not found["incarnation"]:
        return False
    main = found["incarnation"]
    learnt = {}
    for name in names:
        try:
            learnt.update(probe(name, root, main["main_pid"], main["start_ticks"], evidence.runtime or {}, run))
        except ProbeError as error:
            evidence.warnings.append(str(error))
    evidence.runtime = dict(evidence.runtime or {}, **learnt)
    context = evidence.context.setdefault("anon", {})
    context.update(learnt)
    if "heap_live" in learnt:
        context["gc_pending"] = _not_alive(evidence.runtime, found["resources"]["anon"])
    return bool(learnt or evidence.warnings)


def _not_alive(runtime, anon):
    """Say why growth of a JVM is not known to be alive although its whole heap was collected; None if it is, and no garbage waits any more.

    What lives now beyond all that the old generation held when the window began, garbage included, has come to stay since then.
    """
    first, live, growth = runtime.get("heap_old_first"), runtime["heap_live"], anon["now"] - anon["first"]
    if first is not None and live - first >= LIVES * growth:
        return None
    before = "its old generation held %s when the window began" % human_size(first) if first is not None else "what it held before is not known"
    grown = human_size(max(growth, 0))
    return "a full collection left %s of the heap, and %s: of the growth of %s not even half is known to live" % (human_size(live), before, grown)
