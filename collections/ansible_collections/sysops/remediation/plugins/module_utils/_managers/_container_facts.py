# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure reading of ``GET /containers/NAME/json``: the engine's facts in, facts in our words out."""

from __future__ import annotations

import calendar
import re
import time

from . import _base

_ACTIVE = {
    "created": _base.STOPPED,
    "initialized": _base.STOPPED,
    "configured": _base.STOPPED,
    "running": _base.RUNNING,
    "paused": _base.RUNNING,
    "restarting": _base.STARTING,  # waits for its restart policy
    "stopping": _base.STOPPING,
    "removing": _base.STOPPING,
    "stopped": _base.STOPPED,
    "exited": _base.STOPPED,
    "dead": _base.FAILED,
}
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SIGTERM = 15


def facts(container):
    """Return the facts for :class:`ServiceState` that the answer alone can give."""
    state, policy = container["State"], restart_policy(container)
    status = str(state.get("Status", "")).lower()
    result, code, signum = _end(state) if status in ("exited", "stopped", "dead", "restarting") else (None, None, None)
    active = word(status)
    if active == _base.STOPPED and result not in (None, "success") and signum != _SIGTERM and not _was_stopped(policy):
        active = _base.FAILED
    down = active in _base.DOWN
    return {
        "active": active,
        "sub": status,
        "main_pid": state.get("Pid") or None,
        "n_restarts": container.get("RestartCount"),
        "result": result,
        "exit_code": code,
        "exit_signal": signum,
        "stopped_at": epoch(state.get("FinishedAt")) if down else None,
        "limits": limits(container["HostConfig"]),
        "flags": _flags(container, policy),
        "notes": _notes(container, policy),
        "properties": {"state": state, "image": container["Config"].get("Image"), "restart_policy": policy},
    }


def word(status):
    """Return our word for the engine's state."""
    return _ACTIVE.get(str(status).lower(), _base.UNKNOWN)


def name_of(container):
    return container["Name"].lstrip("/")


def restart_policy(container):
    """Return ``no``, ``always``, ``unless-stopped`` or ``on-failure:N``."""
    policy = container["HostConfig"].get("RestartPolicy") or {}
    name, most = policy.get("Name") or "no", policy.get("MaximumRetryCount")
    return "%s:%d" % (name, most) if most else name


def limits(host_config):
    memory, swap_total, tasks = (host_config.get(key) or 0 for key in ("Memory", "MemorySwap", "PidsLimit"))
    found = {}
    if memory > 0:
        found["memory_max"] = memory
        if swap_total >= memory:
            found["swap_max"] = swap_total - memory  # the engine writes memory plus swap
    if tasks > 0:
        found["tasks_max"] = tasks
    return found


def epoch(stamp):
    """Return epoch seconds of ``2026-11-25T17:20:16.245305149Z``, or None for "never" (year 1)."""
    match = _STAMP.match(stamp or "")
    if not match or match.group(1).startswith("0001-"):
        return None
    seconds = calendar.timegm(time.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")) + float("0" + (match.group(2) or ".0"))
    zone = match.group(3)
    if zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return seconds


def _end(state):
    """Return (result, exit code, signal); the engine writes 128 + signal for a process that a signal ended."""
    code = state.get("ExitCode", 0)
    if state.get("OOMKilled"):
        return "oom-kill", None, 9
    if state.get("Error"):
        return "exec-failed", code, None
    if 128 < code < 128 + 65:
        return "signal", None, code - 128
    return ("exit-code", code, None) if code else ("success", 0, None)


def _was_stopped(policy):
    """With these policies the engine restarts whatever ends by itself: one that is down was stopped by somebody."""
    return policy in ("always", "unless-stopped")


def _flags(container, policy):
    found = {"restart_policy": policy}
    if container["Config"].get("StopTimeout") is not None:
        found["stop_timeout"] = container["Config"]["StopTimeout"]
    if container["State"].get("Paused"):
        found["paused"] = True
    if container["HostConfig"].get("AutoRemove"):
        found["transient"] = True
    return found


def _notes(container, policy):
    name, state, found = name_of(container), container["State"], []
    if state.get("Paused"):
        found.append("%s is paused: 'unpause' it first" % name)
    if container["HostConfig"].get("AutoRemove"):
        found.append("%s was started with --rm: once stopped it is gone" % name)
    if state.get("OOMKilled"):
        found.append("the kernel killed a process of %s at its memory limit" % name)
    if state.get("Error"):
        found.append("the engine says: %s" % state["Error"])
    health = (state.get("Health") or {}).get("Status")
    if health == "unhealthy":
        found.append("the engine's own health check calls %s unhealthy" % name)
    if state.get("Restarting"):
        found.append("%s died; the engine restarts it by its policy %s" % (name, policy))
    return found
