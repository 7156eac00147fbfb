# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All gates of one call, in the order in which people would ask. Every gate is asked, so that a refusal tells everything at once."""

from __future__ import annotations

from .._gates import gate
from .._host_state.paths import StateError
from .._sampling.host import read_meminfo
from . import history_gates, scaling, service_gates
from .request import RESTART, SCALE

_HISTORY = (
    history_gates.unfinished,
    history_gates.cooldown,
    history_gates.budget,
    history_gates.stand_down,
)
_SERVICE = (
    service_gates.incarnation,
    service_gates.settled,
    service_gates.running,
    service_gates.startable,
    service_gates.reloadable,
    service_gates.definition,
    service_gates.start_limit,
    service_gates.dependencies,
    service_gates.dependents,
)


def examine(case):
    """Return all gates. Slow questions come first, so that the service is looked at as shortly before the action as can be."""
    if case.request.action == RESTART:
        case.dependents = case.manager.dependents(case.name)
        case.dependencies = case.manager.dependencies(case.name)
    journal = _journal(case)
    case.look_again()
    asked = [one(case) for one in _SERVICE]
    if case.request.action == SCALE:
        asked += scaling.judge(case.name, case.state.limits, case.request.scale, read_meminfo(case.root))
    asked += [history_gates.paused(case), _permit(case), journal]
    if journal["passed"]:
        asked += [one(case) for one in _HISTORY]
    return [one for one in asked if one]


def locked(case):
    """Return the gate of the service's lock, closed if another caller has it."""
    free = not case.lock.is_held() if case.check_mode else case.lock.acquire()
    if free:
        return gate("service_lock", True, "nobody else is acting on %s" % case.name)
    holder = case.lock.holder()
    who = "process %s (%s, attempt %s)" % (holder.get("pid", "?"), holder.get("user", "?"), holder.get("attempt", "?"))
    return gate("service_lock", False, "%s is acting on %s right now: wait until it is done, then diagnose again" % (who, case.name))


def state_directory(error):
    return gate("state_directory", False, "%s. Without a safe place for locks and limits nothing is restarted" % error)


def attempts_journal(error):
    return gate("attempts_journal", False, "%s. Without the attempts journal no limit can be kept, so nothing is done" % error)


def _journal(case):
    """Read the past, and see that the present could be written down."""
    try:
        case.attempts = case.journal.attempts()
        case.journal.check_writable()
    except StateError as error:
        return attempts_journal(error)
    return gate("attempts_journal", True, "%d attempts are on record" % len(case.attempts), value=len(case.attempts), unit="count")


def _permit(case):
    try:
        return history_gates.permitted(case)
    except StateError as error:
        return gate("permit", False, str(error))
