#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_restart
version_added: 0.1.0
short_description: One guarded action on one service, and the proof that it helped
description:
  - Reloads, restarts or scales one service through its manager, waits, and proves that the service is healthy afterwards.
  - Guards the service by itself, whoever calls. There is one lock per service, limits are kept in an attempts journal on the host, and the action
    is refused, with reasons, whenever acting would be unsafe. Every reason is explained in C(docs/refusals.md) of the project.
  - An attempt is written to the host's disk before it is tried. If the connection or the controller dies on the way, the service is left running
    or being started.
author:
  - sysops.remediation contributors (@sysops-remediation)
extends_documentation_fragment:
  - sysops.remediation.service
  - sysops.remediation.service.state_dir
options:
  action:
    description:
      - V(restart) stops and starts the service; one that is down is started.
      - V(reload) makes it read its configuration again, within the same incarnation. Its memory has to drop for the proof.
      - V(scale) raises its memory limits by one bounded step out of the host's free memory, for a spike that is load and no leak.
    type: str
    choices: [reload, restart, scale]
    default: restart
  expect:
    description:
      - Id of the incarnation that was diagnosed (RV(sysops.remediation.memory_leak_info#module:diagnoses)); V(none) if it was not running.
      - If the service lives another life now, nothing is done and RV(outcome=already_changed).
      - A life that an earlier step of the same O(incident) began counts as the expected one.
    type: str
  cooldown:
    description:
      - No attempt within this time after the last one, counted across reboots and whatever the clock says.
      - Another O(action) of the same O(incident) may follow at once if the step before did not prove itself.
    type: str
    default: 30m
  max_attempts:
    description:
      - At most this many attempts within O(within).
    type: int
    default: 3
  within:
    description:
      - The time in which O(max_attempts) are counted.
    type: str
    default: 24h
  stand_down:
    description:
      - Hands off if somebody else started or stopped the service within this time, be it a person, a deployment, a package upgrade or its manager.
    type: str
    default: 10m
  permit:
    description:
      - Right to act, granted by a ledger that several controllers share. The host remembers the highest token per service and turns lower ones away.
    type: dict
    suboptions:
      id:
        description: Id of the permit.
        type: str
        required: true
      token:
        description: Fencing token. Later permits have higher ones.
        type: int
        required: true
      valid_for:
        description: How long the permit is valid.
        type: str
        required: true
      issued_at:
        description: When it was granted, in seconds since the epoch. If it is left out, the validity begins when the host sees the permit first.
        type: float
  timeout:
    description:
      - How long the manager may take for each of stopping, starting, reloading.
    type: str
    default: 90s
  force_kill:
    description:
      - Whether processes that have not stopped within O(timeout) are killed.
    type: bool
    default: false
  only_if_running:
    description:
      - Do nothing, without failing, if the service is not running.
    type: bool
    default: false
  reset_failed:
    description:
      - Whether a start limit that was hit may be cleared first (C(systemctl reset-failed)).
    type: bool
    default: false
  daemon_reload:
    description:
      - Whether unit files that changed on disk may be read first (C(systemctl daemon-reload)). Without it such a service is not restarted.
    type: bool
    default: false
  max_dependents:
    description:
      - Refuse if more active services than this would be restarted or stopped along with it.
    type: int
    default: 5
  scale:
    description:
      - How far O(action=scale) goes.
    type: dict
    suboptions:
      step:
        description: Share of the present limit (V(25%)) or size (V(256MiB)) by which the limit is raised; at most it is doubled.
        type: str
        default: 25%
      memory_max:
        description: Size above which the limit is never raised.
        type: str
      persist:
        description: Keep the new limit across reboots. Otherwise it is gone with the next one.
        type: bool
        default: false
  verify:
    description:
      - What counts as proof.
    type: dict
    suboptions:
      verify_for:
        description: The service must stay active this long, in one life.
        type: str
        default: 30s
      passes:
        description: Every probe must pass this many times in a row.
        type: int
        default: 3
      interval:
        description: Time between two looks.
        type: str
        default: 2s
      deadline:
        description: Without proof by then there is none.
        type: str
        default: 2m
  health:
    description:
      - Probes, asked from the managed host. One that cannot run (no DNS, no such command, no permission) is inconclusive, not sick.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description: How it asks. V(status_text) and V(log_line) need a manager that offers such.
        type: str
        choices: [command, http, log_line, status_text, tcp, tls]
        required: true
      timeout:
        description: Time for one try. The default is 5 seconds.
        type: str
      host:
        description: Address for V(tcp) and V(tls). The default is V(127.0.0.1).
        type: str
      port:
        description: Port for V(tcp) and V(tls).
        type: int
      send:
        description: Text to send after connecting.
        type: str
      expect:
        description: Text that must be in the answer, the body, the output, the status text or a new log line.
        type: str
      server_name:
        description: Name that the TLS certificate must carry, if not O(health[].host).
        type: str
      ca_file:
        description: PEM file with the authorities to trust.
        type: path
      validate_certs:
        description: Whether the TLS certificate must be valid. The default is V(true).
        type: bool
      url:
        description: Page for V(http). Redirects are answers and not followed.
        type: str
      method:
        description: HTTP method. The default is V(GET).
        type: str
      headers:
        description: HTTP headers.
        type: dict
      status:
        description: Accepted status codes. The default is V(200) alone.
        type: list
        elements: int
      json:
        description: Expected values in a JSON body, by dotted path.
        type: dict
      argv:
        description: Command and arguments, run without a shell.
        type: list
        elements: str
      rc:
        description: Exit code that means healthy. The default is V(0).
        type: int
  incident:
    description:
      - Id of the incident that this belongs to. It is written to the attempts journal and to the host's log.
    type: str
  reason:
    description:
      - Why, in one sentence; written to the attempts journal and to the host's log.
    type: str
attributes:
  check_mode:
    description: Predicts the refusal, or RV(outcome=predicted) with RV(ignore:changed) as it would be. Writes nothing, not even to O(state_dir).
    support: full
  diff_mode:
    description: State, incarnation, memory and memory limits before and after.
    support: full
  idempotent:
    description: Every call that is not refused acts once more; the cooldown refuses calls that follow too soon.
    support: none
notes:
  - Bookkeeping in O(state_dir) is never RV(ignore:changed).
  - The state directory has to belong to root or to the user of the task, with no write permission for others.
seealso:
  - module: sysops.remediation.memory_leak_info
  - module: sysops.remediation.incident_evidence
"""

EXAMPLES = r"""
- name: Restart Postfix, and prove that it greets
  sysops.remediation.service_restart:
    name: postfix.service
    health:
      - type: tcp
        port: 25
        expect: "220 "

- name: Restart exactly the incarnation that was diagnosed
  sysops.remediation.service_restart:
    name: "{{ diagnosis.name }}"
    manager: "{{ diagnosis.manager }}"
    expect: "{{ diagnosis.incarnation.id }}"
    reason: "{{ diagnosis.summary }}"
    verify:
      verify_for: 60s
      passes: 5
      deadline: 3m

- name: Raise the memory limit of a service under load by a quarter, until the next reboot
  sysops.remediation.service_restart:
    name: imap
    manager: docker
    action: scale
    scale:
      step: 25%
      memory_max: 2GiB
"""

RETURN = r"""
service:
  description: The service as C(manager/name).
  type: str
  returned: always
  sample: systemd/postfix.service
manager_reason:
  description: Why this manager was chosen.
  type: str
  returned: always
action:
  description: What was asked for.
  type: str
  returned: always
outcome:
  description:
    - V(succeeded) means done and proven.
    - V(refused) means that a gate is closed and nothing was done.
    - V(already_changed) means that it is not the incarnation that was diagnosed and nothing was done.
    - V(unverified) means done, but the proof was not reached.
    - V(inconclusive) means done, and only probes that could not run are missing for the proof.
    - V(failed) means that it did not come back, or that the manager could not do it.
    - V(predicted) is what check mode says if it would act.
    - V(skipped) means that it is not running and O(only_if_running) was given.
  type: str
  returned: always
refused:
  description: Whether nothing was done because a gate is closed.
  type: bool
  returned: always
msg:
  description: What happened, in one line.
  type: str
  returned: always
gates:
  description: What the guard asked; of a refusal, the closed ones say why.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: Name of the gate.
      type: str
    passed:
      description: Whether it is open.
      type: bool
    detail:
      description: One sentence with the numbers.
      type: str
    value:
      description: What was seen.
      type: raw
    threshold:
      description: What it was compared with.
      type: raw
    unit:
      description: Unit of both.
      type: str
    opens_at:
      description: When the gate opens by itself, in seconds since the epoch.
      type: float
before:
  description: State, incarnation, automatic restarts, memory (bytes of anonymous memory and swap), result and limits before.
  type: dict
  returned: always
after:
  description: The same afterwards, or as predicted.
  type: dict
  returned: always
proof:
  description: What was proven, gate by gate, with probes, memory in bytes, active dependents and C(active_for) in seconds.
  type: dict
  returned: when an action was done
attempt:
  description: Id of the attempt in the host's journal, and when it started and finished in seconds since the epoch.
  type: dict
  returned: when an action was tried
scaled:
  description: Limits that O(action=scale) changed, in bytes.
  type: dict
  returned: always
undo:
  description: Command that undoes what O(action=scale) changed.
  type: str
  returned: always
logs:
  description: Last log lines of the service, without secrets.
  type: list
  elements: str
  returned: when it is not proven healthy
next_steps:
  description: What a person could try.
  type: list
  elements: str
  returned: always
notes:
  description: What a person should know of the service, and what was done besides.
  type: list
  elements: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _health, _run, _spec
from ..module_utils._action import flow, request
from ..module_utils._managers import ManagerError, resolve
from ..module_utils._managers._base import Unsupported

SUBOPTIONS = {
    "permit": {
        "id": {"type": "str", "required": True},
        "token": {"type": "int", "required": True, "no_log": False},
        "valid_for": {"type": "str", "required": True},
        "issued_at": {"type": "float"},
    },
    "scale": {
        "step": {"type": "str", "default": "25%"},
        "memory_max": {"type": "str"},
        "persist": {"type": "bool", "default": False},
    },
    "verify": {
        "verify_for": {"type": "str", "default": "30s"},
        "passes": {"type": "int", "default": 3, "no_log": False},
        "interval": {"type": "str", "default": "2s"},
        "deadline": {"type": "str", "default": "2m"},
    },
    "health": {
        "type": {"type": "str", "required": True, "choices": ["command", "http", "log_line", "status_text", "tcp", "tls"]},
        "timeout": {"type": "str"},
        "host": {"type": "str"},
        "port": {"type": "int"},
        "send": {"type": "str"},
        "expect": {"type": "str"},
        "server_name": {"type": "str"},
        "ca_file": {"type": "path"},
        "validate_certs": {"type": "bool"},
        "url": {"type": "str"},
        "method": {"type": "str"},
        "headers": {"type": "dict"},
        "status": {"type": "list", "elements": "int"},
        "json": {"type": "dict"},
        "argv": {"type": "list", "elements": "str"},
        "rc": {"type": "int"},
    },
}


def argument_spec():
    return dict(
        _spec.service_spec(),
        action={"type": "str", "choices": ["reload", "restart", "scale"], "default": "restart"},
        expect={"type": "str"},
        cooldown={"type": "str", "default": "30m"},
        max_attempts={"type": "int", "default": 3},
        within={"type": "str", "default": "24h"},
        stand_down={"type": "str", "default": "10m"},
        permit={"type": "dict", "options": SUBOPTIONS["permit"]},
        timeout={"type": "str", "default": "90s"},
        force_kill={"type": "bool", "default": False},
        only_if_running={"type": "bool", "default": False},
        reset_failed={"type": "bool", "default": False},
        daemon_reload={"type": "bool", "default": False},
        max_dependents={"type": "int", "default": 5},
        scale={"type": "dict", "options": SUBOPTIONS["scale"]},
        verify={"type": "dict", "options": SUBOPTIONS["verify"]},
        health={"type": "list", "elements": "dict", "default": [], "options": SUBOPTIONS["health"]},
        incident={"type": "str"},
        reason={"type": "str"},
        **_spec.state_dir_spec(),
    )


def act(asked, params, check_mode):
    """Return why this manager was chosen, and the result."""
    try:
        manager, why = resolve(params, _run.run)
        return why, flow.guarded(asked, manager, params["state_dir"], check_mode)
    except Unsupported as error:
        return "", flow.declined(asked, error, params["manager"])


def secrets(params):
    """Return the secrets of the probes: what a probe was answered may hold them too."""
    probes = [probe for probe in params.get("health") or () if isinstance(probe, dict)]
    return {one for probe in probes for one in _health.secrets(probe) | _spec.passwords(probe.get("url"))}


def main():
    module = _spec.quiet(AnsibleModule, secrets)(argument_spec=argument_spec())
    try:
        asked = request.from_params(module.params)
        why, answer = act(asked, module.params, module.check_mode)
    except (ValueError, ManagerError) as error:
        module.fail_json(msg=str(error), outcome="failed", refused=False)
    for warning in answer.pop("warnings"):
        module.warn(warning)
    module.exit_json(manager_reason=why, **answer)


if __name__ == "__main__":
    main()
