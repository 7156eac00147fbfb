# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the plan of a run, once, from what all hosts answered. Documentation: plugins/modules/remediation_plan.py"""

from __future__ import annotations

import os
import time

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan import REMEDIATE, RESTART
from ..plugin_utils._plan_facts import new_run_id, printable, read_fleet
from ..plugin_utils._plan_outcome import bad_ends, planned
from ..plugin_utils._plan_run import Request, plan_run
from ..plugin_utils._plan_text import plan_lines
from ..plugin_utils._policy_host import limits_elsewhere

SPEC = {
    "purpose": {"type": "str", "choices": [REMEDIATE, RESTART], "default": REMEDIATE},
    "acts": {"type": "bool", "default": False},
    "service": {"type": "str"},
    "plan_id": {"type": "str"},
    "approver": {"type": "str", "default": ""},
    "ledger": {"type": "str", "no_log": True},
    "report_dir": {"type": "path", "default": "remediation-reports"},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        now = time.time()
        fleet = read_fleet(task_vars["hostvars"].raw_get, task_vars["ansible_play_hosts_all"], service=args["service"])
        inventory = {name: frozenset(hosts) for name, hosts in task_vars["groups"].items()}
        acts = args["acts"] and not self._task.check_mode
        request = Request(new_run_id(now), now, args["purpose"], acts, args["ledger"], args["plan_id"], printable(args["approver"]))
        plan = plan_run(fleet, inventory, request, limits_elsewhere(task_vars, self._loader))
        return {
            "changed": False,
            "_ansible_no_log": True,  # policies hold passwords, in probes and addresses; an error of this plugin is shown all the same
            "plan": plan,
            "report_dir": os.path.abspath(args["report_dir"]),  # fetch would take a relative path from the folder of the playbook
            "hosts": [host for wave in plan["waves"] for host in wave],
            "serial": [len(wave) for wave in plan["waves"]],
            "looked_at": list(dict.fromkeys(one["host"] for one in plan["refusals"] if one["incident"] in plan["evidence_only"])),
            "result": planned(plan),
            "bad": bad_ends(plan, []),
            "text": "\n".join(plan_lines(plan, self._task.check_mode)),
        }
