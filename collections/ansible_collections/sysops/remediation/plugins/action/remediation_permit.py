# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reserve or release the permit of one action. Documentation: plugins/modules/remediation_permit.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_permit import release, reserve

SPEC = {
    "state": {"type": "str", "choices": ["reserved", "released"], "default": "reserved"},
    "plan": {"type": "dict"},
    "action": {"type": "dict"},
    "permit": {"type": "str"},
    "outcome": {"type": "str"},
    "ledger": {"type": "str", "no_log": True},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(
            argument_spec=SPEC, required_if=[("state", "reserved", ("plan", "action")), ("state", "released", ("permit", "outcome"))]
        )
        if args["state"] == "released":
            return {"changed": False, **release(args["ledger"], args["permit"], args["outcome"])}
        groups = [*task_vars.get("group_names", []), "all"]
        return {"changed": False, **reserve(args["ledger"], self._task.check_mode, args["plan"], args["action"], groups)}
