# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe can say: healthy, sick, or that it could not find out."""

from __future__ import annotations

import errno
import socket

HEALTHY = "healthy"
SICK = "sick"
INCONCLUSIVE = "inconclusive"  # the probe itself could not run; says nothing about the service

_OUR_TROUBLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
)


def healthy(detail):
    return HEALTHY, detail


def sick(detail):
    return SICK, detail


def inconclusive(detail):
    return INCONCLUSIVE, detail


def from_network_error(error, target, timeout):
    """Tell the service's trouble (refuses, does not answer) from our own (no DNS, no permission, no network)."""
    if isinstance(error, socket.gaierror):
        return inconclusive("cannot resolve %s: %s" % (target, error.strerror))
    if isinstance(error, socket.timeout):
        return sick("%s did not answer within %g s" % (target, timeout))
    reason = error.strerror or str(error)
    if error.errno in _OUR_TROUBLE:
        return inconclusive("cannot reach %s: %s" % (target, reason))
    return sick("%s cannot be reached: %s" % (target, reason))


def shorten(text, limit=120):
    """Make a foreign answer fit into one line of ours."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
