#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_incident
version_added: 0.1.0
short_description: Get a past incident from the ledger
description:
  - Renders it as M(sysops.remediation.incident_report) did, and adds who decided what when and what it came to since.
  - By its id, or the latest of a host, of a service or of both; without any of these the latest of all.
  - Runs once. This is an action plugin; it runs on the controller and never contacts a managed host.
  - It does not fail when RV(good) is false, so that programs can be told before the run ends.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  incident:
    description:
      - Id of the incident.
    type: str
    default: ''
  host:
    description:
      - Name of a host.
    type: str
    default: ''
  service:
    description:
      - Name of a service as people call it, such as V(postfix) or V(systemd/postfix.service).
    type: str
    default: ''
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
- name: What happened to postfix on mail1?
  sysops.remediation.remediation_incident:
    host: mail1
    service: postfix
  register: told
  run_once: true

- name: Show it
  ansible.builtin.debug:
    msg: "{{ told.text }}"
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
    - Of its own it has C(incident) (the complete report as docs/report.md describes it,
      with C(ledger) for what the ledger knows beyond it), C(markdown) and C(ledger).
  returned: always
  type: dict
"""
