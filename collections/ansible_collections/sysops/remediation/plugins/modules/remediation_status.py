#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_status
version_added: 0.1.0
short_description: Say how the fleet stands
description:
  - Tells from the ledger and the policies what is paused, where the breaker is open, which plans wait for a person and until when, what is under way,
    which incidents are open, which services are restarted in vain, what is left of each budget and who counts against it, and when the next
    maintenance windows open.
  - Reads the policies of all hosts of the play by itself, with their variables, facts and extra variables; variables of the play do not count.
  - Runs once. This is an action plugin; it runs on the controller and never contacts a managed host.
  - It does not fail when RV(good) is false, so that programs can be told before the run ends.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  ledger:
    description:
      - URL of the ledger, such as V(postgresql://user@host/database). Without it, what the environment variable E(SYSOPS_REMEDIATION_LEDGER) says,
        or the SQLite file of this user. Usually the variable C(remediation_ledger), from the vault if it holds a password.
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
- name: Ask the ledger
  sysops.remediation.remediation_status:
    ledger: "{{ remediation_ledger | default(omit) }}"
  register: status
  run_once: true
"""

RETURN = r"""
good:
  description: Whether the question was answered, or the change made. Without effect, V(true) as well.
  returned: always
  type: bool
msg:
  description: One line for people.
  returned: always
  type: str
text:
  description: The whole answer for people.
  returned: always
  type: str
result:
  description:
    - The whole answer for programs, with C(schema), C(status) and C(message); usually handed on as C(set_stats) key C(remediation).
    - Of its own it has C(ledger), C(at), C(pauses), C(breakers), C(plans), C(permits), C(incidents), C(recurring), C(groups), C(windows) and C(errors).
  returned: always
  type: dict
"""
