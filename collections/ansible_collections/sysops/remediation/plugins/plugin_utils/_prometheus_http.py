# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One range query to Prometheus: an answer within the time and of a bounded size, or one clear error without secrets."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

from ..module_utils._redact import redact
from . import _http

MOST_BYTES = 128 * 1024 * 1024  # of one answer; 10,000 series of 500 points are about 100 MB
CHUNK = 256 * 1024

Access = dict[str, t.Any]


class PrometheusError(Exception):
    """No series; the message is one line for people."""


def ask(url: str, form: dict[str, str], access: Access, seconds: float) -> t.Any:
    """Return the answer of ``query_range`` as data.

    :param access: ``username``, ``password``, ``token``, ``headers``, ``ca_file``, ``client_cert``, ``client_key``, ``validate_certs``.
    """
    parts, where = _split(url)
    request = urllib.request.Request(_address(parts), data=urllib.parse.urlencode(form).encode(), headers=_headers(parts, access), method="POST")
    deadline = time.monotonic() + seconds
    try:
        with _http.opener(url, lambda: _trust(access)).open(request, timeout=seconds) as response:
            body = _read(response, deadline, where, seconds)
    except urllib.error.HTTPError as problem:
        raise PrometheusError(f"{where} {_http_error(problem)}") from problem
    except (OSError, http.client.HTTPException) as problem:
        raise PrometheusError(f"{where} cannot be asked: {_reason(problem, seconds)}") from problem
    return _parsed(body, where)


def _split(url: str) -> tuple[urllib.parse.SplitResult, str]:
    """Return (the parts of the URL, how to call the server)."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise PrometheusError(f"url: '{redact(url)}': {problem}") from problem
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PrometheusError(f"url: '{redact(url)}' must begin with https:// or http:// and a host")
    return parts, f"Prometheus at {parts.hostname}:{port}" if port else f"Prometheus at {parts.hostname}"


def _address(parts: urllib.parse.SplitResult) -> str:
    """Leave credentials out of the URL: they go into a header."""
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/") + "/api/v1/query_range", "", ""))


def _headers(parts: urllib.parse.SplitResult, access: Access) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "sysops-remediation", **{name: str(value) for name, value in (access["headers"] or {}).items()}}
    username = access["username"] or urllib.parse.unquote(parts.username or "")
    password = access["password"] or urllib.parse.unquote(parts.password or "")
    if access["token"]:
        headers["Authorization"] = f"Bearer {access['token']}"
    elif username:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    for name, value in headers.items():
        if not (name + value).isprintable() or not value.isascii():  # http.client would quote the value, which may be a secret
            raise PrometheusError(f"the value for header {name} holds a line break or another character that no header can have")
    return headers


def _trust(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access["ca_file"])
        if access["client_cert"]:
            context.load_cert_chain(access["client_cert"], access["client_key"])
    except OSError as problem:
        files = [name for name in (access["ca_file"], access["client_cert"], access["client_key"]) if name]
        raise PrometheusError(f"cannot use the certificates in {', '.join(files)}: {problem.strerror or problem}") from problem
    if not access["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _read(response: t.Any, deadline: float, where: str, seconds: float) -> bytes:
    """Read until the end, but neither for ever nor without a bound: a timeout of sockets only watches the gaps."""
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise PrometheusError(f"{where} answers with more than {MOST_BYTES // 1024**2} MiB: narrow the expression, or ask for fewer hosts or a longer step")
        if time.monotonic() > deadline:
            raise PrometheusError(f"{where} has not answered completely within {seconds:g} s")
    return b"".join(chunks)


def _parsed(body: bytes, where: str) -> t.Any:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise PrometheusError(f"{where} gave no complete JSON ({len(body)} bytes, {problem}); is that its URL?") from problem
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise PrometheusError(f"{where} {_said(answer)}")
    return answer


def _http_error(problem: urllib.error.HTTPError) -> str:
    """Prometheus explains its refusals in JSON; proxies do not."""
    try:
        answer = json.loads(problem.read(CHUNK))
    except (ValueError, OSError, RecursionError, http.client.HTTPException):
        answer = None
    if isinstance(answer, dict) and answer.get("error"):
        return _said(answer)
    return f"answers {_http.refusal(problem.code, problem.reason)}"


def _said(answer: t.Any) -> str:
    if not isinstance(answer, dict) or not answer.get("error"):
        return "gave an answer that is not of Prometheus; is that its URL?"
    return redact(f"says {answer.get('errorType')}: {' '.join(str(answer['error']).split())[:400]}")


def _reason(problem: t.Any, seconds: float) -> str:
    reason = getattr(problem, "reason", problem)
    if isinstance(reason, TimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {reason.verify_message}"
    return getattr(reason, "strerror", None) or " ".join(str(reason).split()) or type(problem).__name__
