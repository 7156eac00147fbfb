#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incident_report
version_added: 0.1.0
short_description: Write what happened, for people and for programs
description:
  - Writes one Markdown and one JSON file per incident, with a chart of the memory before and after, and a summary of the run, on the controller.
  - Runs once per run, after all hosts. It reads the plan and the host variables C(diagnose_result) and C(remediation_outcomes) of every host
    in the plan.
  - This is an action plugin; it never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  plan:
    description:
      - The plan of M(sysops.remediation.remediation_plan), complete.
    type: dict
    required: true
  report_dir:
    description:
      - Directory on the controller. The files go to a directory below it that is named after the run.
      - A relative path is below the current directory of C(ansible-playbook).
    type: path
    required: true
  ledger:
    description:
      - URL of the ledger, as in M(sysops.remediation.remediation_plan). It keeps the incidents' reports as well.
    type: str
attributes:
  check_mode:
    description: Returns the same data and writes nothing.
    support: full
  diff_mode:
    description: Nothing that the user manages is changed.
    support: none
  idempotent:
    description: The same input gives the same files; reports are bookkeeping and never RV(ignore:changed).
    support: full
notes:
  - The JSON follows the schemas in C(docs/report.md).
  - Secrets in messages and log lines are replaced by C(***).
seealso:
  - module: sysops.remediation.incident_notify
"""

EXAMPLES = r"""
- name: Write the report
  sysops.remediation.incident_report:
    plan: "{{ remediation_plan.plan }}"
    report_dir: "{{ remediation_report_dir }}"
  run_once: true
  delegate_to: localhost
  register: report
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: "1 remediated, 1 refused, 3 healthy; report: reports/20261125T020000Z-ab12cd/summary.md"
summary:
  description: The summary of the run, as in C(summary.json). Also returned when the files could not be written.
  returned: always
  type: dict
  contains:
    schema:
      description: Version of the format.
      type: int
    run_id:
      description: Id of the run.
      type: str
    plan_id:
      description: Id of the plan.
      type: str
    status:
      description: V(succeeded), V(nothing_to_do), V(refused), V(unreachable) or V(failed); the worst that happened.
      type: str
    message:
      description: What somebody has to look at, in one line; empty if nothing.
      type: str
    created_at:
      description: When the plan was made, in seconds since the epoch.
      type: float
    headline:
      description: One line for people.
      type: str
    counts:
      description: How many incidents ended with which outcome, and how many services are healthy.
      type: dict
    hosts:
      description: Per host the worst that happened to it.
      type: dict
    incidents:
      description: Per incident its host, service, verdict, urgency, outcome, action, headline, next steps and report file.
      type: list
      elements: dict
    ineffective:
      description: Incidents of earlier runs whose restart did not last a day, as this run was the first to see, in the same shape.
      type: list
      elements: dict
    healthy:
      description: Services that are left alone, each with its host and verdict. They are healthy, observed, or could not be judged.
      type: list
      elements: dict
    unreachable:
      description: Hosts that did not answer.
      type: list
      elements: str
    errors:
      description: Hosts with a mistake in their policy or a failed diagnosis, with the message.
      type: list
      elements: dict
    paths:
      description: All files written; empty in check mode.
      type: list
      elements: str
    check_mode:
      description: Whether this was a rehearsal.
      type: bool
incidents:
  description: Per incident the complete report, as in C(<incident>.json).
  returned: when O(plan) has any and their size stays below 300 KB
  type: list
  elements: dict
paths:
  description: All files written; empty in check mode.
  returned: always
  type: list
  elements: str
"""
