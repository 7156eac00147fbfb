# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that the recorder looks at, and the questions to their managers, as few as can be."""

from __future__ import annotations

from .. import _run
from .._managers import MANAGERS, ManagerError, ServiceNotFound
from .._services import Service


def find(wanted, run=None, root="/"):
    """Return ([(what was asked for, Service)], problems).

    ``manager: auto`` means the first manager that knows the name; the others are not even imported.
    """
    found, problems = [], []
    for (asked, scope, server), services in _grouped(wanted).items():
        reasons = []
        for manager in _managers(asked, scope, server, run or _run.run, root, reasons):
            for name, state in manager.inspect_many(list(services)).items():
                if isinstance(state, ServiceNotFound):
                    continue
                service = services.pop(name)
                if isinstance(state, ManagerError):
                    problems.append(str(state))
                else:
                    found.append((service, Service(manager, "", state, server)))
            if not services:
                break
        problems += ["service '%s' not found (manager: %s)%s" % (name, asked, "".join("; " + reason for reason in reasons)) for name in services]
    return found, problems


def _grouped(wanted):
    """Return {(manager, scope, server): {name: what was asked for}}."""
    groups = {}
    for service in wanted:
        key = (service.get("manager") or "auto", service.get("scope") or "system", service.get("server"))
        groups.setdefault(key, {})[service["name"]] = service
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
