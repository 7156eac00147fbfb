#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_readiness_info
version_added: 0.1.0
short_description: Tell what this collection finds on a host
description:
  - Tells under which Python and as which user tasks run on the host, and which service managers can be asked there, with the reason for each.
  - For C(remediate doctor), and for whoever sets a fleet up.
author:
  - sysops.remediation contributors (@sysops-remediation)
attributes:
  check_mode:
    description: Can run in check mode and return the same.
    support: full
  diff_mode:
    description: Has nothing to show, as nothing is changed.
    support: none
  idempotent:
    description: Running it again changes nothing.
    support: full
seealso:
  - module: sysops.remediation.managed_services_info
"""

EXAMPLES = r"""
- name: What is there?
  sysops.remediation.host_readiness_info:
  become: true
  register: host

- name: Insist on systemd
  ansible.builtin.assert:
    that: host.managers | selectattr('name', 'equalto', 'systemd') | map(attribute='usable') | first
"""

RETURN = r"""
python:
  description: The Python that runs modules on the host.
  returned: success
  type: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 3.11.2
    executable:
      description: Where it is.
      type: str
      sample: /usr/bin/python3
user:
  description: The user that the task ran as.
  returned: success
  type: dict
  contains:
    uid:
      description: Its number; 0 is root.
      type: int
      sample: 0
    name:
      description: Its name, or the number where it has none.
      type: str
      sample: root
managers:
  description: The service managers, whether each can be asked, and why (not).
  returned: success
  type: list
  elements: dict
  sample: [{name: systemd, usable: true, why: systemd runs as PID 1}]
"""

import os
import platform
import pwd
import sys

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _run
from ..module_utils._managers import survey


def name_of(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    uid = os.geteuid()
    module.exit_json(
        changed=False,
        python={"version": platform.python_version(), "executable": sys.executable},
        user={"uid": uid, "name": name_of(uid)},
        managers=survey(_run.run),
    )


if __name__ == "__main__":
    main()
