# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell people about the incidents of a run, once, from the controller. Documentation: plugins/modules/incident_notify.py"""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..module_utils._redact import redact
from ..plugin_utils._notify import notify, result_line

TARGET = {
    "type": {"type": "str", "choices": ["mail", "webhook"], "required": True},
    "name": {"type": "str"},
    "outcomes": {
        "type": "list",
        "elements": "str",
        "default": [],
        "choices": ["remediated", "ineffective", "chronic", "refused", "inconclusive", "failed", "already_changed", "unknown"],
    },
    "timeout": {"type": "str", "default": "10s"},
    "ca_file": {"type": "path"},
    "to": {"type": "list", "elements": "str", "default": []},
    "from": {"type": "str", "default": "sysops-remediation@localhost"},
    "host": {"type": "str", "default": "localhost"},
    "port": {"type": "int"},
    "tls": {"type": "str", "choices": ["none", "starttls", "ssl"], "default": "none"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "url": {"type": "str", "no_log": True},
    "secret": {"type": "str", "no_log": True},
    "headers": {"type": "dict", "default": {}, "no_log": True},
}
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
