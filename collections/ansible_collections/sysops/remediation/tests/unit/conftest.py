# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no reason to fail: how long one example takes says nothing about its truth.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
