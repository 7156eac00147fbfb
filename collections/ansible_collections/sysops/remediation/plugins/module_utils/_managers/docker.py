# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker containers."""

from __future__ import annotations

from . import _containers


class Docker(_containers.ContainerEngine):
    name = "docker"
    command = "docker"
    component = "Engine"
    sockets = ("/run/docker.sock", "/var/run/docker.sock", "%s/docker.sock")

    def _update(self, name, memory, swap):
        body = {"Memory": memory}
        if swap:
            body["MemorySwap"] = swap
        self._ask().post("/containers/%s/update" % name, _containers.READ_TIMEOUT, body=body)
