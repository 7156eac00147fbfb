# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incidents with their JSON, for reports and status; and how long each restart held."""

from __future__ import annotations

import json
import typing as t

from ...module_utils._gates import gate
from ...module_utils._units import human_duration
from . import _audit as audit
from ._database import Transaction
from ._hindsight import ALERT_TAIL
from ._words import DAY, DOWN, SKEW, Data, Effectiveness, Incident

_FIELDS = "id, run_id, host, service, state, outcome, body, opened_at, updated_at"
ENDED = "ended"


def rows(incidents: t.Iterable[Incident]) -> list[Data]:
    """Return what is stored; to be made before the ledger is locked, as in ``_audit.py``."""
    names = ("id", "run_id", "host", "service", "state", "outcome")
    return [{**{name: getattr(one, name) for name in names}, "body": audit.stored(one.body)} for one in incidents]


def record(tx: Transaction, prepared: list[Data]) -> None:
    """Store incidents, new or changed."""
    sql = f"""INSERT INTO ledger_incidents ({_FIELDS})
    VALUES (:id, :run_id, :host, :service, :state, :outcome, :body, :now, :now)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, updated_at = excluded.updated_at,
        outcome = CASE WHEN ledger_incidents.outcome = 'ineffective' THEN 'ineffective' ELSE excluded.outcome END"""
    tx.do_many(sql, [{**row, "now": tx.now} for row in prepared])


def find(tx: Transaction, incident: str | None, host: str | None, service: str | None, open_only: bool, limit: int) -> list[Incident]:
    """Return incidents, the newest first."""
    wanted = {"id": incident, "host": host, "service": service}
    given = {name: value for name, value in wanted.items() if value}
    conditions = [f"{name} = :{name}" for name in given] + ([f"state <> '{ENDED}'"] if open_only else [])
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    found = tx.rows(f"SELECT {_FIELDS} FROM ledger_incidents{where} ORDER BY opened_at DESC, id DESC LIMIT :limit", limit=limit, **given)
    return [Incident(**{**row, "body": json.loads(row["body"])}) for row in found]


def effectiveness(tx: Transaction) -> dict[tuple[str, str], Effectiveness]:
    """Return what restarts bought, for all targets that were restarted lately: (host, service) → effectiveness.

    24 h of health wipe the slate; what a clock wrote that was days ahead counts for nothing. ``_targets.py`` keeps ``cleared_at`` and ``recurred_at``.
    """
    sql = f"""SELECT done.host, done.service, done.released_at, done.recurred_at FROM ledger_permits AS done
    JOIN ledger_targets AS known ON known.host = done.host AND known.service = done.service
    WHERE done.outcome = 'remediated' AND done.released_at > known.cleared_at AND (done.recurred_at IS NOT NULL OR done.released_at > :since)
      AND done.released_at < :now + {DAY}
    ORDER BY done.released_at"""
    found: dict[tuple[str, str], Effectiveness] = {}
    for row in tx.rows(sql, now=tx.now, since=tx.now - DAY):
        target = (row["host"], row["service"])
        before = found.get(target, Effectiveness())
        held = () if row["recurred_at"] is None else (max(0.0, row["recurred_at"] - row["released_at"]),)
        found[target] = Effectiveness(before.bought + held, row["released_at"])
    return found


def effectiveness_gates(done: Effectiveness, status: str, now: float) -> list[Data]:
    """Return the gates of one target: chronic stops acting; right after a success an alert may still speak of what was before."""
    gates = [gate("chronic", done.state != "chronic", bought_text(done), value=len(done.bought), threshold=2, unit="recurrences")]
    age = None if done.last_success is None or done.last_success > now + SKEW else max(0.0, now - done.last_success)  # a clock may have been ahead
    if age is not None and age < ALERT_TAIL and status != DOWN:
        detail = f"the last success was {human_duration(age)} ago: this may be the tail of the same alert"
        gates.append(gate("alert_tail", False, detail, value=age, threshold=ALERT_TAIL, unit="seconds", opens_at=now - age + ALERT_TAIL))
    return gates


def bought_text(done: Effectiveness) -> str:
    """Return what each restart bought: ``6 h 10 min, then 3 h 2 min, shrinking``."""
    if not done.bought:
        return "no restart was in vain lately"
    held = ", then ".join(human_duration(seconds) for seconds in done.bought)
    shrinking = ", shrinking" if len(done.bought) > 1 and all(later < earlier for earlier, later in zip(done.bought, done.bought[1:], strict=False)) else ""
    advice = ": restarting does not help, and stops until it has been healthy for 24 h" if done.state == "chronic" else ""
    return f"sick again within 24 h after {len(done.bought)} of our restarts, which bought {held}{shrinking}{advice}"
