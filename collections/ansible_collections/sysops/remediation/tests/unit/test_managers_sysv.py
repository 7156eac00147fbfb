# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SysV init scripts: their text, their exit codes, their PID files; real scripts with start-stop-daemon."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, _init_script, _proc
from ansible_collections.sysops.remediation.plugins.module_utils._managers.sysv import Sysv
from ansible_collections.sysops.remediation.tests.unit.managers_lab import BOOT_TIME, add_process, make_root, write
from hypothesis import given
from hypothesis import strategies as st

DEBIAN = """#!/bin/sh
### BEGIN INIT INFO
# Provides:          postfix mail-transport-agent
# Required-Start:    $local_fs $remote_fs $syslog
# Required-Stop:     $local_fs
# Short-Description: Postfix Mail Transport Agent
### END INIT INFO
NAME=postfix
DAEMON=/usr/sbin/${NAME}
PIDFILE="/var/run/$NAME/master.pid" # where it is
OPTIONS=$(cat /etc/options)
case "$1" in
    start)
        ;;
    restart|force-reload) ;;
    # reload) is not here
    status)
        ;;
    reload) ;;
esac
"""
REDHAT = """#!/bin/bash
# chkconfig: 2345 80 30
# pidfile: /var/run/sm.pid
prog='/usr/sbin/sendmail'
case $1 in start|stop|restart|reload|status) $prog $1 ;; esac
"""


def test_the_header_is_read():
    assert _init_script.header(DEBIAN)["provides"] == "postfix mail-transport-agent"
    assert _init_script.header(REDHAT) == {}


def test_pid_files_are_those_of_the_script_first():
    assert _init_script.pid_files(DEBIAN, "postfix")[:3] == ["/var/run/postfix/master.pid", "/run/postfix.pid", "/var/run/postfix.pid"]
    assert _init_script.pid_files(REDHAT, "sendmail")[0] == "/var/run/sm.pid"


def test_the_program_is_read():
    assert _init_script.program(DEBIAN) == "/usr/sbin/postfix"
    assert _init_script.program(REDHAT) == "/usr/sbin/sendmail"
    assert _init_script.program("#!/bin/sh\nDAEMON=$UNKNOWN/x\n") is None


@pytest.mark.parametrize(
    ("pattern", "reloads"),
    [
        ("reload)", True),
        ("reload|force-reload)", True),
        ("start|stop|restart|reload)", True),  # handed on to another program
        ("restart|reload)", False),  # only another name for a restart
        ("force-reload)", False),
        ('"reload")', True),
        ("# reload)", False),
    ],
)
def test_reload_must_be_more_than_another_name_for_restart(pattern, reloads):
    assert _init_script.can_reload("case $1 in\n  %s\n ;;\nesac\n" % pattern) is reloads


@given(st.text())
def test_any_text_is_read(text):
    _init_script.header(text), _init_script.pid_files(text, "x"), _init_script.program(text), _init_script.can_reload(text)


def script(root, name, text):
    write(root, "etc/init.d/" + name, text).chmod(0o755)


def answering(rc):
    return lambda argv, timeout=None, discard_output=False: (rc, "", "")


@pytest.mark.parametrize(
    ("rc", "word", "note"),
    [
        (0, _base.RUNNING, None),
        (1, _base.FAILED, "postfix is dead, but its PID file is still there"),
        (2, _base.FAILED, "postfix is dead, but its lock file is still there"),
        (3, _base.STOPPED, None),
        (4, _base.STOPPED, None),  # unknown: the PID file decides, and there is none
        (_run.TIMED_OUT, _base.STOPPED, "'/etc/init.d/postfix status' gave no answer within 15 s: judged by its process alone"),
    ],
)
def test_exit_codes_of_status_are_those_of_lsb(tmp_path, rc, word, note):
    script(tmp_path, "postfix", DEBIAN)
    state = Sysv(answering(rc), root=make_root(tmp_path)).inspect("postfix")
    assert state.active == word and (note is None or note in state.notes)


def test_a_script_without_status_is_judged_by_its_process(tmp_path):
    script(tmp_path, "old", "#!/bin/sh\nPIDFILE=/run/old.pid\ncase $1 in start) ;; esac\n")
    root = make_root(tmp_path, [50])
    assert Sysv(None, root=root).inspect("old").active == _base.STOPPED
    write(tmp_path, "run/old.pid", "50\n")
    state = Sysv(None, root=root).inspect("old")
    assert (state.active, state.main_pid, state.incarnation.start_ticks) == (_base.RUNNING, 50, 50 * os.sysconf("SC_CLK_TCK"))


def test_a_pid_that_was_given_to_another_process_since_is_not_believed(tmp_path):
    script(tmp_path, "old", "#!/bin/sh\nPIDFILE=/run/old.pid\ncase $1 in start) ;; esac\n")
    root = make_root(tmp_path, [50])
    pid_file = write(tmp_path, "run/old.pid", "50\n")
    os.utime(pid_file, (BOOT_TIME + 51, BOOT_TIME + 51))
    assert Sysv(None, root=root).inspect("old").main_pid == 50
    add_process(tmp_path, 50, seconds=9000)
    assert Sysv(None, root=root).inspect("old").main_pid is None


def test_a_zombie_is_not_running_whatever_the_script_says(tmp_path):
    script(tmp_path, "postfix", DEBIAN)
    root = make_root(tmp_path)
    write(tmp_path, "var/run/postfix/master.pid", "50\n")
    add_process(tmp_path, 50, state="Z")
    assert Sysv(answering(0), root=root).inspect("postfix").active == _base.STOPPED


@pytest.mark.parametrize("text", ["", "nothing", "99999999\n", "-1\n", "50 garbage\n"])
def test_any_pid_file_is_read(tmp_path, text):
    script(tmp_path, "old", "#!/bin/sh\nPIDFILE=/run/old.pid\ncase $1 in start) ;; esac\n")
    root = make_root(tmp_path, [50])
    write(tmp_path, "run/old.pid", text)
    assert Sysv(None, root=root).inspect("old").main_pid == (50 if text.startswith("50") else None)


def test_running_without_a_process_to_be_found_says_so(tmp_path):
    script(tmp_path, "postfix", DEBIAN)
    sysv = Sysv(answering(0), root=make_root(tmp_path))
    state = sysv.inspect("postfix")
    assert state.flags["no_process"] and state.incarnation is None
    assert sysv.inspect_running() == []


def test_names_are_the_services_among_the_scripts(tmp_path):
    for name in ("mail", "README", "rc", "skeleton", "mail.dpkg-old", "a b"):
        script(tmp_path, name, "#!/bin/sh\n")
    write(tmp_path, "etc/init.d/off", "not executable")
    assert Sysv(None, root=make_root(tmp_path)).names() == ["mail"]


@pytest.mark.parametrize("name", ["../../bin/sh", "", "off", "mial"])
def test_a_name_is_never_another_program(tmp_path, name):
    script(tmp_path, "mail", "#!/bin/sh\n")
    with pytest.raises(_base.ServiceNotFound):
        Sysv(None, root=make_root(tmp_path)).start(name, 5)


def test_an_unknown_name_gets_the_nearest(tmp_path):
    script(tmp_path, "mail", "#!/bin/sh\n")
    with pytest.raises(_base.ServiceNotFound, match=r"no executable script /etc/init\.d/mial; did you mean 'mail'"):
        Sysv(None, root=make_root(tmp_path)).inspect("mial")


@pytest.mark.parametrize(("rc", "why"), [(1, "run it by hand"), (5, "the program is not installed"), (6, "it is not configured")])
def test_what_a_script_refuses_becomes_one_line(tmp_path, rc, why):
    script(tmp_path, "mail", "#!/bin/sh\n")
    with pytest.raises(_base.ManagerError, match="'/etc/init.d/mail start' failed with exit code %d: %s" % (rc, why)):
        Sysv(answering(rc), root=make_root(tmp_path)).start("mail", 5)


def test_who_needs_whom_is_in_the_headers(tmp_path):
    script(tmp_path, "postfix", DEBIAN)
    script(tmp_path, "milter", "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: milter\n# Required-Start: $syslog mail-transport-agent\n### END INIT INFO\n")
    sysv = Sysv(answering(0), root=make_root(tmp_path))
    assert [(one["name"], one["relation"], one["hard"]) for one in sysv.dependents("postfix")] == [("milter", "Required-Start", False)]
    assert [one["name"] for one in sysv.dependencies("milter")] == ["postfix"]


def test_logs_are_the_lines_with_its_tag(tmp_path):
    script(tmp_path, "postfix", DEBIAN)
    lines = ["Nov 25 17:00:01 mail postfix/smtpd[12]: connect", "Nov 25 17:00:02 mail cron[1]: postfix", "Nov 25 17:00:03 mail postfix[9]: ready"]
    write(tmp_path, "var/log/syslog", "\n".join(lines) + "\n")
    sysv = Sysv(None, root=make_root(tmp_path))
    assert sysv.logs("postfix") == [lines[0], lines[2]]
    assert sysv.logs("postfix", lines=1) == [lines[2]]


# Below: a real daemon, started by a real script.

LIVE = """#!/bin/sh
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
PIDFILE=/run/live.pid
case "$1" in
start) start-stop-daemon --start --quiet --background --make-pidfile --pidfile "$ROOT$PIDFILE" --exec /bin/sh -- "$ROOT/daemon" ;;
stop) [ -e "$ROOT/slow" ] && exec sleep 1000; start-stop-daemon --stop --quiet --oknodo --pidfile "$ROOT$PIDFILE" ;;
status) start-stop-daemon --status --pidfile "$ROOT$PIDFILE" ;;
reload) start-stop-daemon --stop --signal HUP --quiet --pidfile "$ROOT$PIDFILE" ;;
environment) env > "$ROOT/environment" ;;
esac
"""
DAEMON = "trap 'echo reloaded >> %(root)s/log' HUP\n[ -e %(root)s/stubborn ] && trap '' TERM\necho up >> %(root)s/log\nwhile :; do sleep 0.1; done\n"


@pytest.fixture
def live(tmp_path):
    if not shutil.which("start-stop-daemon"):
        pytest.skip("start-stop-daemon is not installed (package dpkg)")
    (tmp_path / "proc").symlink_to("/proc")
    (tmp_path / "run").mkdir()
    write(tmp_path, "daemon", DAEMON % {"root": tmp_path})
    script(tmp_path, "live", LIVE)
    sysv = Sysv(_run.run, root=str(tmp_path))
    yield sysv
    pid = (_proc.read(str(tmp_path), "run/live.pid") or "").strip()
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def until_up(sysv):
    deadline = time.monotonic() + 60
    while (_proc.read(sysv.root, "log") or "") == "" or sysv.inspect("live").active != _base.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return sysv.inspect("live")


@pytest.mark.slow
def test_a_real_service_is_started_and_stopped(live):
    assert live.inspect("live").active == _base.STOPPED
    live.start("live", 60)
    first = until_up(live)
    assert first.incarnation.main_pid == first.main_pid
    live.stop("live", 60)
    assert live.inspect("live").active in (_base.STOPPED, _base.FAILED)
    live.start("live", 60)
    assert until_up(live).incarnation.id != first.incarnation.id


@pytest.mark.slow
def test_a_real_service_is_reloaded(live):
    live.start("live", 60)
    before = until_up(live).incarnation.id
    live.reload("live", 60)
    deadline = time.monotonic() + 60
    while "reloaded" not in _proc.read(live.root, "log"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert live.inspect("live").incarnation.id == before


@pytest.mark.slow
@pytest.mark.parametrize("hindrance", ["stubborn", "slow"], ids=["the daemon ignores it", "the script hangs"])
def test_a_stop_that_hangs_is_killed_only_when_allowed(live, hindrance):
    write(live.root, hindrance, "")
    live.start("live", 60)
    before = until_up(live)
    with pytest.raises(_base.TimedOut):
        live.stop("live", 1)
    assert live.inspect("live").incarnation.id == before.incarnation.id
    live.stop("live", 1, force_kill=True)
    assert live.inspect("live").incarnation is None


@pytest.mark.slow
def test_a_service_does_not_inherit_our_environment(live, monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    live._act("environment", "live", 60)
    words = {line.partition("=")[0] for line in _proc.read(live.root, "environment").splitlines()}
    assert "SECRET_OF_OURS" not in words and "LC_ALL" not in words and "PATH" in words
