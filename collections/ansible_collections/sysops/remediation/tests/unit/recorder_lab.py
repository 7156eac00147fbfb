# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the recorder's tests: recorded kernel files, and a systemctl that counts how often it is asked."""

from __future__ import annotations

from tree_fixtures import lay_out, write

PARENT = 87  # of the recorded tree: a parent with two workers
UNIT = "Id=%s\nLoadState=%s\nActiveState=%s\nSubState=x\nMainPID=%d\nInvocationID=%s\nControlGroup=\n"
PREFORK = {"name": "prefork.service", "manager": "systemd"}


class Systemctl:
    """Answers ``systemctl show`` for the units it is given as {name: main pid, None for a stopped one}; counts the questions."""

    def __init__(self, **units):
        self.units = {"%s.service" % name: pid for name, pid in units.items()}
        self.questions = 0

    def __call__(self, argv, timeout=None, discard_output=False):
        self.questions += 1
        if "show" not in argv:
            return 0, "", ""
        names = [name for name in argv[argv.index("--") + 1 :] if "*" not in name]
        for name in names:
            if "@." in name:  # as systemd 252 says it, and then it tells of nobody
                return 1, "", "Failed to get properties: Unit name %s is neither a valid invocation ID nor unit name.\n" % name
        return 0, "\n".join(map(self._unit, names)), ""

    def _unit(self, name):
        if name not in self.units:
            return UNIT % (name, "not-found", "inactive", 0, "")
        pid = self.units[name]
        return UNIT % (name, "loaded", "active" if pid else "inactive", pid or 0, "abc")


def make_host(root):
    """Lay out the recorded tree as a host that runs systemd; return its path."""
    lay_out(root, "hybrid_prefork.tree")
    write(root, "run/systemd/system/.keep", "")
    write(root, "usr/bin/systemctl", "")
    (root / "usr/bin/systemctl").chmod(0o755)
    write(root, "proc/sys/kernel/random/boot_id", "61796219-0000-0000-0000-000000000000\n")
    return root
