# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a command cost? ``python3 _runs.py TIMES COMMAND…`` prints JSON: CPU milliseconds (children included) and max RSS of each run.

Runs by itself on a host or in a container: Python 3.8 and its standard library are enough.
"""

from __future__ import annotations

import json
import os
import sys


def cost(argv):
    """Run the command to its end; return its cost."""
    pid = os.posix_spawnp(argv[0], argv, os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit("%s: wait status %d" % (" ".join(argv), status))
    return {"cpu_ms": 1000 * (usage.ru_utime + usage.ru_stime), "max_rss_mb": usage.ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps([cost(sys.argv[2:]) for _run in range(int(sys.argv[1]))]))
