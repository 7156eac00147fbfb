#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_policy
version_added: 0.1.0
short_description: Template and validate the policy of one host
description:
  - Reads the variables C(remediation_services) and C(remediation_services_*) of the host, merges them, fills in defaults and validates everything.
  - A mistake never fails the task. It is returned in RV(errors), so that this host is left alone and reported while the others are treated.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  service:
    description:
      - Only the entry for this service, written as V(postfix), V(postfix.service) or V(systemd/postfix.service).
    type: str
  unlisted:
    description:
      - For runs that only diagnose. Observe O(service) even if the policy does not name it, and every running service of a host without a policy.
    type: bool
    default: false
  origins:
    description:
      - Say also where each key was written.
    type: bool
    default: false
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
- name: Read the policy of this host
  sysops.remediation.remediation_policy:
  register: diagnose_policy
"""

RETURN = r"""
services:
  description: The entries, complete with defaults; durations are seconds. Empty if there are errors.
  returned: always
  type: list
  elements: dict
origins:
  description:
    - For each of RV(services), where its keys were written. A section that several lists have written has several places, the one that wins last.
    - Keys that nobody wrote are not in it. The file is left out where the inventory does not know it, as with one that a script makes.
  returned: always; empty without O(origins)
  type: list
  elements: dict
  sample:
    - mode: ["remediation_services_mail[0].mode (group_vars/mail.yml:9)"]
      guard: ["remediation_services_mail[0].guard (group_vars/mail.yml:11)", "remediation_services[0].guard (host_vars/mail1.yml:4)"]
named:
  description: Names of all services in the policy, whatever O(service) says.
  returned: always
  type: list
  elements: str
limits:
  description:
    - What the whole policy says of budgets, whatever O(service) says. A budget is as tight as the tightest that any of its services and hosts names.
    - Also of a policy with a mistake, as long as the mistake is in something else; null if that is not known.
    - One for each service, with C(group) (null if the service has a budget of its own), C(service) and C(max_unavailable).
  returned: always
  type: list
  elements: dict
errors:
  description: One line per mistake with variable, path, value, what is allowed and where it was written.
  returned: always
  type: list
  elements: str
  sample:
    - "remediation_services[0].guard.cooldwon: unknown key (did you mean 'cooldown'?); allowed: cooldown, max_attempts (group_vars/mail.yml:14)"
asked_at:
  description: When the policy was read, right before the diagnosis, in epoch seconds of the controller.
  returned: always
  type: float
observe:
  description: What to hand to O(sysops.remediation.memory_leak_info#module:services).
  returned: always
  type: list
  elements: dict
hint:
  description: What to add to the host's message if it does not know O(service) and the policy names something like it.
  returned: always
  type: str
  sample: "; the policy names 'postfix.service'"
observe_all:
  description: Whether every running service of the host is to be observed, because O(unlisted) is set and there is no policy.
  returned: always
  type: bool
msg:
  description: One line for people.
  returned: always
  type: str
"""
