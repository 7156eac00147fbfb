#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_permit
version_added: 0.1.0
short_description: Reserve or release the permit of one action
description:
  - Reserves, atomically across all runs and controllers that use the ledger, one place in the budget of the service's group. Other hosts of the group
    that are down, unknown, in remediation or in verification count against it; the host itself never does.
  - Never waits. A refusal says which gates are closed and when they open.
  - A permit that is not released ends by itself after its time. Its service is unknown then, and counts against others until it is seen healthy.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  state:
    description:
      - V(reserved) asks for a permit, V(released) gives it back with the outcome of its incident.
    type: str
    choices: [reserved, released]
    default: reserved
  plan:
    description:
      - RV(sysops.remediation.remediation_plan#module:plan). Required with O(state=reserved).
    type: dict
  action:
    description:
      - One of its C(actions). Required with O(state=reserved).
    type: dict
  permit:
    description:
      - Id of the permit. Required with O(state=released).
    type: str
  outcome:
    description:
      - Outcome of the incident. Required with O(state=released).
    type: str
  ledger:
    description:
      - URL of the ledger, as in M(sysops.remediation.remediation_plan).
    type: str
attributes:
  check_mode:
    description: Says whether there would be a permit; nothing is reserved.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Each reservation is another permit. Releasing twice is harmless.
    support: partial
"""

EXAMPLES = r"""
- name: Ask for a permit
  sysops.remediation.remediation_permit:
    plan: "{{ remediation_plan.plan }}"
    action: "{{ remediate_action }}"
  register: remediate_permit

- name: Give it back
  sysops.remediation.remediation_permit:
    state: released
    permit: "{{ remediate_permit.permit.id }}"
    outcome: remediated
  when: remediate_permit.permit is not none
"""

RETURN = r"""
permit:
  description: The permit, as O(sysops.remediation.service_restart#module:permit) takes it; null if there is none.
  returned: O(state=reserved)
  type: dict
  contains:
    id:
      description: Its id.
      type: str
    token:
      description: Fencing token. The host refuses lower ones than it has seen.
      type: int
    valid_for:
      description: Seconds from C(issued_at) on.
      type: float
    issued_at:
      description: Time of the ledger in epoch seconds.
      type: float
gates:
  description: What was checked; closed ones say why there is no permit.
  returned: O(state=reserved)
  type: list
  elements: dict
released:
  description: V(released), V(superseded) (its service is known better by now), V(already), or null if the ledger could not be used.
  returned: O(state=released)
  type: str
msg:
  description: One line for people.
  returned: always
  type: str
"""
