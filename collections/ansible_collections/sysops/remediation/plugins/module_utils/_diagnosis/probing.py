# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Risky probes, each named by a person who has read its danger; made only where they can change the verdict."""

from __future__ import annotations

from .._runtimes.probes import ProbeError, probe

WORTH_IT = ("leak_suspected", "growth_unexplained")  # what one more fact can settle


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
    evidence.context.setdefault("anon", {}).update(learnt)
    return bool(learnt or evidence.warnings)
