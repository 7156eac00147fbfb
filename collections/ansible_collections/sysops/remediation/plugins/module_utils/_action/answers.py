# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a call that went past its guard: predicted, proven or not, not done at all."""

from __future__ import annotations

from .._gates import closed
from .._managers import _base
from . import result, scaling, service_gates, verify
from .case import life, snapshot
from .request import RESTART, SCALE

_PAST = {"reload": "reloaded", "restart": "restarted", "scale": "scaled", "start": "started"}
_WHAT_IS_WRONG = {
    verify.FAILED: "it did not come back",
    verify.UNVERIFIED: "the proof that it is healthy was not reached",
    verify.INCONCLUSIVE: "some probes could not run, so nothing is proven",
}


def predicted(case, gates, memory):
    before = snapshot(case.state, memory)
    after = dict(before)
    if case.request.action == RESTART:
        after.update(active=_base.RUNNING, incarnation="(a new one)", memory=None)
    elif case.request.action == SCALE:
        after["limits"] = dict(before["limits"], **scaling.new_limits(case.state.limits, case.request.scale))
    msg = "%s would be %s" % (case.name, _PAST["start" if case.request.action == RESTART and case.down else case.request.action])
    return result.build(case.state, case.request.action, "predicted", msg, gates, changed=True, before=before, after=after, diff=result.diff(before, after))


def proven(case, gates, before, memory, done, proof, starts_only):
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
    answer = result.build(before, case.request.action, proof.outcome, _sentence(case, proof, starts_only), gates, before=was, after=now, proof=facts)
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


def not_done(case, gates, before, memory, done, started):
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
    answer = result.build(before, case.request.action, verify.FAILED, msg, gates, before=was, after=now, diff=result.diff(was, now))
    answer["changed"] = not same or bool(done.prepared)
    answer["notes"] += ["%s was done first" % one for one in done.prepared]
    _add_help(case, answer, after, started["epoch"])
    return answer


def _add_help(case, answer, state, since=None):
    reason = result.exit_reason(state)
    if state.active in _base.DOWN and reason:
        answer["notes"].append("%s is %s: %s" % (case.name, state.active, reason))
    answer["logs"] = result.last_lines(case, since or case.now["epoch"])
    answer["next_steps"] = result.next_steps(case, state)


def _look(case, before):
    try:
        return case.manager.inspect(case.name)
    except _base.ManagerError:
        return _base.ServiceState(before.manager, before.name)
