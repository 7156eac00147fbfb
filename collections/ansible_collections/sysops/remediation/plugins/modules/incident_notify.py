#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incident_notify
version_added: 0.1.0
short_description: Tell people about the incidents of a run
description:
  - Sends one message per run and target by mail or to a webhook. The message lists the incidents that this target has not heard of yet.
  - An incident is told once per outcome to each target. What was told is remembered below O(report_dir), so another run does not repeat it.
  - A message that cannot be delivered is reported in the result and never fails the task; it is tried again by the next call with the same incidents.
  - This is an action plugin; it never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  summary:
    description:
      - RV(sysops.remediation.incident_report#module:summary) of M(sysops.remediation.incident_report).
    type: dict
    required: true
  report_dir:
    description:
      - The same directory as O(sysops.remediation.incident_report#module:report_dir).
    type: path
    required: true
  targets:
    description:
      - Who is told.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description:
          - How.
        type: str
        choices: [mail, webhook]
        required: true
      name:
        description:
          - Name of the target in results. Default is the first recipient or the host of the URL.
        type: str
      outcomes:
        description:
          - Tell only about incidents with one of these outcomes. Empty means every outcome.
        type: list
        elements: str
        choices: [remediated, ineffective, chronic, refused, inconclusive, failed, already_changed, unknown]
        default: []
      timeout:
        description:
          - Time for one delivery, altogether.
        type: str
        default: 10s
      ca_file:
        description:
          - PEM file with the certificate authority to trust instead of those of the system.
        type: path
      to:
        description:
          - Recipients. Required for V(mail).
        type: list
        elements: str
        default: []
      from:
        description:
          - Sender address.
        type: str
        default: sysops-remediation@localhost
      host:
        description:
          - Mail server.
        type: str
        default: localhost
      port:
        description:
          - Port of the mail server. Default is 465 for O(targets[].tls=ssl), otherwise 25.
        type: int
      tls:
        description:
          - V(starttls) requires encryption before anything is sent, V(ssl) speaks TLS from the first byte, V(none) sends in clear.
        type: str
        choices: [none, starttls, ssl]
        default: none
      username:
        description:
          - User name for the mail server. It is sent over TLS only, or to a loopback address.
        type: str
      password:
        description:
          - Password for the mail server.
        type: str
      url:
        description:
          - URL that gets the JSON by POST. Required for V(webhook). It is treated as a secret, because it often holds one.
        type: str
      secret:
        description:
          - Key of the signature. With it the request carries C(X-Remediation-Timestamp) and
            C(X-Remediation-Signature) = C(sha256=HMAC-SHA256(secret, timestamp + "." + body)).
        type: str
      headers:
        description:
          - More headers, for example C(Authorization). Their values are treated as secrets.
        type: dict
        default: {}
attributes:
  check_mode:
    description: Sends nothing and says whom it would tell what.
    support: full
  diff_mode:
    description: Nothing that the user manages is changed.
    support: none
  idempotent:
    description: A second call with the same incidents sends nothing.
    support: full
notes:
  - A message lists at most 20 incidents in words; the summary file has them all.
seealso:
  - module: sysops.remediation.incident_report
"""

EXAMPLES = r"""
- name: Tell the mail team and the chat
  sysops.remediation.incident_notify:
    summary: "{{ report.summary }}"
    report_dir: "{{ remediation_report_dir }}"
    targets:
      - type: mail
        to: [mail-team@example.com]
        host: smtp.example.com
        port: 587
        tls: starttls
        username: remediation
        password: "{{ vault_smtp_password }}"
      - type: webhook
        url: https://hooks.example.com/remediation
        secret: "{{ vault_webhook_secret }}"
  run_once: true
  delegate_to: localhost
  no_log: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: "told mail-team@example.com: 2 remediated (mail1, mail2); hooks.example.com was NOT told: connection refused"
notifications:
  description: One entry per target. Holds no secrets.
  returned: always
  type: list
  elements: dict
  contains:
    target:
      description: Name of the target.
      type: str
    type:
      description: V(mail) or V(webhook).
      type: str
    status:
      description: V(sent), V(failed), V(nothing_new) or V(would_send) (check mode).
      type: str
    incidents:
      description: Ids of the incidents it was told of, or would be.
      type: list
      elements: str
    subject:
      description: Subject of the message, or V(null).
      type: str
    error:
      description: Why it failed, or V(null).
      type: str
failed_notifications:
  description: How many deliveries failed.
  returned: always
  type: int
"""
