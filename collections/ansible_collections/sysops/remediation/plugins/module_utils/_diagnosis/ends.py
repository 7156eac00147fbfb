# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How services ended: the post mortem of the dead and of those that die again and again, and the OOM kills that the living have survived."""

from __future__ import annotations

import statistics
import time

from .._kernel import below, read_text
from .._managers import _base
from .._sampling import cgroup
from .kernel_log import read_oom_kills
from .post_mortem import crash_loop, examine, find_culprit, is_at_own_limit, is_crash, is_ours

LOOK_BACK = 14 * 86400.0  # seconds: kills before that explain nothing of today
DAY = 86400.0
LATELY = 900.0  # seconds of history in which lives are counted
LOOP_WATCHED = 2  # restarts within one window: nobody does that by hand
LOOP_RECORDED = 3  # restarts lately
LASTING = 2  # times as long as the usual life lately: it stays


def look_into(evidence, run, root):
    """Fill in ``post_mortem`` and ``oom_killed``; return warnings. The kernel's log is read once, and only if somebody died."""
    dead = [one for one in evidence.values() if is_dead(one.service.state)]
    survivors = [one for one in evidence.values() if one not in dead]
    for one in survivors:
        one.oom_killed = bool(cgroup.read_oom_kills(root, one.service.state.cgroups))
    restarted = [one for one in survivors if one.service.state.n_restarts]
    for one in survivors:
        one.post_mortem = _loop(one)
    if not dead and not restarted:
        return []
    kills, warning = read_oom_kills(run, time.time() - LOOK_BACK)
    base = own_group(root)
    for one in dead:
        one.post_mortem = examine(one.service.state, kills, _group_suffix(one.service.state), base, _last_pids(one), _peak(one))
    for one in restarted:
        one.oom_killed = one.oom_killed or _was_killed(one, kills, base)
    return [warning] if warning else []


def is_dead(state):
    """Tell whether nothing of the service runs: stopped, failed, or waiting for its next restart."""
    if state.active in _base.DOWN:
        return True
    return state.active == _base.STARTING and not state.main_pid and is_crash(state)


def _loop(one):
    """Return the post mortem of a service that lives at this moment and will not for long, None if it is not known to be one."""
    state, watched = one.service.state, one.lives_watched
    by_itself = (state.n_restarts or 0) - (one.restarts_before or 0)
    restarts = max(len(watched) - 1, by_itself)
    if restarts >= LOOP_WATCHED:
        return crash_loop(state, restarts, "within the window")
    since = time.time() - LATELY
    recorded = {life.identity[1:] for life in one.lives if life.end >= since} | watched
    by_itself = _goes_on(one, since) if state.n_restarts is None else state.n_restarts >= LOOP_RECORDED
    if len(recorded) - 1 >= LOOP_RECORDED and by_itself:
        return crash_loop(state, len(recorded) - 1, "in the last %d minutes" % (LATELY / 60))
    return None


def _goes_on(one, since):
    """Tell whether restarts that nobody counts still go on. A life that has lasted longer than two of those before it has ended them.

    Whoever deploys restarts a service a few times by hand; after that it stays.
    """
    incarnation = one.service.state.incarnation
    if not incarnation or not incarnation.started_at:
        return True
    starts = []
    for start in sorted([life.started_at for life in one.lives if life.end >= since and life.started_at] + [incarnation.started_at]):
        if not starts or start > starts[-1] + 1:  # two sources may tell of the same life
            starts.append(start)
    lengths = [later - earlier for earlier, later in zip(starts, starts[1:])]
    return not lengths or time.time() - starts[-1] <= LASTING * statistics.median(lengths)


def own_group(root):
    """Return the control group that everything we see lives in: ``/`` on a host, in some containers the container's."""
    try:
        text = read_text(below(root, "proc/1/cgroup")) or ""
    except PermissionError:  # /proc is mounted with hidepid=1
        return "/"
    for line in text.splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers in ("", "name=systemd") and path != "/":
            return path[: -len("/init.scope")] or "/" if path.endswith("/init.scope") else path
    return "/"


def _was_killed(one, kills, base):
    """Tell whether the life before this one ended by an OOM kill that no other process is to blame for: only that proves its growth."""
    incarnation = one.service.state.incarnation
    before = incarnation.started_at if incarnation and incarnation.started_at else time.time()
    group, pids = _group_suffix(one.service.state), _last_pids(one)
    ours = [kill for kill in kills if is_ours(kill, group, base, pids)]
    own_fault = [kill for kill in ours if is_at_own_limit(kill, group) or not find_culprit(kill, pids)]
    return any(before - DAY <= kill.when <= before + 1 for kill in own_fault)


def _group_suffix(state):
    """Return the end of the service's control group as the kernel writes it, None where it shares one with others."""
    if state.manager == "systemd":
        return "/" + state.name
    if state.manager in ("docker", "podman"):
        return (state.incarnation.invocation_id if state.incarnation else (state.last_incarnation or {}).get("invocation_id")) or None
    return None


def _last_pids(one):
    last = (one.service.state.last_incarnation or {}).get("main_pid")
    recorded = [life.identity[1] for life in one.lives[-1:]]
    seen = [segment.target.main_pid for segment in one.segments]
    return {pid for pid in [last, *recorded, *seen] if pid}


def _peak(one):
    """Return (bytes, epoch) of the last sample that anybody took of it, None without any."""
    series = [one.lives[-1].points] if one.lives else []
    series += [segment.points for segment in one.segments]
    for points in reversed(series):
        if points["anon"]:
            when, anon = points["anon"][-1]
            return anon + (points["shmem"][-1][1] if points["shmem"] else 0), when
    return None
