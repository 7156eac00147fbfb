# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one number that is compared before and after: anonymous memory and swap of a service, page cache left out."""

from __future__ import annotations

from .._sampling import procfs, sampler
from .._services import target_of


def service_memory(state, root="/"):
    """Return bytes, or None when they cannot be read or nothing of the service runs."""
    if not state.main_pid and not state.pids and not state.cgroups:
        return None
    taken = sampler.sample(root, target_of(state, state.key), procfs.scan(root))
    return None if taken is None else taken.memory
