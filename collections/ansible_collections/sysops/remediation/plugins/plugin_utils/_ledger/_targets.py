# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each target (one service on one host), and which hosts of a group count as unavailable.

A target's row tells its state by itself: ``in_remediation`` before ``busy_until`` is a live permit, after it the holder has died
and nobody knows. No heartbeat and no clean-up job are needed for a permit to expire.

What an action of ours did not help counts until a later one is proven to have helped, or until it is diagnosed healthy a day later:
that a process runs and does not leak says nothing of whether it serves, and a budget that such a diagnosis gives back would let one
bad restart after the other roll through a group.
"""

from __future__ import annotations

import time
import typing as t

from ...module_utils._units import human_duration
from . import _breaker as breaker
from ._database import Transaction
from ._words import (
    DAY,
    DOWN,
    FAILED,
    HEALTHY,
    IN_REMEDIATION,
    RETIRED,
    RUNNING,
    SEEN,
    SICK,
    SKEW,
    UNAVAILABLE,
    UNKNOWN,
    Data,
    Group,
    GroupView,
    Observation,
    plain_key,
)

NOT_HELPED = "was not helped by an action"

# What an action did not help stays so whatever was asked for and whoever looked since.
_STILL_FAILED = f"""known.failed_at <= :now + {DAY} AND NOT (excluded.status = '{HEALTHY}' AND excluded.seen_at >= known.failed_at + {DAY})"""

_OBSERVE = f"""
INSERT INTO ledger_targets AS known (host, service, grp, status, seen_at, busy_until, sick_since, healthy_since, cleared_at, token)
VALUES (:host, :service, :grp, :status, :at, 0, :sick_since, :healthy_since, 0, 0)
ON CONFLICT (host, service) DO UPDATE SET grp = excluded.grp, seen_at = excluded.seen_at, unnamed_since = NULL,
    status = CASE WHEN {_STILL_FAILED} THEN '{FAILED}' ELSE excluded.status END,
    failed_at = CASE WHEN {_STILL_FAILED} THEN known.failed_at END,
    sick_since = CASE WHEN {_STILL_FAILED} THEN known.sick_since
                      WHEN excluded.status = '{DOWN}' THEN COALESCE(known.sick_since, CAST(:went_down AS DOUBLE PRECISION))
                      WHEN excluded.status = '{UNKNOWN}' THEN known.sick_since END,
    healthy_since = CASE WHEN {_STILL_FAILED} THEN NULL
                         WHEN excluded.status = '{HEALTHY}' THEN COALESCE(known.healthy_since, excluded.seen_at) END,
    cleared_at = CASE WHEN known.healthy_since <= excluded.seen_at - {DAY} THEN excluded.seen_at
                      WHEN known.cleared_at > :now + {SKEW} THEN 0 ELSE known.cleared_at END
WHERE (excluded.seen_at >= known.seen_at AND excluded.seen_at >= known.busy_until OR known.seen_at > :now + {DAY}
       OR known.status <> '{IN_REMEDIATION}' AND known.seen_at > :now + {SKEW})
  AND (excluded.status <> '{RUNNING}' OR known.status IN ('{RUNNING}', '{RETIRED}'))
"""

# A service counts also where it was last seen under another group of the policy: a change of the policy gives no budget back.
_TROUBLED = f"""
SELECT host, service, grp, status, seen_at, busy_until, sick_since, failed_at FROM ledger_targets
WHERE (grp = :grp OR service IN (:grp, :service) OR service IN (SELECT service FROM ledger_targets WHERE grp = :grp))
  AND (status IN ({", ".join(f"'{status}'" for status in UNAVAILABLE)}) OR sick_since IS NOT NULL) ORDER BY host, service
"""

_SERVING = f"SELECT service, host FROM ledger_targets WHERE grp = :grp AND status IN ('{HEALTHY}', '{SICK}') AND seen_at > :since"

_LOST = f"""
UPDATE ledger_targets SET status = '{UNKNOWN}', seen_at = :at, healthy_since = NULL
WHERE host = :host AND seen_at <= :at AND busy_until <= :at AND status NOT IN ('{FAILED}', '{RETIRED}')
"""


def observe(tx: Transaction, seen: t.Iterable[Observation], at: float) -> None:
    """Record what a diagnosis found at that time. What is known to be newer stays, and so does a target that holds a permit."""
    rows = []
    for one in seen:
        if one.status not in SEEN:
            raise ValueError(f"status '{one.status}' of {one.host} {one.service}: a diagnosis says one of {', '.join(SEEN)}")
        went_down = min(one.since or at, at) if one.status == DOWN else None
        never_up = one.stopped and one.since is None  # as far as anybody knows: if it was not known before, it did not fail now
        rows.append(
            {
                "host": one.host,
                "service": one.service,
                "grp": one.group,
                "status": one.status,
                "at": at,
                "now": tx.now,
                "sick_since": at - DAY if never_up else went_down,
                "went_down": went_down,
                "healthy_since": at if one.status == HEALTHY else None,
            }
        )
    tx.do_many(_OBSERVE, rows)


def lost(tx: Transaction, hosts: t.Iterable[str], at: float) -> None:
    """Record that hosts could not be reached at that time: nobody knows how their services are."""
    tx.do_many(_LOST, [{"host": host, "at": at} for host in hosts])


def view(tx: Transaction, group: Group, record: bool = True, service: str = "") -> GroupView:
    """Return how a group stands.

    :param record: and let its breaker take note.
    :param service: one that is of the group by now, whatever it was when it was seen last.
    """
    # Who holds a permit of the group counts also if the inventory of who asks does not know that host.
    rows = [
        row
        for row in tx.rows(_TROUBLED, grp=group.name, service=service)
        if row["host"] in group.members or (row["grp"] == group.name and is_held(row, tx.now))
    ]
    unavailable: dict[str, str] = {}
    troubled: dict[str, set[str]] = {}
    for row in rows:
        if row["status"] in UNAVAILABLE:
            unavailable.setdefault(row["host"], _why(row, tx.now))
            troubled.setdefault(row["host"], set()).add(row["service"])
    not_only_down = {row["host"] for row in rows if row["status"] in UNAVAILABLE and row["status"] != DOWN}
    sick: dict[str, float] = {}
    for row in rows:
        if row["sick_since"] is not None and row["host"] in group.members:
            sick[row["host"]] = max(row["sick_since"], sick.get(row["host"], 0.0))
    serving: dict[str, set[str]] = {}
    for row in tx.rows(_SERVING, grp=group.name, since=tx.now - DAY):
        if row["host"] in group.members and row["host"] not in unavailable:
            serving.setdefault(plain_key(row["service"]), set()).add(row["host"])
    in_order = {service: dict.fromkeys(sorted(hosts)) for service, hosts in serving.items()}
    state = breaker.judge(tx, group, sick, not_only_down, record)
    return GroupView(group, unavailable, state, in_order, {host: frozenset(services) for host, services in troubled.items()})


def known(tx: Transaction) -> list[Data]:
    """Return every target that was ever seen, with what is known of it."""
    return [dict(row) for row in tx.rows('SELECT host, service, grp AS "group", status, seen_at FROM ledger_targets ORDER BY host, service')]


def is_held(row: t.Any, now: float) -> bool:
    """Tell whether a permit for this target is out. One from more than a day ahead was granted by a clock that was wrong."""
    return bool(row["status"] == IN_REMEDIATION and now < row["busy_until"] and row["seen_at"] <= now + DAY)


def release(tx: Transaction, host: str, service: str, token: int, status: str, acted: bool) -> bool:
    """Set what is known of a target after its action; not if it has a newer permit, or was seen after this one expired."""
    touched = tx.do(
        f"""UPDATE ledger_targets SET seen_at = :now, busy_until = :now,
        status = CASE WHEN :status <> '{HEALTHY}' AND failed_at IS NOT NULL THEN '{FAILED}' ELSE :status END,
        failed_at = CASE WHEN :status = '{FAILED}' AND :acted = 1 THEN :now WHEN :status = '{FAILED}' THEN COALESCE(failed_at, :now)
                         WHEN :status <> '{HEALTHY}' THEN failed_at END,
        sick_since = CASE WHEN :status = '{FAILED}' AND :acted = 1 THEN :now WHEN :status IN ('{HEALTHY}', '{SICK}') THEN NULL ELSE sick_since END,
        healthy_since = CASE WHEN :status = '{HEALTHY}' AND :acted = 1 THEN :now WHEN :status = '{HEALTHY}' THEN COALESCE(healthy_since, :now) END
        WHERE host = :host AND service = :service AND token = :token AND status = '{IN_REMEDIATION}'""",
        host=host,
        service=service,
        token=token,
        status=status,
        acted=int(acted),
        now=tx.now,
    )
    return touched > 0


def _why(row: t.Mapping[str, t.Any], now: float) -> str:
    if is_held(row, now):
        return f"{row['service']} is in remediation (its permit ends in {human_duration(row['busy_until'] - now)})"
    if row["status"] == IN_REMEDIATION:
        expired = human_duration(max(0.0, now - row["busy_until"]))
        return f"{row['service']} is unknown: its permit expired {expired} ago without an outcome, and it was not seen since"
    if row["status"] == FAILED:
        return f"{row['service']} {NOT_HELPED} ({clock_text(row['failed_at'] or row['seen_at'])})"
    return f"{row['service']} {'is down' if row['status'] == DOWN else 'is unknown'} (seen {clock_text(row['seen_at'])})"


def clock_text(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
