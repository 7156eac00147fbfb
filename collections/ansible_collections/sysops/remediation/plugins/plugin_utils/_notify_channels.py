# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to deliver a message: mail and webhook. Each either delivers or raises ``Undelivered`` with one line without secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import socket
import ssl
import time
import typing as t
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

from . import _http
from ._plan import Data

PAUSES = (0.0, 0.5, 2.0)  # seconds before each try
SIGNATURE, TIMESTAMP, DELIVERY = "X-Remediation-Signature", "X-Remediation-Timestamp", "X-Remediation-Delivery"
_SECRETS = ("password", "secret", "url")


class Undelivered(Exception):
    """The message did not get through; ``later``: it may if tried again."""

    def __init__(self, message: str, later: bool = False) -> None:
        super().__init__(message)
        self.later = later


def send(target: Data, message: Data, seconds: float) -> str | None:
    """Deliver the message, trying again where that can help; return a remark, usually None."""
    deliver = {"mail": send_mail, "webhook": send_webhook}[target["type"]]
    for number, pause in enumerate(PAUSES, start=1):
        time.sleep(pause)
        try:
            return deliver(target, message, seconds)
        except Undelivered as problem:
            if not problem.later or number == len(PAUSES):
                raise
    raise AssertionError("unreachable")


def without_secrets(text: str, target: Data) -> str:
    """Servers like to repeat in their answers what they were given."""
    secrets = [target[name] for name in _SECRETS] + list(target["headers"].values())
    for secret in sorted((str(one) for one in secrets if one), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def send_mail(target: Data, message: Data, seconds: float) -> str | None:
    if not target["to"]:
        raise Undelivered("a mail target needs 'to'")
    port = target["port"] or (465 if target["tls"] == "ssl" else 25)
    where = f"{target['host']}:{port}"
    try:
        with _connect(target, port, seconds) as server:
            _log_in(target, server)
            refused = server.send_message(_mail(target, message), target["from"], target["to"])
    except smtplib.SMTPRecipientsRefused as problem:
        raise Undelivered(f"{where} refused every recipient: {_refusals(problem.recipients)}") from problem
    except smtplib.SMTPResponseException as problem:
        answer = problem.smtp_error.decode(errors="replace") if isinstance(problem.smtp_error, bytes) else str(problem.smtp_error)
        raise Undelivered(f"{where} answered {problem.smtp_code} {answer}", later=400 <= problem.smtp_code < 500) from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise Undelivered(f"{where}: {problem} (tls: {target['tls']}); nothing was sent") from problem
    except ssl.SSLError as problem:
        raise Undelivered(f"{where}: TLS failed: {problem.reason or problem}") from problem
    except (smtplib.SMTPException, OSError) as problem:
        raise Undelivered(f"{where}: {_reason(problem)}", later=True) from problem
    return f"not to {_refusals(refused)}" if refused else None


def _connect(target: Data, port: int, seconds: float) -> smtplib.SMTP:
    """``local_hostname`` is given because smtplib else asks the DNS, which may be what is down at 2 AM."""
    if target["tls"] == "ssl":
        context = _trust(target)
        return smtplib.SMTP_SSL(target["host"], port, local_hostname=socket.gethostname(), timeout=seconds, context=context)
    server = smtplib.SMTP(target["host"], port, local_hostname=socket.gethostname(), timeout=seconds)
    if target["tls"] == "starttls":
        try:
            server.starttls(context=_trust(target))
        except BaseException:
            server.close()
            raise
    return server


def _trust(target: Data) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=target["ca_file"])
    except OSError as problem:
        raise Undelivered(f"ca_file {target['ca_file']}: {problem.strerror or problem}") from problem


def _log_in(target: Data, server: smtplib.SMTP) -> None:
    if not target["username"]:
        return
    if target["tls"] == "none" and not _is_loopback(server):
        raise Undelivered(f"{target['host']}: the password is not sent in clear: set 'tls: starttls' or 'tls: ssl'")
    server.login(target["username"], target["password"] or "")


def _is_loopback(server: smtplib.SMTP) -> bool:
    peer = server.sock.getpeername()[0] if server.sock else ""
    return peer == "::1" or peer.startswith("127.")


def _mail(target: Data, message: Data) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = f"[remediation] {message['subject']}"
    mail["From"] = target["from"]
    mail["To"] = ", ".join(target["to"])
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=socket.gethostname())
    mail["Auto-Submitted"] = "auto-generated"  # keeps vacation replies away
    mail["X-Remediation-Run"] = message["payload"]["run_id"]
    mail.set_content(message["text"])
    return mail


def _refusals(recipients: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{who} ({code} {answer.decode(errors='replace')})" for who, (code, answer) in sorted(recipients.items()))


def send_webhook(target: Data, message: Data, seconds: float) -> str | None:
    url = target["url"] or ""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise Undelivered("a webhook target needs a 'url' that begins with https:// or http:// and a host")
    body = json.dumps(message["payload"], ensure_ascii=False).encode()
    request = urllib.request.Request(url, data=body, headers=_headers(target, message, body), method="POST")
    opener = _http.opener(url, lambda: _trust(target))
    try:
        with opener.open(request, timeout=seconds):
            return None
    except urllib.error.HTTPError as problem:
        problem.close()
        raise Undelivered(_http.refusal(problem.code, problem.reason), later=problem.code >= 500 or problem.code == 429) from problem
    except urllib.error.URLError as problem:
        raise Undelivered(_reason(problem.reason), later=True) from problem
    except OSError as problem:
        raise Undelivered(_reason(problem), later=True) from problem


def _headers(target: Data, message: Data, body: bytes) -> dict[str, str]:
    payload = message["payload"]
    delivery = hashlib.sha256(json.dumps([payload["run_id"], [one["incident"] for one in payload["incidents"]]]).encode()).hexdigest()[:16]
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "sysops-remediation", DELIVERY: delivery}
    headers.update({name: str(value) for name, value in target["headers"].items()})
    if target["secret"]:
        timestamp = str(int(time.time()))
        headers.update({TIMESTAMP: timestamp, SIGNATURE: sign(target["secret"], timestamp, body)})
    return headers


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature; the timestamp is signed too, so that an old message cannot be played again."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _reason(problem: t.Any) -> str:
    if isinstance(problem, ssl.SSLError):
        return f"TLS failed: {problem.reason or problem}"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
