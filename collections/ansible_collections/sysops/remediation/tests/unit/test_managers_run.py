# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command runner: real commands, none of which may hold us up."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run


def python(code):
    return [sys.executable, "-c", code]


def test_output_and_exit_code_come_back():
    assert _run.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")) == (3, "out\n", "err\n")


def test_it_speaks_english_and_finds_system_programs():
    _rc, out, _err = _run.run(["env"])
    words = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert words["LC_ALL"] == "C"
    assert "/usr/sbin" in words["PATH"].split(":")
    assert "SYSTEMD_PAGER" not in words


def test_no_shell_reads_the_arguments():
    assert _run.run(["echo", "$HOME; rm -rf *"]) == (0, "$HOME; rm -rf *\n", "")


def test_a_missing_command_is_told():
    assert _run.run(["no-such-command-here"]) == (_run.NOT_FOUND, "", "no-such-command-here: command not found")


def test_a_file_that_cannot_be_run_is_told(tmp_path):
    path = tmp_path / "script"
    path.write_text("#!/bin/sh\n")
    rc, _out, err = _run.run([str(path)])
    assert rc == 126 and "Permission denied" in err


def test_a_command_never_waits_for_input():
    assert _run.run(["cat"], timeout=30) == (0, "", "")


def test_more_output_than_a_pipe_holds_is_read():
    rc, out, _err = _run.run(python("print('x' * 1000000)"))
    assert rc == 0 and len(out) == 1000001


def test_endless_output_is_cut_not_hoarded(monkeypatch):
    monkeypatch.setattr(_run, "MAX_OUTPUT", 1000)
    rc, out, _err = _run.run(python("print('x' * 1000000)"))
    assert rc == 0 and len(out) == 1000


def test_output_that_is_no_text_is_still_read():
    assert _run.run(python("import sys; sys.stdout.buffer.write(b'a\\xffb')"))[1] == "a\ufffdb"


def test_the_timeout_ends_the_command_and_its_children():
    rc, out, err = _run.run(["sh", "-c", "sleep 1000 & echo $!; wait"], timeout=2)
    assert rc == _run.TIMED_OUT and err.endswith("no answer within 2 s")
    child = int(out)
    deadline = time.monotonic() + 30
    while alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_daemon_that_keeps_our_pipes_does_not_hold_us_up():
    daemon = "import os, time\npid = os.fork()\nif pid == 0: os.setsid(); time.sleep(1000)\nprint(pid, flush=True)"
    started = time.monotonic()
    rc, out, _err = _run.run(python(daemon), timeout=600)
    try:
        assert rc == 0 and time.monotonic() - started < 300
    finally:
        os.kill(int(out), signal.SIGKILL)


@pytest.mark.parametrize("discard", [True, False])
def test_a_daemon_whose_output_is_discarded_survives_writing(tmp_path, discard):
    """Our pipes close when we return: who still writes to them gets SIGPIPE, that is why init scripts run with their output discarded."""
    log = tmp_path / "pid"
    daemon = (
        "import os, signal, sys, time\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\nif os.fork() == 0:\n"
        " os.setsid(); open(%r, 'w').write(str(os.getpid()))\n while True: os.write(1, b'x'); time.sleep(0.02)\n"
        "while not os.path.exists(%r): time.sleep(0.01)" % (str(log), str(log))
    )
    assert _run.run(python(daemon), timeout=60, discard_output=discard)[0] == 0
    pid = int(log.read_text())
    if discard:
        time.sleep(0.3)  # it writes every 20 ms
        assert alive(pid)
        os.kill(pid, signal.SIGKILL)
    else:
        deadline = time.monotonic() + 60
        while alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def alive(pid):
    """Tell whether the process lives; zombies that nobody reaps do not count."""
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
