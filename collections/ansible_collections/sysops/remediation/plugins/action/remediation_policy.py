# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Template and validate the policy of one host on the controller. Documentation: plugins/modules/remediation_policy.py"""

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase

from ..plugin_utils._plan_budgets import limits_of
from ..plugin_utils._policy import same_service
from ..plugin_utils._policy_host import host_limits, host_policy, origins
from ..plugin_utils._policy_kinds import nearest
from ..plugin_utils._run_settings import OF_EACH_HOST, settings_problem

SPEC = {"service": {"type": "str"}, "unlisted": {"type": "bool", "default": False}, "origins": {"type": "bool", "default": False}}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        asked_at = time.time()
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        services, errors = host_policy(task_vars, self._templar.template)
        problem = settings_problem(task_vars, self._templar.template, OF_EACH_HOST)
        if problem:
            services, errors = [], [problem, *errors]
        named = [entry["name"] for entry in services]
        limits = host_limits(task_vars, self._templar.template) if errors else limits_of(services)
        where = origins(task_vars, self._templar.template) if args["origins"] and services else [None] * len(services)
        wanted = [(entry, origin) for entry, origin in zip(services, where, strict=True) if not args["service"] or same_service(entry, args["service"])]
        services = [entry for entry, _origin in wanted]
        observe = [{key: entry[key] for key in ("name", "manager", "scope", "server")} for entry in services]
        hint = ""
        if not observe and args["unlisted"] and args["service"] and not errors:
            observe = [_unlisted(args["service"])]
            near = nearest(args["service"], named)
            hint = f"; the policy names '{near}'" if near else ""
        return {
            "changed": False,
            "_ansible_no_log": not errors,  # probes and addresses hold passwords; with errors nothing of the policy is returned
            "services": services,
            "origins": [origin for _entry, origin in wanted if origin is not None],
            "named": named,
            "limits": limits,
            "errors": errors,
            "observe": observe,
            "asked_at": asked_at,
            "hint": hint,
            "observe_all": args["unlisted"] and not (named or observe or errors),
            "msg": "; ".join(errors) or f"{len(named)} services in the policy of this host",
        }


def _unlisted(service):
    """Return what to diagnose for ``postfix`` or ``systemd/postfix.service`` when the policy does not name it."""
    manager, slash, name = service.partition("/")
    return {"name": name if slash else service, "manager": manager if slash else "auto", "scope": "system", "server": None}
