#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: managed_services_info
short_description: List what a host runs, by service manager
version_added: 0.1.0
author: sysops.remediation contributors (@sysops-remediation)
description:
  - Lists every running service that a service manager of the host knows, with its main process and the memory that a leak would grow.
  - Asks systemd, supervisord, Docker, Podman and, where systemd does not run, the init scripts.
  - A quick look, without a window; M(sysops.remediation.memory_leak_info) is the one that judges.
attributes:
  check_mode:
    description: Can run in check mode and return the same list.
    support: full
  diff_mode:
    description: Has nothing to show, as nothing is changed.
    support: none
  idempotent:
    description: Running it again changes nothing.
    support: full
options:
  manager:
    description:
      - List only services of this manager; it is an error then if it cannot be asked.
      - V(auto) lists those of all managers that can be asked.
    type: str
    choices: [auto, systemd, supervisord, docker, podman, sysv]
    default: auto
  scope:
    description: V(system) for services of the host, V(user) for those of the user that the task runs as.
    type: str
    choices: [system, user]
    default: system
  server:
    description:
      - Where the manager listens, if it is not the usual place.
      - Where supervisord wants a user name and a password, give the path of its C(supervisord.conf) instead. They are read from there on the host.
      - With a server, systemd and init scripts are not asked, since they have none.
    type: str
seealso:
  - module: sysops.remediation.memory_leak_info
"""

EXAMPLES = r"""
- name: What does this host run?
  sysops.remediation.managed_services_info:
  become: true
  register: host

- name: The five that hold the most memory
  ansible.builtin.debug:
    msg: "{{ (host.services | selectattr('memory') | sort(attribute='memory', reverse=true))[:5] | map(attribute='service') }}"

- name: Programs of a supervisord that was started by hand
  sysops.remediation.managed_services_info:
    manager: supervisord
    server: unix:///srv/app/supervisor.sock
"""

RETURN = r"""
services:
  description: One entry per running service, sorted by RV(services[].service).
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: The service's key, its manager and its canonical name.
      type: str
      sample: systemd/postfix@-.service
    name:
      description: Canonical name.
      type: str
      sample: postfix@-.service
    manager:
      description: Its manager.
      type: str
      sample: systemd
    scope:
      description: V(system) or V(user).
      type: str
      sample: system
    active:
      description: State in the words of this collection; only running services are listed.
      type: str
      sample: running
    sub:
      description: State in the manager's own word.
      type: str
      sample: running
    main_pid:
      description: PID of the main process, null for a service without one.
      type: int
      sample: 812
    comm:
      description: Name of the main process, null when it cannot be seen.
      type: str
      sample: master
    processes:
      description: How many processes the service has, null when they cannot be seen.
      type: int
      sample: 7
    memory:
      description: Anonymous memory in bytes, swapped pages included and page cache not; null when it cannot be read.
      type: int
      sample: 9437184
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _run
from ..module_utils._inventory import running_services
from ..module_utils._managers import ManagerError
from ..module_utils._spec import quiet, service_spec


def main():
    spec = {option: about for option, about in service_spec().items() if option != "name"}
    module = quiet(AnsibleModule)(argument_spec=spec)
    manager = None if module.params["manager"] == "auto" else module.params["manager"]
    try:
        services, warnings = running_services(_run.run, scope=module.params["scope"], server=module.params["server"], manager=manager)
    except ManagerError as error:
        module.fail_json(msg=str(error))
    for warning in warnings:
        module.warn(warning)
    module.exit_json(changed=False, services=services)


if __name__ == "__main__":
    main()
