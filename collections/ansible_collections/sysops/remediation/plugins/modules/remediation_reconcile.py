#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_reconcile
version_added: 0.1.0
short_description: Settle what every planned action came to
description:
  - Runs once, at the end. Every action of the plan gets an outcome. One that left none on its host, because the host was lost, is V(unknown).
  - It says which hosts must make the run fail. A refusal that is nothing but the policy's own will (mode, verdict, urgency, window, freeze, approval), or
    the tail of an alert, is not among them, unless a person asked for a restart.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  plan:
    description:
      - RV(sysops.remediation.remediation_plan#module:plan).
    type: dict
    required: true
  ledger:
    description:
      - URL of the ledger, as in M(sysops.remediation.remediation_plan). Permits of the run that are still out are released, and the outcomes recorded.
    type: str
attributes:
  check_mode:
    description: Does the same, and leaves the ledger alone.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Settle what every planned action came to
  sysops.remediation.remediation_reconcile:
    plan: "{{ remediation_plan.plan }}"
  run_once: true
  register: remediation_end
"""

RETURN = r"""
outcomes:
  description: One per action of the plan.
  returned: always
  type: list
  elements: dict
bad:
  description: Hosts that make the run fail, with the reasons.
  returned: always
  type: dict
result:
  description: What programs read of the run if there is no report.
  returned: always
  type: dict
text:
  description: The outcomes for people.
  returned: always
  type: str
"""
