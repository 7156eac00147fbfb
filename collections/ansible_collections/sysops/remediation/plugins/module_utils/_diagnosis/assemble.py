# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of one service: its series, its limits and its end are handed to ``_leaks``; the answer is put into shape."""

from __future__ import annotations

import json

from .. import _leaks
from .._sampling.host import hides_processes
from .._sampling.sampler import RESOURCES
from .._sampling.shared import fixed_regions
from . import sources
from .limits import find_limits

MAX_BYTES = 48 * 1024  # of one service's diagnosis as JSON
TOP_PROCESSES = 5
HELD = ("anon", "swap", "shmem", "kernel")  # memory that is not given back when it gets short
_FEWER_POINTS = (30, 15, 0)

_STATE_FIELDS = ("active", "sub", "result", "n_restarts", "exit_code", "exit_signal", "stopped_at")


class Evidence:
    """All that is known of one service, before it is judged."""

    def __init__(self, service):
        self.service = service
        self.segments = []  # of the live window, oldest first
        self.lives = []  # of the history, oldest first
        self.series = {}  # resource -> points that the caller handed in
        self.notes = []  # sentences for the explanation
        self.warnings = []  # what limits the diagnosis
        self.is_damaged = False  # part of its history could not be read
        self.lives_watched = set()  # of the live window, those that were too short for a sample included
        self.restarts_before = service.state.n_restarts
        self.post_mortem = None
        self.oom_killed = False
        self.runtime = None  # what _runtimes makes of its processes
        self.context = {}  # more for _leaks, by resource: live_after_gc ...
        self.limits = {}  # limits that only the runtime knows, by resource


def diagnose(evidence, root, host, boot, max_points):
    """Return the diagnosis of one service, in the shape of docs/architecture.md.

    :param boot: short id of the boot that runs, as the history store writes it.
    """
    service, state = evidence.service, evidence.service.state
    current, previous = _current_life(evidence, boot)
    taken = evidence.segments[-1].last if evidence.segments and state.main_pid else None
    series, warnings = _on_our_clock(evidence.series, host["time"])
    merged = {name: _merge(name, evidence, current, series) for name in RESOURCES}
    limits = find_limits(root, state, taken, host)
    memory = sum(merged[name].points[-1][1] for name in HELD if merged[name].points)
    resources = {}
    for name in RESOURCES:
        if merged[name].points:
            context = _context(name, evidence, current, previous, merged[name])
            if name in HELD:
                context["memory"] = memory
            if name == "kernel":
                context["mapped_growth"] = sum(_highest_rise(merged[mapped].points) for mapped in ("anon", "shmem"))
            if taken:
                context.update(_bounds(name, taken, merged[name].points, root))
            known = evidence.limits.get(name, []) + limits.get(name, [])
            resources[name] = _leaks.diagnose_series(merged[name].points, RESOURCES[name], known, context)
        else:
            resources[name] = _leaks.unreadable(RESOURCES[name], _why_unreadable(name, evidence, root), name)
    state_dict = _state_dict(state)
    summary = _leaks.summarise(resources, evidence.post_mortem, state_dict, evidence.notes)
    found = {
        "service": state.key,
        "name": state.name,
        "manager": state.manager,
        "manager_reason": service.reason,
        "scope": state.scope,
        "server": service.server,
        "state": state_dict,
        "incarnation": state.incarnation.as_dict() if state.incarnation else None,
        "verdict": summary["verdict"],
        "urgency": summary["urgency"],
        "resource": summary["resource"],
        "summary": summary["summary"],
        "explanation": summary["explanation"],
        "exhaustion": summary["exhaustion"],
        "gates": summary["gates"],
        "resources": {name: _resource(one, merged[name], max_points) for name, one in resources.items()},
        "sources": _sources(evidence, current, merged, summary["resource"] or "anon"),
        "process": _process(evidence, taken),
        "post_mortem": evidence.post_mortem,
        "sparkline": summary["sparkline"],
        "warnings": evidence.warnings + warnings,
    }
    return bounded(found)


def _current_life(evidence, boot):
    """Return (the recorded life that is to be judged, the one before it): the life that runs, or the one that ended last."""
    state, lives = evidence.service.state, evidence.lives
    if state.incarnation is None:
        current = lives[-1] if lives and _may_be(lives[-1], state.last_incarnation) else None
    else:
        identity = (boot, state.incarnation.main_pid, state.incarnation.start_ticks)
        current = next((life for life in lives if life.identity == identity), None)
    before = [life for life in lives if life is not current]
    return current, (before[-1] if before else None)


def _may_be(life, last):
    """Tell whether a recorded life can be the one that the manager says ended last; a later one may never have been recorded."""
    last = last or {}
    if last.get("main_pid"):
        return life.identity[1] == last["main_pid"]
    return not last.get("started_at") or life.end >= last["started_at"] - 1


def _live(name, evidence):
    return [point for segment in evidence.segments for point in segment.points[name]]


def _on_our_clock(series, now):
    """Return (series that do not end in the future, warnings)."""
    corrected = {name: sources.correct_clock(points, now) for name, points in series.items()}
    ahead = max([seconds for _points, seconds in corrected.values()] + [0.0])
    warnings = ["the clock of the series that was handed in is %d s ahead of this host's; it was moved back" % ahead] if ahead else []
    return {name: points for name, (points, _seconds) in corrected.items()}, warnings


def _merge(name, evidence, current, series):
    history = list(current.points[name]) if current else []
    return sources.merge(_live(name, evidence), history, series.get(name) or [])


def _context(name, evidence, current, previous, merged):
    incarnation = evidence.service.state.incarnation
    started_at = incarnation.started_at if incarnation else (current.started_at if current else None)
    context = {
        "resource": name,
        "source": merged.carried_by,
        "started_at": started_at,
        "boundaries": _boundaries(evidence, started_at),
        "oom_killed": evidence.oom_killed,
    }
    if previous and previous.points[name]:
        context["previous"] = previous.points[name]
        if previous.started_at is not None:
            context["previous_started_at"] = previous.started_at
    context.update(evidence.context.get(name, {}))
    return context


def _bounds(name, taken, points, root):
    """Return the facts by which ``_leaks`` tells growth towards a bound. Mappings are read only where shared memory grew."""
    if name == "fds":
        return {"files": taken.files}
    if name == "shmem" and points[-1][1] > points[0][1]:
        return {"shared": {"fixed": fixed_regions(root, taken.pids), "unlinked": taken.unlinked}}
    return {}


def _highest_rise(points):
    """Of garbage each tooth maps memory, though its floor never rises; page tables stay when the collector gives it back."""
    lowest, rise = float("inf"), 0.0
    for _when, value in points:
        lowest = min(lowest, value)
        rise = max(rise, value - lowest)
    return rise


def _boundaries(evidence, started_at):
    """Return when incarnations began: points of different ones are never compared by mistake."""
    begun = [started_at] + [life.started_at for life in evidence.lives] + [_begin(segment) for segment in evidence.segments[1:]]
    return sorted({when for when in begun if when is not None})


def _begin(segment):
    return min((points[0][0] for points in segment.points.values() if points), default=None)


def _why_unreadable(name, evidence, root):
    for segment in reversed(evidence.segments):
        if name in segment.unreadable:
            return segment.unreadable[name]
    state = evidence.service.state
    if state.flags.get("no_process"):
        return "the service is active without a process of its own"
    if not state.main_pid:
        return "the service has no process (%s) and no history of it was recorded" % (state.sub or state.active)
    hidden = hides_processes(root)
    why = "is hidden from this user (/proc is mounted with %s)" % hidden if hidden else "is not visible to this user"
    return "main process %s %s; run with become: true" % (state.main_pid, why)


def _state_dict(state):
    return dict({field: getattr(state, field) for field in _STATE_FIELDS}, notes=list(state.notes))


def _resource(one, merged, max_points):
    """Return what the result says of one resource; details of resources at rest would only fill it."""
    decided = [gate for gate in one["gates"] if gate["name"] == one["decided_by"]]
    at_rest = one["verdict"] in ("healthy", "insufficient_data")
    return {
        "unit": one["unit"],
        "first": one["first"],
        "now": one["now"],
        "verdict": one["verdict"],
        "urgency": one["urgency"],
        "confidence": one["confidence"],
        "slope": one["slope"],
        "limit": one["limit"],
        "gates": decided[-1:] if at_rest else one["gates"],
        "points": thin(one["points"], max_points),
        "source": merged.carried_by,
    }


def thin(points, at_most):
    """Return at most so many points, first and last included, rounded; a flat series is its two ends."""
    if len(points) > 2 and len({value for _when, value in points}) == 1:
        points = [points[0], points[-1]]
    if len(points) > at_most:
        last = max(1, at_most - 1)
        points = [points[place * (len(points) - 1) // last] for place in range(at_most)] if at_most > 1 else points[-1:]
    return [[round(when, 1), round(value, 2)] for when, value in points] if at_most else []


def _sources(evidence, current, merged, resource):
    """Return what each source had, for the resource that speaks for the service, and why one was not used."""
    history = current.points[resource] if current else []
    found = []
    for name, points in (("live", _live(resource, evidence)), ("history", history), ("series", evidence.series.get(resource) or [])):
        if points:
            times = [when for when, _value in points]
            used = name in merged[resource].used
            why = "carries the verdict" if name == merged[resource].carried_by else merged[resource].reasons.get(name, "joined" if used else "not needed")
            found.append({"name": name, "points": len(points), "start": min(times), "end": max(times), "used": used, "why": why})
    return found


def _process(evidence, taken):
    state = evidence.service.state
    segment = evidence.segments[-1] if evidence.segments else None
    processes = segment.last_processes if segment else {}
    top = sorted(processes, key=lambda pid: -processes[pid]["anon"])[:TOP_PROCESSES]
    return {
        "main_pid": state.main_pid,
        "count": len(taken.pids) if taken else 0,
        "comm": processes.get(state.main_pid, {}).get("comm"),
        "fds": dict(sorted(taken.fd_kinds.items())) if taken else {},
        "top": [_top(pid, processes[pid], segment.first_processes.get(pid)) for pid in top],
        "runtime": evidence.runtime,
    }


def _top(pid, now, first):
    return {"pid": pid, "comm": now["comm"], "anon": now["anon"], "grown": now["anon"] - first["anon"] if first else None, "pss": None}


def bounded(found):
    """Keep the result of one service below MAX_BYTES: charts go first, then details of gates, never the verdict."""
    for points in _FEWER_POINTS:
        if len(json.dumps(found)) <= MAX_BYTES:
            return found
        for one in found["resources"].values():
            one["points"] = thin(one["points"], points)
    if len(json.dumps(found)) > MAX_BYTES:
        for one in found["resources"].values():
            one["gates"] = one["gates"][-1:]
        found["explanation"] = [sentence[:500] for sentence in found["explanation"][:5]]
        found["state"]["notes"] = [note[:500] for note in found["state"]["notes"][:5]]
        if found["post_mortem"]:
            found["post_mortem"]["evidence"] = [line[:500] for line in found["post_mortem"]["evidence"][:10]]
    return found
