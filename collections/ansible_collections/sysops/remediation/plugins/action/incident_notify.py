# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell people about the incidents of a run, once, from the controller. Documentation: plugins/modules/incident_notify.py"""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._redact import redact
from ..plugin_utils._notify import notify, result_line
from ..plugin_utils._run_settings import TARGET

SPEC = {
    "summary": {"type": "dict", "required": True},
    "report_dir": {"type": "path", "required": True},
    "targets": {"type": "list", "elements": "dict", "default": [], "options": TARGET},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        try:
            _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        except AnsibleError as problem:
            # A run that has restarted services must not end as failed because of a typing error in a mail address.
            return {"changed": False, "notifications": [], "failed_notifications": 1, "msg": f"NOBODY was told: {redact(str(problem))}"}
        results = notify(args["summary"], args["targets"], args["report_dir"], self._task.check_mode)
        failures = sum(1 for one in results if one["status"] == "failed")
        return {"changed": False, "notifications": results, "failed_notifications": failures, "msg": result_line(results)}
