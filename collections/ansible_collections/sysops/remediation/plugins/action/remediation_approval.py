# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the plan that a person approves. Documentation: plugins/modules/remediation_approval.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..module_utils._gates import closed
from ..plugin_utils._ledger import LedgerError, open_ledger
from ..plugin_utils._plan_facts import printable
from ..plugin_utils._run_settings import settings_problem

SPEC = {"plan_id": {"type": "str"}, "approver": {"type": "str"}, "ledger": {"type": "str", "no_log": True}}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        wrong = settings_problem(task_vars, self._templar.template)
        if wrong:
            return self._answer("invalid_input", wrong)
        for name, what in (("plan_id", "the id of the plan, as the run printed it"), ("approver", "the name of the person who approves")):
            if not printable(args[name] or ""):
                return self._answer("invalid_input", f"remediation_{name} is missing: {what}")
        try:
            ledger = open_ledger(args["ledger"], rehearse=True)
            plan, gates = ledger.peek_plan(printable(args["plan_id"]))
        except LedgerError as problem:
            return self._answer("refused", str(problem))
        if closed(gates) or plan is None:
            return self._answer("refused", "; ".join([*(one["detail"] for one in closed(gates)), f"ledger: {ledger.described}"]))
        lines = [f"{one['action']} {one['host']} {one['service']}  ({one['verdict']}, urgency {one['urgency']})\n  {one['summary']}" for one in plan["actions"]]
        return self._answer("ok", "\n".join(lines), list(dict.fromkeys(one["host"] for one in plan["actions"])), plan["actions"])

    def _answer(self, status, message, hosts=(), actions=()):
        return {"changed": False, "status": status, "msg": message, "hosts": list(hosts), "actions": list(actions)}
