#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_plan
version_added: 0.1.0
short_description: Make the plan of a run from what all hosts answered
description:
  - Runs once, after role P(sysops.remediation.diagnose#role). It reads what the role registered on every host of the play, compares the diagnoses with the
    policy and returns what will be done in which order, and what will not be done and why.
  - It decides and does nothing. An action needs a service that the policy names, mode V(auto) (or V(approve), and a person), an accepted verdict and urgency,
    the right time, and room in the budget of its group. What the ledger knows of other hosts and runs counts; without a ledger every action is refused.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  purpose:
    description:
      - V(restart) waives the gates for verdict and urgency, because a person asked for the restart.
    type: str
    choices: [remediate, restart]
    default: remediate
  acts:
    description:
      - Will the plan be carried out? Only then, and not in check mode, does the ledger remember it.
    type: bool
    default: false
  plan_id:
    description:
      - Id of a stored plan to approve. Exactly its actions are planned; what has changed since is refused.
    type: str
  approver:
    description:
      - Name of the person who approves.
    type: str
    default: ''
  ledger:
    description:
      - URL of the ledger, C(postgresql://user@host/database) or C(sqlite:////absolute/path). Without it the environment variable E(SYSOPS_REMEDIATION_LEDGER)
        counts, then C($XDG_STATE_HOME/sysops-remediation/ledger.sqlite) of the user, which guards this user on this controller only.
    type: str
  service:
    description:
      - The one service that the run is limited to. If no policy names it, the plan says so in its errors.
    type: str
  report_dir:
    description:
      - Directory on the controller for the report of the run, as seen from the current directory.
    type: path
    default: remediation-reports
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
- name: Decide what will be done, and in which order
  sysops.remediation.remediation_plan:
  run_once: true
  register: remediation_plan
"""

RETURN = r"""
plan:
  description: The plan.
  returned: always
  type: dict
  contains:
    id:
      description: The same whenever the same would be done for the same reason.
      type: str
    run_id:
      description: Id of the run.
      type: str
    created_at:
      description: Epoch seconds.
      type: float
    purpose:
      description: As O(purpose).
      type: str
    ledger:
      description: Which ledger was asked, or why none could be.
      type: str
    groups:
      description:
        - The budgets of the actions, by name, each with C(members), C(max_unavailable), and C(note), why it is tighter than what policies say.
      type: dict
    breakers:
      description: The groups in which so much failed at once that nothing is restarted, or only one host is tried.
      type: list
      elements: dict
    approval:
      description: What waits for a person, with the C(id) to approve; null if nothing does.
      type: dict
    approved:
      description: The id of the stored plan that this one carries out; null if it is none.
      type: str
    held_back:
      description: Why a stored plan is not carried out, each with C(host) and C(msg). Somebody else may have been faster.
      type: list
      elements: dict
    evidence_only:
      description: Incidents of a mass failure, of which evidence is kept and nothing is touched.
      type: list
      elements: str
    ineffective:
      description:
        - Incidents of earlier runs whose restart did not last a day, as this run is the first to see.
        - Each with C(incident), C(run_id), C(host), C(service), C(action), and C(held), the seconds that it lasted.
      type: list
      elements: dict
    waves:
      description: Hosts that are treated together, in order.
      type: list
      elements: list
    actions:
      description: What will be done, with the policy entry and the gates that were passed.
      type: list
      elements: dict
    refusals:
      description: What is sick and will not be touched, with the gates that are closed.
      type: list
      elements: dict
    healthy:
      description: Services that are left alone, with their verdicts. They are healthy, could not be judged, or show what the policy does not act on and
        what has no urgency.
      type: list
      elements: dict
    unreachable:
      description: Hosts that did not answer.
      type: list
      elements: str
    because:
      description: For each of these hosts, why it could not be reached.
      type: dict
    errors:
      description: Hosts with a mistake in their policy or a failed diagnosis.
      type: list
      elements: dict
report_dir:
  description: O(report_dir) as an absolute path.
  returned: always
  type: str
looked_at:
  description: Hosts of a mass failure, of which evidence is kept and nothing is touched.
  returned: always
  type: list
  elements: str
hosts:
  description: The hosts to treat, in order.
  returned: always
  type: list
  elements: str
result:
  description: What programs read of a run that only plans.
  returned: always
  type: dict
bad:
  description: Hosts that make a run that only plans fail, with the reasons.
  returned: always
  type: dict
serial:
  description: Size of each wave, for the keyword C(serial).
  returned: always
  type: list
  elements: int
text:
  description: The plan for people.
  returned: always
  type: str
"""
