#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ledger_info
version_added: 0.1.0
short_description: Tell whether the ledger can be used
description:
  - Opens the ledger as a run that restarts services would, and asks for the right to write. Without a ledger nothing may be acted on.
  - A ledger that cannot be used is no failure of the task; RV(usable) tells.
  - Where there is no ledger yet, an empty one is created, as the first run would. In check mode it is not.
  - This is an action plugin; it runs on the controller and never contacts a managed host.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  ledger:
    description:
      - URL of the ledger, such as V(postgresql://user@host/database).
      - Without one, the SQLite file in the state directory of the user.
    type: str
attributes:
  check_mode:
    description: Looks without creating a ledger and without asking for the right to write.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  idempotent:
    description: Running it again changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Can services be restarted from here?
  sysops.remediation.ledger_info:
  register: ledger
  run_once: true

- name: Say why not
  ansible.builtin.fail:
    msg: "{{ ledger.msg }}"
  when: not ledger.usable
  run_once: true
"""

RETURN = r"""
usable:
  description: Whether it can be read and written.
  returned: always
  type: bool
msg:
  description: Which ledger it is, or what is wrong with it; without secrets.
  returned: always
  type: str
  sample: "SQLite file /root/.local/state/sysops-remediation/ledger.sqlite (guards this user on this controller only)"
"""
