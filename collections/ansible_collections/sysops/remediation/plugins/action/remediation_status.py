# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say how the fleet stands, once, from the ledger and the policies. Documentation: plugins/modules/remediation_status.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._ledger import LedgerError
from ..plugin_utils._ops_answer import FAILED, INVALID_INPUT, SUCCEEDED, answer, ledger_of
from ..plugin_utils._ops_status import status_of
from ..plugin_utils._ops_text import headline, status_lines
from ..plugin_utils._plan_facts import told_once
from ..plugin_utils._policy_host import limits_elsewhere, policies_of
from ..plugin_utils._run_settings import settings_problem

SPEC = {"ledger": {"type": "str", "no_log": True}}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        inventory = {name: frozenset(hosts) for name, hosts in task_vars["groups"].items()}
        hosts = [host for host in task_vars["ansible_play_hosts_all"] if host in inventory["all"]]
        fleet = policies_of(hosts, task_vars, self._loader)
        errors = [{"host": facts.host, "msg": message} for facts in fleet for message in facts.errors]
        wrong = settings_problem(task_vars, self._templar.template)
        if wrong:
            return answer(INVALID_INPUT, wrong)
        try:
            status = status_of(ledger_of(args["ledger"], task_vars, look=True), fleet, inventory, limits_elsewhere(task_vars, self._loader))
        except LedgerError as error:
            return answer(FAILED, f"{error}; until it can be used again, nothing is acted on", errors=errors)
        wrong = told_once((one["host"], one["msg"]) for one in errors)
        text = "\n".join([*([f"ERROR        {wrong}"] if wrong else []), *status_lines(status)])
        return answer(FAILED if errors else SUCCEEDED, wrong or headline(status), text, errors=errors, **status)
