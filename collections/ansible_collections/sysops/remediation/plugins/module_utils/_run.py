# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way in which commands are run on a managed host.

Rooms take it as an argument (``run``), so that tests can hand in recorded answers.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import subprocess
import time

TIMED_OUT = 124  # what timeout(1) returns
NOT_FOUND = 127  # what a shell returns
MAX_OUTPUT = 8 * 1024 * 1024  # more than any answer we ask for; the rest is read and dropped

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(argv, timeout=30, discard_output=False):
    """Run ``argv`` without a shell and return ``(rc, stdout, stderr)``; never raises for what the command does.

    The command speaks English (``LC_ALL=C``), reads nothing and is killed with its children at the timeout (rc 124).
    A daemon that it leaves behind does not keep us waiting, even if it holds on to our pipes. But its first write to
    them would then end it: whoever starts daemons passes ``discard_output``, which connects them to /dev/null instead.
    """
    sink = subprocess.DEVNULL if discard_output else subprocess.PIPE
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=_environment(), start_new_session=True, close_fds=True)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return NOT_FOUND, "", "%s: command not found" % argv[0]
        return 126, "", "%s: %s" % (argv[0], os.strerror(error.errno))
    outputs = _Outputs(process)
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        outputs.read(min(0.1, max(0.0, deadline - time.monotonic())))
    timed_out = process.poll() is None
    if timed_out:
        _kill(process)
    stdout, stderr = outputs.finish()
    if timed_out:
        return TIMED_OUT, stdout, stderr + "%s: no answer within %g s" % (argv[0], timeout)
    return process.returncode, stdout, stderr


def _environment():
    environment = dict(os.environ, LC_ALL="C", LANGUAGE="C")
    environment["PATH"] = _search_path()
    for pager in ("SYSTEMD_PAGER", "PAGER", "SYSTEMD_COLORS"):
        environment.pop(pager, None)
    return environment


def _search_path():
    return os.environ.get("PATH", "") + os.pathsep + _SYSTEM_PATH


def is_installed(program, root="/"):
    """Tell whether ``run`` would find the program; a look costs a hundredth of what starting it would."""
    return any(os.access(os.path.join(root, folder.lstrip("/"), program), os.X_OK) for folder in _search_path().split(os.pathsep))


def _kill(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Outputs:
    """Reads both pipes as they fill, so that the command never waits for us nor we for whoever inherited the pipes."""

    def __init__(self, process):
        self._pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe]
        self._texts = {pipe: bytearray() for pipe in self._pipes}
        self._selector = selectors.DefaultSelector()
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ)

    def read(self, timeout):
        """Take what is there, waiting at most ``timeout``; return True if there was something."""
        if not self._selector.get_map():
            time.sleep(min(timeout, 0.01))  # both pipes closed (or none opened): only the exit is left to wait for
            return False
        events = self._selector.select(timeout)
        for key, _mask in events:
            chunk = os.read(key.fileobj.fileno(), 65536)
            if not chunk:
                self._selector.unregister(key.fileobj)
            text = self._texts[key.fileobj]
            text += chunk[: max(0, MAX_OUTPUT - len(text))]
        return bool(events)

    def finish(self):
        """Return (stdout, stderr) as far as they were written."""
        deadline = time.monotonic() + 2  # an heir of the pipes may write for ever
        while self.read(0) and time.monotonic() < deadline:
            pass
        self._selector.close()
        texts = [bytes(self._texts[pipe]).decode("utf-8", "replace") for pipe in self._pipes]
        for pipe in self._pipes:
            pipe.close()
        return tuple(texts) if texts else ("", "")
