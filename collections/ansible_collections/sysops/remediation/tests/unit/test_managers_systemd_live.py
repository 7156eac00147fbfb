# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd 252 and 257, running for real in containers: what acts, what is refused, and what a hanging stop does."""

from __future__ import annotations

import signal

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, resolve
from ansible_collections.sysops.remediation.plugins.module_utils._managers.systemd import Systemd
from ansible_collections.sysops.remediation.tests.unit.docker_lab import put, systemd_host, until

pytestmark = pytest.mark.slow

UNITS = {
    "mail.service": "[Service]\nExecStart=/bin/sh -c 'echo ready to serve; exec sleep 1000'\nMemoryMax=64M\nExecReload=/bin/true\n",
    "stubborn.service": "[Service]\nExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'\nTimeoutStopSec=1000\n",
    "crashing.service": "[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=10ms\n",
    "forbidden.service": "[Unit]\nRefuseManualStop=yes\nRefuseManualStart=yes\n[Service]\nExecStart=/bin/sleep 1000\n",
    "database.service": "[Service]\nExecStart=/bin/sleep 1000\n",
    "app.service": "[Unit]\nRequires=database.service\nAfter=database.service\n[Service]\nExecStart=/bin/sleep 1000\n",
    "part.service": "[Unit]\nPartOf=app.service\n[Service]\nExecStart=/bin/sleep 1000\n",
    "fails.service": "[Service]\nType=oneshot\nExecStart=/bin/false\n",
    "victim.service": "[Unit]\nRequires=fails.service\nAfter=fails.service\n[Service]\nExecStart=/bin/sleep 1000\n",
}


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def host(request):
    with systemd_host(request.param) as (run, root, _identity):
        for name, text in UNITS.items():
            put(root, "/etc/systemd/system/" + name, text)
        put(root, "/etc/systemd/user/own.service", "[Service]\nExecStart=/bin/sleep 1000\n")
        manager = Systemd(run, root=root)
        manager.daemon_reload(60)
        yield manager


def test_auto_finds_it_and_says_why(host):
    manager, reason = resolve({"name": "mail"}, host.run, host.root)
    assert (manager.name, reason) == ("systemd", "auto: systemd runs as PID 1 and knows mail")


def test_a_running_service_is_told_whole(host):
    host.start("mail", 60)
    state = host.inspect("mail")
    assert (state.key, state.active, state.limits["memory_max"]) == ("systemd/mail.service", _base.RUNNING, 64 << 20)
    assert state.incarnation.main_pid == state.main_pid and len(state.pids) == 1
    assert "memory" in state.cgroups.get("v1", {}) or "v2" in state.cgroups
    assert "mail.service" in [one.name for one in host.inspect_running()]
    until(lambda: any("ready to serve" in line for line in host.logs("mail")))


def test_a_restart_makes_another_life_and_a_reload_does_not(host):
    host.start("mail", 60)
    first = host.inspect("mail").incarnation.id
    host.reload("mail", 60)
    assert host.inspect("mail").incarnation.id == first
    host.restart("mail", 60)
    assert host.inspect("mail").incarnation.id != first


def test_scale_holds_until_it_is_undone(host):
    host.start("mail", 60)
    life = host.inspect("mail").incarnation.id
    answer = host.scale("mail", memory_max=96 << 20)
    assert host.inspect("mail").limits["memory_max"] == 96 << 20
    assert host.run(answer["undo"].split())[0] == 0
    assert host.inspect("mail").limits["memory_max"] == 64 << 20
    assert host.inspect("mail").incarnation.id == life


def test_a_stop_that_hangs_is_killed_only_when_allowed(host):
    host.start("stubborn", 60)
    before = host.inspect("stubborn").incarnation.id
    with pytest.raises(_base.TimedOut, match="systemd goes on with it"):
        host.restart("stubborn", 2)
    assert host.inspect("stubborn").active == _base.STOPPING
    host.restart("stubborn", 2, force_kill=True)
    until(lambda: host.inspect("stubborn").active == _base.RUNNING)
    assert host.inspect("stubborn").incarnation.id != before
    with pytest.raises(_base.TimedOut):
        host.stop("stubborn", 2)
    host.stop("stubborn", 2, force_kill=True)
    assert host.inspect("stubborn").active in (_base.STOPPED, _base.FAILED)


def test_a_crash_loop_ends_in_a_start_limit_that_is_told_and_can_be_reset(host):
    host.start("crashing", 60)
    until(lambda: host.inspect("crashing").flags.get("gave_up"))
    state = host.inspect("crashing")
    assert state.active == _base.FAILED and any("start limit" in note for note in state.notes)
    with pytest.raises(_base.ManagerError, match="hit its start limit"):
        host.start("crashing", 60)
    host.reset_failed("crashing", 60)
    assert not host.inspect("crashing").flags.get("gave_up")


def test_a_unit_that_refuses_people_says_so(host):
    with pytest.raises(_base.Unsupported, match="refuses a manual restart") as refused:
        host.restart("forbidden", 60)
    assert refused.value.kind == "refuse_manual"


def test_masked_between_diagnosis_and_action(host):
    host.start("database", 60)
    life = host.inspect("database").incarnation.id
    unit = "/etc/systemd/system/database.service"
    host.run(["sh", "-c", "ln -sf /dev/null %s && systemctl daemon-reload" % unit])
    try:
        state = host.inspect("database")
        assert state.flags["masked"] and any("once stopped it cannot be started" in note for note in state.notes)
        with pytest.raises(_base.Unsupported, match=r"database\.service is masked") as refused:
            host.restart("database", 60)
        assert refused.value.kind == "masked"
        assert host.inspect("database").incarnation.id == life
    finally:
        host.run(["rm", unit])
        put(host.root, unit, UNITS["database.service"])
        host.daemon_reload(60)


def test_an_edited_unit_needs_a_daemon_reload(host):
    host.start("mail", 60)
    put(host.root, "/etc/systemd/system/mail.service", UNITS["mail.service"] + "# edited\n")
    until(lambda: host.inspect("mail").flags.get("need_daemon_reload"))
    host.daemon_reload(60)
    assert not host.inspect("mail").flags.get("need_daemon_reload")


def test_dependents_are_those_that_systemd_really_takes_along(host):
    for name in ("app", "part"):
        host.start(name, 60)
    relations = {one["name"]: one for one in host.dependents("database")}
    assert {name for name, one in relations.items() if one["hard"] and one["active"] == _base.RUNNING} == {"app.service", "part.service"}
    before = {name: host.inspect(name).incarnation.id for name in ("app", "part")}
    host.restart("database", 60)
    until(lambda: all(host.inspect(name).active == _base.RUNNING for name in before))
    assert all(host.inspect(name).incarnation.id != life for name, life in before.items())


def test_a_failed_dependency_is_named(host):
    with pytest.raises(_base.ManagerError, match=r"dependency job for victim\.service failed"):
        host.start("victim", 60)
    assert [(one["name"], one["active"], one["hard"]) for one in host.dependencies("victim")] == [("fails.service", _base.FAILED, True)]


def test_a_killed_main_process_is_told_as_such(host):
    host.start("database", 60)
    host.run(["kill", "-%d" % signal.SIGKILL, str(host.inspect("database").main_pid)])
    until(lambda: host.inspect("database").active == _base.FAILED)
    state = host.inspect("database")
    assert (state.result, state.exit_signal) == ("signal", 9)
    assert state.last_incarnation["main_pid"] and state.stopped_at


def test_a_unit_of_the_user(host, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if host.run(["systemctl", "start", "user@0.service"])[0]:
        pytest.skip("no user manager in this image (libpam-systemd is missing)")
    user = Systemd(host.run, root=host.root, scope="user")
    assert user.available() == (True, "the systemd user manager of uid 0 runs")
    user.start("own", 60)
    state = user.inspect("own")
    assert (state.scope, state.active) == ("user", _base.RUNNING)
    user.restart("own", 60)
    assert user.inspect("own").incarnation.id != state.incarnation.id


def test_reading_changes_nothing(host):
    host.start("mail", 60)
    life = host.inspect("mail").incarnation.id
    for read in (host.names, host.inspect_running, lambda: host.logs("mail"), lambda: host.dependents("mail"), lambda: host.dependencies("mail")):
        read()
    assert host.inspect("mail").incarnation.id == life


def test_a_missing_command_inside_is_told(host):
    assert host.run(["no-such-command"])[0] in (126, _run.NOT_FOUND)
