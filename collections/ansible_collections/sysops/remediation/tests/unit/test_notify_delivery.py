# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told what, once; and that nothing about telling can make a run fail. With a real mail server and a real HTTP server."""

from __future__ import annotations

import copy
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading

import jsonschema
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from ansible_collections.sysops.remediation.plugins.plugin_utils import _notify_channels
from ansible_collections.sysops.remediation.plugins.plugin_utils._notify import notify, result_line

SCHEMAS = pathlib.Path(__file__).parent.parent.parent / "plugins/plugin_utils/_report/schemas"
TARGET = {
    "type": "webhook",
    "name": None,
    "outcomes": [],
    "timeout": "30s",
    "ca_file": None,
    "to": [],
    "from": "remediation@example.org",
    "host": "localhost",
    "port": None,
    "tls": "none",
    "username": None,
    "password": None,
    "url": None,
    "secret": None,
    "headers": {},
}
NOW = 1764036000.0


def brief(outcome="remediated", host="mail1", incident="run1-1", **others):
    return {
        "incident": incident,
        "host": host,
        "service": "systemd/policyd.service",
        "incarnation": "boot:1:2:-",
        "verdict": "leak_suspected",
        "urgency": "hours",
        "outcome": outcome,
        "action": "restart",
        "headline": f"policyd.service on {host}: {outcome}",
        "next_steps": ["Nothing now."],
        "owner": "mail team",
        "notify": None,
        "refused_by": ["mode"] if outcome == "refused" else [],
        "mass_failure": None,
        "report": f"/reports/run1/{incident}.md",
        **others,
    }


def summary(*briefs, **others):
    return {
        "schema": 1,
        "run_id": "run1",
        "plan_id": "p1",
        "status": "succeeded",
        "headline": "1 remediated, 3 healthy",
        "counts": {"remediated": 1, "healthy": 3},
        "check_mode": False,
        "incidents": list(briefs),
        "unreachable": [],
        "errors": [],
        "paths": ["/reports/run1/summary.md", "/reports/run1/summary.json"],
        **others,
    }


def webhook(server, **others):
    return {**TARGET, "url": f"http://127.0.0.1:{server.server_port}/hook/S3cretPath", **others}


def mail(server, **others):
    return {**TARGET, "type": "mail", "to": ["oncall@example.org"], "host": "127.0.0.1", "port": server.port, **others}


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers, body))
        answers = self.server.answers
        self.send_response(answers.pop(0) if answers else 204)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_args):
        pass


class HookServer(http.server.ThreadingHTTPServer):
    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking the DNS for our name
        self.server_name, self.server_port = self.server_address


@pytest.fixture
def hook():
    server = HookServer(("127.0.0.1", 0), Receiver)
    server.requests, server.answers, server.location = [], [], None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class Mailbox:
    """What the mail server accepted; it refuses recipients that say so."""

    def __init__(self):
        self.mails = []
        self.answer = "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        if not self.answer.startswith("250"):
            return self.answer
        self.mails.append((envelope, session, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


def authenticate(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=data.login == b"remediation" and data.password == b"S3cretPass", handled=False)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the command openssl")
    folder = tmp_path_factory.mktemp("tls")
    argv = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*argv, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp(request):
    options = dict(getattr(request, "param", {}))
    if options.pop("tls", False):
        folder = request.getfixturevalue("certificate")
        options["tls_context"] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        options["tls_context"].load_cert_chain(folder / "cert.pem", folder / "key.pem")
    controller = Controller(
        Mailbox(), hostname="127.0.0.1", port=free_port(), authenticator=authenticate, server_hostname="mail.test", ready_timeout=60, **options
    )
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture(autouse=True)
def no_pauses_and_no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(_notify_channels, "PAUSES", (0.0, 0.0, 0.0))


def tell(tmp_path, told, *targets, check_mode=False, now=NOW):
    return notify(told, list(targets), str(tmp_path), check_mode, now)


def test_a_mail_tells_what_happened_and_what_to_do(tmp_path, smtp):
    (result,) = tell(tmp_path, summary(brief()), mail(smtp))
    assert (result["status"], result["error"], result["incidents"]) == ("sent", None, ["run1-1"])
    ((envelope, _session, message),) = smtp.handler.mails
    assert envelope.rcpt_tos == ["oncall@example.org"]
    assert message["Subject"] == "[remediation] policyd.service on mail1: remediated"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "1. Nothing now." in text
    assert "report: /reports/run1/run1-1.md" in text
    assert "summary on the controller: /reports/run1/summary.md" in text


def test_a_webhook_gets_signed_json_that_follows_its_schema(tmp_path, hook):
    (result,) = tell(tmp_path, summary(brief()), webhook(hook, secret="S3cretKey", headers={"Authorization": "Bearer S3cretToken"}))
    assert result["status"] == "sent"
    ((path, headers, body),) = hook.requests
    assert path == "/hook/S3cretPath"
    assert headers["Authorization"] == "Bearer S3cretToken"
    expected = hmac.new(b"S3cretKey", headers["X-Remediation-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Remediation-Signature"] == f"sha256={expected}"
    payload = json.loads(body)
    jsonschema.validate(payload, json.loads((SCHEMAS / "notification.schema.json").read_text()))
    assert payload["incidents"][0]["headline"] == "policyd.service on mail1: remediated"


def test_the_documented_check_of_the_signature_works(tmp_path, hook):
    page = pathlib.Path(__file__).parents[6] / "docs/report.md"
    if not page.exists():
        pytest.skip("the repository's docs are not part of the built collection")
    tell(tmp_path, summary(brief()), webhook(hook, secret="S3cretKey"))
    ((_path, headers, body),) = hook.requests
    documented = {}
    exec(page.read_text().split("```python\n")[1].split("```")[0], documented)
    assert documented["is_ours"](headers, body, b"S3cretKey")
    assert not documented["is_ours"](headers, body + b" ", b"S3cretKey")


def test_without_a_secret_there_is_no_signature(tmp_path, hook):
    tell(tmp_path, summary(brief()), webhook(hook))
    assert "X-Remediation-Signature" not in hook.requests[0][1]


def test_nothing_is_told_twice(tmp_path, hook, smtp):
    targets = [webhook(hook), mail(smtp)]
    tell(tmp_path, summary(brief()), *targets)
    again = tell(tmp_path, summary(brief()), *targets)
    assert [one["status"] for one in again] == ["nothing_new", "nothing_new"]
    assert (len(hook.requests), len(smtp.handler.mails)) == (1, 1)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / ".notified").iterdir()} == {0o600}


def test_another_outcome_of_the_same_incident_is_news(tmp_path, hook):
    tell(tmp_path, summary(brief()), webhook(hook))
    (result,) = tell(tmp_path, summary(brief("ineffective")), webhook(hook))
    assert result["status"] == "sent"


def test_an_earlier_restart_that_did_not_last_is_told_once_to_who_wants_to_hear_of_it(tmp_path, hook):
    found = summary(ineffective=[brief("ineffective", incident="run0-1")])
    wants, does_not = webhook(hook, outcomes=["ineffective"]), webhook(hook, name="other", outcomes=["failed"])
    assert [one["status"] for one in tell(tmp_path, found, wants, does_not)] == ["sent", "nothing_new"]
    assert [one["incident"] for one in json.loads(hook.requests[0][2])["incidents"]] == ["run0-1"]
    assert tell(tmp_path, found, wants)[0]["status"] == "nothing_new"


@pytest.mark.parametrize("outcome", ["refused", "chronic"])
def test_a_refusal_that_goes_on_is_told_once_a_day(tmp_path, hook, outcome):
    """Each run gives the refusal a new id; a timer that runs every five minutes must not send 288 mails a day."""
    tell(tmp_path, summary(brief(outcome)), webhook(hook))
    later = brief(outcome, incident="run2-1")
    assert tell(tmp_path, summary(later), webhook(hook), now=NOW + 3600)[0]["status"] == "nothing_new"
    assert tell(tmp_path, summary(later), webhook(hook), now=NOW + 90000)[0]["status"] == "sent"


@pytest.mark.parametrize("change", [{"urgency": "now"}, {"verdict": "oom_killed"}, {"refused_by": ["cooldown"]}, {"incarnation": "boot:9:9:-"}])
def test_a_refusal_that_has_changed_is_news(tmp_path, hook, change):
    tell(tmp_path, summary(brief("refused")), webhook(hook))
    (result,) = tell(tmp_path, summary(brief("refused", incident="run2-1", **change)), webhook(hook), now=NOW + 60)
    assert result["status"] == "sent"


def test_a_mass_event_is_one_message_of_bounded_size(tmp_path, hook, smtp):
    many = summary(*[brief("refused", f"mail{n}", f"run1-{n}", headline="x" * 5000) for n in range(500)], unreachable=[f"gone{n}" for n in range(300)])
    results = tell(tmp_path, many, webhook(hook), mail(smtp))
    assert [(one["status"], len(one["incidents"])) for one in results] == [("sent", 500), ("sent", 500)]
    ((_path, _headers, body),) = hook.requests
    ((_envelope, _session, message),) = smtp.handler.mails
    payload = json.loads(body)
    assert (len(payload["incidents"]), payload["incidents_left_off"], payload["troubles_left_off"]) == (20, 480, 280)
    assert len(body) < 64 * 1024
    assert "… and 480 more incidents" in message.get_content()
    assert message["Subject"] == "[remediation] 500 refused, 300 could not be looked at (mail0, mail1, mail2, …)"


def stopped_by_the_breaker(*hosts, run="run1", since="2026-11-25 02:00:00 UTC"):
    """Return the incidents of a mass failure: nothing is restarted."""
    what = {"refused_by": ["breaker"], "mass_failure": f"group mail since {since}"}
    return summary(*[brief("refused", host, f"{run}-{host}", **what) for host in hosts])


def test_a_mass_failure_is_one_notification_however_many_hosts_go_on_to_fail(tmp_path, hook):
    (first,) = tell(tmp_path, stopped_by_the_breaker("mail1", "mail2", "mail3"), webhook(hook))
    assert first["subject"] == "mass failure in group mail since 2026-11-25 02:00:00 UTC: 3 not restarted (mail1, mail2, mail3)"
    (later,) = tell(tmp_path, stopped_by_the_breaker("mail1", "mail2", "mail3", "mail4", run="run2"), webhook(hook), now=NOW + 300)
    assert later["status"] == "nothing_new"
    assert len(hook.requests) == 1
    (another,) = tell(tmp_path, stopped_by_the_breaker("mail1", run="run3", since="2026-11-25 07:00:00 UTC"), webhook(hook), now=NOW + 18000)
    assert another["status"] == "sent"


def test_the_tail_of_an_alert_is_no_news(tmp_path, hook):
    assert tell(tmp_path, summary(brief("refused", refused_by=["alert_tail"])), webhook(hook))[0]["status"] == "nothing_new"


def test_hosts_that_nobody_could_look_at_are_told_too(tmp_path, hook):
    tell(tmp_path, summary(unreachable=["mail7"], errors=[{"host": "mail8", "msg": "bad policy"}]), webhook(hook))
    assert json.loads(hook.requests[0][2])["troubles"] == ["mail7: could not be reached; nobody knows how its services are", "mail8: bad policy"]


def test_a_healthy_run_tells_nobody(tmp_path, hook):
    assert tell(tmp_path, summary(), webhook(hook))[0]["status"] == "nothing_new"
    assert hook.requests == []


def test_a_target_can_ask_for_some_outcomes_only(tmp_path, hook):
    target = webhook(hook, outcomes=["failed"])
    assert tell(tmp_path, summary(brief()), target)[0]["status"] == "nothing_new"
    assert tell(tmp_path, summary(brief(), brief("failed", incident="run1-2")), target)[0]["incidents"] == ["run1-2"]


@pytest.mark.parametrize("rehearsal", ["task", "run"])
def test_check_mode_sends_nothing_and_remembers_nothing(tmp_path, hook, rehearsal):
    (result,) = tell(tmp_path, summary(brief(), check_mode=rehearsal == "run"), webhook(hook), check_mode=rehearsal == "task")
    assert result["status"] == "would_send"
    assert hook.requests == []
    assert os.listdir(tmp_path) == []


def test_a_failed_delivery_is_reported_and_tried_again_by_the_next_call(tmp_path, hook):
    hook.answers = [403]
    (failed,) = tell(tmp_path, summary(brief()), webhook(hook))
    assert (failed["status"], failed["error"]) == ("failed", "HTTP 403 Forbidden")
    assert result_line([failed]) == "127.0.0.1 was NOT told: HTTP 403 Forbidden"
    assert tell(tmp_path, summary(brief()), webhook(hook))[0]["status"] == "sent"


def test_a_server_that_is_busy_is_asked_again_at_once(tmp_path, hook):
    hook.answers = [503, 429, 200]
    assert tell(tmp_path, summary(brief()), webhook(hook))[0]["status"] == "sent"
    assert len(hook.requests) == 3
    assert len({headers["X-Remediation-Delivery"] for _path, headers, _body in hook.requests}) == 1  # so that it can tell a repetition


def test_one_failing_target_does_not_keep_the_news_from_the_others(tmp_path, hook, smtp):
    results = tell(tmp_path, summary(brief()), {**TARGET, "url": f"http://127.0.0.1:{free_port()}/"}, webhook(hook), mail(smtp))
    assert [one["status"] for one in results] == ["failed", "sent", "sent"]
    assert "refused" in results[0]["error"]


def test_a_server_that_never_answers_costs_no_more_than_the_timeout(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        results = tell(
            tmp_path,
            summary(brief()),
            {**TARGET, "url": f"http://127.0.0.1:{port}/", "timeout": "0.3s"},
            {**TARGET, "type": "mail", "to": ["a@example.org"], "host": "127.0.0.1", "port": port, "timeout": "0.3s"},
        )
    assert [one["status"] for one in results] == ["failed", "failed"]


def test_redirects_are_not_followed_because_secrets_would_go_with_them(tmp_path, hook):
    hook.answers, hook.location = [302], f"http://127.0.0.1:{hook.server_port}/elsewhere"
    (result,) = tell(tmp_path, summary(brief()), webhook(hook))
    assert "redirects are not followed, give the final URL" in result["error"]
    assert len(hook.requests) == 1


def test_secrets_never_get_into_results(tmp_path, hook, monkeypatch):
    target = webhook(hook, secret="S3cretKey", headers={"X-Team": "S3cretHeader"}, password="S3cretPass")

    def fails(*_args):
        raise OSError(f"{target['url']} S3cretKey S3cretHeader S3cretPass")

    monkeypatch.setattr(_notify_channels, "send", fails)
    results = tell(tmp_path, summary(brief()), target)
    assert results[0]["status"] == "failed"
    assert "S3cret" not in json.dumps(results) + result_line(results)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ({"url": "ftp://example.org/x"}, "a webhook target needs a 'url' that begins with https:// or http://"),
        ({"url": None}, "a webhook target needs a 'url'"),
        ({"type": "mail"}, "a mail target needs 'to'"),
        ({"type": "mail", "to": ["a@b"], "timeout": "soon"}, "'soon' is not a duration"),
    ],
)
def test_a_wrong_target_is_one_clear_line_and_no_failure(tmp_path, target, error):
    (result,) = tell(tmp_path, summary(brief()), {**TARGET, **target})
    assert result["status"] == "failed"
    assert error in result["error"]


def test_when_nothing_can_be_remembered_the_message_goes_out_anyway(tmp_path, hook):
    (tmp_path / ".notified").write_text("a file")
    (result,) = tell(tmp_path, summary(brief()), webhook(hook))
    assert result["status"] == "sent"
    assert "another run will repeat it" in result["error"]


def test_what_is_remembered_stays_small(tmp_path, hook):
    tell(tmp_path, summary(brief()), webhook(hook))
    tell(tmp_path, summary(brief(incident="run9-1")), webhook(hook), now=NOW + 90000)
    (remembered,) = (tmp_path / ".notified").iterdir()
    assert len(json.loads(remembered.read_text())["told_at"]) == 1


@pytest.mark.parametrize("garbage", ["", "[]", '{"told_at": {"a": "b"}}', "\x00"])
def test_a_broken_memory_means_telling_it_again(tmp_path, hook, garbage):
    tell(tmp_path, summary(brief()), webhook(hook))
    (remembered,) = (tmp_path / ".notified").iterdir()
    remembered.write_text(garbage)
    assert tell(tmp_path, summary(brief()), webhook(hook))[0]["status"] == "sent"


def test_the_summary_is_left_as_it_was(tmp_path, hook):
    told = summary(brief())
    before = copy.deepcopy(told)
    tell(tmp_path, told, webhook(hook))
    assert told == before


@pytest.mark.parametrize("smtp", [{"tls": True, "auth_require_tls": True, "auth_required": True, "require_starttls": True}], indirect=True)
def test_starttls_and_a_password(tmp_path, smtp, certificate):
    target = mail(smtp, tls="starttls", username="remediation", password="S3cretPass", ca_file=str(certificate / "cert.pem"))
    (result,) = tell(tmp_path, summary(brief()), target)
    assert (result["status"], result["error"]) == ("sent", None)
    assert smtp.handler.mails[0][1].ssl is not None


@pytest.mark.parametrize("smtp", [{"tls": True, "auth_require_tls": True}], indirect=True)
def test_a_wrong_password_is_told_without_the_password(tmp_path, smtp, certificate):
    target = mail(smtp, tls="starttls", username="remediation", password="S3cretWrong", ca_file=str(certificate / "cert.pem"))
    (result,) = tell(tmp_path, summary(brief()), target)
    assert "answered 535" in result["error"]
    assert "S3cret" not in json.dumps(result)


@pytest.mark.parametrize("smtp", [{"tls": True}], indirect=True)
def test_a_server_whose_certificate_nobody_signed_gets_nothing(tmp_path, smtp):
    (result,) = tell(tmp_path, summary(brief()), mail(smtp, tls="starttls"))
    assert "TLS failed" in result["error"]
    assert smtp.handler.mails == []


def test_without_encryption_at_the_server_nothing_is_sent_in_clear(tmp_path, smtp):
    (result,) = tell(tmp_path, summary(brief()), mail(smtp, tls="starttls", username="remediation", password="S3cretPass"))
    assert "nothing was sent" in result["error"]
    assert smtp.handler.mails == []


@pytest.mark.parametrize("smtp", [{"auth_require_tls": False}], indirect=True)
def test_a_password_goes_in_clear_to_this_machine_only(tmp_path, smtp, monkeypatch):
    target = mail(smtp, username="remediation", password="S3cretPass")
    monkeypatch.setattr(_notify_channels, "_is_loopback", lambda server: False)
    assert "the password is not sent in clear" in tell(tmp_path, summary(brief()), target)[0]["error"]
    monkeypatch.undo()
    assert tell(tmp_path, summary(brief()), target)[0]["status"] == "sent"


def test_tls_from_the_first_byte(tmp_path, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=free_port(), ssl_context=context, server_hostname="mail.test", ready_timeout=60)
    try:
        controller.start()
        (result,) = tell(tmp_path, summary(brief()), mail(controller, tls="ssl", ca_file=str(certificate / "cert.pem")))
    finally:
        controller.stop()
    assert result["status"] == "sent"


@pytest.mark.parametrize("smtp", [{"tls": True}], indirect=True)
def test_a_certificate_file_that_is_not_there_is_named(tmp_path, smtp):
    (result,) = tell(tmp_path, summary(brief()), mail(smtp, tls="starttls", ca_file="/nowhere/ca.pem"))
    assert result["status"] == "failed"
    assert "/nowhere/ca.pem" in result["error"]


def test_refused_recipients_are_named(tmp_path, smtp):
    (all_refused,) = tell(tmp_path, summary(brief()), mail(smtp, to=["nobody@example.org"]))
    assert all_refused["status"] == "failed"
    assert "nobody@example.org (550 no such user)" in all_refused["error"]
    (some_refused,) = tell(tmp_path, summary(brief()), mail(smtp, to=["oncall@example.org", "nobody@example.org"]))
    assert (some_refused["status"], some_refused["error"]) == ("sent", "not to nobody@example.org (550 no such user)")


def test_a_server_that_defers_is_asked_again(tmp_path, smtp):
    smtp.handler.answer = "451 try later"
    (result,) = tell(tmp_path, summary(brief()), mail(smtp))
    assert result["status"] == "failed"
    assert "answered 451 try later" in result["error"]


def test_a_newline_in_a_headline_cannot_add_a_header(tmp_path, smtp):
    tell(tmp_path, summary(brief(headline="policyd\nBcc: everyone@example.org")), mail(smtp))
    ((envelope, _session, message),) = smtp.handler.mails
    assert envelope.rcpt_tos == ["oncall@example.org"]
    assert message["Bcc"] is None


def test_who_is_not_named_by_the_policy_hears_nothing_of_the_service(tmp_path):
    targets = [{**TARGET, "url": "http://one.example/"}, {**TARGET, "name": "oncall", "url": "http://two.example/"}]
    both, named = brief(incident="run1-1"), brief(incident="run1-2", host="mail2", notify=["oncall"])
    told = notify(summary(both, named), targets, str(tmp_path), check_mode=True, now=NOW)
    assert [(one["target"], one["incidents"]) for one in told] == [("one.example", ["run1-1"]), ("oncall", ["run1-1", "run1-2"])]
