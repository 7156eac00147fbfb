# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe of a web page: status, body, values in a JSON body. Redirects are answers, not followed."""

from __future__ import annotations

import http.client
import json
import ssl
from urllib.parse import urlsplit

from . import _result
from .network import tls_context

_ENOUGH = 1048576  # bytes of a body that are looked at


def http_page(probe):
    url = urlsplit(probe["url"])
    try:
        connection = _connection(url, probe)
    except OSError as error:
        return _result.inconclusive("cannot read the CA file %s: %s" % (probe.get("ca_file"), error.strerror or error))
    path = (url.path or "/") + ("?" + url.query if url.query else "")
    try:
        connection.request(probe.get("method") or "GET", path, headers=dict(probe.get("headers") or {}))
        response = connection.getresponse()
        status, body = response.status, response.read(_ENOUGH).decode("utf-8", "replace")
    except ssl.SSLError as error:
        return _result.sick("%s failed in TLS: %s" % (probe["url"], getattr(error, "verify_message", "") or error.reason or error))
    except OSError as error:
        return _result.from_network_error(error, probe["url"], probe["timeout"])
    except http.client.HTTPException as error:
        return _result.sick("%s gave no HTTP answer (%s)" % (probe["url"], type(error).__name__))
    finally:
        connection.close()
    return _judge(probe, status, body)


def _connection(url, probe):
    if url.scheme == "http":
        return http.client.HTTPConnection(url.hostname, url.port, timeout=probe["timeout"])
    return http.client.HTTPSConnection(url.hostname, url.port, timeout=probe["timeout"], context=tls_context(probe))


def _judge(probe, status, body):
    accepted = probe.get("status") or [200]
    if status not in accepted:
        return _result.sick("%s answered with status %d, expected %s" % (probe["url"], status, " or ".join(str(one) for one in accepted)))
    wanted = probe.get("expect")
    if wanted and wanted not in body:
        return _result.sick("%s answered with body '%s', which does not contain '%s'" % (probe["url"], _result.shorten(body), wanted))
    if probe.get("json"):
        objection = _json_objection(body, probe["json"])
        if objection:
            return _result.sick("%s answered, but %s" % (probe["url"], objection))
    return _result.healthy("%s answered with status %d" % (probe["url"], status))


def _json_objection(body, expected):
    """Return what differs from ``{"dotted.path": value}``, None if nothing does."""
    try:
        document = json.loads(body)
    except ValueError:
        return "the body is not JSON: '%s'" % _result.shorten(body)
    for path, wanted in sorted(expected.items()):
        found, value = _follow(document, path)
        if not found:
            return "the JSON body has no '%s'" % path
        if value != wanted and str(value) != str(wanted):
            return "JSON '%s' is %s, expected %s" % (path, _result.shorten(json.dumps(value)), json.dumps(wanted))
    return None


def _follow(document, path):
    for part in path.split("."):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return False, None
    return True, document
