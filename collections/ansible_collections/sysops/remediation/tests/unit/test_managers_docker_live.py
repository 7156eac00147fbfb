# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Docker engine: restart, stop, scale and reload of containers of our own."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, resolve
from ansible_collections.sysops.remediation.plugins.module_utils._managers.docker import Docker
from ansible_collections.sysops.remediation.tests.unit.docker_lab import container, docker, need_image, until

pytestmark = pytest.mark.slow

STUBBORN = "trap '' TERM; trap 'echo reloaded' HUP; echo up; while :; do sleep 0.1; done"
POLITE = "trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done"


@contextlib.contextmanager
def running(script, *options):
    """Yield (manager, name) of a container that runs the script."""
    with container(need_image("trixie"), *options, command=["sh", "-c", script]) as identity:
        manager = Docker(_run.run)
        name = docker("inspect", "--format={{.Name}}", identity).lstrip("/")
        until(lambda: len(manager.logs(name)) > 0)
        yield manager, name


def test_auto_finds_it_and_says_why():
    with running(POLITE) as (_manager, name):
        manager, reason = resolve({"name": name}, _run.run)
        assert manager.name == "docker" and reason.endswith("and knows " + name)
        assert name in [state.name for state in manager.inspect_running()]


def test_a_restart_makes_another_life_and_keeps_the_restart_policy():
    with running(POLITE, "--restart=unless-stopped") as (manager, name):
        before = manager.inspect(name)
        manager.restart(name, 60)
        after = manager.inspect(name)
        assert after.active == _base.RUNNING and after.incarnation.id != before.incarnation.id
        assert after.incarnation.invocation_id == before.incarnation.invocation_id  # the same container, another life
        assert after.flags["restart_policy"] == "unless-stopped"
        manager.stop(name, 60)
        assert manager.inspect(name).active == _base.STOPPED
        manager.start(name, 60)
        assert manager.inspect(name).active == _base.RUNNING


def test_a_stop_that_hangs_is_killed_only_when_allowed():
    with running(STUBBORN, "--stop-timeout=600") as (manager, name):
        before = manager.inspect(name).incarnation.id
        with pytest.raises(_base.TimedOut, match="the engine goes on with it"):
            manager.restart(name, 1)
        assert manager.inspect(name).incarnation.id == before
        manager.restart(name, 1, force_kill=True)
        until(lambda: manager.inspect(name).active == _base.RUNNING)
        assert manager.inspect(name).incarnation.id != before


def test_reload_sends_sighup_to_who_handles_it():
    with running(STUBBORN) as (manager, name):
        life = manager.inspect(name).incarnation.id
        manager.reload(name, 60)
        until(lambda: any(line.endswith("reloaded") for line in manager.logs(name)))
        assert manager.inspect(name).incarnation.id == life
    with running(POLITE) as (manager, name), pytest.raises(_base.Unsupported, match="not known to handle SIGHUP"):
        manager.reload(name, 60)


def test_scale_holds_until_it_is_undone():
    with running(POLITE, "--memory=64m") as (manager, name):
        life = manager.inspect(name).incarnation.id
        answer = manager.scale(name, memory_max=96 << 20)
        assert manager.inspect(name).limits["memory_max"] == 96 << 20
        assert _run.run(answer["undo"].split())[0] == 0
        assert manager.inspect(name).limits["memory_max"] == 64 << 20
        assert manager.inspect(name).incarnation.id == life


def test_a_container_started_with_rm_survives_a_restart():
    with running(POLITE, "--rm") as (manager, name):
        manager.restart(name, 60)
        assert manager.inspect(name).active == _base.RUNNING
        with pytest.raises(_base.Unsupported):
            manager.stop(name, 60)
