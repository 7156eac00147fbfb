# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate: one named check with its value, its threshold and its unit.

Verdicts and refusals are lists of gates, so that a reader at 2 AM can dispute them. A gate is a plain dictionary because it
travels as JSON from the host to the plan, the report and the caller's program.
"""

from __future__ import annotations


def gate(name, passed, detail, value=None, threshold=None, unit=None, opens_at=None):
    """Return one gate.

    :param name: snake_case name, stable: documentation and tests refer to it.
    :param passed: did the check pass?
    :param detail: one sentence for people, with the numbers in it.
    :param value: what was seen.
    :param threshold: what it was compared with.
    :param unit: unit of both (``bytes``, ``seconds``, ``bytes/second``, ``count`` ...).
    :param opens_at: for a refusal: epoch seconds at which the gate opens by itself; ``None`` when only a person or a new fact opens it.
    """
    return {
        "name": name,
        "passed": bool(passed),
        "detail": detail,
        "value": value,
        "threshold": threshold,
        "unit": unit,
        "opens_at": opens_at,
    }


def closed(gates):
    """Return the gates that did not pass."""
    return [one for one in gates if not one["passed"]]
