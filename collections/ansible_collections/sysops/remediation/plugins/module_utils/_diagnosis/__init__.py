# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managers, sampling, history and ``_leaks`` put together: what runs on a host in, a diagnosis per service out."""

from __future__ import annotations

from .. import _services as services
from .._host_state.history import short_boot
from .._sampling import host as host_facts
from .._sampling.window import check_window
from . import assemble, ends, probing, recorded, watch


class Request:
    """What the caller wants; see the documentation of memory_leak_info."""

    def __init__(self, services=(), window=20.0, interval=1.0, **options):
        self.services = list(services)
        self.window = window
        self.interval = interval
        self.series = options.pop("series", None) or {}
        self.series_notes = list(options.pop("series_notes", None) or ())
        self.record = options.pop("record", False)
        self.use_history = options.pop("use_history", True)
        self.state_dir = options.pop("state_dir", None)
        self.probes = options.pop("probes", ())
        self.max_points = options.pop("max_points", 60)
        if options:
            raise TypeError("unknown options: %s" % ", ".join(sorted(options)))


def diagnose_host(request, run, root="/", clock=None):
    """Return ``{"host", "diagnoses", "window", "warnings"}``; raise ValueError or ManagerError, each with one line for people."""
    check_window(request.window, request.interval)
    found, warnings = services.find(request.services, run, root)
    host = host_facts.read_host(root)
    boot = short_boot(host["boot_id"])
    evidence = {service.identity: assemble.Evidence(service) for service in found}
    warnings += watch.hand_out_series(request.series, evidence)
    if request.use_history:
        warnings += recorded.read(evidence, request.state_dir, boot, host["time"], host_facts.uptime())
    window = 0.0 if recorded.suffices(evidence, boot, host["time"]) else request.window
    seen = watch.observe_all(evidence, window, request.interval, root, clock)
    warnings += seen.warnings
    warnings += ends.look_into(evidence, run, root)
    host = host_facts.read_host(root)
    diagnoses = []
    for one in evidence.values():
        found = assemble.diagnose(one, root, host, boot, request.max_points)
        if request.probes and probing.settle(one, found, request.probes, run, root):
            found = assemble.diagnose(one, root, host, boot, request.max_points)
        found["warnings"] += request.series_notes
        diagnoses.append(found)
    watch.attribute(diagnoses, root)
    if request.record:
        warnings += recorded.write(evidence, seen, request.state_dir, boot)
    return {"host": host, "diagnoses": diagnoses, "window": seen.window, "warnings": warnings}
