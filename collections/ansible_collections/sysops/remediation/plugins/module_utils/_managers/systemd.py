# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd services: units of the system, and of the user we run as (``scope: user``)."""

from __future__ import annotations

import os
import time

from .. import _run
from .._kernel import below, boot_id
from . import _base, _cgroup, _proc, _systemd_relations, _systemd_show

READ_TIMEOUT = 20
KILL_TIMEOUT = 30  # for what is left to do once SIGKILL was sent


class Systemd(_base.Manager):
    name = "systemd"
    atomic_restart = True

    def available(self):
        if not os.path.isdir(below(self.root, "run/systemd/system")):
            return False, "systemd does not run as PID 1 (no /run/systemd/system)"
        if not _run.is_installed("systemctl", self.root):
            return False, "systemd runs as PID 1, but there is no systemctl"
        if self.scope == "user" and not os.path.exists(below(self.root, _proc.runtime_dir(), "systemd/private")):
            return False, (
                "no systemd user manager runs for uid %d (no %s/systemd): become the user who owns the service, "
                "and see that 'loginctl enable-linger USER' was done" % (os.geteuid(), _proc.runtime_dir())
            )
        return True, "systemd runs as PID 1" if self.scope == "system" else "the systemd user manager of uid %d runs" % os.geteuid()

    def names(self):
        loaded = self._show("*.service", ("Id", "LoadState"))
        names = {unit["Id"] for unit in loaded if unit.get("LoadState") not in ("not-found", None)}
        rc, out, _err = self._run_read([*self._systemctl(), "list-unit-files", "--type=service", "--no-legend", "--no-pager", "--plain"])
        if rc == 0:
            names.update(line.split()[0] for line in out.splitlines() if line.split())
        return sorted(name for name in names if not _systemd_show.is_template(name))

    def knows(self, name):
        try:
            unit = self._one(name, ("Id", "LoadState", "ActiveState"))
        except _base.ManagerError:
            return False
        return unit.get("LoadState") == "loaded" or _systemd_show.active_word(unit) == _base.RUNNING

    def inspect(self, name):
        return self._state(self._one(name, _systemd_show.PROPERTIES), name)

    def inspect_many(self, names):
        """Ask once for all units; systemctl answers in the order of the names, an alias under its real one."""
        try:
            units = self._show([_systemd_show.unit_name(name) for name in names], _systemd_show.PROPERTIES) if names else []
        except _base.ManagerError:
            units = []
        if len(units) != len(names):  # one by one, so that a bad name costs nobody else the answer
            return super().inspect_many(names)
        found = {}
        for name, unit in zip(names, units):
            try:
                found[name] = self._state(unit, name)
            except _base.ManagerError as error:
                found[name] = error
        return found

    def inspect_running(self):
        units = self._show("*.service", _systemd_show.PROPERTIES)
        states = [self._state(unit, unit["Id"]) for unit in units if _systemd_show.active_word(unit) == _base.RUNNING]
        return [state for state in states if not state.flags.get("no_process")]

    def logs(self, name, lines=20, since=None):
        unit = _systemd_show.unit_name(name)
        argv = ["journalctl", "--user-unit" if self.scope == "user" else "--unit", unit, "--lines=%d" % lines, "--output=short-iso", "--no-pager", "--quiet"]
        if since is not None:
            argv.append("--since=@%d" % since)
        rc, out, _err = self._run_read(argv)
        return [line for line in out.splitlines() if line.strip()][-lines:] if rc == 0 else []

    def restart(self, name, timeout, force_kill=False):
        self._change("restart", name, timeout, force_kill)

    def stop(self, name, timeout, force_kill=False):
        self._change("stop", name, timeout, force_kill)

    def start(self, name, timeout):
        self._change("start", name, timeout)

    def reload(self, name, timeout):
        unit = self._one(name, ("Id", "CanReload"))
        if unit.get("CanReload") != "yes":
            raise _base.Unsupported("%s has no ExecReload=: it cannot reload, use a restart" % unit["Id"], "reload")
        self._change("reload", name, timeout)

    def reset_failed(self, name, timeout):
        self._change("reset-failed", name, timeout)

    def daemon_reload(self, timeout):
        rc, _out, err = self.run([*self._systemctl(), "daemon-reload"], timeout=timeout)
        if rc:
            raise self._refusal("daemon-reload", "all units", rc, err)

    def scale(self, name, memory_max=None, memory_high=None, persist=False):
        unit = self._one(name, ("Id", "MemoryMax", "MemoryHigh", "MemoryLimit"))
        before = _systemd_show.limits(unit)
        wanted = {"memory_max": memory_max, "memory_high": memory_high}
        changed = {limit: {"before": before.get(limit), "after": value} for limit, value in wanted.items() if value not in (None, before.get(limit))}
        set_property = [*self._systemctl(), "set-property", *([] if persist else ["--runtime"]), unit["Id"]]
        if not changed:
            return {"changed": {}, "undo": None}
        rc, _out, err = self.run(set_property + _assignments(changed, "after"), timeout=READ_TIMEOUT)
        if rc:
            raise self._refusal("set-property", unit["Id"], rc, err)
        return {"changed": changed, "undo": " ".join(set_property + _assignments(changed, "before"))}

    def dependents(self, name):
        return _systemd_relations.dependents(self._show, _systemd_show.unit_name(name))

    def dependencies(self, name):
        return _systemd_relations.dependencies(self._show, _systemd_show.unit_name(name))

    def _systemctl(self):
        if self.scope == "system":
            return ["systemctl"]
        return ["env", "XDG_RUNTIME_DIR=" + _proc.runtime_dir(), "systemctl", "--user"]

    def _run_read(self, argv):
        return self.run(argv, timeout=READ_TIMEOUT)

    def _show(self, units, properties):
        """Return the properties of each unit (a pattern, one name or a list of names)."""
        units = [units] if isinstance(units, str) else list(units)
        rc, out, err = self._run_read([*self._systemctl(), "show", "--no-pager", "--property=" + ",".join(properties), "--", *units])
        if rc:
            raise self._refusal("show", " ".join(units), rc, err)
        return _systemd_show.parse_show(out)

    def _one(self, name, properties):
        unit = _systemd_show.unit_name(name)
        if _systemd_show.is_template(unit):
            raise self._template(unit)
        found = self._show(unit, properties)
        if not found:
            raise _base.ManagerError("systemctl show %s answered nothing" % unit)
        return found[0]

    def _template(self, unit):
        stem = unit[: -len(".service")]
        instances = [one["Id"] for one in self._show(stem + "*.service", ("Id", "LoadState")) if one.get("LoadState") == "loaded"]
        seen = "loaded now: " + ", ".join(sorted(instances)) if instances else "none is loaded now"
        return _base.Unsupported("'%s' is a template, not a service: name one instance such as '%sNAME.service' (%s)" % (unit, stem, seen), "template")

    def _state(self, unit, asked):
        if _systemd_show.active_word(unit) in _base.DOWN:
            self._refuse_unloadable(unit, asked)
        cgroups = _cgroup.own_cgroups(self.root, unit.get("ControlGroup"))
        pids = _cgroup.pids(self.root, cgroups)
        facts = dict(_systemd_show.facts(unit, _proc.boot_time(self.root), bool(pids)), cgroups=cgroups, pids=pids)
        if facts["main_pid"] is None and facts["active"] == _base.RUNNING and facts["pids"]:
            facts["main_pid"] = _proc.oldest(self.root, facts["pids"])
            facts["flags"]["main_pid_guessed"] = True
            facts["notes"].append("systemd does not know the main process of %s; the oldest of its cgroup stands for it" % unit["Id"])
        facts["incarnation"] = _proc.incarnation(self.root, facts["main_pid"], unit.get("InvocationID") or None)
        if facts["incarnation"] is None:
            facts["last_incarnation"] = self._last_incarnation(unit)
        if asked and _systemd_show.unit_name(asked) != unit["Id"]:
            facts["flags"]["alias_of"] = unit["Id"]
            facts["notes"].append("'%s' is an alias of %s" % (asked, unit["Id"]))
        return _base.ServiceState(self.name, unit["Id"], scope=self.scope, **facts)

    def _refuse_unloadable(self, unit, asked):
        load, name = unit.get("LoadState"), unit["Id"]
        if load == "not-found":
            raise _base.ServiceNotFound("service '%s' not found in systemd" % asked, self._nearest(name))
        if load == "masked":
            raise _base.Unsupported("%s is masked: systemd will not start it; 'systemctl unmask %s' first, if that is meant" % (name, name), "masked")
        if load not in ("loaded", None):
            raise _base.Unsupported("%s cannot be loaded: %s; see 'systemctl status %s'" % (name, _systemd_show.load_error(unit), name), load)

    def _nearest(self, name):
        return _base.nearest(name, self.names(), cutoff=0.75)  # all end in .service, which alone makes them alike

    def _last_incarnation(self, unit):
        """Return what systemd remembers of the last life; without start ticks it has no id."""
        pid = _systemd_show.number(unit.get("ExecMainPID"))
        if not pid:
            return None
        started = _systemd_show.moment(unit.get("ExecMainStartTimestampMonotonic"), _proc.boot_time(self.root))
        last = _base.Incarnation(boot_id(self.root), pid, None, unit.get("InvocationID") or None, started).as_dict()
        last["id"] = None
        return last

    def _change(self, verb, name, timeout, force_kill=False):
        """Run one systemctl verb and wait for its job. When we stop waiting, systemd still goes on with it."""
        unit = _systemd_show.unit_name(name)
        rc, _out, err = self.run([*self._systemctl(), verb, "--", unit], timeout=timeout)
        if rc == _run.TIMED_OUT and force_kill and self._is_stopping(unit):
            self.run([*self._systemctl(), "kill", "--signal=SIGKILL", "--", unit], timeout=READ_TIMEOUT)
            self._await_job(verb, unit)
        elif rc == _run.TIMED_OUT:
            raise _base.TimedOut("systemctl %s %s did not finish within %g s; systemd goes on with it" % (verb, unit, timeout))
        elif rc:
            raise self._refusal(verb, unit, rc, err)

    def _is_stopping(self, unit):
        return _systemd_show.active_word(self._one(unit, ("Id", "ActiveState"))) == _base.STOPPING

    def _await_job(self, verb, unit):
        deadline = time.monotonic() + KILL_TIMEOUT
        while time.monotonic() < deadline:
            state = self._one(unit, ("Id", "ActiveState", "Job"))
            if not _systemd_show.number(state.get("Job")) and _systemd_show.active_word(state) != _base.STOPPING:
                return
            time.sleep(0.2)
        raise _base.TimedOut("systemctl %s %s: not finished %g s after SIGKILL was sent" % (verb, unit, KILL_TIMEOUT))

    def _refusal(self, verb, unit, rc, err):
        """Turn what systemctl said into the error that fits; its first line is the reason, the others are advice."""
        said = (err.strip().splitlines() or ["exit code %d" % rc])[0].strip()
        if "not found" in said and "Unit " in said:
            return _base.ServiceNotFound("service '%s' not found in systemd" % unit, self._nearest(unit))
        if "is masked" in said:
            return _base.Unsupported("%s is masked: systemd will not %s it; 'systemctl unmask %s' first, if that is meant" % (unit, verb, unit), "masked")
        if "Operation refused" in said:
            return _base.Unsupported("%s refuses a manual %s (%s)" % (unit, verb, said), "refuse_manual")
        if "Access denied" in said or "authentication required" in said:
            return _base.ManagerError("systemctl %s %s: %s: run as root (become: true)" % (verb, unit, said.rstrip(".")))
        if verb in ("start", "restart") and "too often" not in said and self._gave_up(unit):
            said = "%s; it hit its start limit, 'systemctl reset-failed %s' forgets that" % (said.rstrip("."), unit)
        return _base.ManagerError("systemctl %s %s: %s" % (verb, unit, said))

    def _gave_up(self, unit):
        """After a crash loop systemctl gives the reason of the last crash, though this start was not even tried."""
        return any(_systemd_show.gave_up(state) for state in self._show(unit, _systemd_show.PROPERTIES))


def _assignments(changed, which):
    spelling = {"memory_max": "MemoryMax", "memory_high": "MemoryHigh"}
    return ["%s=%s" % (spelling[limit], "infinity" if change[which] is None else change[which]) for limit, change in sorted(changed.items())]
