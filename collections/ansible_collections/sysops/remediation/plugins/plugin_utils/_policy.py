# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of one host: its variables in, a complete and valid list of entries out, or the list of all mistakes.

Merge rule: the lists of the variables ``remediation_services_<anything>`` come first, in the order of their names, and
``remediation_services`` last. Entries for the same service are merged key by key, the later one wins, lists are replaced.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from ..module_utils._managers._base import without_user
from ._policy_contradictions import contradictions
from ._policy_kinds import Path, Problem, did_you_mean, shown
from ._policy_schema import ENTRY

VARIABLE = "remediation_services"
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # made once: thousands of entries are hashed

Entry = dict[str, t.Any]


def policy_variables(names: t.Iterable[str]) -> list[str]:
    """Return the names of the policy variables among these, in the order in which they are merged."""
    more = sorted(name for name in names if name.startswith(VARIABLE + "_"))
    return [*more, VARIABLE]


def read_policy(
    variables: dict[str, t.Any], groups: t.Collection[str] | None = None, targets: t.Collection[str] | None = None
) -> tuple[list[Entry], list[Problem]]:
    """Return the entries of a host, complete with defaults; or none and all problems, because a policy with a mistake may not mean what it says.

    :param variables: the (templated) values of the variables of :func:`policy_variables`, in that order.
    :param groups: the inventory groups of the host, one of which a budget may be of; None when they are not known.
    :param targets: the names of the targets in ``remediation_notify``; None when they are not known.
    """
    merged, problems = _merged(variables)
    if problems:
        return [], problems
    services = []
    for path, raw in ((one.path, one.raw) for one in merged):
        entry = ENTRY.read(raw, path, problems)
        problems.extend(contradictions(entry, path))
        problems.extend(_foreign_group(entry, path, groups))
        problems.extend(_unknown_targets(entry, path, targets))
        services.append(entry)
    problems.extend(_ambiguous([one.path for one in merged], services))
    return ([] if problems else services), problems


def written_in(variables: dict[str, t.Any]) -> list[dict[str, list[Path]]]:
    """Return for each entry of :func:`read_policy` where its keys were written: key → paths in the variables, the one that wins last.

    Sections have several, because each list may have written a part of them. Keys that nobody wrote have their defaults.
    """
    return [one.written for one in _merged(variables)[0]]


def policy_hash(entry: Entry) -> str:
    """Return a short hash that changes exactly when the meaning of the entry changes (``30m`` and ``1800`` mean the same)."""
    return canonical_hash(entry)[:12]


def canonical_hash(value: t.Any) -> str:
    """Return the SHA-256 of the value as canonical JSON."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()


def bare_name(name: str) -> str:
    """Return the name without systemd's ``.service``, which people may leave out."""
    return name.removesuffix(".service")


def same_service(entry: Entry, wanted: str) -> bool:
    """Tell whether a person who writes ``postfix``, ``postfix.service`` or ``systemd/postfix.service`` means this entry."""
    wanted, _space, which = wanted.partition(" (")  # as plans tell one of two services of the same name
    if which and "server" in entry and which.rstrip(")") != (without_user(entry["server"]) or entry["scope"]):
        return False
    manager, slash, name = wanted.partition("/")
    if slash and manager in (entry["manager"], "auto"):
        return bare_name(entry["name"]) == bare_name(name)
    return bare_name(entry["name"]) == bare_name(wanted) or (entry["manager"] == "auto" and bool(slash) and bare_name(entry["name"]) == bare_name(name))


@dataclass
class _Merged:
    """One service as its lists have written it so far."""

    path: Path = ()  # of the entry that came last
    raw: Entry = field(default_factory=dict)
    written: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, entry: Entry, path: Path) -> None:
        for key, value in entry.items():
            before = self.written.get(key, []) if isinstance(value, dict) else []
            self.written[key] = [*before, (*path, key)]
        self.path, self.raw = path, _combine(self.raw, entry)


def _merged(variables: dict[str, t.Any]) -> tuple[list[_Merged], list[Problem]]:
    problems: list[Problem] = []
    merged: dict[tuple[t.Any, ...], _Merged] = {}
    for variable, entries in variables.items():
        _merge(merged, variable, entries, problems)
    return list(merged.values()), problems


def _merge(merged: dict[tuple[t.Any, ...], _Merged], variable: str, entries: t.Any, problems: list[Problem]) -> None:
    if not isinstance(entries, (list, tuple)):
        problems.append(Problem((variable,), f"{shown(entries)} is not allowed here; allowed: a list of services"))
        return
    seen = set()
    for number, entry in enumerate(entries):
        path: Path = (variable, number)
        before = len(problems)
        ENTRY.read(entry, path, problems)  # each list on its own, so that a mistake is shown where it was written
        if len(problems) > before:
            continue
        identity = (entry.get("manager", "auto"), entry.get("scope", "system"), entry.get("server"), bare_name(entry["name"]))
        if identity in seen:
            problems.append(Problem((*path, "name"), f"{shown(entry['name'])} is named twice in this list; merge the two entries"))
        seen.add(identity)
        merged.setdefault(identity, _Merged()).add(entry, path)


def _combine(known: t.Any, new: t.Any) -> t.Any:
    if isinstance(known, dict) and isinstance(new, dict):
        return {**known, **{key: _combine(known.get(key), value) for key, value in new.items()}}
    return new


def _foreign_group(entry: Entry, path: Path, groups: t.Collection[str] | None) -> t.Iterator[Problem]:
    """A host that is not in the group would have the budget of others, and not count in it."""
    if groups is not None and entry["group"] is not None and entry["group"] not in groups:
        near = did_you_mean(entry["group"], groups)
        yield Problem((*path, "group"), f"{shown(entry['group'])} is no group of this host{near}; allowed: {', '.join(sorted(groups))}")


def _unknown_targets(entry: Entry, path: Path, targets: t.Collection[str] | None) -> t.Iterator[Problem]:
    """A name that is no target would mean that nobody hears of the service."""
    for number, name in enumerate(entry["notify"] or []):
        if targets is not None and name not in targets:
            allowed = ", ".join(sorted(targets)) or "none, because remediation_notify is empty"
            yield Problem((*path, "notify", number), f"{shown(name)} is no target of remediation_notify{did_you_mean(name, targets)}; allowed: {allowed}")


def _ambiguous(paths: list[Path], services: list[Entry]) -> t.Iterator[Problem]:
    """Yield entries that may be the same service, because one of them says ``auto``."""
    for number, (path, entry) in enumerate(zip(paths, services, strict=True)):
        for other in services[:number]:
            same = all(other[key] == entry[key] for key in ("scope", "server")) and bare_name(other["name"]) == bare_name(entry["name"])
            if same and other["manager"] != entry["manager"] and "auto" in (other["manager"], entry["manager"]):
                message = f"'{entry['name']}' is named with manager '{other['manager']}' and with manager '{entry['manager']}'; write the manager in both"
                yield Problem((*path, "manager"), message)
