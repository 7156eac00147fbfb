# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service is dead: facts of its manager and of the kernel in, ``{kind, cause, culprit, evidence}`` out."""

from __future__ import annotations

import signal

from .._units import human_size

NEAR = 120  # seconds between a kernel's line and the manager's own time of death: both are of the same event
FULL = 0.9  # of a limit: with less in use, the limit did not kill
CULPRIT = 1.2  # times the victim's memory: then it was the other one that ate the host's

_RESULTS = {
    "exit-code": "its main process failed with exit code %(code)s",
    "signal": "its main process was ended by %(signal)s",
    "core-dump": "its main process crashed with %(signal)s and dumped core",
    "watchdog": "it did not answer its watchdog in time, and was ended for that",
    "start-limit-hit": "it failed so often in a short time that it is not started any more (start-limit-hit)",
    "timeout": "it did not start or stop in the time that it is given",
    "oom-kill": "a process of it was killed for lack of memory (oom-kill)",
    "resources": "resources to start it were lacking",
    "protocol": "it did not speak the start protocol that its unit file promises",
    "exec-condition": "its ExecCondition= said no",
}


def examine(state, kills, group_suffix=None, base_group="/", last_pids=(), peak=None):
    """Return the post mortem of a service that does not run.

    :param state: its ServiceState.
    :param kills: OomKills of the kernel.
    :param group_suffix: end of its control group (``/postfix.service``), where its manager gives it one.
    :param base_group: control group of our own PID 1: in a container, groups of other containers must not be mistaken for ours.
    :param last_pids: main PIDs that it is known to have had.
    :param peak: (bytes, epoch) that the recorded history saw last of it, or None.
    """
    evidence = [_what_the_manager_says(state)]
    kill = find_kill(state, kills, group_suffix, base_group, last_pids)
    if kill is not None:
        evidence.append("kernel: %s" % kill.line)
        return _killed_by_kernel(kill, evidence, group_suffix, last_pids)
    limit = state.limits.get("memory_max")
    was_full = bool(limit and peak and peak[0] >= FULL * limit)
    if was_full:
        evidence.append("history: it used %s of MemoryMax %s when it was last seen" % (human_size(peak[0]), human_size(limit)))
    if state.result == "oom-kill" or (state.exit_signal == signal.SIGKILL and was_full):
        return _mortem("oom_killed", "unit_limit" if limit else "other", None, evidence)
    if is_crash(state):
        return _mortem("crashed", "other", None, evidence)
    return _mortem("stopped", "other", None, evidence)


def crash_loop(state, restarts, when):
    """Return the post mortem of a service that its manager starts again and again."""
    evidence = "%s: it was restarted %d times %s, and is %s at this moment" % (state.manager, restarts, when, state.active)
    return dict(_mortem("crashed", "loop", None, [evidence]), restarts=restarts)


def is_crash(state):
    """Tell a service that failed from one that somebody stopped."""
    if state.active == "failed" or (state.result or "success") not in ("success", "exec-condition"):
        return True
    return state.active == "starting" and (bool(state.n_restarts) or state.sub in ("auto-restart", "BACKOFF"))  # between two lives


def find_kill(state, kills, group_suffix, base_group, last_pids):
    """Return the last OomKill that hit this service, or None.

    The kernel's log is one for the whole machine, containers included: the control group must be ours, and the time must fit.
    """
    fitting = [kill for kill in kills if is_ours(kill, group_suffix, base_group, last_pids) and _fits(kill, state)]
    return fitting[-1] if fitting else None


def is_ours(kill, group_suffix, base_group, last_pids):
    """Tell whether the kernel killed a process of this service: by its control group where it has one, else by PID."""
    if kill.group and group_suffix:
        return _is_within(kill.group, group_suffix) and kill.group.startswith(base_group.rstrip("/") + "/")
    return kill.pid in last_pids


def _is_within(group, group_suffix):
    top = group.find(group_suffix)
    end = top + len(group_suffix)
    return top >= 0 and group[end : end + 1] in ("", "/", ".")


def is_at_own_limit(kill, group_suffix):
    """Tell a kill at the service's own limit from one at that of a group above it: a slice, or a container that it shares with others."""
    return kill.scope == "unit" and (not kill.limited or bool(group_suffix and _is_within(kill.limited, group_suffix)))


def _fits(kill, state):
    if state.stopped_at is not None:
        return abs(kill.when - state.stopped_at) <= NEAR
    started = (state.last_incarnation or {}).get("started_at")
    return started is None or kill.when >= started - 1


def _killed_by_kernel(kill, evidence, group_suffix, last_pids):
    if is_at_own_limit(kill, group_suffix):
        return _mortem("oom_killed", "unit_limit", None, evidence)
    culprit = find_culprit(kill, last_pids)
    if culprit:
        what = "the host" if kill.scope == "host" else "the control group %s" % kill.limited
        evidence.append(
            "%s ran out of memory; the biggest process was %s (pid %d) with %s, while the victim had %s: restarting the victim does not cure that"
            % (what, culprit["comm"], culprit["pid"], human_size(culprit["rss"]), human_size(kill.rss or 0))
        )
    return _mortem("oom_killed", "host_oom" if kill.scope == "host" else "group_limit", culprit, evidence)


def find_culprit(kill, own_pids=()):
    """Return ``{comm, pid, rss}`` of the process that ate the memory of the host or group, None when that was the victim itself."""
    others = [task for task in kill.tasks if task[0] != kill.pid and task[0] not in own_pids]
    if not others:
        return None
    pid, comm, rss = max(others, key=lambda task: task[2])
    in_table = max([task[2] for task in kill.tasks if task[0] == kill.pid] + [kill.rss or 0])
    return {"comm": comm, "pid": pid, "rss": rss} if rss > CULPRIT * in_table else None


def _what_the_manager_says(state):
    facts = {"code": state.exit_code, "signal": signal_name(state.exit_signal)}
    told = _RESULTS.get(state.result or "")
    if told is None and state.exit_signal:
        told = "its main process was ended by %(signal)s"
    elif told is None and state.exit_code:
        told = "its main process ended with exit code %(code)s"
    elif told is None:
        told = "it was stopped in order" if not is_crash(state) else "it failed"
    again = " (restarted %d times)" % state.n_restarts if state.n_restarts else ""
    return "%s: %s%s" % (state.manager, told % facts, again)


def signal_name(number):
    """Return ``SIGKILL (9)``."""
    try:
        return "%s (%d)" % (signal.Signals(number).name, number)
    except ValueError:
        return "signal %s" % number


def _mortem(kind, cause, culprit, evidence):
    return {"kind": kind, "cause": cause, "culprit": culprit, "evidence": evidence}
