# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever calls is guarded by the directory of the user that the manager runs as; root does what such a user would do as that user.

As root it would leave files that the user cannot write any more, and write through what the user may have put in its way.
"""

from __future__ import annotations

import json
import os
import pwd

from .._host_state import paths
from .._managers import ManagerError


def guard_directory(manager, state_dir):
    """Return the directory that guards the manager's services; raise StateError if we may not write there."""
    owner = manager.owner()
    directory = paths.state_directory(manager.scope, owner, state_dir)
    if directory != state_dir and os.geteuid() not in (0, owner):
        where = "%s at %s" % (manager.name, manager.address) if manager.address else manager.name
        paths.demand_access(directory, "%s runs as %s, so its services are" % (where, paths.name_of(owner)), owner)
    return directory


def host_directory(scope, state_dir):
    """Return the directory that guards the whole host; raise StateError if we may not write there."""
    directory = paths.state_directory(scope, 0, state_dir)
    if directory == paths.DEFAULT and os.geteuid() != 0:
        paths.demand_access(directory, "the whole host is", 0)
    return directory


def work_as_owner(manager, state_dir, work):
    """Return ``work()``, plain data, done by the user that the manager runs as if we are root and its directory is that user's."""
    owner = manager.owner()
    if os.geteuid() != 0 or owner == 0 or paths.state_directory(manager.scope, owner, state_dir) == state_dir:
        return work()
    return _in_process_of(pwd.getpwuid(owner), work)


def _in_process_of(user, work):
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            _become(user)
            answer = {"done": _outcome_of(work)}
        except BaseException as error:
            answer = {"broken": "%s: %s" % (type(error).__name__, error)}
        finally:
            with os.fdopen(theirs, "wb") as pipe:
                pipe.write(json.dumps(answer).encode() + b"\n")
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        line = pipe.readline()  # not all of it: a detached helper may hold the pipe for longer
    os.waitpid(child, 0)
    answer = json.loads(line or b'{"broken": "it ended without an answer"}')
    if "broken" in answer:
        raise RuntimeError("the process that works as %s failed: %s" % (user.pw_name, answer["broken"]))
    if "error" in answer["done"]:
        raise ManagerError(answer["done"]["error"])
    return answer["done"]["result"]


def _outcome_of(work):
    try:
        return {"result": work()}
    except (ManagerError, paths.StateError) as error:
        return {"error": str(error)}


def _become(user):
    os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
    os.environ.pop("XDG_RUNTIME_DIR", None)
