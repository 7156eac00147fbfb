# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe by a command of the administrator's choice; an argument list, never a shell line."""

from __future__ import annotations

import os
import signal
import subprocess

from .. import _redact
from . import _result

_CANNOT_RUN = (126, 127)  # what env, sudo, timeout and shells return when they could not run the command


def command(probe):
    argv = [str(word) for word in probe["argv"]]
    shown = _result.shorten(_redact.redact_argv(argv))
    try:
        rc, output = _run(argv, probe["timeout"])
    except subprocess.TimeoutExpired:
        return _result.sick("'%s' did not end within %g s" % (shown, probe["timeout"]))
    except OSError as error:
        return _result.inconclusive("cannot run '%s': %s" % (shown, error.strerror or error))
    wanted_rc = probe.get("rc") or 0
    said = _result.shorten(output)
    if rc in _CANNOT_RUN and rc != wanted_rc:
        return _result.inconclusive("'%s' could not be run (code %d): %s" % (shown, rc, said))
    if rc != wanted_rc:
        return _result.sick("'%s' ended with %d, expected %d: %s" % (shown, rc, wanted_rc, said))
    if probe.get("expect") and probe["expect"] not in output:
        return _result.sick("'%s' printed '%s', expected '%s'" % (shown, said, probe["expect"]))
    return _result.healthy("'%s' ended with %d" % (shown, rc))


def _run(argv, timeout):
    """Run in a session of its own, so that on a timeout its children end too."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, universal_newlines=True, errors="replace"
    )
    try:
        output, _nothing = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return process.returncode, output
