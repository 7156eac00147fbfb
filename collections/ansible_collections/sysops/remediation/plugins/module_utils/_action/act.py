# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one action of a call. What is done here changes the service; whether it helped is not judged here."""

from __future__ import annotations

from .._managers import _base
from . import helper, scaling, service_gates
from .request import RELOAD, RESTART, SCALE

_SLACK = 60.0  # seconds beyond the timeouts that the helper gets for its questions to the manager


class Done:
    """What came of it, as far as the manager tells."""

    def __init__(self, error=None, kind=None, timed_out=False, open_end=False):
        self.error = error
        self.kind = kind  # of an Unsupported
        self.timed_out = timed_out
        self.open_end = open_end  # a helper is still at it: the attempt has not ended
        self.changed = {}  # limits that scale changed
        self.undo = None
        self.prepared = []  # reset-failed, daemon-reload: they change something too


def act(case, starts_only):
    """Do what was asked for; never raises for what the manager says."""
    prepared = []
    try:
        _prepare(case, prepared)
        done = _act(case, starts_only)
    except _base.Unsupported as error:
        done = Done(str(error), kind=error.kind)
    except _base.ManagerError as error:
        done = Done(str(error), timed_out=isinstance(error, _base.TimedOut))
    done.prepared = prepared
    return done


def _prepare(case, prepared):
    request = case.request
    if request.action != RESTART:
        return
    if request.daemon_reload and case.state.flags.get("need_daemon_reload"):
        case.manager.daemon_reload(request.timeout)
        prepared.append("daemon-reload")
    if request.reset_failed and service_gates.gave_up(case.state) and case.manager.name == "systemd":
        case.manager.reset_failed(case.name, request.timeout)
        prepared.append("reset-failed")


def _act(case, starts_only):
    request, manager = case.request, case.manager
    if request.action == RELOAD:
        manager.reload(case.name, request.timeout)
    elif request.action == SCALE:
        return _scale(case)
    elif starts_only:
        manager.start(case.name, request.timeout)
    elif manager.atomic_restart:
        manager.restart(case.name, request.timeout, request.force_kill)
    else:
        return _stop_and_start(case)
    return Done()


def _scale(case):
    limits = scaling.new_limits(case.state.limits, case.request.scale)
    answer = case.manager.scale(case.name, memory_max=limits.get("memory_max"), memory_high=limits.get("memory_high"), persist=case.request.scale.persist)
    done = Done()
    done.changed, done.undo = answer["changed"], answer["undo"]
    return done


def _stop_and_start(case):
    helping = helper.stop_and_start(case.manager, case.name, case.request.timeout, case.request.force_kill)
    try:
        answer = helping.answer(2 * case.request.timeout + _SLACK)
    finally:
        helping.close()
    if answer is None:
        return Done("the detached helper (process %d) gave no answer" % helping.pid, open_end=True)
    if answer["ok"]:
        return Done()
    late = bool(answer.get("timed_out"))
    error = answer["error"]
    if late and "stop" in error:
        error += "; process %d starts it as soon as it has stopped" % helping.pid
    return Done(error, timed_out=late, open_end=late)
