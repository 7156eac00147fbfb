# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that an action helped: the service lives a new life, stays alive, answers its probes and needs less memory than before."""

from __future__ import annotations

import statistics

from .. import _health
from .._gates import closed, gate
from .._managers import _base
from .._units import human_duration, human_size
from . import service_gates
from .case import life
from .request import RESTART, SCALE

SUCCEEDED, UNVERIFIED, INCONCLUSIVE, FAILED = "succeeded", "unverified", "inconclusive", "failed"
_SLOPE_NEEDS = 60.0  # seconds of watching before a slope says anything
_SLOPE_POINTS = 60
_STOPPED_LOOKS = 3  # in a row, before "stopped" is believed: init scripts return before their daemon has written its PID file
_NOISE = 1024 * 1024  # bytes by which two lives of the same service differ anyway


class Proof:
    """The gates of the proof, and what they were judged on."""

    def __init__(self, watch, gates):
        self.gates = gates
        self.active_for = watch.active_for
        self.probes = [streak.as_dict() for streak in watch.streaks]
        self.memory = watch.memory_now
        self.came_back = watch.up_since is not None and not watch.broken and not watch.unseen
        self.dependents = [dict(one, active_after=watch.dependents_after.get(one["name"])) for one in watch.dependents]

    @property
    def outcome(self):
        missing = closed(self.gates)
        if not missing:
            return SUCCEEDED
        if not self.came_back:
            return FAILED
        return INCONCLUSIVE if all(one["value"] == _health.INCONCLUSIVE for one in missing) else UNVERIFIED


def prove(case, before, memory_before):
    """Watch the service until everything is proven, something is broken, or the deadline has come."""
    watch = _Watch(case, before)
    deadline = watch.begun + case.request.verify.deadline
    while True:
        watch.look()
        if watch.broken or watch.complete or case.clock.stamp()["monotonic"] + case.request.verify.interval > deadline:
            break
        case.clock.sleep(case.request.verify.interval)
    watch.finish()
    return Proof(watch, _gates(case, watch, before, memory_before))


class _Watch:
    """Looks at the service again and again, and remembers what it saw."""

    def __init__(self, case, before):
        self.case = case
        self.wants = case.request.verify
        self.begun = case.clock.stamp()["monotonic"]
        self.now = self.begun
        self.state = before
        self.life_before = life(before)
        self.life = None  # of the incarnation that is being proven
        self.up_since = None
        self.broken = ""  # a sentence, once it is certain that it will not come right by itself
        self.unseen = ""  # a sentence, while its manager gives no answer
        self.restarts_before = before.n_restarts
        self.stopped_looks = 0
        self.streaks = [_health.Streak(probe, self.wants.passes) for probe in case.request.health]
        self.memories = []  # (seconds, bytes)
        self.memory_now = None
        self.dependents = service_gates.active_dependents(case) if case.request.action == RESTART else []
        self.dependents_after = {}
        self.view = _View(case, self)

    @property
    def active_for(self):
        return 0.0 if self.up_since is None else self.now - self.up_since

    @property
    def complete(self):
        if self.unseen or self.up_since is None or self.active_for < self.wants.verify_for:
            return False
        return all(one.proven or one.hopeless for one in self.streaks) and self._dependents_are_back()

    def look(self):
        try:
            self.state = self.case.manager.inspect(self.case.name)
        except _base.ServiceNotFound as error:
            self.broken = str(error)
            return
        except _base.ManagerError as error:
            self.unseen = "%s cannot be seen any more: %s" % (self.case.name, error)  # its manager may be busy: look again
            return
        self.unseen = ""
        self.now = self.case.clock.stamp()["monotonic"]
        if self.state.active != _base.RUNNING:
            self._down("%s is %s (%s)" % (self.case.name, self.state.active, self.state.result or self.state.sub))
        elif self._is_the_life_to_prove():
            self._ask_probes()
            if self.wants.verify_for >= _SLOPE_NEEDS:
                self._measure()

    def finish(self):
        if self.up_since is not None:
            self._measure()
            self._dependents_are_back()

    def _is_the_life_to_prove(self):
        found = life(self.state)
        self.stopped_looks = 0
        if self.up_since is None:
            if self.case.request.action == RESTART and found == self.life_before and found is not None:
                return False  # the old one still
            self.life, self.up_since = found, self.now
        if found != self.life:
            self.broken = "%s was restarted again after %s" % (self.case.name, human_duration(self.active_for))
        elif self.restarts > 0:
            self.broken = "%s was restarted %d times by its manager since" % (self.case.name, self.restarts)
        return not self.broken

    @property
    def restarts(self):
        """Restarts by the manager since the action; a restart by hand sets systemd's counter back to 0."""
        seen, before = self.state.n_restarts or 0, self.restarts_before or 0
        return seen if seen < before else seen - before

    def _down(self, what):
        if self.up_since is not None:
            self.broken = "%s after it had been up for %s" % (what, human_duration(self.active_for))
        elif self.state.active == _base.FAILED:
            self.broken = what
        elif self.state.active == _base.STOPPED:
            self.stopped_looks += 1
            self.broken = what if self.stopped_looks >= _STOPPED_LOOKS else ""

    def _ask_probes(self):
        for streak in self.streaks:
            streak.add(*_health.check(streak.probe, self.view))
        self.now = self.case.clock.stamp()["monotonic"]

    def _measure(self):
        self.memory_now = self.case.memory(self.state)
        if self.memory_now is not None:
            self.memories.append((self.now, self.memory_now))

    def _dependents_are_back(self):
        if not self.dependents:
            return True
        try:
            self.dependents_after = {one["name"]: one["active"] for one in self.case.manager.dependents(self.case.name)}
        except _base.ManagerError:
            return False
        return all(self.dependents_after.get(one["name"]) == _base.RUNNING for one in self.dependents)


class _View:
    """What probes may ask of the service's manager."""

    def __init__(self, case, watch):
        self._case = case
        self._watch = watch

    def status_text(self):
        return self._watch.state.properties.get("StatusText")

    def log_lines(self):
        """Return what was logged since just before the action, None if this manager gives no logs."""
        lines = self._case.log_lines()
        return new_lines(self._case.log_before, lines) if lines else None


def new_lines(before, after):
    """Return the lines of a log's end that an earlier look at its end did not show; not every manager tells when a line was written."""
    for lines in (after, after[1:]):  # the first line may have been cut
        for known in range(min(len(before), len(lines)), 0, -1):
            if before[-known:] == lines[:known]:
                return lines[known:]
    return after


def _gates(case, watch, before, memory_before):
    gates = [_came_back(case, watch), _right_life(case, watch)]
    if watch.up_since is None:
        return gates
    gates += [_stayed(watch), _no_restarts(watch)]
    gates += [_probe(streak) for streak in watch.streaks]
    gates += [_memory_below(case, watch, memory_before), _slope(case, watch, memory_before), _dependents(watch), _raised(case, watch, before)]
    return [one for one in gates if one]


def _came_back(case, watch):
    if watch.broken or watch.unseen:
        return gate("came_back", False, watch.broken or watch.unseen, value=watch.state.active)
    if watch.up_since is not None:
        return gate("came_back", True, "%s is running" % case.name, value=watch.state.active)
    waited = human_duration(case.request.verify.deadline)
    still = "is still in its old life" if watch.state.active == _base.RUNNING else "is %s (%s)" % (watch.state.active, watch.state.sub)
    return gate("came_back", False, "%s %s %s after the action" % (case.name, still, waited), value=watch.state.active)


def _right_life(case, watch):
    if case.request.action == RESTART:
        new = watch.life is not None and watch.life != watch.life_before
        said = "it is a new incarnation" if new else "no new incarnation was seen"
        return gate("new_incarnation", new, said, value=watch.life, threshold=watch.life_before)
    same = watch.life == watch.life_before
    said = "it is the same incarnation as before" if same else "it is another incarnation: the %s restarted it" % case.request.action
    return gate("same_incarnation", same, said, value=watch.life, threshold=watch.life_before)


def _stayed(watch):
    wanted = watch.wants.verify_for
    stayed = not watch.broken and watch.active_for >= wanted
    detail = "active for %s, %s wanted" % (human_duration(watch.active_for), human_duration(wanted))
    return gate("stayed_active", stayed, detail, value=round(watch.active_for, 1), threshold=wanted, unit="seconds")


def _no_restarts(watch):
    return gate("no_further_restarts", watch.restarts == 0, "%d automatic restarts since the action" % watch.restarts, watch.restarts, 0, "count")


def _probe(streak):
    facts = streak.as_dict()
    detail = "%s: %s" % (facts["status"], facts["detail"])
    return gate("probe_%s" % facts["type"], streak.proven, detail, value=facts["status"], threshold="%d passes in a row" % facts["required"])


def _memory_below(case, watch, before):
    """A new life may come within noise of the old one; a reload is in the old life, and has to show a real drop."""
    now = watch.memory_now
    if case.request.action == SCALE or before is None or now is None:
        return None
    allowed = before + max(_NOISE, before // 20) if case.request.action == RESTART else before - before // 20
    detail = "%s now, %s before the %s" % (human_size(now), human_size(before), case.request.action)
    return gate("memory_below", now <= allowed, detail, value=now, threshold=allowed, unit="bytes")


def _slope(case, watch, before):
    """At this pace, is the memory back where it was before we could act again?"""
    if case.request.action == SCALE or before is None or len(watch.memories) < 10 or watch.memories[-1][0] - watch.memories[0][0] < _SLOPE_NEEDS:
        return None
    pace, now = _median_slope(watch.memories), watch.memories[-1][1]
    if pace <= 0 or now >= before:
        return gate("memory_slope", True, "memory does not grow" if pace <= 0 else "judged by memory_below", value=pace, unit="bytes/second")
    left = (before - now) / pace
    detail = "grows %s per minute: back at %s in %s" % (human_size(pace * 60), human_size(before), human_duration(left))
    return gate("memory_slope", left > case.request.cooldown, detail, value=left, threshold=case.request.cooldown, unit="seconds")


def _median_slope(points):
    """Theil-Sen: not moved by single outliers, such as a burst of work right after the start."""
    thin = points[:: max(1, len(points) // _SLOPE_POINTS)]
    slopes = [(later[1] - earlier[1]) / (later[0] - earlier[0]) for i, earlier in enumerate(thin) for later in thin[i + 1 :] if later[0] > earlier[0]]
    return statistics.median(slopes) if slopes else 0.0


def _dependents(watch):
    if not watch.dependents:
        return None
    missing = [one["name"] for one in watch.dependents if watch.dependents_after.get(one["name"]) != _base.RUNNING]
    detail = "not active any more: %s" % ", ".join(missing) if missing else "all %d that were active are active" % len(watch.dependents)
    return gate("dependents_active", not missing, detail, value=len(watch.dependents) - len(missing), threshold=len(watch.dependents), unit="count")


def _raised(case, watch, before):
    if case.request.action != SCALE:
        return None
    raised = [name for name, value in watch.state.limits.items() if value > (before.limits.get(name) or value)]
    detail = "%s raised" % " and ".join(sorted(raised)) if raised else "the limits are as before"
    return gate("limit_raised", bool(raised), detail, value=watch.state.limits, threshold=before.limits)
