# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the settings of a run usable? Asked before anything runs: a mistake there is the user's and not a failure of every host.

Of remediation_prometheus and remediation_notify also because later their tasks hide what they say.

Values are not shown: any of them may be a secret that was put in the wrong place.
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible.errors import AnsibleError

from ..module_utils._redact import redact
from ..module_utils._units import parse_duration
from ._policy_kinds import did_you_mean

OUTCOMES = ["remediated", "ineffective", "chronic", "refused", "inconclusive", "failed", "already_changed", "unknown"]

TARGET: dict[str, dict[str, t.Any]] = {
    "type": {"type": "str", "choices": ["mail", "webhook"], "required": True},
    "name": {"type": "str"},
    "outcomes": {"type": "list", "elements": "str", "default": [], "choices": OUTCOMES},
    "timeout": {"type": "str", "default": "10s"},
    "ca_file": {"type": "path"},
    "to": {"type": "list", "elements": "str", "default": []},
    "from": {"type": "str", "default": "sysops-remediation@localhost"},
    "host": {"type": "str", "default": "localhost"},
    "port": {"type": "int"},
    "tls": {"type": "str", "choices": ["none", "starttls", "ssl"], "default": "none"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "url": {"type": "str", "no_log": True},
    "secret": {"type": "str", "no_log": True},
    "headers": {"type": "dict", "default": {}, "no_log": True},
}
_KINDS = {"str": "a text", "path": "a path", "int": "a whole number", "list": "a list", "dict": "a mapping of names to values"}


def prometheus_problem(given: t.Any) -> str | None:
    """Return why remediation_prometheus cannot even be handed on, or None. What is wrong within it is told by every diagnosis, which does without."""
    if not given or (isinstance(given, dict) and all(isinstance(key, str) for key in given)):
        return None
    return "remediation_prometheus is not a mapping of names to values: write url: … and queries: …"


def duration_problem(name: str, given: t.Any) -> str | None:
    """Return why a setting such as remediation_window is no duration, or None."""
    if given is None:
        return None
    try:
        return None if parse_duration(given) > 0 else f"{name} is {given}: it must be more than 0 seconds"
    except ValueError as error:
        return f"{name}: {error}"


def notify_problem(given: t.Any) -> str | None:
    """Return what is wrong with remediation_notify in one line, None if every target can be used. Empty means that nobody is told."""
    if not given:
        return None
    if not isinstance(given, list):
        return "remediation_notify is not a list: write - type: mail … or - type: webhook …, one for each target"
    problems = (_of_target(f"remediation_notify[{number}]", target) for number, target in enumerate(given))
    return next((problem for problem in problems if problem), None)


def target_name(target: t.Mapping[str, t.Any]) -> str:
    """Return the name of a target. The path of a webhook's URL is often its only secret: without a name of its own it is called by the host only."""
    if target.get("name"):
        return str(target["name"])
    if target.get("type") == "mail":
        to = target.get("to") or ["mail"]
        return to if isinstance(to, str) else str(to[0])
    return urlsplit(target.get("url") or "").hostname or "webhook"


def _of_target(name: str, target: t.Any) -> str | None:
    problem = _of_fields(name, target, TARGET)
    if problem:
        return problem
    if target["type"] == "mail":
        return None if target.get("to") else f"{name}: a mail target needs 'to', the addresses of those to tell"
    return _of_url(name, target.get("url"))


def _of_url(name: str, url: t.Any) -> str | None:
    try:
        parts = urlsplit(str(url or ""))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    return None if usable else f"{name}: needs a 'url' that begins with https:// or http:// and a host"


def _of_fields(name: str, given: t.Any, fields: dict[str, dict[str, t.Any]]) -> str | None:
    if not isinstance(given, dict):
        return f"{name} is not {_KINDS['dict']}; known names: {', '.join(fields)}"
    for key in given:
        if key not in fields:
            return f"{name}: unknown key '{key}'{did_you_mean(key, fields)}; allowed: {', '.join(fields)}"
    for key, field in fields.items():
        if given.get(key) is None:
            if field.get("required"):
                return f"{name}: '{key}' is missing"
            continue
        problem = _of_value(field, key, given[key])
        if problem:
            return f"{name}.{key}: {problem}"
    return None


def _of_value(field: dict[str, t.Any], key: str, value: t.Any) -> str | None:
    kind = field["type"]
    if not _fits(kind, value):
        return f"is not {_KINDS[kind]}"
    allowed = field.get("choices")
    chosen = value if isinstance(value, list) else [value]
    if allowed and any(one not in allowed for one in chosen):
        return f"has a value that is not allowed; allowed: {', '.join(allowed)}"
    if key == "timeout":
        try:
            return None if parse_duration(value) > 0 else "must be more than 0 seconds"
        except ValueError:
            return "is not a duration; write something like 10s"
    return None


def _fits(kind: str, value: t.Any) -> bool:
    if kind in ("dict", "list"):
        return isinstance(value, dict if kind == "dict" else (list, str))
    if kind == "int":
        return not isinstance(value, bool) and str(value).strip().isdecimal()
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


# What a playbook takes as not given if it cannot be computed: another ledger, or the whole fleet, would be meant.
OF_EACH_HOST = ("state_dir", "window", "interval", "timeout")
_TEXTS = ("ledger", "service", "host", "group", "report_dir", "state_dir")
_SETTINGS = (*_TEXTS, "hosts", "incident", "plan_id", "approver", "reason", "until", "for", "allow_all", *OF_EACH_HOST[1:])


def settings_problem(variables: t.Mapping[str, t.Any], template: t.Callable[[t.Any], t.Any], words: t.Iterable[str] = _SETTINGS) -> str | None:
    """Return which setting of a run cannot be computed, or is no text and should be one; None if all can be used.

    :param variables: of the host whose settings count, not yet templated.
    :param template: raises AnsibleError, and leaves out of a dictionary what is omitted.
    """
    for word in words:
        name = f"remediation_{word}"
        if variables.get(name) is None:
            continue
        try:
            value = template({name: variables[name]}).get(name)
        except AnsibleError as error:
            return redact(f"{name} cannot be computed: {' '.join(str(error).split())}")
        if word in _TEXTS and not (value is None or isinstance(value, str)):
            return f"{name} is a {_kind(value)}: write a text, or leave it out"
    return None


def _kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "list" if isinstance(value, list) else "mapping"


def window_problem(window: t.Any, timeout: t.Any) -> str | None:
    """Return why a window cannot be waited for, or None."""
    if window is None or timeout is None:
        return None
    try:
        seconds, most = parse_duration(window), float(timeout)
    except (TypeError, ValueError):  # is told elsewhere
        return None
    if 0 < most <= seconds:
        return f"remediation_window={window} is not shorter than remediation_timeout ({most:g} s), after which a host is given up: make one of them fit"
    return None
