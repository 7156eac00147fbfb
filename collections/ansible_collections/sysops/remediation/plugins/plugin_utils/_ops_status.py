# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the fleet stands: ledger × policies, without a look at any host. Whoever comes on call begins here."""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict

from ..module_utils._gates import closed
from ._ledger import Group, GroupView, Ledger
from ._ledger._incidents import bought_text
from ._ledger._words import names_service
from ._ops_pause import as_data
from ._plan import HostFacts
from ._plan_budgets import Elsewhere, Inventory, budgets_of, hosts_having, nowhere, written_name
from ._windows import clock, next_spans, timing_gates

Data = dict[str, t.Any]

WINDOWS = 3  # how many are told of each service
_SORTED = json.JSONEncoder(sort_keys=True)  # made once: asked for each service of each host


def status_of(ledger: Ledger, fleet: list[HostFacts], inventory: Inventory, elsewhere: Elsewhere = nowhere) -> Data:
    """Return everything that a person on call asks for first. Nothing is written, and no breaker takes note.

    :param fleet: hosts with their policies; diagnoses are not needed.
    :param elsewhere: what the policies of other hosts say of budgets that these share.
    """
    now = ledger.now()
    groups, services = _groups(ledger, fleet, inventory, elsewhere)
    views = ledger.views(groups.values(), record=False)
    return {
        "ledger": ledger.described,
        "at": now,
        "pauses": [as_data(one) for one in ledger.pauses()],
        "breakers": [_breaker(view) for view in views.values() if view.breaker.state != "closed"],
        "plans": [_plan(one) for one in ledger.waiting_plans()],
        "permits": ledger.unreleased(),
        "incidents": [{**asdict(one), "body": None, "summary": one.body.get("summary", "")} for one in ledger.incidents(open_only=True)],
        "recurring": [
            {"host": host, "service": service, "state": done.state, "detail": bought_text(done)}
            for (host, service), done in sorted(ledger.effectiveness().items())
            if done.state != "effective"
        ],
        "groups": [_budget(view, services[name]) for name, view in views.items()],
        "windows": _windows(fleet, now),
    }


def _groups(ledger: Ledger, fleet: list[HostFacts], inventory: Inventory, elsewhere: Elsewhere) -> tuple[dict[str, Group], dict[str, list[str]]]:
    """Return the budgets that the policies speak of, and the services of each.

    A service without a group has a budget of its own, by its key; which that is, is known once it was looked at.
    """
    seen: dict[str, list[str]] = {}
    for target in ledger.targets():
        seen.setdefault(target["host"], []).append(target["service"])
    budgets = budgets_of(fleet, inventory, elsewhere, ledger).seen(hosts_having(ledger))
    groups: dict[str, Group] = {}
    services: dict[str, dict[str, None]] = {}
    for facts in fleet:
        for entry in facts.policy:
            name = written_name(entry)
            keys = [key for key in seen.get(facts.host, []) if names_service(name, key)]
            if not keys and not entry["group"]:
                continue
            group = budgets.group(entry, keys[0] if keys else name)
            groups[group.name] = group
            services.setdefault(group.name, {}).update(dict.fromkeys(keys or [name]))
    return dict(sorted(groups.items())), {name: sorted(found) for name, found in services.items()}


def _budget(view: GroupView, services: list[str]) -> Data:
    most = view.group.max_unavailable
    return {
        "group": view.group.name,
        "hosts": len(view.group.members),
        "max_unavailable": most,
        "left": max(0, most - len(view.unavailable)),
        "unavailable": view.unavailable,
        "breaker": view.breaker.state,
        "services": services,
    }


def _breaker(view: GroupView) -> Data:
    breaker = view.breaker
    return {"group": view.group.name, "state": breaker.state, "since": breaker.since, "sick": list(breaker.sick), "opens_at": breaker.opens_at}


def _plan(waiting: Data) -> Data:
    """Return a plan with the commands that approve it."""
    keys = ("host", "service", "action", "verdict", "urgency", "summary")
    actions = [{key: one.get(key) for key in keys} for one in waiting["actions"]]
    command = f"ansible-playbook playbooks/approve.yml -e remediation_plan_id={waiting['plan_id']} -e remediation_approver=YOUR_NAME"
    return {**waiting, "actions": actions, "approve": command}


def _windows(fleet: list[HostFacts], now: float) -> list[Data]:
    """Return when the policies allow to act next, once for all hosts that say the same."""
    alike: dict[str, Data] = {}
    for facts in fleet:
        for entry in facts.policy:
            if entry["windows"] or entry["freezes"]:
                essence = _SORTED.encode([entry["name"], entry["windows"], entry["freezes"], entry["outside_windows"]])
                alike.setdefault(essence, {"entry": entry, "hosts": []})["hosts"].append(facts.host)
    return [_window(one["entry"], one["hosts"], now) for one in alike.values()]


def _window(entry: Data, hosts: list[str], now: float) -> Data:
    freeze = closed(timing_gates(entry, now, None, dead=False)[:1])
    return {
        "service": entry["name"],
        "hosts": hosts,
        "frozen": freeze[0]["detail"] if freeze else None,
        "windows": [
            {"start": one.start, "end": one.end, "timezone": one.zone, "text": _span(one.start, one.end, one.zone), "open": one.start <= now}
            for one in next_spans(entry, now, WINDOWS)
        ],
        "outside_windows": entry["outside_windows"] if entry["windows"] else None,
    }


def _span(start: float, end: float, zone: str) -> str:
    """Return ``Sun 2026-01-04 02:00 to 06:00 CET``, with the second day only if it is another one."""
    first, last = clock(start, zone).rsplit(" ", 1), clock(end, zone)
    same_day = first[0][:14] == last[:14]
    return f"{first[0]} to {last[15:] if same_day else last}"
