# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd: what `systemctl show` said on real hosts, and what we make of it; names, refusals and commands."""

from __future__ import annotations

import re

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, _systemd_show
from ansible_collections.sysops.remediation.plugins.module_utils._managers.systemd import Systemd
from ansible_collections.sysops.remediation.tests.unit.managers_lab import (
    BOOT_TIME,
    Recorded,
    add_process,
    case_id,
    cases,
    expected,
    make_root,
    told,
    write,
)
from hypothesis import given
from hypothesis import strategies as st

CASES = cases("systemd", file="show.txt")
LIST = (["list-unit-files"], (0, "postfix.service enabled enabled\nfoo@.service static -\nnginx.service enabled enabled\n", ""))


def show_answer(text):
    return (["show"], (0, text, ""))


def manager(tmp_path, *answers):
    return Systemd(Recorded(*answers), root=make_root(tmp_path, systemd=True))


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_recorded_units_are_told_in_our_words(case, tmp_path):
    text = (case / "show.txt").read_text()
    main_pid = int(re.search(r"^MainPID=(\d+)$", text, re.MULTILINE).group(1))
    root = make_root(tmp_path, [main_pid] if main_pid else [], systemd=True)
    systemd = Systemd(Recorded(LIST, show_answer(text)), root=root)
    asked = "alias-name" if case.name == "alias" else re.search(r"^Id=(.*)$", text, re.MULTILINE).group(1)
    assert told(lambda: systemd.inspect(asked)) == expected(case)


def test_every_version_has_the_same_cases():
    """One state must not be told differently by 252 and 257 without anybody noticing."""
    by_version = {version: {case.name: case for case in CASES if case.parent.name == version} for version in ("252", "257")}
    for name in set(by_version["252"]) & set(by_version["257"]):
        older, newer = (expected(by_version[version][name]) for version in ("252", "257"))
        if "error" in older:
            assert older == newer
        else:
            assert [older[fact] for fact in ("active", "sub", "result", "exit_code", "exit_signal")] == [
                newer[fact] for fact in ("active", "sub", "result", "exit_code", "exit_signal")
            ], name


def test_one_inspect_is_one_call(tmp_path):
    systemd = manager(tmp_path, show_answer("Id=a.service\nLoadState=loaded\nActiveState=inactive\n"))
    systemd.inspect("a")
    assert len(systemd.run.asked) == 1


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("postfix", "postfix.service"),
        ("postfix.service", "postfix.service"),
        ("foo@bar", "foo@bar.service"),
        ("node.js", "node.js.service"),
        (r"mnt-a\x2db", r"mnt-a\x2db.service"),
        ("user@1000.service", "user@1000.service"),
        (".service", ".service.service"),
    ],
)
def test_names_get_their_suffix(name, unit):
    assert _systemd_show.unit_name(name) == unit


@given(st.text(max_size=12))
def test_a_name_never_reaches_systemctl_as_a_pattern_an_option_or_two_words(name):
    try:
        unit = _systemd_show.unit_name(name)
    except _base.ManagerError:
        return
    assert not set(unit) & set("*?[] \t\n/'\"$;&|") and not unit.startswith("-") and unit.endswith(".service")


@given(
    st.dictionaries(
        st.sampled_from(_systemd_show.PROPERTIES), st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")), min_size=1
    )
)
def test_whatever_the_values_are_they_are_read_back(properties):
    text = "".join("%s=%s\n" % pair for pair in properties.items())
    assert _systemd_show.parse_show(text) == [properties]
    _systemd_show.facts(properties, BOOT_TIME)  # and nothing of it can make us stumble


def test_several_units_are_separated_by_blank_lines():
    assert _systemd_show.parse_show("Id=a\nNames=a b\n\nId=b\n") == [{"Id": "a", "Names": "a b"}, {"Id": "b"}]


def test_other_unit_types_are_refused(tmp_path):
    with pytest.raises(_base.Unsupported, match=r"'web\.socket' is a socket unit") as refused:
        manager(tmp_path).inspect("web.socket")
    assert refused.value.kind == "not_a_service"


def test_a_template_names_its_instances(tmp_path):
    systemd = manager(tmp_path, show_answer("Id=foo@b.service\nLoadState=loaded\n\nId=foo@a.service\nLoadState=loaded\n"))
    with pytest.raises(_base.Unsupported, match=r"loaded now: foo@a.service, foo@b.service") as refused:
        systemd.inspect("foo@")
    assert refused.value.kind == "template"


def test_an_unknown_name_gets_the_nearest(tmp_path):
    nothing = "Id=postfx.service\nLoadState=not-found\nActiveState=inactive\n"
    systemd = manager(tmp_path, LIST, show_answer(nothing))
    with pytest.raises(_base.ServiceNotFound, match=r"service 'postfx' not found in systemd; did you mean 'postfix.service'\?") as missing:
        systemd.inspect("postfx")
    assert missing.value.nearest == ["postfix.service"]
    assert not systemd.knows("postfx")


def test_without_systemd_as_pid_1_it_says_so(tmp_path):
    assert Systemd(Recorded(), root=make_root(tmp_path)).available() == (False, "systemd does not run as PID 1 (no /run/systemd/system)")


def test_without_systemctl_it_says_so(tmp_path):
    systemd = manager(tmp_path)
    (tmp_path / "usr/bin/systemctl").unlink()
    usable, why = systemd.available()
    assert not usable and "no systemctl" in why


def test_without_a_user_manager_it_says_whom_to_become(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    systemd = Systemd(Recorded(), root=make_root(tmp_path, systemd=True), scope="user")
    usable, why = systemd.available()
    assert not usable and "become the user who owns the service" in why


def test_user_units_are_asked_through_the_runtime_directory_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    systemd = Systemd(Recorded(show_answer("Id=a.service\nLoadState=loaded\nActiveState=inactive\n")), root=make_root(tmp_path, systemd=True), scope="user")
    assert systemd.inspect("a").scope == "user"
    assert systemd.run.asked[0][:4] == ["env", "XDG_RUNTIME_DIR=%s" % tmp_path, "systemctl", "--user"]


def test_a_runtime_directory_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    """After become, XDG_RUNTIME_DIR may still be that of the user who logged in."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 4242)
    systemd = Systemd(Recorded(show_answer("Id=a.service\nLoadState=loaded\nActiveState=inactive\n")), root=make_root(tmp_path, systemd=True), scope="user")
    systemd.inspect("a")
    assert systemd.run.asked[0][1] == "XDG_RUNTIME_DIR=/run/user/4242"


SAID = [
    ("Unit a.service is masked.", _base.Unsupported, "a.service is masked"),
    ("Failed to restart a.service: Unit a.service not found.", _base.ServiceNotFound, "service 'a.service' not found"),
    ("Failed to restart a.service: Access denied", _base.ManagerError, "run as root (become: true)"),
    ("Failed to restart a.service: Interactive authentication required.", _base.ManagerError, "run as root (become: true)"),
    ("Failed to restart a.service: Operation refused, unit a.service may be requested by dependency only.", _base.Unsupported, "refuses a manual restart"),
    (
        'Job for a.service failed because the control process exited with error code.\nSee "systemctl status a.service"',
        _base.ManagerError,
        "exited with error code",
    ),
    ("A dependency job for a.service failed. See 'journalctl -xe' for details.", _base.ManagerError, "A dependency job for a.service failed"),
    ("Job for a.service failed because start of the service was attempted too often.", _base.ManagerError, "attempted too often"),
]


@pytest.mark.parametrize(("said", "kind", "words"), SAID, ids=[words for _said, _kind, words in SAID])
def test_what_systemctl_refuses_becomes_one_line(tmp_path, said, kind, words):
    systemd = manager(tmp_path, LIST, (["restart"], (1, "", said)), show_answer(""))
    with pytest.raises(kind, match=re.escape(words)) as refused:
        systemd.restart("a", 5)
    assert "\n" not in str(refused.value)


def test_a_restart_that_takes_too_long_is_left_to_systemd(tmp_path):
    systemd = manager(tmp_path, (["restart"], (_run.TIMED_OUT, "", "")))
    with pytest.raises(_base.TimedOut, match=r"systemctl restart a.service did not finish within 5 s; systemd goes on with it"):
        systemd.restart("a", 5)
    assert not [argv for argv in systemd.run.asked if "kill" in argv]


def test_force_kill_kills_only_what_is_still_stopping(tmp_path):
    up = show_answer("Id=a.service\nActiveState=activating\n")
    systemd = manager(tmp_path, (["restart"], (_run.TIMED_OUT, "", "")), up)
    with pytest.raises(_base.TimedOut):
        systemd.restart("a", 5, force_kill=True)
    assert not [argv for argv in systemd.run.asked if "kill" in argv]


def test_scale_tells_how_to_undo_it(tmp_path):
    systemd = manager(tmp_path, show_answer("Id=a.service\nMemoryMax=1000\nMemoryHigh=infinity\n"), (["set-property"], (0, "", "")))
    answer = systemd.scale("a", memory_max=2000, memory_high=1500)
    assert answer["changed"] == {"memory_max": {"before": 1000, "after": 2000}, "memory_high": {"before": None, "after": 1500}}
    assert answer["undo"] == "systemctl set-property --runtime a.service MemoryHigh=infinity MemoryMax=1000"
    assert systemd.run.asked[-1] == ["systemctl", "set-property", "--runtime", "a.service", "MemoryHigh=1500", "MemoryMax=2000"]


def test_scale_to_what_it_is_already_changes_nothing(tmp_path):
    systemd = manager(tmp_path, show_answer("Id=a.service\nMemoryMax=1000\nMemoryHigh=infinity\n"))
    assert systemd.scale("a", memory_max=1000) == {"changed": {}, "undo": None}


def test_reload_is_refused_without_an_exec_reload(tmp_path):
    systemd = manager(tmp_path, show_answer("Id=a.service\nCanReload=no\n"))
    with pytest.raises(_base.Unsupported, match=r"no ExecReload="):
        systemd.reload("a", 5)


def test_without_a_main_pid_the_oldest_process_of_the_cgroup_stands_for_it(tmp_path):
    """Units generated from init scripts have no MainPID although they run."""
    root = make_root(tmp_path, [30, 20], systemd=True)
    write(tmp_path, "sys/fs/cgroup/cgroup.controllers", "memory pids\n")
    write(tmp_path, "sys/fs/cgroup/system.slice/a.service/cgroup.procs", "30\n20\n0\n")
    text = "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=exited\nMainPID=0\nControlGroup=/system.slice/a.service\nInvocationID=abc\n"
    state = Systemd(Recorded(show_answer(text)), root=root).inspect("a")
    assert state.main_pid == 20 and state.incarnation.main_pid == 20
    assert state.pids == [20, 30]
    assert state.flags["main_pid_guessed"] and "no_process" not in state.flags
    assert not [note for note in state.notes if "without a process" in note]
    assert state.cgroups == {"v2": "/sys/fs/cgroup/system.slice/a.service"}


def test_a_hybrid_host_gives_its_v1_controllers_only(tmp_path):
    root = make_root(tmp_path, [20], systemd=True)
    for tree in ("memory", "pids", "systemd", "unified"):
        write(tmp_path, "sys/fs/cgroup/%s/system.slice/a.service/cgroup.procs" % tree, "20\n")
    text = "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=20\nControlGroup=/system.slice/a.service\n"
    state = Systemd(Recorded(show_answer(text)), root=root).inspect("a")
    assert state.cgroups == {"v1": {tree: "/sys/fs/cgroup/%s/system.slice/a.service" % tree for tree in ("memory", "pids", "systemd")}}


def test_a_reused_pid_is_another_life(tmp_path):
    root = make_root(tmp_path, [20], systemd=True)
    text = "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=20\n"
    systemd = Systemd(Recorded(show_answer(text)), root=root)
    before = systemd.inspect("a").incarnation.id
    add_process(tmp_path, 20, seconds=500)
    assert systemd.inspect("a").incarnation.id != before


def test_logs_are_the_last_lines_since_a_moment(tmp_path):
    systemd = manager(tmp_path, (["journalctl"], (0, "one\n\ntwo\nthree\n", "")))
    assert systemd.logs("a", lines=2, since=12.7) == ["two", "three"]
    assert {"--unit", "a.service", "--since=@12"} <= set(systemd.run.asked[0])


def test_logs_that_cannot_be_had_are_empty(tmp_path):
    assert manager(tmp_path, (["journalctl"], (1, "", "No journal files were found."))).logs("a") == []


def relations(answers):
    """Answer ``show`` from {unit: {property: value}}, as systemctl does: one block per unit that was named."""

    def run(argv, timeout=None):
        properties = next(word for word in argv if word.startswith("--property=")).partition("=")[2].split(",")
        blocks = []
        for unit in argv[argv.index("--") + 1 :]:
            known = dict(answers.get(unit, {}), Id=unit)
            blocks.append("\n".join("%s=%s" % (name, known.get(name, "")) for name in properties))
        return 0, "\n\n".join(blocks) + "\n", ""

    return run


UNITS = {
    "db.service": {"ActiveState": "active", "RequiredBy": "app.service", "WantedBy": "multi-user.target stats.service", "After": "disk.mount net.service"},
    "app.service": {"ActiveState": "active", "BoundBy": "worker.service", "Requires": "db.service system.slice", "After": "db.service log.service"},
    "worker.service": {"ActiveState": "inactive", "RequiredBy": "app.service"},
    "stats.service": {"ActiveState": "active", "RequiredBy": "unrelated.service"},
    "log.service": {"ActiveState": "failed"},
}


def test_dependents_are_followed_as_far_as_they_are_taken_along(tmp_path):
    found = Systemd(relations(UNITS), root=make_root(tmp_path, systemd=True)).dependents("db")
    assert found == [
        {"name": "app.service", "active": "running", "relation": "RequiredBy", "hard": True},
        {"name": "stats.service", "active": "running", "relation": "WantedBy", "hard": False},
        {"name": "worker.service", "active": "stopped", "relation": "BoundBy", "hard": True},
    ]


def test_dependencies_are_what_it_requires_and_what_else_has_failed(tmp_path):
    found = Systemd(relations(UNITS), root=make_root(tmp_path, systemd=True)).dependencies("app")
    assert found == [
        {"name": "db.service", "active": "running", "relation": "Requires", "hard": True},
        {"name": "log.service", "active": "failed", "relation": "After", "hard": False},
    ]
