# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes that ask the service's manager: its status text (``sd_notify`` STATUS=), a line in its log.

``view`` is whatever offers ``status_text()`` and ``log_lines()``; this room knows no managers.
"""

from __future__ import annotations

from . import _result


def status_text(probe, view):
    text = view.status_text()
    if text is None:
        return _result.inconclusive("the manager of this service knows no status text")
    if probe["expect"] in text:
        return _result.healthy("status text is '%s'" % _result.shorten(text))
    return _result.sick("status text is '%s', expected '%s'" % (_result.shorten(text), probe["expect"]))


def log_line(probe, view):
    """Look for a text in what the service has logged since the action began."""
    lines = view.log_lines()
    if lines is None:
        return _result.inconclusive("the manager of this service gives no log lines")
    for line in lines:
        if probe["expect"] in line:
            return _result.healthy("logged '%s'" % _result.shorten(line))
    last = "; its last line is '%s'" % _result.shorten(lines[-1]) if lines else ""
    return _result.sick("'%s' was not logged since the action began%s" % (probe["expect"], last))
