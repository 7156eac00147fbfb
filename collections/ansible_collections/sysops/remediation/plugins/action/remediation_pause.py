# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pause or resume remediation in the ledger, once. Documentation: plugins/modules/remediation_pause.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._ledger import LedgerError
from ..plugin_utils._ops_answer import FAILED, INVALID_INPUT, NOTHING_TO_DO, SUCCEEDED, answer, ledger_of
from ..plugin_utils._ops_pause import PAUSED, RESUMED, Asked, as_data, change, objection, pause_lines, told
from ..plugin_utils._run_settings import settings_problem

TEXT = {"type": "str", "default": ""}
SPEC = {
    "state": {"type": "str", "choices": [PAUSED, RESUMED], "required": True},
    **dict.fromkeys(("group", "host", "service", "end", "duration", "reason", "pattern"), TEXT),
    "ledger": {"type": "str", "no_log": True},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        url = args.pop("ledger")
        asked = Asked(**{**args, "pattern": args["pattern"] or str(task_vars.get("ansible_limit") or "")})
        check_mode = self._task.check_mode
        wrong = settings_problem(task_vars, self._templar.template) or objection(asked, task_vars["groups"], task_vars["hostvars"].raw_get)
        if wrong:
            return answer(INVALID_INPUT, wrong)
        try:
            ledger = ledger_of(url, task_vars, rehearse=check_mode)
            done = change(ledger, asked, check_mode)
        except ValueError as error:
            return answer(INVALID_INPUT, str(error))
        except LedgerError as error:
            return answer(FAILED, f"nothing was {asked.state}: {error}")
        result = answer(
            SUCCEEDED if done["changed"] else NOTHING_TO_DO,
            done["message"],
            "\n".join(pause_lines(done, ledger.described, check_mode)),
            done["changed"],
            pauses=[as_data(one) for one in done["after"]],
            ended=[as_data(one) for one in done["ended"]],
            ledger=ledger.described,
        )
        result["result"]["changed"] = done["changed"]
        if self._task.diff:
            result["diff"] = {side: "".join(f"{told(one, done['now'])}\n" for one in done[side]) for side in ("before", "after")}
        return result
