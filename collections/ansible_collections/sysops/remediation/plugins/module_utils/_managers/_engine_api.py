# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to a container engine over its Unix socket: the API that Docker and Podman share."""

from __future__ import annotations

import http.client
import json
import os
import socket
import urllib.parse

from .._kernel import below
from ._base import ManagerError, TimedOut
from ._unix_http import UnixConnection


class EngineError(ManagerError):
    """The engine answered with an error; ``status`` is the HTTP status."""

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


class Engine:
    """A socket and how to speak to it. ``path`` is that of the host; ``root`` serves tests."""

    def __init__(self, path, root="/"):
        self.path = path
        self._file = below(root, path)

    def get(self, path, timeout, **query):
        payload = self.request("GET", path, timeout, query)
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise ManagerError("%s: the answer to GET %s is not JSON: no container engine?" % (self.path, path)) from None

    def post(self, path, timeout, body=None, **query):
        return self.request("POST", path, timeout, query, body)

    def request(self, method, path, timeout, query=None, body=None):
        """Return the body of the answer; raise TimedOut, EngineError or ManagerError."""
        connection = UnixConnection(self._file, timeout)
        url = path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, url, body=None if body is None else json.dumps(body), headers=headers)
            response = connection.getresponse()
            payload = response.read()
        except socket.timeout:
            raise TimedOut("%s: no answer to %s %s within %g s" % (self.path, method, path, timeout)) from None
        except PermissionError:
            raise ManagerError("%s: permission denied for uid %d: run as root or in the group of the socket" % (self.path, os.geteuid())) from None
        except (OSError, http.client.HTTPException) as error:
            raise ManagerError("%s does not answer: %s" % (self.path, getattr(error, "strerror", None) or type(error).__name__)) from None
        finally:
            connection.close()
        if response.status >= 400:
            raise EngineError(_message(payload, response), response.status)
        return payload


def split_log(payload):
    """Return the text of a log stream: frames of 8 bytes head (stream, 0, 0, 0, length) and a text, or plain text of a terminal."""
    chunks, position = [], 0
    while payload[position : position + 1] in (b"\0", b"\1", b"\2") and payload[position + 1 : position + 4] == b"\0\0\0":
        length = int.from_bytes(payload[position + 4 : position + 8], "big")
        chunks.append(payload[position + 8 : position + 8 + length])
        position += 8 + length
    return (b"".join(chunks) + payload[position:]).decode("utf-8", "replace")


def _message(payload, response):
    try:
        return str(json.loads(payload.decode("utf-8", "replace"))["message"]).strip()
    except (ValueError, KeyError, TypeError):
        return "HTTP status %d %s" % (response.status, response.reason)
