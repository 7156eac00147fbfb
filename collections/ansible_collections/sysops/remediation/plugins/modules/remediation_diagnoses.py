#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_diagnoses
version_added: 0.1.0
short_description: Put the diagnoses of all hosts together
description:
  - Runs once, after role P(sysops.remediation.diagnose#role), in runs that only diagnose.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options: {}
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
- name: Put the diagnoses together
  sysops.remediation.remediation_diagnoses:
  run_once: true
  register: remediation_diagnosed
"""

RETURN = r"""
result:
  description: What programs read of the run.
  returned: always
  type: dict
  contains:
    schema:
      description: Version of the format.
      type: int
    run_id:
      description: Id of the run.
      type: str
    status:
      description: V(succeeded), V(unreachable) or V(failed).
      type: str
    message:
      description: What somebody has to look at, in one line; empty if nothing.
      type: str
    diagnoses:
      description: RV(sysops.remediation.memory_leak_info#module:diagnoses) of all hosts, each with its C(host).
      type: list
      elements: dict
    errors:
      description: Hosts with a mistake in their policy or a failed diagnosis.
      type: list
      elements: dict
    unreachable:
      description: Hosts that did not answer.
      type: list
      elements: str
bad:
  description: Hosts that make the run fail, with the reasons.
  returned: always
  type: dict
text:
  description: The diagnoses for people, the sick services first.
  returned: always
  type: str
"""
