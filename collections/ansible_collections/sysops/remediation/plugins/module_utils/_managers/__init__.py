# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service managers behind one interface (``_base.Manager``), one file each; here it is decided which one owns a service.

``service`` is ``{name, manager: auto, scope: system, server: null}``; ``run`` is ``_run.run`` or a recorded stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping

from ._base import ManagerError, ServiceNotFound, did_you_mean, nearest, without_user

_NAMES = ("systemd", "supervisord", "docker", "podman", "sysv")


class _Drivers(Mapping):
    """Manager classes by name, imported when first asked for: most hosts have one manager, and the recorder starts every minute."""

    def __iter__(self):
        return iter(_NAMES)

    def __len__(self):
        return len(_NAMES)

    def __getitem__(self, name):
        if name == "systemd":
            from .systemd import Systemd as driver
        elif name == "supervisord":
            from .supervisord import Supervisord as driver
        elif name == "docker":
            from .docker import Docker as driver
        elif name == "podman":
            from .podman import Podman as driver
        elif name == "sysv":
            from .sysv import Sysv as driver
        else:
            raise KeyError(name)
        return driver


MANAGERS = _Drivers()


def resolve(service, run, root="/"):
    """Return (manager, reason) for one service; raise ServiceNotFound or ManagerError, each with one line for people."""
    if not service["name"].strip() or not service["name"].isprintable():
        raise ManagerError("name %s is no name of a service: write it as its manager shows it" % ascii(service["name"])[:100])
    asked = service.get("manager") or "auto"
    if asked == "auto":
        return _decide(service, run, root)
    manager, why = _given(asked, service, run, root)
    return manager, "manager: %s was given; %s" % (asked, why)


def usable(run, root="/", scope="system", server=None, only=None):
    """Return [(manager, sentence)] of those that can be asked here; ``only`` names one, and then raises ManagerError if it cannot."""
    service = {"scope": scope, "server": server}
    if only:
        return [_given(only, service, run, root)]
    seen, unusable = _ask_all(service, run, root)
    if server and not seen:
        raise ManagerError("no service manager answers at %s: %s" % (without_user(server), "; ".join(unusable)))
    return seen


def survey(run, root="/", scope="system"):
    """Return [{name, usable, why}] of every manager, for people who set a host up."""
    rows = []
    for name in MANAGERS:
        can, why = _make(name, {"scope": scope}, run, root).available()
        rows.append({"name": name, "usable": can, "why": why})
    return rows


def nothing_runs(run, root="/", scope="system"):
    """Return the sentence for a host on which nothing was found, with the managers that could not be asked: one of them may be the reason."""
    unusable = _ask_all({"scope": scope}, run, root)[1]
    return "no service manager of this host knows a running service" + (" (%s)" % "; ".join(unusable) if unusable else "")


def _given(name, service, run, root):
    for_whom = "service '%s': " % service["name"] if "name" in service else ""
    if name not in MANAGERS:
        hint = did_you_mean(nearest(name, MANAGERS, most=1))
        raise ManagerError("%sunknown manager '%s': use auto, %s%s" % (for_whom, name, ", ".join(MANAGERS), hint))
    manager = _make(name, service, run, root)
    can, why = manager.available()
    if not can:
        raise ManagerError("%smanager '%s' cannot be asked: %s" % (for_whom, name, why))
    return manager, why


def _ask_all(service, run, root):
    """Return ([(manager, why it can be asked)], ["name: why it cannot", ...])."""
    seen, unusable = [], []
    for name, kind in MANAGERS.items():
        if service.get("server") and not kind.takes_server:
            continue
        manager = _make(name, service, run, root)
        can, why = manager.available()
        if can:
            seen.append((manager, why))
        else:
            unusable.append("%s: %s" % (name, why))
    return seen, unusable


def _make(manager, service, run, root):
    return MANAGERS[manager](run, root=root, scope=service.get("scope") or "system", server=service.get("server"))


def _decide(service, run, root):
    """Take the only manager that knows the name. Several: the user must say which, a guess could restart the wrong thing."""
    name = service["name"]
    seen, unusable = _ask_all(service, run, root)
    if not seen:
        raise ManagerError("no service manager can be asked for '%s' on this host: %s" % (name, "; ".join(unusable)))
    owners = [(manager, why) for manager, why in seen if manager.knows(name)]
    if len(owners) == 1:
        manager, why = owners[0]
        return manager, "auto: %s and knows %s" % (why, name)
    if owners:
        names = [manager.name for manager, _why in owners]
        raise ManagerError("service '%s' is known to %s: say which one is meant with 'manager: %s'" % (name, " and ".join(names), names[0]))
    return _nobody_knows(name, seen)


def _nobody_knows(name, seen):
    if len(seen) == 1:
        manager, why = seen[0]
        manager.inspect(name)  # its own answer (masked, template, did you mean ...) is better than ours
        return manager, "auto: %s" % why
    for manager, _why in seen:
        try:
            manager.inspect(name)
        except ServiceNotFound:
            continue  # the others may still have something to say
    asked = ", ".join(manager.name for manager, _why in seen)
    raise ServiceNotFound("service '%s' not found (asked %s)" % (name, asked), _nearest(name, [known for manager, _why in seen for known in manager.names()]))


def _nearest(name, known):
    """Compare with and without systemd's suffix, so that 'postfx' finds 'postfix.service'."""
    short = {one[: -len(".service")] if one.endswith(".service") else one: one for one in known}
    stem = name[: -len(".service")] if name.endswith(".service") else name
    return [short[one] for one in nearest(stem, short)]
