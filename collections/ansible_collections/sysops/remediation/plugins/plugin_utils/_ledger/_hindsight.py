# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diagnosis tells of what was done before: a restart that was in vain, an incident whose controller died, a service that nobody names any more."""

from __future__ import annotations

import typing as t

from . import _audit as audit
from ._database import Transaction
from ._words import DAY, DOWN, RETIRED, SICK, SKEW, AuditEntry, Data, Observation

ALERT_TAIL = 600.0  # seconds after a success in which an alert still fires on what was before

_RECURRED = f"""
SELECT done.id, done.run_id, done.incident, done.host, done.service, done.action, done.released_at FROM ledger_permits AS done
JOIN ledger_targets AS known ON known.host = done.host AND known.service = done.service AND known.seen_at = :at
WHERE done.outcome = 'remediated' AND done.recurred_at IS NULL AND done.released_at > :at - {DAY} AND done.released_at < :at + {SKEW}
  AND done.released_at = (SELECT max(released_at) FROM ledger_permits AS other
                          WHERE other.host = known.host AND other.service = known.service AND other.outcome = 'remediated'
                            AND other.released_at < :at + {SKEW})
  AND (known.status = '{DOWN}' OR known.status = '{SICK}' AND done.released_at < :at - {ALERT_TAIL})
"""

# Of a run that lasts longer than a day nobody waits for an outcome either; should it come, it is recorded all the same.
_ABANDONED = f"""
SELECT left_open.id, left_open.run_id, left_open.host, left_open.service,
    COALESCE((SELECT outcome FROM ledger_permits AS asked WHERE asked.incident = left_open.id ORDER BY granted_at DESC LIMIT 1), 'unknown') AS outcome
FROM ledger_incidents AS left_open
JOIN ledger_targets AS known ON known.host = left_open.host AND known.service = left_open.service AND known.seen_at = :at AND known.busy_until <= :at
WHERE left_open.state <> 'ended'
  AND (left_open.opened_at < :at - {DAY} OR EXISTS (SELECT 1 FROM ledger_permits AS expired
       WHERE expired.incident = left_open.id AND expired.released_at IS NULL AND expired.expires_at <= :at))
"""


def recur(tx: Transaction, seen: t.Iterable[Observation], at: float) -> list[Data]:
    """Record which restarts were in vain: sick again within 24 h after a success. What somebody stopped is not sick.

    Return ``run_id``, ``incident``, ``host``, ``service``, ``action`` and ``held`` (seconds) of each that was not known before.
    """
    stopped = {(one.host, one.service) for one in seen if one.stopped}
    found = [row for row in tx.rows(_RECURRED, at=at) if (row["host"], row["service"]) not in stopped]
    tx.do_many("UPDATE ledger_permits SET recurred_at = :at WHERE id = :id", [{"at": at, "id": row["id"]} for row in found])
    tx.do_many("UPDATE ledger_incidents SET outcome = 'ineffective' WHERE id = :id", [{"id": row["incident"]} for row in found])
    told = [{**{key: row[key] for key in ("run_id", "incident", "host", "service", "action")}, "held": max(0.0, at - row["released_at"])} for row in found]
    audit.append(tx, [AuditEntry("recurred", one["run_id"], one["host"], one["service"], one["incident"], {"held": one["held"]}) for one in told])
    return told


def end_abandoned(tx: Transaction, at: float) -> None:
    """End the incidents whose controller died, once their service is seen again: nobody works on them, and how they ended only a permit may know."""
    found = tx.rows(_ABANDONED, at=at)
    sql = "UPDATE ledger_incidents SET state = 'ended', outcome = :outcome, updated_at = :now WHERE id = :id"
    tx.do_many(sql, [{"now": tx.now, "id": row["id"], "outcome": row["outcome"]} for row in found])
    audit.append(tx, [AuditEntry("abandoned", row["run_id"], row["host"], row["service"], row["id"], {"outcome": row["outcome"]}) for row in found])


def retire(tx: Transaction, named: t.Mapping[str, t.Collection[str]], at: float) -> None:
    """Let services count for nothing that the policy of their host has not named for a day.

    A day in which no run has seen it named, so that a run with a policy of its own (``-e``) gives no budget back to the next one.

    :param named: host → all services that its policy names.
    """
    known = tx.rows("SELECT host, service, status, unnamed_since FROM ledger_targets WHERE status <> :gone AND busy_until <= :at", gone=RETIRED, at=at)
    mine = [(row, row["service"] in named[row["host"]]) for row in known if row["host"] in named]
    begun = [row for row, is_named in mine if not is_named and (row["unnamed_since"] is None or row["unnamed_since"] > at)]
    gone = [row for row, is_named in mine if not is_named and row["unnamed_since"] is not None and row["unnamed_since"] <= at - DAY]
    back = [row for row, is_named in mine if is_named and row["unnamed_since"] is not None]
    since = "UPDATE ledger_targets SET unnamed_since = CAST(:since AS DOUBLE PRECISION) WHERE host = :host AND service = :service"
    tx.do_many(since, [{"since": at, **_key(row)} for row in begun] + [{"since": None, **_key(row)} for row in back])
    tx.do_many(
        f"""UPDATE ledger_targets SET status = '{RETIRED}', seen_at = :at, sick_since = NULL, healthy_since = NULL, failed_at = NULL
        WHERE host = :host AND service = :service""",
        [{"at": at, **_key(row)} for row in gone],
    )
    audit.append(tx, [AuditEntry("retired", "", row["host"], row["service"], detail={"status": row["status"]}) for row in gone])


def _key(row: t.Any) -> Data:
    return {"host": row["host"], "service": row["service"]}
