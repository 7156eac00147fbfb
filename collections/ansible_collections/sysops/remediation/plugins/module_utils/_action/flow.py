# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guard → act → verify, in the order that keeps a service safe whatever dies on the way."""

from __future__ import annotations

import os
import pwd
import time

from .._gates import closed
from .._host_state import paths
from .._host_state.clock import Clock
from .._managers import _base
from . import act, guard, history_gates, result, service_gates, syslog, verify
from .case import Case, life, snapshot
from .memory import service_memory
from .request import RESTART, SCALE

_PAST = {"reload": "reloaded", "restart": "restarted", "scale": "scaled", "start": "started"}


def perform(request, manager, directory, root="/", check_mode=False, clock=None, memory=None):
    """Do one guarded action; return the module's result. Raises ManagerError for what is the caller's mistake (no such service …)."""
    clock = clock or Clock(root)
    memory = memory or (lambda state: service_memory(state, root))
    try:
        state = manager.inspect(request.name)
    except _base.Unsupported as error:
        return _unsupported(request, manager, error, directory, clock, memory)
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


def _unsupported(request, manager, error, directory, clock, memory):
    state = _base.ServiceState(manager.name, request.name)
    case = Case(request, manager, state, directory, clock, memory)
    return result.refusal(case, [service_gates.unsupported(error)])


def _prepare_directory(case):
    if not case.check_mode:
        paths.ensure_directory(case.directory, 0o755)
    elif os.path.lexists(case.directory):
        paths.check_directory(case.directory)


def _under_lock(case):
    try:
        gates = guard.examine(case)
    except _base.Unsupported as error:
        gates = [service_gates.unsupported(error)]
    if case.request.only_if_running and case.down:
        return result.build(case, "skipped", "%s is not running (%s): nothing done, as only_if_running asks" % (case.name, case.state.active), gates)
    memory = case.memory(case.state)
    if closed(gates):
        _settle_interrupted(case)
        return result.refusal(case, gates, memory)
    if case.check_mode:
        return _prediction(case, gates, memory)
    return _attempt(case, gates, memory)


def _settle_interrupted(case):
    """The next caller, who has diagnosed again, may act; a service that may still be started keeps its unfinished attempt."""
    if not case.unfinished or history_gates.may_complete(case) or case.check_mode:
        return
    try:
        case.journal.settle(case.unfinished["id"], case.now, "interrupted")
    except paths.StateError:
        return  # the journal's own gate is closed and says so; the attempt stays unfinished


def _prediction(case, gates, memory):
    before = snapshot(case.state, memory)
    after = dict(before)
    if case.request.action == RESTART:
        after.update(active=_base.RUNNING, incarnation="(a new one)", memory=None)
    elif case.request.action == SCALE:
        after["limits"] = dict(before["limits"], **act.scaling.new_limits(case.state.limits, case.request.scale))
    msg = "%s would be %s" % (case.name, _PAST["start" if case.request.action == RESTART and case.down else case.request.action])
    return result.build(case, "predicted", msg, gates, changed=True, before=before, after=after, diff=result.diff(before, after))


def _attempt(case, gates, memory):
    attempt = _new_id(case)
    before, started = case.state, case.now
    try:
        _write_intent(case, attempt)
    except paths.StateError as error:
        gates = [one for one in gates if one["name"] != "attempts_journal"] + [guard.attempts_journal(error)]
        return result.refusal(case, gates, memory)
    starts_only = case.request.action == RESTART and case.down
    case.remember_log()
    done = act.act(case, starts_only)
    if done.error is None:
        proof = verify.prove(case, before, memory)
        answer = _proven(case, gates, before, memory, done, proof, starts_only)
    else:
        answer = _not_done(case, gates, before, memory, done, started)
    answer["attempt"] = {"id": attempt, "started": started["epoch"], "finished": case.clock.stamp()["epoch"]}
    if not done.open_end:
        _write_outcome(case, attempt, answer)
    return answer


def _write_intent(case, attempt):
    request = case.request
    if request.permit:
        case.permits.remember(request.permit, case.now)
    completes = case.unfinished["id"] if case.unfinished else None
    if completes:
        case.journal.settle(completes, case.now, "interrupted")
    case.lock.describe(pid=os.getpid(), user=_user(), attempt=attempt)
    case.journal.intend(
        attempt,
        case.now,
        service=case.identity,
        action="start" if completes else request.action,
        completes=completes,
        incarnation=life(case.state),
        was_active=_base.RUNNING if completes else case.state.active,
        timeout=request.timeout,
        incident=request.incident,
        reason=request.reason,
        permit=request.permit and {"id": request.permit["id"], "token": request.permit["token"]},
        by={"pid": os.getpid(), "user": _user()},
    )
    because = ", ".join(part for part in (request.reason, request.incident and "incident %s" % request.incident) if part) or "no reason given"
    syslog.note("attempt %s: %s of %s by %s (%s)" % (attempt, request.action, case.state.key, _user(), because), case.root)


def _write_outcome(case, attempt, answer):
    """The action is done; if its outcome cannot be written the next caller sees an interrupted attempt and looks first."""
    after = answer["after"] or {}
    try:
        case.journal.settle(
            attempt, case.clock.stamp(), answer["outcome"], incarnation=after.get("incarnation"), n_restarts=after.get("n_restarts"), msg=answer["msg"]
        )
    except paths.StateError as error:
        answer["warnings"].append("the outcome of attempt %s was not recorded: %s" % (attempt, error))


def _proven(case, gates, before, memory, done, proof, starts_only):
    after = _look(case, before)
    was, now = snapshot(before, memory), snapshot(after, proof.memory)
    facts = {
        "proven": proof.outcome == verify.SUCCEEDED,
        "gates": proof.gates,
        "active_for": round(proof.active_for, 1),
        "probes": proof.probes,
        "memory": {"before": memory, "after": proof.memory},
        "dependents": proof.dependents,
    }
    answer = result.build(case, proof.outcome, _sentence(case, proof, starts_only), gates, before=was, after=now, proof=facts)
    answer.update(changed=case.request.action != SCALE or bool(done.changed), undo=done.undo, scaled=done.changed, diff=result.diff(was, now))
    answer["notes"] += ["%s was done first" % one for one in done.prepared]
    if proof.came_back and not case.request.health:
        answer["notes"].append("no health probe was given: that it stays active is all the proof there is")
    if proof.outcome != verify.SUCCEEDED:
        _add_help(case, answer, after)
    return answer


def _sentence(case, proof, starts_only):
    did = "%s was %s" % (case.name, _PAST["start" if starts_only else case.request.action])
    missing = closed(proof.gates)
    if proof.outcome == verify.FAILED:
        missing = missing[:1]  # that it did not come back says it all
    if proof.outcome == verify.SUCCEEDED:
        return "%s and proven healthy: %s" % (did, "; ".join(one["detail"] for one in proof.gates[2:]))
    return "%s, but %s: %s" % (did, _WHAT_IS_WRONG[proof.outcome], "; ".join(one["detail"] for one in missing))


_WHAT_IS_WRONG = {
    verify.FAILED: "it did not come back",
    verify.UNVERIFIED: "the proof that it is healthy was not reached",
    verify.INCONCLUSIVE: "some probes could not run, so nothing is proven",
}


def _not_done(case, gates, before, memory, done, started):
    """The manager refused, failed or did not finish; tell truly whether the service is still what it was."""
    after = _look(case, before)
    was, now = snapshot(before, memory), snapshot(after, case.memory(after))
    same = life(after) == life(before) and after.active == before.active and not done.timed_out
    if done.kind and same:
        gates = [*gates, service_gates.unsupported(_base.Unsupported(done.error, done.kind))]
        answer = result.refusal(case, gates, memory)
        answer["changed"] = bool(done.prepared)
        return answer
    msg = "%s of %s failed: %s" % (case.request.action, case.name, done.error)
    answer = result.build(case, verify.FAILED, msg, gates, changed=not same or bool(done.prepared), before=was, after=now, diff=result.diff(was, now))
    answer["notes"] += ["%s was done first" % one for one in done.prepared]
    _add_help(case, answer, after, started["epoch"])
    return answer


def _add_help(case, answer, state, since=None):
    reason = result.exit_reason(state)
    if state.active != _base.RUNNING and reason:
        answer["notes"].append("%s is %s: %s" % (case.name, state.active, reason))
    answer["logs"] = result.last_lines(case, since or case.now["epoch"])
    answer["next_steps"] = result.next_steps(case, state)


def _look(case, before):
    try:
        return case.manager.inspect(case.name)
    except _base.ManagerError:
        return _base.ServiceState(before.manager, before.name)


def _new_id(case):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(case.now["epoch"])) + "-" + os.urandom(4).hex()


def _user():
    """Return who is behind this call, through sudo."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER")
    return "%s (sudo of %s)" % (name, behind) if behind and behind != name else name
