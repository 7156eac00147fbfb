# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run, once, on the controller. Documentation: plugins/modules/incident_report.py"""

from __future__ import annotations

import json

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_facts import read_host, read_outcomes
from ..plugin_utils._plan_run import remember_reports
from ..plugin_utils._report import ReportError, build_report, write_report

SPEC = {
    "plan": {"type": "dict", "required": True},
    "report_dir": {"type": "path", "required": True},
    "ledger": {"type": "str", "no_log": True},
}
MOST_BYTES = 300000  # what goes back to the playbook; ansible-runner cuts results above 700,000 bytes


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        plan, check_mode = args["plan"], self._task.check_mode
        raw_get = task_vars["hostvars"].raw_get
        hosts = list(dict.fromkeys(item["host"] for item in plan["actions"] + plan["refusals"]))
        fleet = [read_host(host, raw_get(host)) for host in hosts]
        summary, incidents = build_report(plan, fleet, read_outcomes(raw_get, hosts), check_mode)
        result = {"changed": False, "summary": summary, "paths": [], "msg": summary["headline"]}
        if not check_mode:
            trouble = remember_reports(args["ledger"], plan, incidents)
            result["msg"] += f"; {trouble}" if trouble else ""
            try:
                result["paths"] = write_report(args["report_dir"], summary, incidents)
                result["msg"] += f"; report: {result['paths'][-2]}"
            except ReportError as problem:
                summary["message"] = "; ".join(filter(None, [summary["message"], str(problem)]))
                result.update(failed=True, msg=f"{summary['headline']}; {problem}")
        if len(json.dumps(incidents, default=str)) <= MOST_BYTES:
            result["incidents"] = incidents
        return result
