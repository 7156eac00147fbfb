# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health probes: one question to a service, answered healthy, sick or inconclusive.

Sick says something about the service, inconclusive about the probe: no DNS, no such binary, no permission. Mixing the two up would
restart a healthy service because its probe is broken.
"""

from __future__ import annotations

import difflib
from urllib.parse import parse_qsl, urlsplit

from .. import _redact
from . import command as _command
from . import http as _http
from . import network as _network
from . import service as _service
from . import well_formed as _well_formed
from ._result import HEALTHY, INCONCLUSIVE, SICK

DEFAULT_TIMEOUT = 5.0

# type -> (required options, further options); `timeout` goes with all.
OPTIONS = {
    "tcp": (("port",), ("host", "send", "expect")),
    "tls": (("port",), ("host", "send", "expect", "server_name", "ca_file", "validate_certs")),
    "http": (("url",), ("method", "headers", "status", "expect", "json", "ca_file", "validate_certs")),
    "command": (("argv",), ("rc", "expect")),
    "status_text": (("expect",), ()),
    "log_line": (("expect",), ()),
}


def normalise(probe):
    """Return the probe with its defaults; raise ValueError with one line for people if it cannot be asked."""
    kind = probe.get("type")
    if kind not in OPTIONS:
        raise ValueError("health probe type '%s' is unknown%s" % (kind, _did_you_mean(kind, OPTIONS)))
    required, further = OPTIONS[kind]
    given = {name: value for name, value in probe.items() if value is not None}
    for name in required:
        if given.get(name) in (None, "", []):
            raise ValueError("health probe %s needs '%s'" % (kind, name))
    for name in given:
        if name not in required + further + ("type", "timeout"):
            raise ValueError("health probe %s has no option '%s'%s" % (kind, name, _did_you_mean(name, required + further + ("timeout",))))
    given["timeout"] = float(given.get("timeout", DEFAULT_TIMEOUT))
    if given["timeout"] <= 0:
        raise ValueError("health probe %s: timeout must be more than 0 seconds" % kind)
    if "port" in required:
        given.setdefault("host", "127.0.0.1")
        given["port"] = _port(given["port"], kind)
    if kind == "http" and not is_web_address(str(given["url"])):
        raise ValueError("health probe http: url '%s' must be like http://host:8080/path" % _redact.redact(given["url"]))
    objection = _well_formed.objection(given)
    if objection:
        raise ValueError("health probe %s: %s" % (kind, objection))
    return given


def is_web_address(url):
    """Can a web page be asked for there?"""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # a port that is no number, brackets without an address
        return False


def check(probe, view=None):
    """Ask once; return (status, sentence). The sentence may quote the service, so secrets are taken out of it.

    The action is done when this is asked: whatever is wrong with a probe must not keep its outcome from being told.
    """
    try:
        status, detail = _ask(probe, view)
    except (ValueError, TypeError, OverflowError) as error:
        status, detail = INCONCLUSIVE, "the probe cannot be asked (%s)" % " ".join(str(error).split())
    return status, _redact.redact(detail)


def target(probe):
    """Return in a few words what a probe asks."""
    if "port" in probe:
        return "%s:%d" % (probe["host"], probe["port"])
    if "argv" in probe:
        return _redact.redact_argv([str(word) for word in probe["argv"]])
    return _redact.redact(probe.get("url") or probe["expect"])


def secrets(probe):
    """Return the values in a probe that may not be shown anywhere, not even as somebody's own parameter; it may not have been checked yet."""
    headers, argv = ({} if not isinstance(probe.get("headers"), dict) else probe["headers"]), probe.get("argv") or []
    found = [str(value) for name, value in headers.items() if _redact.is_secret_name(name)]
    found += [value for name, value in parse_qsl((probe.get("url") or "").partition("?")[2]) if _redact.is_secret_name(name)]
    found += _secret_words([str(word) for word in (argv.split() if isinstance(argv, str) else argv)])
    said = str(probe.get("send") or "")
    if len(said.split()) > 1 or _redact.redact(said) != said:  # a command with something behind it, as AUTH
        found.append(said)
    return {value for value in found if value}


def _secret_words(argv):
    for before, word in zip(["", *argv], argv):
        follows_option = before.startswith("-") and "=" not in before and _redact.is_secret_name(before)
        if follows_option or _redact.redact(word) != word:
            option, assigned, value = word.partition("=")
            yield value if assigned and option.startswith("-") and " " not in option else word


class Streak:
    """Counts how often in a row a probe gave the same answer."""

    def __init__(self, probe, required):
        self.probe = probe
        self.required = required
        self.status = INCONCLUSIVE
        self.detail = "not asked yet"
        self.length = 0  # how often in a row it has said `status`
        self.asked = 0
        self.passed = 0

    def add(self, status, detail):
        self.length = self.length + 1 if self.asked and status == self.status else 1
        self.status, self.detail = status, detail
        self.asked += 1
        self.passed += status == HEALTHY

    @property
    def proven(self):
        return self.status == HEALTHY and self.length >= self.required

    @property
    def hopeless(self):
        """The probe cannot run, and asking again has not changed that."""
        return self.status == INCONCLUSIVE and self.length >= self.required

    def as_dict(self):
        flaps = self.status == HEALTHY and not self.proven and self.passed < self.asked
        return {
            "type": self.probe["type"],
            "target": target(self.probe),
            "status": SICK if flaps else self.status,
            "passes": self.length if self.status == HEALTHY else 0,
            "required": self.required,
            "detail": "flaps: %d of %d passed, %d in a row are needed" % (self.passed, self.asked, self.required) if flaps else self.detail,
        }


def _ask(probe, view):
    kind = probe["type"]
    if kind == "status_text":
        return _service.status_text(probe, view)
    if kind == "log_line":
        return _service.log_line(probe, view)
    return {"tcp": _network.tcp, "tls": _network.tls, "http": _http.http_page, "command": _command.command}[kind](probe)


def _port(value, kind):
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = 0
    if not 0 < port < 65536:
        raise ValueError("health probe %s: port '%s' is not a number from 1 to 65535" % (kind, value))
    return port


def _did_you_mean(word, known):
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return "; did you mean '%s'?" % near[0] if near else "; known are %s" % ", ".join(sorted(known))
