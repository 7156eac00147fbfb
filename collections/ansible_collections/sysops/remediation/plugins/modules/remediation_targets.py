#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_targets
version_added: 0.1.0
short_description: Check what a run was asked for before any host is touched
description:
  - Objects with one line if the host pattern matches nothing within C(--limit), if a run that may restart services would do so on the whole inventory
    without saying so, if the service to restart is missing, if the report could not be written,
    or if the variables C(remediation_prometheus) and C(remediation_notify), which later tasks read without showing them, cannot be used.
    It does not fail, so that programs can be told before the run ends.
  - Runs once, in a play on C(all,localhost), so that it also runs when nothing matches.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  hosts:
    description:
      - Host pattern of the run, as text or as a list.
    type: raw
    required: true
  acts:
    description:
      - Whether the run may restart services.
    type: bool
    default: false
  allow_all:
    description:
      - Whether a run that may restart services may do so on the whole inventory.
    type: bool
    default: false
  service:
    description:
      - Name of the one service that the run is limited to.
    type: raw
  service_required:
    description:
      - Whether O(service) must be given.
    type: bool
    default: false
  report_dir:
    description:
      - Directory on the controller that the report of the run will be written to. In check mode none is written.
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
- name: Check what was asked for
  sysops.remediation.remediation_targets:
    hosts: "{{ remediation_hosts | default('all') }}"
    acts: true
    allow_all: "{{ remediation_allow_all | default(false) }}"
  run_once: true
"""

RETURN = r"""
status:
  description: V(ok), V(no_hosts) or V(invalid_input).
  returned: always
  type: str
hosts:
  description: The hosts of the pattern within the limit.
  returned: always
  type: list
  elements: str
msg:
  description: One line for people.
  returned: always
  type: str
  sample: "remediation_hosts=mial matches no host of the inventory (did you mean 'mail'?)"
"""
