# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that the recorder looks at, found at the cost of one question per manager."""

from __future__ import annotations

from .._managers import MANAGERS, ManagerError, ServiceNotFound
from .._services import Service


def find(wanted, run, root="/"):
    """Return (list of Service, problems). ``manager: auto`` means the first manager that knows the name; the others are not even imported."""
    found, problems = [], []
    for (asked, scope, server), names in _grouped(wanted).items():
        names, reasons = list(names), []
        for manager in _managers(asked, scope, server, run, root, reasons):
            for name, state in manager.inspect_many(names).items():
                if isinstance(state, ServiceNotFound):
                    continue
                names.remove(name)
                if isinstance(state, ManagerError):
                    problems.append(str(state))
                else:
                    found.append(Service(manager, "", state, server))
            if not names:
                break
        problems += ["service '%s' not found (manager: %s)%s" % (name, asked, "".join("; " + reason for reason in reasons)) for name in names]
    return found, problems


def _grouped(wanted):
    groups = {}
    for service in wanted:
        key = (service.get("manager") or "auto", service.get("scope") or "system", service.get("server"))
        groups.setdefault(key, []).append(service["name"])
    return groups


def _managers(asked, scope, server, run, root, reasons):
    """Yield the managers that can be asked, one after the other; put into ``reasons`` why others cannot."""
    for name in MANAGERS if asked == "auto" else (asked,):
        if name not in MANAGERS:
            reasons.append("known managers: %s" % ", ".join(MANAGERS))
            continue
        kind = MANAGERS[name]
        if server and not kind.takes_server:
            continue
        manager = kind(run, root=root, scope=scope, server=server)
        usable, why = manager.available()
        if usable:
            yield manager
        else:
            reasons.append(why)
