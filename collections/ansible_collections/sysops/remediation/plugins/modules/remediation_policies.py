#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_policies
version_added: 0.1.0
short_description: Put the policies of all hosts together
description:
  - Runs once, after M(sysops.remediation.remediation_policy) was registered as C(diagnose_policy) on all hosts, and says what is in force.
  - Defaults are filled in, and the next maintenance windows are worked out. What may be a secret is replaced by V(***), such as passwords in
    addresses, all headers of probes, and all that a probe sends.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  service:
    description:
      - The one service that the run was limited to. It is an error if no policy names it.
    type: str
attributes:
  check_mode:
    description: Does the same; it changes nothing anyway.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Changes nothing, but the next windows depend on the time.
    support: full
"""

EXAMPLES = r"""
- name: Read the policy of each host
  sysops.remediation.remediation_policy:
  register: diagnose_policy

- name: Put the policies together
  sysops.remediation.remediation_policies:
  run_once: true
  register: remediation_policies
"""

RETURN = r"""
result:
  description: What programs read.
  returned: always
  type: dict
  contains:
    schema:
      description: Version of the format.
      type: int
    status:
      description: V(succeeded), V(nothing_to_do) if no host has a policy, or V(failed) if one has a mistake.
      type: str
    message:
      description: One line for people; empty if all is well.
      type: str
    policies:
      description: One per host and service.
      type: list
      elements: dict
      contains:
        host:
          description: Name of the host.
          type: str
        service:
          description: The service, as the policy names it.
          type: str
        mode:
          description: V(observe), V(recommend), V(approve) or V(auto).
          type: str
        policy_hash:
          description: Changes exactly when the meaning of the policy changes.
          type: str
        policy:
          description: The complete entry without secrets. Durations are seconds, sizes are bytes.
          type: dict
        origins:
          description: Where each key was written, key to list of places, if C(remediation_policy) was asked for it.
          type: dict
        gates:
          description: The gates V(freeze) and V(window) as they are now for a service that runs and whose limit is not in sight.
          type: list
          elements: dict
        windows:
          description:
            - The next three windows, one that is open now included. C(start) and C(end) are epoch seconds,
              C(timezone) is the one in which the window was written.
          type: list
          elements: dict
    errors:
      description: Hosts with a mistake in their policy.
      type: list
      elements: dict
    text:
      description: As RV(text).
      type: str
bad:
  description: Hosts that make the run fail, with the reasons.
  returned: always
  type: dict
text:
  description: The policies for people; one that many hosts share is told once.
  returned: always
  type: str
"""
