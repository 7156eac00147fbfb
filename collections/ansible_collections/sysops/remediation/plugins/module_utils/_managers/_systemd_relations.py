# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units go down with a unit, and which it needs. ``show(units, properties)`` asks systemd."""

from __future__ import annotations

from . import _systemd_show

# Restarting or stopping a unit restarts or stops these along with it ...
_TAKEN_ALONG = ("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf")
# ... and these merely like to have it.
_FOND_OF_IT = ("WantedBy",)
_NEEDED = ("Requires", "Requisite", "BindsTo")
_HARD = (*_TAKEN_ALONG, *_NEEDED)
_MOST = 500  # units; more than any host's chain, less than an endless walk

# Slices and targets group units and run nothing.
_NO_PROCESS = (".slice", ".target", ".device")


def dependents(show, unit):
    """Return every unit that is taken along (directly or through another), and those that directly want this one."""
    found = {}
    asked, level = set(), [unit]
    while level and len(asked) < _MOST:
        asked.update(level)
        for properties in show(level, ("Id", *_TAKEN_ALONG, *(_FOND_OF_IT if level == [unit] else ()))):
            for relation in (*_TAKEN_ALONG, *_FOND_OF_IT):
                for name in properties.get(relation, "").split():
                    if name != unit and not name.endswith(_NO_PROCESS):
                        found.setdefault(name, relation)
        level = sorted(name for name, relation in found.items() if name not in asked and relation in _TAKEN_ALONG)
    return _with_states(show, found)


def dependencies(show, unit):
    """Return what the unit requires, and of what it merely wants or is ordered after the units that failed."""
    properties = (show(unit, ("Id", *_NEEDED, "Wants", "After")) or [{}])[0]
    needed, others = {}, {}
    for relation in _NEEDED:
        for name in properties.get(relation, "").split():
            if not name.endswith(_NO_PROCESS):
                needed.setdefault(name, relation)
    for relation in ("Wants", "After"):
        for name in properties.get(relation, "").split():
            if name not in needed:
                others.setdefault(name, relation)
    return _with_states(show, needed) + [one for one in _with_states(show, others) if one["active"] == "failed"]


def _with_states(show, relations):
    if not relations:
        return []
    states = {unit["Id"]: _systemd_show.active_word(unit) for unit in show(sorted(relations), ("Id", "ActiveState")) if "Id" in unit}
    return [{"name": name, "active": states.get(name, "unknown"), "relation": relations[name], "hard": relations[name] in _HARD} for name in sorted(relations)]
