# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of a host from its variables: templated, validated, and each mistake as one line with the place where it was written.

A run reads each host's policy in a task of that host. Who only asks how a fleet stands reads all of them at once, because a task per host
costs far more than its policy.
"""

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleError
from ansible.template import Templar

from ..module_utils._redact import redact
from ._plan import HostFacts
from ._plan_budgets import Data, Elsewhere, limits_of, unreadable
from ._policy import Entry, policy_variables, read_policy, written_in
from ._policy_kinds import Problem, dotted
from ._policy_origin import origin_of
from ._run_settings import notify_problem, target_name

Variables = t.Mapping[str, t.Any]
Template = t.Callable[[t.Any], t.Any]  # raises AnsibleError
Read = tuple[list[Entry], list[Problem]]

LIMITING = ("name", "manager", "scope", "server", "group", "max_unavailable")  # what a budget depends on

_SORTED = json.JSONEncoder(sort_keys=True)  # made once: asked for each host


def host_policy(variables: Variables, template: Template, known: dict[str, Read] | None = None) -> tuple[list[Entry], list[str]]:
    """Return the entries of a host, or the lines that say what is wrong with them.

    :param variables: all variables of the host, not yet templated.
    :param known: what was read before, for hosts that have the same policy; it is added to.
    """
    written = {name: variables[name] for name in policy_variables(variables) if name in variables}
    values, errors = _computed(written, template)
    if not errors:
        groups = [*variables.get("group_names", []), "all"]
        services, problems = _read_once(values, groups, _targets(variables, template), {} if known is None else known)
        errors = [f"{problem}{origin_of(written, problem.path)}" for problem in problems]
    return ([] if errors else services), [redact(error) for error in errors]  # a value that is shown may hold a secret


def origins(variables: Variables, template: Template) -> list[dict[str, list[str]]]:
    """Return for each entry of :func:`host_policy` where each of its keys was written: ``remediation_services_mail[0].mode (group_vars/mail.yml:9)``."""
    written = {name: variables[name] for name in policy_variables(variables) if name in variables}
    values, _errors = _computed(written, template)
    return [{key: [f"{dotted(path)}{origin_of(written, path)}" for path in paths] for key, paths in entry.items()} for entry in written_in(values)]


def policies_of(hosts: t.Iterable[str], task_vars: Variables, loader: t.Any) -> list[HostFacts]:
    """Return hosts with their policies, and nothing else known of them; for an action plugin that runs once.

    :param loader: of the plugin.
    """
    return fleet_policies(variables_of(hosts, task_vars), lambda variables: Templar(loader=loader, variables=variables).template)


def variables_of(hosts: t.Iterable[str], task_vars: Variables) -> dict[str, Variables]:
    """Return the variables of hosts, not yet templated, for an action plugin that runs once."""
    shared = {name: value for name, value in task_vars.items() if name == "hostvars" or name.startswith("ansible_play_")}
    return {host: {**shared, **task_vars["hostvars"].raw_get(host)} for host in hosts}


def limits_elsewhere(task_vars: Variables, loader: t.Any) -> Elsewhere:
    """Return what answers which budgets the policies of hosts name that are not of this run. Of a thousand hosts nothing else is computed."""
    known: dict[str, Read] = {}

    def limits(hosts: frozenset[str]) -> list[Data]:
        of_hosts = variables_of(sorted(hosts), task_vars)
        read = {host: host_limits(variables, Templar(loader=loader, variables=variables).template, known) for host, variables in of_hosts.items()}
        return [limit for host, mine in read.items() for limit in (unreadable(host) if mine is None else mine)]

    return limits


def host_limits(variables: Variables, template: Template, known: dict[str, Read] | None = None) -> list[Data] | None:
    """Return what the policy of a host says of budgets, whatever else is wrong with it; None if that cannot be read."""
    written = {name: _only(variables[name], LIMITING) for name in policy_variables(variables) if name in variables}
    values, errors = _computed(written, _each_once(template))
    if errors:  # what is left out by "default(omit)" can only be left out of the whole
        values, errors = _computed(written, template)
    if errors:
        return None
    services, problems = _read_once({name: _only(value, LIMITING) for name, value in values.items()}, None, None, {} if known is None else known)
    return None if problems else limits_of(services)


def _each_once(template: Template) -> Template:
    """Return the same for texts and lists of flat entries, computing no text twice: many services of a host say the same."""
    known: dict[str, t.Any] = {}

    def once(value: t.Any) -> t.Any:
        if isinstance(value, list):
            return [{key: once(item) for key, item in entry.items()} if isinstance(entry, dict) else once(entry) for entry in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        if value not in known:
            known[value] = template(value)
        return known[value]

    return once


def _only(entries: t.Any, keys: t.Collection[str]) -> t.Any:
    """Return the entries with these keys only; what is no list of entries as it is."""
    if not isinstance(entries, list):
        return entries
    return [{key: entry[key] for key in keys if key in entry} if isinstance(entry, dict) else entry for entry in entries]


def fleet_policies(hosts: t.Mapping[str, Variables], template_for: t.Callable[[Variables], Template]) -> list[HostFacts]:
    """Return the same, from variables."""
    known: dict[str, Read] = {}
    fleet = []
    for host, variables in hosts.items():
        services, errors = host_policy(variables, template_for(variables), known)
        told = host_limits(variables, template_for(variables)) if errors else None
        fleet.append(HostFacts(host, policy=services, errors=errors, told_limits=told))
    return fleet


def _read_once(values: dict[str, t.Any], groups: list[str] | None, targets: list[str] | None, known: dict[str, Read]) -> Read:
    try:
        key = _SORTED.encode([values, groups, targets])
    except TypeError:  # keys that are no texts, or values that JSON does not have
        return read_policy(values, groups, targets)
    if key not in known:
        known[key] = read_policy(values, groups, targets)
    return known[key]


def _computed(written: dict[str, t.Any], template: Template) -> tuple[dict[str, t.Any], list[str]]:
    """Return the values of the policy variables, and one line for each that cannot be computed."""
    values, errors = {}, []
    for name, value in written.items():
        try:
            values[name] = template(value)
        except AnsibleError as error:
            errors.append(f"{name}: cannot be computed: {' '.join(str(error).split())}{origin_of(written, (name,))}")
    return values, errors


def _targets(variables: Variables, template: Template) -> list[str] | None:
    """Return the names of those who can be told; None if remediation_notify cannot be used, which is told before anything runs."""
    try:
        targets = template(variables.get("remediation_notify") or [])
    except AnsibleError:
        return None
    return None if notify_problem(targets) else [target_name(target) for target in targets or []]
