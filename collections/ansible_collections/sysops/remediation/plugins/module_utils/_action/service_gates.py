# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that look at the service as it is now."""

from __future__ import annotations

from .._gates import gate
from .._managers import _base
from .request import NOT_RUNNING, RELOAD, RESTART


def incarnation(case):
    """Never act on another life than the one that was diagnosed."""
    expected = case.request.expect
    if expected is None:
        return None
    found = case.state.incarnation.id if case.state.incarnation else NOT_RUNNING  # a unit without a process was diagnosed without one, too
    if found in _heirs(case, expected):
        return gate("incarnation", True, "%s is still the one that was diagnosed" % case.name, value=found, threshold=expected)
    if found == NOT_RUNNING:
        what = "%s has stopped (%s) since it was diagnosed" % (case.name, case.state.result or case.state.active)
    elif expected == NOT_RUNNING:
        what = "%s was diagnosed as not running and has been started since" % case.name
    else:
        what = "%s has been restarted since it was diagnosed" % case.name
    return gate("incarnation", False, what + ": diagnose again", value=found, threshold=expected)


def _heirs(case, expected):
    """Return the life that was diagnosed, and those that earlier steps of the same incident made of it."""
    lives = {expected}
    incident = case.request.incident
    steps = [one for one in case.attempts if incident and one.get("incident") == incident and one["outcome"]]
    for step in steps:
        if (step.get("incarnation") or NOT_RUNNING) in lives:
            lives.add(step["outcome"].get("incarnation") or NOT_RUNNING)
    return lives


def settled(case):
    if case.state.active in (_base.STARTING, _base.STOPPING, _base.UNKNOWN):
        detail = "%s is %s just now (%s): wait until that is over" % (case.name, case.state.active, case.state.sub or "no word from its manager")
        return gate("settled", False, detail, value=case.state.active)
    return gate("settled", True, "%s is %s" % (case.name, case.state.active), value=case.state.active)


def running(case):
    if case.request.action == RESTART or not case.down:
        return None
    return gate("running", False, "%s is %s: there is nothing to %s" % (case.name, case.state.active, case.request.action), value=case.state.active)


def startable(case):
    """Stopping a unit that cannot be started again would turn a leak into an outage."""
    if case.request.action != RESTART:
        return None
    if case.state.flags.get("masked"):
        return gate("startable", False, "%s is masked: once stopped it cannot be started; unmask it first, if that is meant" % case.name, value="masked")
    load = case.state.properties.get("LoadState", "loaded")
    if load != "loaded":
        return gate("startable", False, "the definition of %s is %s: once stopped it cannot be started" % (case.name, load), value=load)
    return gate("startable", True, "%s can be started again" % case.name)


def definition(case):
    """A unit edited on disk: a restart would run something else than what is in memory, or half of it."""
    if case.request.action != RESTART or not case.state.flags.get("need_daemon_reload"):
        return None
    if case.request.daemon_reload:
        return gate("definition", True, "the unit file of %s changed on disk: daemon-reload is done first, as allowed" % case.name)
    detail = "the unit file of %s changed on disk since it was read: run daemon-reload after looking at the change, or allow it (daemon_reload: true)"
    return gate("definition", False, detail % case.name)


def gave_up(state):
    """Has the manager stopped starting it after several tries? systemd keeps the result of the last try, so a flag tells."""
    return state.active == _base.FAILED and bool(state.result == "start-limit-hit" or state.flags.get("gave_up"))


def start_limit(case):
    if case.request.action != RESTART or not gave_up(case.state):
        return None
    if case.request.reset_failed:
        first = ": reset-failed is done first, as allowed" if case.manager.name == "systemd" else ": it is started once more, as allowed"
        return gate("start_limit", True, "%s hit its start limit%s" % (case.name, first))
    detail = "%s was started too often in a short time and its manager gives up: find out why it dies, or allow one more try (reset_failed: true)"
    return gate("start_limit", False, detail % case.name)


def dependencies(case):
    """If what the service needs has failed, that is the cause; restarting the victim does not help."""
    if case.request.action != RESTART:
        return None
    failed = [one for one in case.dependencies if one["active"] == _base.FAILED and one["hard"]]
    if not failed:
        return gate("dependencies", True, "nothing that %s requires has failed" % case.name)
    names = ", ".join("%s (%s)" % (one["name"], one["relation"]) for one in failed)
    detail = "%s needs %s, which has failed: that is the cause, look there first" % (case.name, names)
    return gate("dependencies", False, detail, value=[one["name"] for one in failed])


def dependents(case):
    """A restart takes along what requires the service; beyond a number, a person should decide."""
    if case.request.action != RESTART:
        return None
    taken, most = [one for one in active_dependents(case) if one["hard"]], case.request.max_dependents
    wishing = [one["name"] for one in active_dependents(case) if not one["hard"]]
    names = ", ".join(one["name"] for one in taken) or "none"
    detail = "active services that a restart of %s takes along: %d (%s), at most %d are allowed" % (case.name, len(taken), names, most)
    if wishing:
        detail += "; not counted, they only want it: %s" % ", ".join(wishing)
    return gate("dependents", len(taken) <= most, detail, value=len(taken), threshold=most, unit="count")


def active_dependents(case):
    return [one for one in case.dependents if one["active"] == _base.RUNNING]


def reloadable(case):
    if case.request.action != RELOAD or case.state.manager != "systemd" or case.state.flags.get("can_reload"):
        return None
    return unsupported(_base.Unsupported("%s has no ExecReload=: it cannot reload, use a restart" % case.name, "reload"))


def unsupported(error):
    """The manager's own "no" (masked, template, static, cannot reload …) as a gate."""
    return gate("supported", False, str(error), value=error.kind)
