# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it clear which hosts and which service a run is meant for? One line that says what is missing, or nothing."""

from __future__ import annotations

import os
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
    unknown: list[str] = field(default_factory=list)  # parts of pattern and limit that match nothing
    acts: bool = False  # may this run restart anything?
    allow_all: bool = False
    service: t.Any = None
    service_required: bool = False
    report_dir: str | None = None  # where the report of this run will be written
    settings_problem: str | None = None  # what is wrong with the settings of Prometheus or of notifications
    foreign: list[str] = field(default_factory=list)  # given on the command line, and meant for pause, resume and report


def judge(asked: Asked) -> tuple[str, str]:
    """Return ``ok``, or the word for why the run must not begin (``invalid_input``, ``no_hosts``), and one line for people."""
    objections: tuple[tuple[str, t.Callable[[Asked], str | None]], ...] = (
        ("invalid_input", _foreign_objection),
        ("invalid_input", _service_objection),
        ("no_hosts", _host_objection),
        ("no_hosts", _part_objection),
        ("invalid_input", _all_objection),
        ("invalid_input", _report_objection),
        ("invalid_input", lambda asked: asked.settings_problem),
    )
    for status, objection in objections:
        message = objection(asked)
        if message:
            return status, message
    shown = ", ".join(asked.matched[:20]) + (" …" if len(asked.matched) > 20 else "")
    return "ok", f"{len(asked.matched)} hosts: {shown}"


def names_everything(pattern: str) -> bool:
    """Tell whether a host pattern means the whole inventory: ``all``, wildcards without a letter (``*``, ``~.*``), or all but something."""
    words = [word for word in re.split(r"[,:]", pattern.replace(" ", "")) if word]
    named = [word for word in words if word[0] not in "!&"] or ["all"]
    narrowed = any(word[0] == "&" and not _is_all(word[1:]) for word in words)
    return not narrowed and any(_is_all(word) for word in named)


def _is_all(word: str) -> bool:
    return word == "all" or not re.search(r"\w", word)


def _foreign_objection(asked: Asked) -> str | None:
    """Passed over, it would be a run on more hosts than somebody meant."""
    if not asked.foreign:
        return None
    is_no_word = "is a word of pause, resume and report, and does not say where a run works: name hosts or groups with remediation_hosts or --limit"
    return f"{asked.foreign[0]} {is_no_word}"


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
    hint = "" if asked.limit else did_you_mean(asked.pattern, _names(asked))
    return f"remediation_hosts={asked.pattern} matches no host of the inventory{within}{hint}"


def _part_objection(asked: Asked) -> str | None:
    """A misspelt part is not only a host that is forgotten: misspelt after ``!``, it is a host that is touched."""
    if not asked.unknown:
        return None
    part = asked.unknown[0]
    where = f"remediation_hosts={asked.pattern}" if part in asked.pattern else f"--limit {asked.limit}"
    return f"{where}: '{part}' matches no host of the inventory{did_you_mean(part, _names(asked))}"


def _names(asked: Asked) -> list[str]:
    return sorted({*asked.inventory, *asked.groups} - {"all", "ungrouped"})


def _all_objection(asked: Asked) -> str | None:
    limited = asked.limit and not names_everything(asked.limit)
    if not asked.acts or asked.allow_all or limited or not names_everything(asked.pattern):
        return None
    return (
        f"this may restart services on every host of the inventory ({len(asked.matched)}): name hosts with -e remediation_hosts=… or --limit …, "
        "or say that you mean all of them with -e remediation_allow_all=true (of 'remediate': --all)"
    )


def _report_objection(asked: Asked) -> str | None:
    """Nothing is touched of which no report could tell."""
    if not asked.report_dir:
        return None
    place = os.path.abspath(os.path.expanduser(asked.report_dir))
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK):
        return None
    why = "is not writable for this user" if os.path.isdir(place) else "is not a directory"
    return f"remediation_report_dir={asked.report_dir}: {place} {why}, so that the report could not be written; choose another directory"
