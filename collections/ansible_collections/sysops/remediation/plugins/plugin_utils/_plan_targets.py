# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it clear which hosts and which service a run is meant for? One line that says what is missing, or nothing."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ._policy_kinds import did_you_mean


@dataclass
class Asked:
    """What the user asked for."""

    pattern: str
    limit: str | None = None
    matched: list[str] = field(default_factory=list)  # hosts of the pattern within the limit
    inventory: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    acts: bool = False  # may this run restart anything?
    allow_all: bool = False
    service: t.Any = None
    service_required: bool = False


def judge(asked: Asked) -> tuple[str, str]:
    """Return ``ok``, or the word for why the run must not begin (``invalid_input``, ``no_hosts``), and one line for people."""
    for status, objection in (("invalid_input", _service_objection), ("no_hosts", _host_objection), ("invalid_input", _all_objection)):
        message = objection(asked)
        if message:
            return status, message
    shown = ", ".join(asked.matched[:20]) + (" …" if len(asked.matched) > 20 else "")
    return "ok", f"{len(asked.matched)} hosts: {shown}"


def names_everything(pattern: str) -> bool:
    """Tell whether a host pattern means the whole inventory."""
    return any(word in ("all", "*") for word in re.split(r"[,:]", pattern.replace(" ", "")))


def _service_objection(asked: Asked) -> str | None:
    if asked.service is not None and not isinstance(asked.service, str):
        return f"remediation_service is {asked.service!r}: write the name of one service; the list of the policy is remediation_services"
    if asked.service_required and not (asked.service or "").strip():
        return "remediation_service is not set: name the service to restart, for example -e remediation_service=postfix.service"
    return None


def _host_objection(asked: Asked) -> str | None:
    if asked.matched:
        return None
    if not asked.inventory and names_everything(asked.pattern):
        return f"remediation_hosts={asked.pattern} matches no host: the inventory is empty; name one with -i"
    within = f" within --limit {asked.limit}" if asked.limit else ""
    names = sorted({*asked.inventory, *asked.groups} - {"all", "ungrouped"})
    hint = "" if asked.limit else did_you_mean(asked.pattern, names)
    return f"remediation_hosts={asked.pattern} matches no host of the inventory{within}{hint}"


def _all_objection(asked: Asked) -> str | None:
    limited = asked.limit and not names_everything(asked.limit)
    if not asked.acts or asked.allow_all or limited or not names_everything(asked.pattern):
        return None
    return (
        f"this may restart services on all {len(asked.matched)} hosts of the inventory: name hosts with -e remediation_hosts=… or --limit …, "
        "or say that you mean all of them with -e remediation_allow_all=true"
    )
