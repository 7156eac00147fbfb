# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether the ledger can be used. Documentation: plugins/modules/ledger_info.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._ledger import LedgerError, open_ledger
from ..plugin_utils._run_settings import settings_problem

SPEC = {"ledger": {"type": "str", "no_log": True}}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        wrong = settings_problem(task_vars, self._templar.template)
        if wrong:
            return {"changed": False, "usable": False, "msg": wrong}
        try:
            ledger = open_ledger(args["ledger"], rehearse=self._task.check_mode)
            ledger.audit([])  # a transaction that writes nothing: a ledger that cannot be written to says so
        except LedgerError as problem:
            return {"changed": False, "usable": False, "msg": str(problem)}
        return {"changed": False, "usable": True, "msg": ledger.described}
