# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A manager and a clock in memory, for the pure logic of guard and proof; what touches a system is tested on real ones."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.module_utils._action import flow, request
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base

BOOT = "boot-1"
TICKS = 100  # SC_CLK_TCK of every Linux


class FakeClock:
    def __init__(self, monotonic=100_000.0, epoch=1_800_000_000.0, boot=BOOT):
        self.monotonic, self.epoch, self.boot = monotonic, epoch, boot

    def stamp(self):
        return {"boot_id": self.boot, "monotonic": self.monotonic, "epoch": self.epoch}

    def sleep(self, seconds):
        self.monotonic += seconds
        self.epoch += seconds

    def reboot(self, downtime=60.0):
        self.boot += "+"
        self.epoch += downtime
        self.monotonic = 20.0


class FakeManager(_base.Manager):
    """One service that starts, stops and misbehaves as told: ``timeline`` holds (seconds after the action, change of facts)."""

    name = "systemd"
    atomic_restart = True

    def __init__(self, clock, **facts):
        super().__init__(run=None)
        self.clock = clock
        self.facts = dict({"active": _base.RUNNING, "result": "success", "n_restarts": 0, "flags": {"can_reload": True}}, **facts)
        self.pid = 1000
        self.started = clock.monotonic - 5000.0
        self.calls = []
        self.timeline = []
        self.relations = {"dependents": [], "dependencies": []}
        self.lines = []
        self.refuses = []  # what it raises instead of acting
        self._acted_at = None

    def inspect(self, name):
        if name != "mail.service":
            raise _base.ServiceNotFound("service '%s' not found" % name, ["mail.service"])
        for moment, change in list(self.timeline):
            if self._acted_at is not None and self.clock.monotonic >= self._acted_at + moment:
                self.timeline.remove((moment, change))
                self._apply(change)
        alive = self.facts["active"] in (_base.RUNNING, _base.STOPPING)
        incarnation = _base.Incarnation(self.clock.boot, self.pid, int(self.started * TICKS), None) if alive else None
        return _base.ServiceState(self.name, name, incarnation=incarnation, main_pid=self.pid if alive else None, **self.facts)

    def restart(self, name, timeout, force_kill=False):
        self._act("restart", {"active": _base.RUNNING, "result": "success", "n_restarts": 0, "born": True})

    def start(self, name, timeout):
        self._act("start", {"active": _base.RUNNING, "result": "success", "born": True})

    def reload(self, name, timeout):
        self._act("reload", {})

    def scale(self, name, memory_max=None, memory_high=None, persist=False):
        wanted = {key: value for key, value in (("memory_max", memory_max), ("memory_high", memory_high)) if value}
        before = dict(self.facts.get("limits", {}))
        self._act("scale", {"limits": dict(before, **wanted)})
        return {"changed": {key: {"before": before.get(key), "after": value} for key, value in wanted.items()}, "undo": "set it back"}

    def reset_failed(self, name, timeout):
        self.calls.append("reset-failed")

    def daemon_reload(self, timeout):
        self.calls.append("daemon-reload")
        self.facts["flags"] = {}

    def logs(self, name, lines=20, since=None):
        return self.lines[-lines:]

    def dependents(self, name):
        return self.relations["dependents"]

    def dependencies(self, name):
        return self.relations["dependencies"]

    def _act(self, what, change):
        self.calls.append(what)
        self._acted_at = self.clock.monotonic
        for error in self.refuses:
            raise error
        self._apply(change)

    def _apply(self, change):
        change = dict(change)
        if change.pop("born", False):
            self.pid += 1
            self.started = self.clock.monotonic
        for line in change.pop("lines", []):
            self.lines.append(line)
        self.facts.update(change)


class Bench:
    """The flow on a fake manager and clock, and a real state directory."""

    def __init__(self, folder, **facts):
        self.clock = FakeClock()
        self.manager = FakeManager(self.clock, **facts)
        self.state_dir = str(folder / "state")
        self.root = folder / "root"
        (self.root / "proc").mkdir(parents=True)
        self.meminfo(total_mib=8192, available_mib=4096)
        self.memory = 100 << 20

    def meminfo(self, total_mib, available_mib):
        (self.root / "proc" / "meminfo").write_text("MemTotal: %d kB\nMemAvailable: %d kB\n" % (total_mib << 10, available_mib << 10))

    def call(self, check=False, **more):
        asked = request.from_params(params(**more))
        return flow.perform(asked, self.manager, self.state_dir, root=str(self.root), check_mode=check, clock=self.clock, memory=self._memory)

    @property
    def incarnation(self):
        return self.manager.inspect("mail.service").incarnation.id

    def _memory(self, state):
        if state.main_pid is None:
            return None
        return self.memory(self.clock.monotonic - self.manager.started) if callable(self.memory) else self.memory


def params(**more):
    defaults = {
        "name": "mail.service",
        "action": "restart",
        "cooldown": "30m",
        "max_attempts": 3,
        "within": "24h",
        "stand_down": "10m",
        "timeout": "90s",
        "force_kill": False,
        "only_if_running": False,
        "reset_failed": False,
        "daemon_reload": False,
        "max_dependents": 5,
        "verify": {"verify_for": "10s", "passes": 3, "interval": "2s", "deadline": "60s"},
        "health": [],
    }
    defaults.update(more)
    return defaults


def shut(result):
    return [one["name"] for one in result["gates"] if not one["passed"]]


def the_gate(result, name):
    (found,) = [one for one in result["gates"] if one["name"] == name]
    return found
