#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_why_not
version_added: 0.1.0
short_description: Say why services are acted on or not
description:
  - Runs once, after role P(sysops.remediation.diagnose#role), and lists every gate between a service and an action, those of policy, ledger and
    host, each with its value, its threshold, and when it opens by itself.
  - The gates of the host's guard are those that M(sysops.remediation.service_restart) returned in check mode. They are read from the host
    variable C(why_not_guards), a list of C({asked_about, answer}).
  - Decides on a copy of the ledger; nothing is written.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  service:
    description:
      - The one service that the run was limited to. It is an error if no policy names it.
    type: str
  ledger:
    description:
      - URL of the ledger. Default is what the environment variable E(SYSOPS_REMEDIATION_LEDGER) says, or the SQLite file of the user.
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
- name: Say why
  sysops.remediation.remediation_why_not:
    service: postfix.service
  run_once: true
  register: remediation_why_not
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
      description: V(succeeded), V(nothing_to_do) if no host has a policy, V(unreachable) or V(failed).
      type: str
    message:
      description: One line for people.
      type: str
    ledger:
      description: Which ledger was asked, or why none could be.
      type: str
    at:
      description: When, in epoch seconds of the ledger's clock.
      type: float
    services:
      description: One per host and service. Of a host that could not be looked at, the services that its policy names.
      type: list
      elements: dict
      contains:
        host:
          description: Name of the host.
          type: str
        service:
          description: Key of the service, such as V(systemd/postfix.service).
          type: str
        verdict:
          description: What the diagnosis says; V(insufficient_data) if there is none.
          type: str
        urgency:
          description: How soon a limit is reached.
          type: str
        summary:
          description: The diagnosis in one line.
          type: str
        acts:
          description: Whether a run would act on it now.
          type: bool
        action:
          description: The first step of its ladder.
          type: str
        headline:
          description: One line for people.
          type: str
        opens_at:
          description: When all closed gates will have opened by themselves, in epoch seconds; null if one of them needs a person or a new fact.
          type: float
        gates:
          description: All gates; C(asked) is V(plan), V(ledger) or V(host), whoever was asked.
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
  description: The same for people, the closed gates first.
  returned: always
  type: str
"""
