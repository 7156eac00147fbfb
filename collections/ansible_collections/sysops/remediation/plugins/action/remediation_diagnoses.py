# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the diagnoses of all hosts together, once. Documentation: plugins/modules/remediation_diagnoses.py"""

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_facts import collected, new_run_id, read_fleet
from ..plugin_utils._plan_text import diagnosis_lines


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        fleet = read_fleet(task_vars["hostvars"].raw_get, task_vars["ansible_play_hosts_all"])
        result = collected(fleet, new_run_id(time.time()))
        bad = {facts.host: facts.complaints for facts in fleet}
        return {
            "changed": False,
            "result": result,
            "bad": {host: reasons for host, reasons in bad.items() if reasons},
            "text": "\n".join(diagnosis_lines(fleet)),
        }
