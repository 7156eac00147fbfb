# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guard → act → verify, in the order that keeps a service safe whatever dies on the way."""

from __future__ import annotations

from .._gates import closed
from .._host_state import paths
from .._host_state.clock import Clock
from .._managers import _base
from . import act, answers, guard, owner, record, result, service_gates, verify
from .case import Case
from .memory import service_memory
from .request import RESTART


def guarded(request, manager, state_dir, check_mode=False):
    """Do one guarded action where the user that the manager runs as keeps its guard; return the module's result."""
    try:
        directory = owner.guard_directory(manager, state_dir)
    except paths.StateError as error:
        return _unguarded(request, manager, error)
    return owner.work_as_owner(manager, state_dir, lambda: perform(request, manager, directory, check_mode=check_mode))


def perform(request, manager, directory, root="/", check_mode=False, clock=None, memory=None):
    """Do one guarded action; return the module's result. Raises ManagerError for what is the caller's mistake (no such service …)."""
    clock = clock or Clock(root)
    memory = memory or (lambda state: service_memory(state, root))
    try:
        state = manager.inspect(request.name)
    except _base.Unsupported as error:
        return declined(request, error, manager.name)
    case = Case(request, manager, state, directory, clock, memory, root, check_mode)
    try:
        _prepare_directory(case)
        lock = guard.locked(case)
    except paths.StateError as error:
        return result.refusal(case, [guard.state_directory(error)])
    try:
        return _under_lock(case) if lock["passed"] else result.refusal(case, [lock])
    finally:
        case.lock.release()


def declined(request, error, manager):
    """Return the refusal for a service that its manager knows and cannot handle: masked, a template, an alias …"""
    state = _base.ServiceState(manager, request.name)
    msg = "%s of %s refused: %s" % (request.action, request.name, error)
    return result.build(state, request.action, "refused", msg, [service_gates.unsupported(error)])


def _unguarded(request, manager, error):
    """Return the refusal for a caller who cannot write where the service is guarded."""
    state = manager.inspect(request.name)
    gate = guard.state_directory(error)
    return result.build(state, request.action, "refused", "%s of %s refused: %s" % (request.action, state.name, gate["detail"]), [gate])


def _prepare_directory(case):
    if not case.check_mode:
        paths.ensure_directory(case.directory, 0o755)
    else:
        paths.check_place(case.directory)


def _under_lock(case):
    try:
        gates = guard.examine(case)
    except _base.Unsupported as error:
        gates = [service_gates.unsupported(error)]
    if case.request.only_if_running and case.down:
        msg = "%s is not running (%s): nothing done, as only_if_running asks" % (case.name, case.state.active)
        return result.build(case.state, case.request.action, "skipped", msg, gates)
    memory = case.memory(case.state)
    if closed(gates):
        record.settle_interrupted(case)
        return result.refusal(case, gates, memory)
    if case.check_mode:
        return answers.predicted(case, gates, memory)
    return _attempt(case, gates, memory)


def _attempt(case, gates, memory):
    attempt = record.new_id(case)
    before, started = case.state, case.now
    try:
        record.intent(case, attempt)
    except paths.StateError as error:
        gates = [one for one in gates if one["name"] != "attempts_journal"] + [guard.attempts_journal(error)]
        return result.refusal(case, gates, memory)
    starts_only = case.request.action == RESTART and case.down
    case.remember_log()
    done = act.act(case, starts_only)
    if done.error is None:
        proof = verify.prove(case, before, memory)
        answer = answers.proven(case, gates, before, memory, done, proof, starts_only)
    else:
        answer = answers.not_done(case, gates, before, memory, done, started)
    answer["attempt"] = {"id": attempt, "started": started["epoch"], "finished": case.clock.stamp()["epoch"]}
    if not done.open_end:
        record.outcome(case, attempt, answer)
    return answer
