# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman containers, through ``podman.socket`` (``podman system service``)."""

from __future__ import annotations

from . import _containers


class Podman(_containers.ContainerEngine):
    name = "podman"
    command = "podman"
    component = "Podman Engine"
    sockets = ("/run/podman/podman.sock", "/var/run/podman/podman.sock", "%s/podman/podman.sock")

    def _update(self, name, memory, swap):
        """Podman only has this in its own API (since 4.3); it holds until the container stops."""
        limits = {"limit": memory}
        if swap:
            limits["swap"] = swap
        self._ask().post("/v4.0.0/libpod/containers/%s/update" % name, _containers.READ_TIMEOUT, body={"memory": limits})
