# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: what spans hosts, runs and controllers. Permits, breaker, pauses, plans, incidents and the audit of every decision.

``open_ledger(url)`` returns a :class:`Ledger` or raises :class:`LedgerError`, and then nothing may be acted on.
Begin reading with ``_words.py``, ``_targets.py`` and ``_permits.py``.
"""

from __future__ import annotations

from ._ledger import Ledger
from ._open import open_ledger
from ._words import (
    Ask,
    AuditEntry,
    Breaker,
    Effectiveness,
    Group,
    GroupView,
    Incident,
    LedgerError,
    Observation,
    Pause,
    Permit,
    Reply,
)

__all__ = [
    "Ask",
    "AuditEntry",
    "Breaker",
    "Effectiveness",
    "Group",
    "GroupView",
    "Incident",
    "Ledger",
    "LedgerError",
    "Observation",
    "Pause",
    "Permit",
    "Reply",
    "open_ledger",
]
