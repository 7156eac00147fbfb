#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_pause
version_added: 0.1.0
short_description: Tell a host to leave a service, or all of its services, alone
description:
  - While a pause lasts, M(sysops.remediation.service_restart) refuses on this host, whoever calls it. Diagnosing goes on.
  - A pause is a file below O(state_dir), survives reboots and is not moved by clock jumps. Without Ansible,
    C(touch /var/lib/sysops-remediation/pauses/host.json) does the same for the whole host.
author:
  - sysops.remediation contributors (@sysops-remediation)
extends_documentation_fragment:
  - sysops.remediation.service
  - sysops.remediation.service.state_dir
options:
  name:
    description:
      - Name of the service as its manager knows it. If it is left out, the whole host is paused.
    type: str
    required: false
  state:
    description:
      - V(paused) begins a pause, V(resumed) ends it.
    type: str
    choices: [paused, resumed]
    default: paused
  duration:
    description:
      - How long the pause lasts, counted from now. Without it, until it is resumed.
    type: str
  reason:
    description:
      - Why, in one sentence. Those who are refused read it.
    type: str
    default: ""
attributes:
  check_mode:
    description: Tells what would change and writes nothing.
    support: full
  diff_mode:
    description: The pause before and after.
    support: full
  idempotent:
    description: A pause with O(duration) is counted from now, so setting it again changes when it ends.
    support: partial
seealso:
  - module: sysops.remediation.service_restart
"""

EXAMPLES = r"""
- name: Leave Postfix alone during the migration
  sysops.remediation.service_pause:
    name: postfix.service
    duration: 4h
    reason: migration of the queue

- name: Leave everything on this host alone until further notice
  sysops.remediation.service_pause:
    reason: disk is being replaced

- name: Go on
  sysops.remediation.service_pause:
    state: resumed
"""

RETURN = r"""
subject:
  description: What is paused or resumed, V(host) or the service as C(manager/name).
  type: str
  returned: success
pauses:
  description: The pauses that bind it afterwards. C(until) is in seconds since the epoch.
  type: list
  elements: dict
  returned: success
msg:
  description: What is true now, in one line.
  type: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _run, _spec, _units
from ..module_utils._action import owner
from ..module_utils._action.case import identity
from ..module_utils._action.record import user
from ..module_utils._host_state import paths, pause
from ..module_utils._host_state.clock import Clock
from ..module_utils._managers import ManagerError, resolve

LONGEST = 366 * 86400  # seconds


def argument_spec():
    spec = dict(
        _spec.service_spec(),
        state={"type": "str", "choices": ["paused", "resumed"], "default": "paused"},
        duration={"type": "str"},
        reason={"type": "str", "default": ""},
        **_spec.state_dir_spec(),
    )
    spec["name"] = {"type": "str"}
    return spec


def apply(params, check_mode):
    """Return the module's result."""
    seconds = _seconds(params["duration"])
    if not params["name"]:
        return _set(owner.host_directory(params["scope"], params["state_dir"]), pause.HOST, params, seconds, check_mode)
    manager, _why = resolve(params, _run.run)
    directory = owner.guard_directory(manager, params["state_dir"])
    subject = identity(manager, manager.inspect(params["name"]))
    return owner.work_as_owner(manager, params["state_dir"], lambda: _set(directory, subject, params, seconds, check_mode))


def _set(directory, subject, params, seconds, check_mode):
    now = Clock().stamp()
    before = pause.own(directory, subject, now)
    changed = _differs(before, params)
    if changed and not check_mode:
        if params["state"] == "resumed":
            pause.resume(directory, subject)
        else:
            pause.pause(directory, subject, now, seconds, params["reason"], user())
    after = _predict(params, now, seconds)
    return {
        "changed": changed,
        "subject": subject,
        "pauses": pause.current(directory, subject, now),
        "msg": "%s: %s" % (subject, _text(after, now)),
        "diff": {"before": _text(before, now) + "\n", "after": (_text(after, now) if changed else _text(before, now)) + "\n"},
    }


def _seconds(duration):
    if not duration:
        return None
    try:
        seconds = _units.parse_duration(duration)
    except ValueError as error:
        raise ValueError("duration: %s" % error) from error
    if not 0 < seconds <= LONGEST:
        raise ValueError("duration: '%s' is not more than 0 and at most a year; without a duration it is paused until it is resumed" % duration)
    return seconds


def _differs(before, params):
    if params["state"] == "resumed":
        return before is not None
    return before is None or params["duration"] is not None or before["until"] is not None or before["reason"] != params["reason"]


def _predict(params, now, seconds):
    if params["state"] == "resumed":
        return None
    return {"until": None if seconds is None else now["epoch"] + seconds, "reason": params["reason"]}


def _text(found, now):
    if found is None:
        return "not paused"
    until = "until it is resumed" if found["until"] is None else "for %s" % _units.human_duration(found["until"] - now["epoch"])
    return "paused %s%s" % (until, " (%s)" % found["reason"] if found["reason"] else "")


def main():
    module = _spec.quiet(AnsibleModule)(argument_spec=argument_spec())
    try:
        answer = apply(module.params, module.check_mode)
    except (ValueError, ManagerError, paths.StateError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
