#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: recorder_program
version_added: 0.1.0
short_description: Put the recorder on a host, as one file
description:
  - Builds the recorder, a zipapp of the same sampling code that M(sysops.remediation.memory_leak_info) uses, and copies it to the host.
  - The same collection always builds the same bytes, so a second run changes nothing.
  - Role P(sysops.remediation.recorder#role) uses it; few people need it by itself.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  dest:
    description:
      - Path of the program on the managed host. Its directory must exist.
    type: path
    required: true
attributes:
  check_mode:
    description: Tells whether the program on the host would be replaced.
    support: full
  diff_mode:
    description: The file is binary, so only the fact that it differs is shown.
    support: partial
  idempotent:
    description: The bytes depend on the collection alone.
    support: full
"""

EXAMPLES = r"""
- name: Put the recorder on the host
  sysops.remediation.recorder_program:
    dest: /usr/local/lib/sysops-remediation/recorder.pyz
"""

RETURN = r"""
dest:
  description: Where the program is.
  returned: success
  type: str
  sample: /usr/local/lib/sysops-remediation/recorder.pyz
checksum:
  description: SHA-1 of the program, as M(ansible.builtin.copy) returns it.
  returned: success
  type: str
"""
