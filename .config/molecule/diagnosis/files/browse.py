# Copyright: (c) 2026, sysops.remediation contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that reads nginx' big files bit by bit, again and again."""

from __future__ import annotations

import time
import urllib.request

while True:
    for name in "abcd":
        with urllib.request.urlopen("http://127.0.0.1/%s.bin" % name) as response:
            while response.read(1024 * 1024):
                time.sleep(0.1)
