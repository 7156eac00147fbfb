# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the policies of all hosts together, once. Documentation: plugins/modules/remediation_policies.py"""

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_facts import read_fleet
from ..plugin_utils._policy_shown import collected_policies, policy_lines


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec={"service": {"type": "str"}})
        fleet = read_fleet(task_vars["hostvars"].raw_get, task_vars["ansible_play_hosts_all"], service=args["service"])
        result = collected_policies(fleet, time.time())
        result["text"] = "\n".join(policy_lines(result))
        return {
            "changed": False,
            "result": result,
            "bad": {facts.host: facts.errors for facts in fleet if facts.errors},
            "text": result["text"],
        }
