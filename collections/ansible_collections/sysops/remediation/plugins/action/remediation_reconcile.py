# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settle what every planned action came to, once, at the end. Documentation: plugins/modules/remediation_reconcile.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_facts import read_outcomes
from ..plugin_utils._plan_outcome import bad_ends, ended, reconcile
from ..plugin_utils._plan_run import settle_run
from ..plugin_utils._plan_text import outcome_lines

SPEC = {"plan": {"type": "dict", "required": True}, "ledger": {"type": "str", "no_log": True}}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        plan = args["plan"]
        planned = {action["host"] for action in plan["actions"]}
        outcomes = reconcile(plan, read_outcomes(task_vars["hostvars"].raw_get, planned))
        bad = bad_ends(plan, outcomes)
        trouble = "" if self._task.check_mode or not plan["actions"] else settle_run(args["ledger"], plan, outcomes)
        text = "\n".join([*outcome_lines(outcomes, bad), *([f"note         {trouble}"] if trouble else [])])
        return {"changed": False, "outcomes": outcomes, "bad": bad, "result": ended(plan, outcomes), "text": text}
