# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a call, in the shape of docs/architecture.md, and its words for people."""

from __future__ import annotations

from .. import _redact
from .._gates import closed
from .._managers._base import look_at, try_again
from .._units import human_duration, human_size
from .case import snapshot

_BAD = ("refused", "already_changed", "unverified", "inconclusive", "failed")
_LINES = 20

_BY_RESULT = {
    "oom-kill": "it was killed for its memory: raise its limit or find out what it needs at start",
    "start-limit-hit": "its manager gave up after several tries: read its log first, then '{try_again}'",
    "exit-code": "it ended by itself with an error: its last log lines usually say why (configuration, port in use, missing file)",
    "signal": "a signal ended it: look for a crash (coredumpctl) or an OOM kill (dmesg)",
    "core-dump": "it crashed: see 'coredumpctl info'",
    "timeout": "it did not say that it was ready in time: see TimeoutStartSec and what it waits for",
    "watchdog": "it stopped answering systemd's watchdog",
    "dependency": "something that it needs did not start: see 'systemctl list-dependencies {name}'",
}


def build(state, action, outcome, msg, gates, **more):
    """Return the module's result; ``failed`` is set for every outcome after which a task must not go on."""
    result = {
        "changed": False,
        "service": state.key,
        "action": action,
        "outcome": outcome,
        "refused": outcome in ("refused", "already_changed"),
        "msg": _redact.redact(msg),
        "gates": gates,
        "before": None,
        "after": None,
        "proof": None,
        "attempt": None,
        "undo": None,
        "scaled": {},
        "logs": [],
        "next_steps": [],
        "notes": list(state.notes),
        "warnings": [],
    }
    result.update(more)
    if outcome in _BAD:
        result["failed"] = True
    return result


def refusal(case, gates, memory=None):
    """Return the result of a call that did nothing, and why."""
    shut = closed(gates)
    changed = any(one["name"] == "incarnation" for one in shut)
    msg = "%s of %s refused: %s" % (case.request.action, case.name, "; ".join(one["detail"] for one in shut))
    now = snapshot(case.state, memory)
    gates = shut + [one for one in gates if one["passed"]]  # what matters first
    outcome = "already_changed" if changed else "refused"
    return build(case.state, case.request.action, outcome, msg, gates, before=now, after=now, next_steps=_when_open(case, shut))


def _when_open(case, shut):
    """Say when to come back, if waiting helps at all."""
    moments = [one["opens_at"] for one in shut]
    if not moments or None in moments:
        return []
    return ["all of this opens by itself in %s" % human_duration(max(moments) - case.now["epoch"])]


def last_lines(case, since):
    """Return the service's last log lines, redacted; those since the action if there are any."""
    lines = case.log_lines(_LINES, since) or case.log_lines(_LINES)
    return _redact.redact("\n".join(lines)).splitlines()


def next_steps(case, state):
    """Return what a person could try, most likely first."""
    steps = []
    if state.result in _BY_RESULT:
        steps.append(_BY_RESULT[state.result].format(name=case.name, try_again=try_again(case.state.manager, case.name)))
    failed = [one["name"] for one in case.dependencies if one["active"] == "failed"]
    if failed:
        steps.append("look at what it depends on: %s failed" % ", ".join(failed))
    return [*steps, look_at(case.state.manager, case.name)]


def exit_reason(state):
    """Return in a few words how a dead service ended, "" if it is not known."""
    if state.exit_signal:
        return "signal %d" % state.exit_signal
    if state.exit_code is not None:
        return "exit code %d" % state.exit_code
    return state.result or ""


def diff(before, after):
    """Return Ansible's before/after texts of two snapshots."""
    return {"before": _text(before), "after": _text(after)}


def _text(facts):
    lines = ["active: %s" % facts["active"], "incarnation: %s" % (facts["incarnation"] or "none")]
    if facts.get("memory") is not None:
        lines.append("memory: %s" % human_size(facts["memory"]))
    lines += ["%s: %s" % (name, human_size(value)) for name, value in sorted(facts["limits"].items()) if name.startswith("memory")]
    return "\n".join(lines) + "\n"
