# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say why services are acted on or not, once, with all gates. Documentation: plugins/modules/remediation_why_not.py"""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_facts import read_fleet
from ..plugin_utils._policy_host import limits_elsewhere
from ..plugin_utils._why_not import explain, why_not_lines

SPEC = {"service": {"type": "str"}, "ledger": {"type": "str", "no_log": True}}
GUARDS = "why_not_guards"  # host variable: what service_restart said in check mode, with the `service` it was asked about


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        raw_get, hosts = task_vars["hostvars"].raw_get, task_vars["ansible_play_hosts_all"]
        fleet = read_fleet(raw_get, hosts, service=args["service"])
        inventory = {name: frozenset(members) for name, members in task_vars["groups"].items()}
        guards = {(host, one["asked_about"]): one["answer"] for host in hosts for one in raw_get(host).get(GUARDS) or []}
        result = explain(fleet, inventory, args["ledger"], guards, limits_elsewhere(task_vars, self._loader))
        return {
            "changed": False,
            "result": result,
            "bad": {facts.host: facts.complaints for facts in fleet if facts.complaints},
            "text": "\n".join(why_not_lines(result)),
        }
