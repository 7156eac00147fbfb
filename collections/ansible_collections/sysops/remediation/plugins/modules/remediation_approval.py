#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_approval
version_added: 0.1.0
short_description: Look up the plan that a person approves
description:
  - Runs once, before the hosts of the plan are diagnosed again. Says what the plan would do and on which hosts, or why it cannot be approved (any more).
  - The approval itself is recorded by M(sysops.remediation.remediation_plan), which compares the plan with what it finds and does nothing else.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  plan_id:
    description:
      - Id of the plan, as the run that made it printed it.
    type: str
  approver:
    description:
      - Name of the person who approves.
    type: str
  ledger:
    description:
      - URL of the ledger, as in M(sysops.remediation.remediation_plan).
    type: str
attributes:
  check_mode:
    description: Does the same; it changes nothing anyway.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Look up the plan
  sysops.remediation.remediation_approval:
    plan_id: 51b0c7a5ae2b1dd0
    approver: Ada Lovelace
  run_once: true
  register: remediation_approved
"""

RETURN = r"""
status:
  description: V(ok), V(invalid_input) or V(refused).
  returned: always
  type: str
msg:
  description: What would be done, or why it cannot be approved.
  returned: always
  type: str
hosts:
  description: The hosts of the plan.
  returned: always
  type: list
  elements: str
actions:
  description: What would be done.
  returned: always
  type: list
  elements: dict
"""
