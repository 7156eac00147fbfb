# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger as its users see it: every method is one transaction, and raises LedgerError if the database cannot do it."""

from __future__ import annotations

import typing as t

from . import _audit, _hindsight, _incidents, _pauses, _permits, _plans, _targets
from ._database import Database
from ._words import Ask, AuditEntry, Data, Effectiveness, Group, GroupView, Incident, Observation, Pause, Reply


class Ledger:
    """Made by ``open_ledger``."""

    def __init__(self, database: Database, described: str) -> None:
        self._database = database
        self.described = described  # what every run prints

    def now(self) -> float:
        """Return the ledger's clock, the one that all its times are of."""
        with self._database.read() as tx:
            return tx.now

    def observe(self, seen: t.Sequence[Observation], at: float) -> list[Data]:
        """Record the health of targets, and return which restarts were in vain, as far as that was not known: ``_hindsight.recur``.

        :param at: ``now()`` of this ledger from before the diagnosis began, so that nothing newer is overwritten.
        """
        with self._database.write() as tx:
            _targets.observe(tx, seen, at)
            _hindsight.end_abandoned(tx, at)
            return _hindsight.recur(tx, seen, at)

    def retire(self, named: t.Mapping[str, t.Collection[str]], at: float) -> None:
        """Forget what no policy names any more: ``_hindsight.retire``. ``at`` as for :meth:`observe`."""
        with self._database.write() as tx:
            _hindsight.retire(tx, named, at)

    def lost(self, hosts: t.Iterable[str], at: float) -> None:
        """Record that hosts could not be reached: whatever was known of their services is ``unknown`` now. ``at`` as for :meth:`observe`."""
        with self._database.write() as tx:
            _targets.lost(tx, hosts, at)

    def views(self, groups: t.Iterable[Group], record: bool) -> dict[str, GroupView]:
        """Return how groups stand: group → who is unavailable, what is left of the budget, the breaker.

        :param record: let breakers take note. Who asks so must notify if one has ``just_opened``; who only looks, does not ask so.
        """
        with self._database.write() if record else self._database.read() as tx:
            return {group.name: _targets.view(tx, group, record) for group in groups}

    def targets(self) -> list[Data]:
        """Return ``host``, ``service``, ``group``, ``status`` and ``seen_at`` of every target that was ever seen."""
        with self._database.read() as tx:
            return _targets.known(tx)

    def reserve(self, ask: Ask) -> Reply:
        """Ask for a permit. Granted or refused at once, and atomically across all runs and controllers."""
        with self._database.write() as tx:
            return _permits.reserve(tx, ask)

    def release(self, permit_id: str, outcome: str) -> str:
        """Give a permit back with the outcome of its incident: ``released``, ``superseded`` or ``already``."""
        with self._database.write() as tx:
            return _permits.release(tx, permit_id, outcome)

    def unreleased(self, run_id: str | None = None) -> list[Data]:
        """Return permits without an outcome, of one run or of all."""
        with self._database.read() as tx:
            return _permits.unreleased(tx, run_id)

    def pause(self, reason: str, until: float | None = None, group: str = "", host: str = "", service: str = "") -> Pause:
        """Pause whatever all the given ones name together; without any, the whole fleet."""
        with self._database.write() as tx:
            return _pauses.pause(tx, group, host, service, reason, until)

    def resume(self, group: str = "", host: str = "", service: str = "") -> list[Pause]:
        with self._database.write() as tx:
            return _pauses.resume(tx, group, host, service)

    def pauses(self) -> list[Pause]:
        """Return the active pauses."""
        with self._database.read() as tx:
            return _pauses.active(tx)

    def record_plan(self, plan: Data, expires_in: float = _plans.EXPIRES_IN) -> None:
        with self._database.write() as tx:
            _plans.record(tx, plan, expires_in)

    def approve(self, plan_id: str, person: str) -> list[Data]:
        """Return gates; the plan is approved if none of them is closed."""
        with self._database.write() as tx:
            return _plans.approve(tx, plan_id, person)

    def take_plan(self, plan_id: str, run_id: str) -> tuple[Data | None, list[Data]]:
        """Return an approved plan, once; or None and the gates that say why not."""
        with self._database.write() as tx:
            return _plans.take(tx, plan_id, run_id)

    def peek_plan(self, plan_id: str) -> tuple[Data | None, list[Data]]:
        """Return a stored plan and the gates that say whether it can still be approved; nothing is written."""
        with self._database.read() as tx:
            return _plans.peek(tx, plan_id)

    def waiting_plans(self) -> list[Data]:
        with self._database.read() as tx:
            return _plans.waiting(tx)

    def record_incidents(self, incidents: t.Iterable[Incident]) -> None:
        prepared = _incidents.rows(incidents)
        with self._database.write() as tx:
            _incidents.record(tx, prepared)

    def incidents(
        self, incident: str | None = None, host: str | None = None, service: str | None = None, open_only: bool = False, limit: int = 100
    ) -> list[Incident]:
        with self._database.read() as tx:
            return _incidents.find(tx, incident, host, service, open_only, limit)

    def effectiveness(self) -> dict[tuple[str, str], Effectiveness]:
        """Return (host, service) → what its restarts bought lately."""
        with self._database.read() as tx:
            return _incidents.effectiveness(tx)

    def audit(self, entries: t.Iterable[AuditEntry]) -> None:
        prepared = _audit.rows(entries)
        with self._database.write() as tx:
            _audit.insert(tx, prepared)

    def audited(
        self, host: str | None = None, service: str | None = None, run_id: str | None = None, since: float = 0.0, limit: int = 1000
    ) -> list[AuditEntry]:
        with self._database.read() as tx:
            return _audit.find(tx, host, service, run_id, since, limit)
