# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of a TCP port: does it accept, does it greet, is its TLS good."""

from __future__ import annotations

import socket
import ssl
import time

from . import _result

_ENOUGH = 65536  # bytes of an answer that are searched


def tcp(probe):
    """Connect; with ``send`` say something; with ``expect`` wait for that text."""
    target = "%s:%d" % (probe["host"], probe["port"])
    try:
        with socket.create_connection((probe["host"], probe["port"]), timeout=probe["timeout"]) as connection:
            return _talk(connection, probe, target)
    except OSError as error:
        return _result.from_network_error(error, target, probe["timeout"])


def tls(probe):
    """Connect, shake hands, check the certificate; then as tcp."""
    target = "%s:%d" % (probe["host"], probe["port"])
    try:
        context = tls_context(probe)
    except OSError as error:
        return _result.inconclusive("cannot read the CA file %s: %s" % (probe.get("ca_file"), error.strerror or error))
    try:
        with socket.create_connection((probe["host"], probe["port"]), timeout=probe["timeout"]) as plain, context.wrap_socket(
            plain, server_hostname=probe.get("server_name") or probe["host"]
        ) as connection:
            return _talk(connection, probe, "%s (%s)" % (target, connection.version()))
    except ssl.SSLCertVerificationError as error:
        return _result.sick("%s: certificate not accepted: %s" % (target, error.verify_message))
    except ssl.SSLError as error:
        return _result.sick("%s: TLS handshake failed: %s" % (target, error.reason or error))
    except OSError as error:
        return _result.from_network_error(error, target, probe["timeout"])


def tls_context(probe):
    """Return what a probe trusts; raise OSError if its CA file cannot be read."""
    context = ssl.create_default_context(cafile=probe.get("ca_file"))
    if not probe.get("validate_certs", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _talk(connection, probe, target):
    if probe.get("send"):
        connection.sendall(probe["send"].encode())
    wanted = probe.get("expect")
    if not wanted:
        return _result.healthy("%s accepts connections" % target)
    answer = _read_until(connection, wanted.encode(), probe["timeout"])
    shown = _result.shorten(answer.decode("utf-8", "replace"))
    if wanted.encode() in answer:
        return _result.healthy("%s answered '%s'" % (target, shown))
    return _result.sick("%s answered '%s' within %g s, expected '%s'" % (target, shown, probe["timeout"], wanted))


def _read_until(connection, wanted, timeout):
    answer = b""
    deadline = time.monotonic() + timeout
    while wanted not in answer and len(answer) < _ENOUGH:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connection.settimeout(left)
        try:
            piece = connection.recv(4096)
        except socket.timeout:
            break
        if not piece:
            break
        answer += piece
    return answer
