# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get a past incident from the ledger, once. Documentation: plugins/modules/remediation_incident.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._ledger import LedgerError
from ..plugin_utils._ops_answer import FAILED, INVALID_INPUT, SUCCEEDED, answer, ledger_of
from ..plugin_utils._ops_report import find, report_of
from ..plugin_utils._plan_facts import printable
from ..plugin_utils._run_settings import settings_problem

SPEC = {
    **{name: {"type": "str", "default": ""} for name in ("incident", "host", "service")},
    "ledger": {"type": "str", "no_log": True},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        wrong = settings_problem(task_vars, self._templar.template)
        if wrong:
            return answer(INVALID_INPUT, wrong)
        try:
            ledger = ledger_of(args["ledger"], task_vars, look=True)
            found = find(ledger, printable(args["incident"]), args["host"], args["service"])
            trail = ledger.audited(run_id=found.run_id, host=found.host)
        except LookupError as error:
            return answer(INVALID_INPUT, f"{error}; ledger: {ledger.described}")
        except LedgerError as error:
            return answer(FAILED, str(error))
        data, markdown = report_of(found, trail)
        return answer(SUCCEEDED, data["headline"], markdown, incident=data, markdown=markdown, ledger=ledger.described)
