#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incident_evidence
version_added: 0.1.0
short_description: Keep what a service looked like, before anything is touched
description:
  - Collects status, limits, memory figures, the largest mappings, open files by kind, cgroup files, properties of the unit and the last log lines
    of one service into one C(tar.gz) on the managed host.
  - The bundle is bounded. Every part has its own limits of size and time; a part that cannot be had is listed in C(index.json) with the reason and
    never stops the others.
  - Passwords, tokens, private keys, credentials in URLs and the like are replaced by C(***). The environment of processes is never read.
    Log lines may still hold personal data such as mail addresses.
  - The bundle is written completely or not at all, readable by its owner only. The oldest bundles are dropped beyond O(keep) and O(keep_size).
author:
  - sysops.remediation contributors (@sysops-remediation)
extends_documentation_fragment:
  - sysops.remediation.service
  - sysops.remediation.service.state_dir
options:
  incident:
    description:
      - Id of the incident that the evidence belongs to. It becomes part of the file name.
    type: str
    required: true
  log_lines:
    description:
      - How many of the last log lines of the service are kept.
    type: int
    default: 200
  smaps_max_rss:
    description:
      - C(smaps_rollup) is read for at most two processes of the service and only for those with at most this resident size, because reading it
        stalls the process for about 25 ms per GiB. V(0) never reads it.
    type: str
    default: 1GiB
  deadline:
    description:
      - Time for all parts together. Parts that would begin later are skipped and listed.
    type: str
    default: 30s
  max_size:
    description:
      - Largest size of all parts together before compression. Parts that do not fit are cut and listed as such.
    type: str
    default: 4MiB
  keep:
    description:
      - How many bundles are kept on the host, for all services together. The new one is always kept.
    type: int
    default: 20
  keep_size:
    description:
      - How many bytes the kept bundles may take together. The new one is always kept.
    type: str
    default: 64MiB
attributes:
  check_mode:
    description: Finds the service, says where the bundle would go and writes nothing.
    support: full
  diff_mode:
    description: Nothing that the user manages is changed.
    support: none
  idempotent:
    description: Every call keeps one more bundle; that is bookkeeping in the state directory and never RV(ignore:changed).
    support: none
notes:
  - Run it as the user that may read C(/proc/PID) of the service, usually root. Without that right the parts concerned are listed as failed.
seealso:
  - module: sysops.remediation.memory_leak_info
  - module: sysops.remediation.service_restart
"""

EXAMPLES = r"""
- name: Keep the state of Postfix before it is touched
  sysops.remediation.incident_evidence:
    name: postfix.service
    incident: 20261125T020000Z-mail1-postfix
  become: true
  register: kept

- name: Fetch it to the controller
  ansible.builtin.fetch:
    src: "{{ kept.evidence.path }}"
    dest: evidence/
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: "evidence of systemd/postfix.service: 10 of 11 parts, 14 KiB, /var/lib/sysops-remediation/evidence/20261125T020007Z-i1-postfix.service.tar.gz"
evidence:
  description: Where the bundle is and what is in it.
  returned: success
  type: dict
  contains:
    service:
      description: Manager and canonical name.
      type: str
      sample: systemd/postfix.service
    incident:
      description: The incident it belongs to.
      type: str
    path:
      description: Path of the bundle on the managed host; in check mode the directory it would go to.
      type: str
    sha256:
      description: SHA-256 of the bundle; V(null) in check mode.
      type: str
    size:
      description: Size of the bundle in bytes; V(null) in check mode.
      type: int
    fetched_to:
      description: Always V(null) here; role P(sysops.remediation.remediate#role) fills it in after fetching.
      type: str
    parts:
      description: What was collected; empty in check mode.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the part.
          type: str
          sample: smaps_rollup
        file:
          description: File in the bundle, or V(null).
          type: str
        status:
          description: V(ok), V(cut) (kept up to its size limit), V(skipped), V(failed) or V(timed_out).
          type: str
        reason:
          description: Why it is not V(ok), or V(null).
          type: str
        size:
          description: Bytes kept.
          type: int
        seconds:
          description: Time it took.
          type: float
    dropped:
      description: Names of older bundles that were dropped.
      type: list
      elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._evidence import EvidenceError, collect_evidence
from ..module_utils._managers._base import ManagerError
from ..module_utils._spec import quiet, service_spec, state_dir_spec


def main():
    spec = dict(
        service_spec(),
        incident={"type": "str", "required": True},
        log_lines={"type": "int", "default": 200},
        smaps_max_rss={"type": "str", "default": "1GiB"},
        deadline={"type": "str", "default": "30s"},
        max_size={"type": "str", "default": "4MiB"},
        keep={"type": "int", "default": 20},
        keep_size={"type": "str", "default": "64MiB"},
        **state_dir_spec(),
    )
    module = quiet(AnsibleModule)(argument_spec=spec)
    try:
        result = collect_evidence(module.params, check=module.check_mode)
    except (EvidenceError, ManagerError, ValueError) as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
