# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mass-failure breaker of a group: when much of it fails at once, restarting is not the answer, and a human is.

Sick for the breaker: down, or not helped by our action, newly within 10 minutes. A leak on every node of a running group is not that.
Open until nothing has newly failed for 10 minutes; then half open: one host at a time, and a first success closes it. It closes too when there was
nothing to try it on for a day, and nothing of the group is sick but what was down before.
"""

from __future__ import annotations

import typing as t

from . import _audit as audit
from ._database import Transaction
from ._words import DAY, AuditEntry, Breaker, Group

WINDOW = 600.0  # seconds: newly sick, and how long health must hold
LONG = 3600.0  # seconds: what was down for so long when it opened, as a standby, is no part of the failure
SHARE = 0.2  # of the group
LEAST = 3  # hosts

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"


def judge(tx: Transaction, group: Group, sick: t.Mapping[str, float], busy: t.Collection[str], record: bool) -> Breaker:
    """Return the breaker as it stands now.

    :param sick: host → since when it has been sick.
    :param busy: hosts that are unavailable for another reason than that they are down.
    :param record: record it if it changed; whoever does that sees ``just_opened``, and notifies.
    """
    row = tx.row("SELECT state, since, opened_at FROM ledger_breakers WHERE grp = :grp", grp=group.name)
    before, since, opened_at = (row["state"], row["since"], row["opened_at"]) if row else (CLOSED, 0.0, 0.0)
    newly = {host: at for host, at in sick.items() if tx.now - WINDOW < at < tx.now + DAY}  # what a wrong clock wrote is not of today
    state = step(before, len(newly), len(group.members))
    long_down = frozenset(host for host, at in sick.items() if at < opened_at - LONG and host not in busy)
    if before == state == HALF_OPEN and not sick.keys() - long_down and tx.now - since >= DAY:  # repaired by other hands than ours
        state = CLOSED
    if state != before:
        since = tx.now
    if record and state != before:
        put(tx, group.name, state, tx.now if before == CLOSED else opened_at, sorted(newly))
    opens_at = max(newly.values()) + WINDOW if state == OPEN else None
    return Breaker(state, since, tuple(sorted(newly)), opens_at, just_opened=state == OPEN and before == CLOSED, before=long_down)


def step(state: str, newly_sick: int, members: int) -> str:
    """Return the next state."""
    if newly_sick >= LEAST and newly_sick > SHARE * members:
        return OPEN
    if state == HALF_OPEN and newly_sick:
        return OPEN
    if state == OPEN and not newly_sick:
        return HALF_OPEN
    return state


def helped(tx: Transaction, group: str) -> None:
    """An action was proven to have helped: a half-open breaker closes."""
    if tx.row("SELECT 1 AS found FROM ledger_breakers WHERE grp = :grp AND state = :half", grp=group, half=HALF_OPEN):
        put(tx, group, CLOSED)


def put(tx: Transaction, group: str, state: str, opened_at: float = 0.0, hosts: t.Sequence[str] = ()) -> None:
    """Record another state, and in the audit which hosts have newly failed."""
    tx.do(
        """INSERT INTO ledger_breakers (grp, state, since, opened_at) VALUES (:grp, :state, :now, :opened_at)
        ON CONFLICT (grp) DO UPDATE SET state = excluded.state, since = excluded.since, opened_at = excluded.opened_at""",
        grp=group,
        state=state,
        now=tx.now,
        opened_at=opened_at,
    )
    audit.append(tx, [AuditEntry(f"breaker_{state}", detail={"group": group, "hosts": list(hosts)})])
