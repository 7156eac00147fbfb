# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a run was asked for before any host is touched. Documentation: plugins/modules/remediation_targets.py"""

from __future__ import annotations

import functools

from ansible.errors import AnsibleError
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar

from ..module_utils._redact import redact
from ..plugin_utils._plan_targets import Asked, judge
from ..plugin_utils._policy_host import variables_of
from ..plugin_utils._run_settings import duration_problem, notify_problem, prometheus_problem, settings_problem, window_problem

DIAGNOSE_TIMEOUT = 300  # seconds, of role diagnose
FOREIGN = ("remediation_host", "remediation_group")  # of playbooks pause, resume and report
SPEC = {
    "hosts": {"type": "raw", "required": True},
    "acts": {"type": "bool", "default": False},
    "allow_all": {"type": "bool", "default": False},
    "service": {"type": "raw"},
    "service_required": {"type": "bool", "default": False},
    "report_dir": {"type": "str"},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        pattern = ",".join(args["hosts"]) if isinstance(args["hosts"], list) else str(args["hosts"])
        limit = task_vars.get("ansible_limit")
        matched = self._matched(pattern, task_vars)
        asked = Asked(
            pattern=pattern,
            limit=str(limit) if limit else None,
            matched=matched,
            inventory=list(task_vars["groups"]["all"]),
            groups=list(task_vars["groups"]),
            unknown=[part for part in _parts(pattern) + _parts(str(limit or "")) if not self._is_known(part, task_vars)],
            acts=args["acts"],
            allow_all=args["allow_all"],
            service=args["service"],
            service_required=args["service_required"],
            report_dir=None if self._task.check_mode else args["report_dir"],
            settings_problem=self._settings_problem(matched, task_vars, args["acts"]),
            foreign=[name for name in FOREIGN if self._task.get_variable_manager().extra_vars.get(name)],
        )
        status, message = judge(asked)
        return {"changed": False, "status": status, "hosts": matched, "msg": message}

    def _settings_problem(self, matched, task_vars, acts):
        """Return what is wrong with settings of the run; the first host's are those that count where they are read once, under no_log."""
        problem = self._computing_problem(matched, task_vars)
        if problem:
            return problem
        durations = {name: functools.partial(duration_problem, name) for name in ("remediation_window", "remediation_interval")}
        checks = {**durations, "remediation_prometheus": prometheus_problem, **({"remediation_notify": notify_problem} if acts else {})}
        for name, problem_of in checks.items():
            try:
                given = task_vars["hostvars"][matched[0]].get(name) if matched else None
                problem = problem_of(given)
            except AnsibleError as error:
                problem = f"{name} cannot be computed: {' '.join(str(error).split())}"
            if problem:
                return redact(problem)
        first = task_vars["hostvars"][matched[0]] if matched else {}
        return window_problem(first.get("remediation_window"), first.get("remediation_timeout", DIAGNOSE_TIMEOUT))

    def _computing_problem(self, matched, task_vars):
        """Return which setting cannot be computed for the first host of the run, whose settings count."""
        if not matched:
            return settings_problem(task_vars, self._templar.template)
        [(_host, variables)] = variables_of(matched[:1], task_vars).items()
        return settings_problem(variables, Templar(loader=self._loader, variables=variables).template)

    def _matched(self, pattern, task_vars):
        """Return the hosts of the pattern that this run may touch: ``ansible_play_hosts_all`` already honours --limit."""
        named = set(self._hosts(pattern, task_vars))
        if "localhost" in pattern.replace(":", ",").split(","):
            named.add("localhost")  # Ansible makes it up when the inventory has none
        return [host for host in task_vars["ansible_play_hosts_all"] if host in named]

    def _is_known(self, part, task_vars):
        return part in task_vars["groups"] or part == "localhost" or bool(self._hosts(part, task_vars))

    def _hosts(self, pattern, task_vars):
        lookup = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar)
        return lookup.run([pattern], variables=task_vars)


def _parts(pattern):
    """Return what a host pattern is put together of; files of hosts (``@file``) are not looked into."""
    parts = [part.lstrip("!&").strip() for part in split_host_pattern(pattern)]
    return [part for part in parts if part and not part.startswith("@")]
