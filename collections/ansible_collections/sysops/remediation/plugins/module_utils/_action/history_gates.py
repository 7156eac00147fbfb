# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that look at the past: what was tried on this service, by whom, and whether somebody said "hands off"."""

from __future__ import annotations

import os

from .._gates import gate
from .._host_state import pause
from .._host_state.clock import elapsed
from .._managers import _base
from .._units import human_duration
from .case import life
from .request import RESTART
from .service_gates import gave_up

_LOST = 600.0  # seconds beyond its timeout within which an attempt that nobody finished can be the reason why a service is down
_NOT_PROVEN = ("unverified", "inconclusive", "failed")


def paused(case):
    for one in pause.current(case.directory, case.identity, case.now):
        whom = "this host" if one["subject"] == pause.HOST else case.name
        until = "until somebody removes it" if one["until"] is None else "for another %s" % human_duration(one["until"] - case.now["epoch"])
        because = " (%s)" % one["reason"] if one["reason"] else ""
        return gate("pause", False, "%s is paused %s%s; the pause is %s" % (whom, until, because, one["path"]), opens_at=one["until"])
    return gate("pause", True, "neither %s nor this host is paused" % case.name)


def permitted(case):
    permit = case.request.permit
    if not permit:
        return None
    objection = case.permits.objection(permit, case.now)
    if objection:
        return gate("permit", False, objection[1], value=permit["token"])
    return gate("permit", True, "permit %s with token %d is valid" % (permit["id"], permit["token"]), value=permit["token"])


def unfinished(case):
    """An attempt without an end was interrupted: what it did is unknown, so look first. A service it left stopped may be started."""
    attempt = case.unfinished
    if not attempt:
        return None
    age = elapsed(attempt["at"], case.now)
    what = "attempt %s (%s, %s ago) was interrupted" % (attempt["id"], attempt["action"], human_duration(age))
    if may_complete(case):
        return gate("unfinished_attempt", True, "%s and left %s stopped: it is started now, not restarted" % (what, case.name), value=age, unit="seconds")
    return gate("unfinished_attempt", False, "%s, so what was diagnosed may no longer be true: diagnose again" % what, value=age, unit="seconds")


def may_complete(case):
    """Is the service down because an interrupted restart of ours never came to its start?"""
    attempt = case.unfinished
    if not attempt or not case.down or attempt["action"] not in (RESTART, "start") or attempt["at"]["boot_id"] != case.now["boot_id"]:
        return False
    if attempt.get("was_active") != _base.RUNNING or gave_up(case.state):
        return False
    window = attempt.get("timeout", 0.0) + _LOST
    if case.state.stopped_at is None:
        return elapsed(attempt["at"], case.now) <= window
    after_intent = elapsed(attempt["at"], case.now) - (case.now["epoch"] - case.state.stopped_at)
    return -5.0 <= after_intent <= window  # managers tell whole seconds


def cooldown(case):
    counted = _counted(case)
    wanted = case.request.cooldown
    if not counted or may_complete(case):
        return gate("cooldown", True, "nothing was tried on %s that could count" % case.name, threshold=wanted, unit="seconds")
    last = counted[-1]
    age = elapsed(last["at"], case.now)
    said = "%s was tried %s ago (attempt %s, %s)" % (last["action"], human_duration(age), last["id"], _ending(last))
    if age >= wanted:
        return gate("cooldown", True, said, value=age, threshold=wanted, unit="seconds")
    if _next_rung(case, last):
        return gate("cooldown", True, said + "; this is the next step of the same incident", value=age, threshold=wanted, unit="seconds")
    left = wanted - age
    detail = "%s; the cooldown of %s ends in %s" % (said, human_duration(wanted), human_duration(left))
    return gate("cooldown", False, detail, value=age, threshold=wanted, unit="seconds", opens_at=case.now["epoch"] + left)


def budget(case):
    within, most = case.request.within, case.request.max_attempts
    ages = [elapsed(one["at"], case.now) for one in _counted(case)]
    recent = sorted(age for age in ages if age < within)
    said = "%d of %d attempts within %s are used" % (len(recent), most, human_duration(within))
    if len(recent) < most or may_complete(case):
        return gate("attempt_budget", True, said, value=len(recent), threshold=most, unit="count")
    left = within - recent[most - 1]
    detail = "%s; the next one is free in %s. A service that needs this is not helped by restarts" % (said, human_duration(left))
    return gate("attempt_budget", False, detail, value=len(recent), threshold=most, unit="count", opens_at=case.now["epoch"] + left)


def stand_down(case):
    """Somebody else has just acted on this service: a person, a deployment, a package upgrade, systemd itself, a reboot. Let them finish."""
    wanted = case.request.stand_down
    age, what = _last_change(case)
    if age is None or age >= wanted or may_complete(case) or _is_ours(case):
        return gate("stand_down", True, "nobody else has touched %s lately" % case.name, value=age, threshold=wanted, unit="seconds")
    left = wanted - age
    detail = "%s, not by this tool: whoever did it gets %s; standing down for another %s" % (what, human_duration(wanted), human_duration(left))
    return gate("stand_down", False, detail, value=age, threshold=wanted, unit="seconds", opens_at=case.now["epoch"] + left)


def _last_change(case):
    """Return (seconds ago, sentence) of the last start or stop, (None, "") if there is none to speak of."""
    state = case.state
    if case.down:
        if state.stopped_at is None or state.active != _base.STOPPED:
            return None, ""  # it failed: that is why we are here
        age = max(0.0, case.now["epoch"] - state.stopped_at)
        return age, "%s was stopped %s ago" % (case.name, human_duration(age))
    if not state.incarnation or state.incarnation.start_ticks is None:
        return None, ""
    age = max(0.0, case.now["monotonic"] - state.incarnation.start_ticks / os.sysconf("SC_CLK_TCK"))
    what = "%s was started %s ago" % (case.name, human_duration(age))
    if age >= case.now["monotonic"] - 300:
        what += ", with the host's boot"
    if state.n_restarts and state.n_restarts > _restarts_we_know(case):
        what += ", by %s itself (%d automatic restarts)" % (state.manager, state.n_restarts)
    return age, what


def _restarts_we_know(case):
    outcomes = [one["outcome"] for one in case.attempts if one["outcome"]]
    return (outcomes[-1].get("n_restarts") or 0) if outcomes else 0


def _is_ours(case):
    """Did one of our attempts begin this life?"""
    return life(case.state) in {one["outcome"].get("incarnation") for one in case.attempts if one["outcome"]} - {None}


def _counted(case):
    """The attempts that limits count: the start that completes an interrupted restart belongs to that restart."""
    return [one for one in case.attempts if not one.get("completes") and _ending(one) != "refused"]


def _next_rung(case, last):
    """The ladder may climb at once: same incident, another action, and the step before did not prove itself."""
    incident = case.request.incident
    if not incident or last.get("incident") != incident or _ending(last) not in _NOT_PROVEN:
        return False
    return case.request.action not in [one["action"] for one in case.attempts if one.get("incident") == incident]


def _ending(attempt):
    return attempt["outcome"]["outcome"] if attempt["outcome"] else "interrupted"
