# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a supervisord listens, and one XML-RPC call to it. Passwords stay inside: nothing here prints a URL with its user part."""

from __future__ import annotations

import base64
import configparser
import http.client
import os
import re
import socket
import urllib.parse
import xmlrpc.client

from .._kernel import below
from ._base import ManagerError, hide_credentials
from ._unix_http import UnixConnection

CONFIGS = ("/etc/supervisor/supervisord.conf", "/etc/supervisord.conf", "/usr/local/etc/supervisord.conf", "/opt/local/etc/supervisord.conf")
SOCKETS = (
    "/run/supervisor.sock",
    "/var/run/supervisor.sock",
    "/run/supervisor/supervisor.sock",
    "/var/run/supervisor/supervisor.sock",
    "/run/supervisord.sock",
    "/tmp/supervisor.sock",  # the default of echo_supervisord_conf; only taken when root or we own it
)
_FAULTS_OF_SERVER = {1: "it does not know this request (too old, or no supervisord)", 6: "it is shutting down"}
_NOT_IN_XML = re.compile(b"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # programs log what they like, XML does not take all of it


class Address:
    """A Unix socket or host and port, with the credentials it wants."""

    def __init__(self, path=None, host=None, tls=False, username=None, password=None):
        self.path = path
        self.host = host  # "host:port"
        self.tls = tls
        self.username = username
        self.password = password

    @property
    def hostname(self):
        return urllib.parse.urlsplit("//" + self.host).hostname

    @property
    def port(self):
        return urllib.parse.urlsplit("//" + self.host).port or (443 if self.tls else 80)

    def __str__(self):
        return "unix://" + self.path if self.path else "%s://%s" % ("https" if self.tls else "http", self.host)

    __repr__ = __str__


def parse(server):
    """Return the Address of ``unix:///path``, ``/path`` or ``http(s)://user:password@host:port``."""
    if server.startswith("/"):
        return Address(path=server)
    url = _split(server)
    if url is not None:
        username, password = (urllib.parse.unquote(part) if part else None for part in (url.username, url.password))
        if url.scheme == "unix" and url.path:
            return Address(path=url.path, username=username, password=password)
        if url.scheme in ("http", "https") and url.hostname:
            return Address(host=url.netloc.rpartition("@")[2], tls=url.scheme == "https", username=username, password=password)
    raise ManagerError("server of supervisord: write 'unix:///run/supervisor.sock', a path or 'http://host:port', not '%s'" % hide_credentials(server))


def candidates(root, server=None):
    """Return the Addresses to try, best first. A given server is the only one; else configuration files, then the usual sockets."""
    if server:
        return [from_config(root, server) or Address(path=server)] if server.endswith(".conf") else [parse(server)]
    configured = [from_config(root, config) for config in CONFIGS]
    found = [address for address in configured if address]
    known = {address.path for address in found}
    found += [Address(path=path) for path in SOCKETS if path not in known and _trusted_socket(root, path)]
    return found


def from_config(root, path):
    """Return the Address that a supervisord.conf tells, or None."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", " #"), strict=False)
    try:
        with open(below(root, path), encoding="utf-8") as stream:
            parser.read_file(stream)
    except (OSError, UnicodeDecodeError, configparser.Error):
        return None
    here = os.path.dirname(path)
    if parser.has_option("unix_http_server", "file"):
        socket_path = parser.get("unix_http_server", "file").strip().replace("%(here)s", here)
        return Address(path=os.path.normpath(os.path.join(here, socket_path)), **_credentials(parser, "unix_http_server"))
    if parser.has_option("inet_http_server", "port"):
        port = parser.get("inet_http_server", "port").strip()
        host = port if ":" in port else "127.0.0.1:" + port
        return Address(host=re.sub(r"^(\*|0\.0\.0\.0)?:", "127.0.0.1:", host), **_credentials(parser, "inet_http_server"))
    return None


def call(address, root, timeout, method, *arguments):
    """Call ``method`` and return its answer; Faults that are about a service pass through, all other trouble becomes a ManagerError."""
    transport = _Transport(address, root, timeout)
    try:
        return xmlrpc.client.ServerProxy("http://supervisord/RPC2", transport=transport, allow_none=True).__getattr__(method)(*arguments)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode in _FAULTS_OF_SERVER:
            raise ManagerError("supervisord at %s: %s" % (address, _FAULTS_OF_SERVER[fault.faultCode])) from None
        raise
    except xmlrpc.client.ProtocolError as error:
        wrong = error.errcode in (401, 403)
        said = "user name or password is wrong or missing" if wrong else "HTTP status %d" % error.errcode
        raise ManagerError("supervisord at %s: %s" % (address, said)) from None
    except PermissionError:
        raise ManagerError("supervisord at %s: permission denied for uid %d: run as root or as the owner of the socket" % (address, os.geteuid())) from None
    except socket.timeout:
        raise ManagerError("supervisord at %s: no answer within %g s" % (address, timeout)) from None
    except (OSError, http.client.HTTPException) as error:
        raise ManagerError("supervisord at %s does not answer: %s" % (address, getattr(error, "strerror", None) or type(error).__name__)) from None
    except (xmlrpc.client.ResponseError, SyntaxError, ValueError, LookupError) as error:
        raise ManagerError("supervisord at %s gave an answer that is not XML-RPC (%s)" % (address, type(error).__name__)) from None
    except Exception as error:
        if type(error).__module__ == "xml.parsers.expat":
            raise ManagerError("supervisord at %s gave an answer that is not XML" % address) from None
        raise
    finally:
        transport.close()


def _credentials(parser, section):
    return {key: parser.get(section, key, fallback=None) or None for key in ("username", "password")}


def _trusted_socket(root, path):
    """A socket that just anyone left in a public directory is not supervisord's word."""
    try:
        owner = os.stat(below(root, path)).st_uid
    except OSError:
        return False
    return owner in (0, os.geteuid())


def _split(server):
    """Return the parts of the URL, or None. A slash in a password ends the host there: the port is then the password's beginning."""
    try:
        url = urllib.parse.urlsplit(server)
        return url if url.port != 0 else None
    except ValueError:
        return None


class _Transport(xmlrpc.client.Transport):
    def __init__(self, address, root, timeout):
        super().__init__()
        self._address = address
        self._root = root
        self._timeout = timeout

    def make_connection(self, host):
        address = self._address
        if address.path:
            return UnixConnection(below(self._root, address.path), self._timeout)
        kind = http.client.HTTPSConnection if address.tls else http.client.HTTPConnection
        return kind(address.host, timeout=self._timeout)

    def send_headers(self, connection, headers):
        if self._address.username:
            pair = "%s:%s" % (self._address.username, self._address.password or "")
            headers = [*headers, ("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())]
        super().send_headers(connection, headers)

    def parse_response(self, response):
        parser, unmarshaller = self.getparser()
        parser.feed(_NOT_IN_XML.sub(b"?", response.read()))
        parser.close()
        return unmarshaller.close()
