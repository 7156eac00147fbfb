#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_pause
version_added: 0.1.0
short_description: Pause remediation or resume it
description:
  - Hands off the whole fleet, a group, a host, a service, or what several of these name together, until a time or until somebody resumes it.
  - A pause is honoured by every run that uses the same ledger, also between its plan and its actions. An action that is under way goes on to its end.
  - What runs beside the ledger is not bound by it. The pause of one managed host, which that host itself enforces whoever asks, is
    M(sysops.remediation.service_pause).
  - Runs once. This is an action plugin; it runs on the controller and never contacts a managed host.
  - It does not fail when RV(good) is false, so that programs can be told before the run ends.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  state:
    description:
      - V(paused) begins a pause. One that lasts at least as long for exactly the same subject is left as it is.
      - V(resumed) ends the pauses of exactly this subject. Resuming a host does not end a pause of its group or of the fleet.
    type: str
    choices: [paused, resumed]
    required: true
  group:
    description:
      - Name of an inventory group.
    type: str
    default: ''
  host:
    description:
      - Name of a host of the inventory.
    type: str
    default: ''
  service:
    description:
      - Name of a service as people call it, such as V(postfix), V(postfix.service) or V(systemd/postfix.service).
      - To be paused, a policy must name it.
    type: str
    default: ''
  end:
    description:
      - When the pause ends by itself, as V(06:00) (the next one), V(2026-11-26 06:00), V(2026-11-26T06:00:00Z) or in epoch seconds.
        Local time of the controller unless it names a zone.
    type: str
    default: ''
  duration:
    description:
      - How long the pause lasts, such as V(90m) or V(2d), instead of O(end).
    type: str
    default: ''
  reason:
    description:
      - Why. Required for O(state=paused); told to whoever asks why nothing is done.
    type: str
    default: ''
  pattern:
    description:
      - Host pattern that a run was limited to. It does not say what is paused, so that one is objected to.
    type: str
    default: ''
  ledger:
    description:
      - URL of the ledger, such as V(postgresql://user@host/database). Without it, what the environment variable E(SYSOPS_REMEDIATION_LEDGER) says,
        or the SQLite file of this user. Usually the variable C(remediation_ledger), from the vault if it holds a password.
    type: str
attributes:
  check_mode:
    description: Predicts on a copy of the ledger in memory.
    support: full
  diff_mode:
    description: Shows the pauses before and after.
    support: full
  idempotent:
    description: What is already paused at least as long, or is not paused, is left as it is. A O(duration) counts from now and prolongs a pause.
    support: partial
"""

EXAMPLES = r"""
- name: Hands off the mail servers while their storage is moved
  sysops.remediation.remediation_pause:
    state: paused
    group: mail
    duration: 2h
    reason: storage is moved, ticket 4711
  run_once: true

- name: Go on
  sysops.remediation.remediation_pause:
    state: resumed
    group: mail
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
    - Of its own it has C(changed), C(pauses) (all that are in force now, each with C(subject), C(reason), C(until), C(created_by)), C(ended) and C(ledger).
  returned: always
  type: dict
"""
