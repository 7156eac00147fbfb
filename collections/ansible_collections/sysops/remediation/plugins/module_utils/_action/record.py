# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt leaves on the host: its intent before, its outcome after, one line in the host's log."""

from __future__ import annotations

import os
import pwd
import time

from .. import _redact
from .._host_state import paths
from .._managers import _base
from . import history_gates, syslog
from .case import life


def new_id(case):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(case.now["epoch"])) + "-" + os.urandom(4).hex()


def intent(case, attempt):
    """Write down what will be done now; raises StateError if it cannot be written, and then nothing may be done."""
    request, old = case.request, case.unfinished
    if request.permit:
        case.permits.remember(request.permit, case.now)
    case.lock.describe(pid=os.getpid(), user=user(), attempt=attempt)
    case.journal.intend(
        attempt,
        case.now,
        service=case.identity,
        action="start" if old else request.action,
        completes=old and old["id"],
        incarnation=life(case.state),
        was_active=_base.RUNNING if old else case.state.active,
        timeout=request.timeout,
        incident=request.incident,
        reason=_redact.redact(request.reason),
        permit=request.permit and {"id": request.permit["id"], "token": request.permit["token"]},
        by={"pid": os.getpid(), "user": user()},
    )
    if old:
        case.journal.settle(old["id"], case.now, "interrupted")
    syslog.note("attempt %s: %s of %s by %s (%s)" % (attempt, request.action, case.state.key, user(), _because(request)), case.root)


def outcome(case, attempt, answer):
    """The action is done; if its outcome cannot be written, the next caller sees an interrupted attempt and looks first."""
    after = answer["after"]
    try:
        case.journal.settle(attempt, case.clock.stamp(), answer["outcome"], incarnation=after["incarnation"], n_restarts=after["n_restarts"], msg=answer["msg"])
    except paths.StateError as error:
        answer["warnings"].append("the outcome of attempt %s was not recorded: %s" % (attempt, error))


def settle_interrupted(case):
    """The next caller, who has diagnosed again, may act; a service that may still be started keeps its unfinished attempt."""
    if not case.unfinished or history_gates.may_complete(case) or case.check_mode:
        return
    try:
        case.journal.settle(case.unfinished["id"], case.now, "interrupted")
    except paths.StateError:
        return  # the journal's own gate is closed and says so; the attempt stays unfinished


def _because(request):
    parts = [_redact.redact(request.reason), "incident %s" % request.incident if request.incident else ""]
    return ", ".join(part for part in parts if part) or "no reason given"


def user():
    """Return who is behind this call, through sudo."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER")
    return "%s (sudo of %s)" % (name, behind) if behind and behind != name else name
