# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of one incident from what its steps returned."""

from __future__ import annotations

DOCUMENTATION = r"""
name: incident_outcome
version_added: 0.1.0
short_description: Outcome of one incident from what its steps returned
description:
  - Turns a planned action, the results of M(sysops.remediation.service_restart) along the ladder and the evidence into one item of
    C(remediation_outcomes), as docs/architecture.md describes it.
author:
  - sysops.remediation contributors (@sysops-remediation)
positional: steps, kept, fetched, permit
options:
  _input:
    description: One of the C(actions) of the plan.
    type: dict
    required: true
  steps:
    description: Results of M(sysops.remediation.service_restart) in the order of the ladder; empty if the host was lost before the first.
    type: list
    elements: dict
    required: true
  kept:
    description: Result of M(sysops.remediation.incident_evidence), skipped and failed ones included.
    type: dict
    required: true
  fetched:
    description: Result of fetching the evidence to the controller, skipped and failed ones included.
    type: dict
    required: true
  permit:
    description: Result of M(sysops.remediation.remediation_permit). Without a permit nothing was done, and the incident is refused.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Settle the incident
  ansible.builtin.set_fact:
    remediate_outcome: "{{ remediate_action | sysops.remediation.incident_outcome(remediate_steps, remediate_kept, remediate_fetched, remediate_permit) }}"
"""

RETURN = r"""
_value:
  description: The outcome, with C(outcome) in the words of the design and C(msg) for people.
  type: dict
"""

from ..plugin_utils._plan_outcome import settle


class FilterModule:
    def filters(self):
        return {"incident_outcome": settle}
