# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure reading of ``systemctl show``: its text in, facts in our words out. Works with systemd 239 to 257."""

from __future__ import annotations

import re

from . import _base

# One `systemctl show` asks for these; older versions leave out those they do not know.
PROPERTIES = (
    "Id",
    "Names",
    "Description",
    "LoadState",
    "LoadError",
    "ActiveState",
    "SubState",
    "StatusText",
    "UnitFileState",
    "FragmentPath",
    "DropInPaths",
    "SourcePath",
    "Transient",
    "NeedDaemonReload",
    "CanReload",
    "RefuseManualStart",
    "RefuseManualStop",
    "Type",
    "Restart",
    "User",
    "TimeoutStartUSec",
    "TimeoutStopUSec",
    "MainPID",
    "ExecMainPID",
    "ExecMainCode",
    "ExecMainStatus",
    "ExecMainStartTimestampMonotonic",
    "Result",
    "NRestarts",
    "StartLimitBurst",
    "StartLimitIntervalUSec",
    "InvocationID",
    "ControlGroup",
    "MemoryMax",
    "MemoryHigh",
    "MemorySwapMax",
    "MemoryLimit",
    "TasksMax",
    "OOMPolicy",
    "ActiveEnterTimestampMonotonic",
    "InactiveEnterTimestampMonotonic",
    "ConsistsOf",
    "TriggeredBy",
    "Job",
)

UNIT_TYPES = ("service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope")
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}")  # no globs: systemctl would take them for many units

_ACTIVE = {
    "active": _base.RUNNING,
    "reloading": _base.RUNNING,
    "refreshing": _base.RUNNING,
    "activating": _base.STARTING,  # auto-restart, the wait before systemd's own restart, is one of its sub-states
    "deactivating": _base.STOPPING,
    "inactive": _base.STOPPED,
    "failed": _base.FAILED,
}
_NO_LIMIT = ("", "infinity", "18446744073709551615", "[not set]")
_CLD_EXITED, _CLD_KILLED, _CLD_DUMPED = 1, 2, 3


def unit_name(name):
    """Return the name with its suffix; raise ManagerError or Unsupported for what cannot be one service."""
    if not _UNIT_NAME.fullmatch(name) or name.startswith("-"):
        raise _base.ManagerError("'%s' is not the name of a systemd unit: write one name like 'postfix.service', without blanks, '/' or patterns" % name)
    stem, _dot, suffix = name.rpartition(".")
    if not stem or suffix not in UNIT_TYPES:
        return unit_name(name + ".service")
    if suffix != "service":
        raise _base.Unsupported("'%s' is a %s unit, not a service: name the service behind it" % (name, suffix), "not_a_service")
    return name


def is_template(unit):
    """Tell ``foo@.service``, which is a pattern for services and none itself."""
    return unit.endswith("@.service")


def parse_show(text):
    """Return one dictionary per unit that ``systemctl show`` printed."""
    units = []
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if properties:
            units.append(properties)
    return units


def active_word(properties):
    return _ACTIVE.get(properties.get("ActiveState", ""), _base.UNKNOWN)


def facts(properties, boot_time=None, has_processes=False):
    """Return the facts for :class:`ServiceState` that the text can give; ``has_processes``: there are some in its cgroup."""
    active = active_word(properties)
    up = active in (_base.RUNNING, _base.STARTING, _base.STOPPING)
    main_pid = number(properties.get("MainPID")) or None
    exit_code, exit_signal = _exit(properties)
    seen = flags(properties, has_processes)
    return {
        "active": active,
        "sub": properties.get("SubState", ""),
        "main_pid": main_pid,
        "n_restarts": number(properties.get("NRestarts")),
        "result": properties.get("Result") or None,
        "exit_code": exit_code,
        "exit_signal": exit_signal,
        "stopped_at": None if up else moment(properties.get("InactiveEnterTimestampMonotonic"), boot_time),
        "limits": limits(properties),
        "flags": seen,
        "notes": notes(properties, seen),
        "properties": properties,
    }


def number(text):
    """Return an int, or None for nothing, ``infinity`` and ``[not set]``."""
    return None if (text or "") in _NO_LIMIT or not text.isdecimal() else int(text)


def moment(monotonic, boot_time):
    """Return the epoch seconds of a monotonic timestamp in microseconds, or None when it never happened."""
    microseconds = number(monotonic)
    return boot_time + microseconds / 1e6 if microseconds and boot_time is not None else None


def limits(properties):
    """Return the limits that are set, by our names."""
    found = {
        "memory_max": number(properties.get("MemoryMax")),
        "memory_high": number(properties.get("MemoryHigh")),
        "swap_max": number(properties.get("MemorySwapMax")),
        "tasks_max": number(properties.get("TasksMax")),
    }
    legacy = number(properties.get("MemoryLimit"))  # cgroup v1 spelling of MemoryMax
    if legacy is not None:
        found["memory_max"] = min(legacy, found["memory_max"] or legacy)
    return {name: value for name, value in found.items() if value is not None}


def flags(properties, has_processes):
    found = {}
    if properties.get("LoadState") == "masked":
        found["masked"] = True
    for state in ("static", "generated", "transient"):
        if properties.get("UnitFileState") == state:
            found[state] = True
    if properties.get("Transient") == "yes":
        found["transient"] = True
    if properties.get("NeedDaemonReload") == "yes":
        found["need_daemon_reload"] = True
    if properties.get("CanReload") == "yes":
        found["can_reload"] = True
    if properties.get("TriggeredBy"):
        found["triggered_by"] = properties["TriggeredBy"]
    if active_word(properties) == _base.RUNNING and properties.get("SubState") == "exited" and not has_processes:
        found["no_process"] = True
    if gave_up(properties):
        found["gave_up"] = True
    return found


def gave_up(properties):
    """Tell whether systemd hit the start limit. After restarts of its own it keeps the result of the last death and says so nowhere else."""
    if properties.get("Result") == "start-limit-hit":
        return True
    burst, restarts = number(properties.get("StartLimitBurst")), number(properties.get("NRestarts"))
    return active_word(properties) == _base.FAILED and properties.get("Restart", "no") != "no" and bool(burst) and (restarts or 0) >= burst


def notes(properties, seen):
    """Return sentences for what a person must know before acting."""
    unit = properties.get("Id", "the unit")
    found = []
    if seen.get("masked"):
        found.append("%s is masked: once stopped it cannot be started before 'systemctl unmask %s'" % (unit, unit))
    elif properties.get("LoadState") not in ("loaded", None):
        found.append("%s cannot be loaded (%s): once stopped it cannot be started" % (unit, load_error(properties)))
    if seen.get("need_daemon_reload"):
        found.append("daemon-reload needed: the unit file of %s changed on disk since systemd read it" % unit)
    if seen.get("transient"):
        found.append("%s is transient: it has no unit file and is gone once it is stopped" % unit)
    if seen.get("generated"):
        found.append("%s is generated from %s" % (unit, properties.get("SourcePath") or "another configuration"))
    if seen.get("static"):
        found.append("%s is static: nothing enables it at boot, other units or people start it" % unit)
    if seen.get("triggered_by"):
        found.append("%s may be started on demand by %s" % (unit, seen["triggered_by"]))
    if seen.get("no_process"):
        workers = properties.get("ConsistsOf")
        found.append(
            "%s is active without a process of its own%s" % (unit, ": the work is done by " + workers if workers else " (%s)" % properties.get("Type", ""))
        )
    if seen.get("gave_up"):
        limit = "%s starts within %s" % (properties.get("StartLimitBurst", "?"), properties.get("StartLimitIntervalUSec", "?"))
        found.append("%s hit its start limit (%s): systemd starts it no more by itself; 'systemctl reset-failed %s' forgets that" % (unit, limit, unit))
    return found


def load_error(properties):
    """Return why the unit cannot be loaded: the sentence of ``…systemd1.BadUnitSetting "Unit x has a bad unit file setting."``."""
    match = re.search(r'"(.*)"', properties.get("LoadError", ""))
    return match.group(1).rstrip(".") if match else properties.get("LoadState", "unknown")


def _exit(properties):
    """Return (exit code, signal) of the last main process, (None, None) while it runs or when there was none."""
    if not number(properties.get("ExecMainPID")):
        return None, None
    how, status = number(properties.get("ExecMainCode")), number(properties.get("ExecMainStatus"))
    if how == _CLD_EXITED:
        return status, None
    if how in (_CLD_KILLED, _CLD_DUMPED):
        return None, status
    return None, None
