# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line per attempt in the host's own log, where people look first. No log daemon is no reason not to act."""

from __future__ import annotations

import os
import socket

_NOTICE_DAEMON = 3 * 8 + 5


def note(text, root="/"):
    message = "<%d>sysops-remediation[%d]: %s" % (_NOTICE_DAEMON, os.getpid(), " ".join(text.split()))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.settimeout(1)
            log.connect(os.path.join(root, "dev/log"))
            log.send(message.encode()[:1000])
    except OSError:
        return False
    return True
