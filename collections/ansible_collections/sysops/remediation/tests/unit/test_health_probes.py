# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health probes against real servers on the loopback: healthy, sick, or unable to find out."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import ipaddress
import json
import os
import socket
import ssl
import sys
import threading
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _health
from ansible_collections.sysops.remediation.plugins.module_utils._health import network
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st


def ask(**probe):
    return _health.check(_health.normalise(probe))


@contextlib.contextmanager
def serving(talk, context=None):
    """A TCP server that calls ``talk(connection)`` for each connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        ended = threading.Event()

        def serve():
            while not ended.is_set():
                try:
                    connection, _address = listener.accept()
                except OSError:
                    continue
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(5)
                    talk(context.wrap_socket(connection, server_side=True) if context else connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def greet(text):
    return lambda connection: connection.sendall(text)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class TestTcp:
    def test_a_port_that_accepts_is_healthy(self):
        with serving(lambda connection: None) as port:
            assert ask(type="tcp", port=port) == ("healthy", "127.0.0.1:%d accepts connections" % port)

    def test_the_banner_is_awaited_even_if_it_comes_in_pieces(self):
        def talk(connection):
            connection.sendall(b"22")
            time.sleep(0.05)
            connection.sendall(b"0 mail.example ESMTP\r\n")

        with serving(talk) as port:
            assert ask(type="tcp", port=port, expect="220 ")[0] == "healthy"

    def test_another_banner_is_sick_and_quoted(self):
        with serving(greet(b"421 too busy\r\n")) as port:
            status, detail = ask(type="tcp", port=port, expect="220 ", timeout=1)
            assert status == "sick" and "answered '421 too busy'" in detail and "expected '220 '" in detail

    def test_silence_is_sick(self):
        with serving(lambda connection: connection.recv(1)) as port:
            status, detail = ask(type="tcp", port=port, expect="220 ", timeout=0.2)
            assert status == "sick" and "within 0.2 s" in detail

    def test_a_dialogue(self):
        with serving(lambda connection: connection.sendall(b"+PONG\r\n" if connection.recv(100) == b"PING\r\n" else b"-ERR\r\n")) as port:
            assert ask(type="tcp", port=port, send="PING\r\n", expect="+PONG")[0] == "healthy"

    def test_a_closed_port_is_sick(self):
        status, detail = ask(type="tcp", port=closed_port())
        assert status == "sick" and "Connection refused" in detail

    def test_a_name_that_cannot_be_resolved_says_nothing_about_the_service(self):
        status, detail = ask(type="tcp", port=25, host="no-such-host.invalid")
        assert status == "inconclusive" and "cannot resolve" in detail

    def test_a_network_that_cannot_be_reached_says_nothing_about_the_service(self):
        status, _detail = ask(type="tcp", port=25, host="255.255.255.255", timeout=1)
        assert status == "inconclusive"

    @given(answer=st.binary(max_size=300))
    def test_no_answer_makes_it_fall_over(self, answer):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(answer)
            theirs.shutdown(socket.SHUT_WR)
            status, detail = network._talk(ours, {"expect": "220 ", "timeout": 5.0}, "peer")
            assert status == ("healthy" if b"220 " in answer else "sick") and "\n" not in detail


class TestTls:
    @pytest.fixture(scope="class")
    @classmethod
    def certificate(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("tls")
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=1), now + datetime.timedelta(days=2)
        )
        names = x509.SubjectAlternativeName([x509.DNSName("mail.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return folder

    @pytest.fixture
    def port(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(certificate / "cert.pem"), str(certificate / "key.pem"))
        with serving(greet(b"* OK IMAP ready\r\n"), context) as port:
            yield port

    def test_a_trusted_certificate_and_a_greeting_are_healthy(self, port, certificate):
        assert ask(type="tls", port=port, ca_file=str(certificate / "cert.pem"), server_name="mail.test", expect="* OK")[0] == "healthy"

    def test_an_untrusted_certificate_is_sick(self, port):
        status, detail = ask(type="tls", port=port)
        assert status == "sick" and "certificate not accepted" in detail

    def test_a_certificate_for_another_name_is_sick(self, port, certificate):
        status, detail = ask(type="tls", port=port, ca_file=str(certificate / "cert.pem"), server_name="other.test")
        assert status == "sick" and "other.test" in detail

    def test_the_certificate_may_be_left_unchecked(self, port):
        assert ask(type="tls", port=port, validate_certs=False, expect="* OK")[0] == "healthy"

    def test_a_missing_ca_file_says_nothing_about_the_service(self, port):
        status, detail = ask(type="tls", port=port, ca_file="/nonexistent/ca.pem")
        assert status == "inconclusive" and "/nonexistent/ca.pem" in detail

    def test_a_port_without_tls_is_sick(self):
        with serving(greet(b"220 plain\r\n")) as port:
            status, detail = ask(type="tls", port=port, timeout=2)
            assert status == "sick" and "TLS handshake failed" in detail


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = {
            "/ok": (200, "all good"),
            "/moved": (302, ""),
            "/busy": (503, "too busy"),
            "/health": (200, json.dumps({"status": "ok", "queue": {"active": 0, "items": ["a", "b"]}})),
            "/auth": (200 if self.headers.get("X-Probe") == "yes" else 401, ""),
        }.get(self.path.partition("?")[0], (404, "no such page"))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    do_HEAD = do_GET

    def log_message(self, *_arguments):
        pass


class TestHttp:
    @pytest.fixture(scope="class")
    @classmethod
    def url(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield "http://127.0.0.1:%d" % server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    @pytest.mark.parametrize(
        "path, more, status, said",
        [
            ("/ok", {}, "healthy", "status 200"),
            ("/ok", {"expect": "good"}, "healthy", "status 200"),
            ("/ok", {"expect": "bad"}, "sick", "body 'all good', which does not contain 'bad'"),
            ("/busy", {}, "sick", "status 503, expected 200"),
            ("/busy", {"status": [200, 503]}, "healthy", "status 503"),
            ("/moved", {}, "sick", "status 302"),
            ("/moved", {"status": [302]}, "healthy", "status 302"),
            ("/auth", {}, "sick", "status 401"),
            ("/auth", {"headers": {"X-Probe": "yes"}}, "healthy", "status 200"),
            ("/health", {"json": {"status": "ok", "queue.active": 0, "queue.items.1": "b"}}, "healthy", "status 200"),
            ("/health", {"json": {"queue.active": 1}}, "sick", "JSON 'queue.active' is 0, expected 1"),
            ("/health", {"json": {"queue.idle": 1}}, "sick", "no 'queue.idle'"),
            ("/ok", {"json": {"status": "ok"}}, "sick", "the body is not JSON"),
            ("/ok", {"method": "HEAD"}, "healthy", "status 200"),
        ],
    )
    def test_a_page_is_judged(self, url, path, more, status, said):
        found, detail = ask(type="http", url=url + path, **more)
        assert found == status and said in detail

    def test_a_server_that_does_not_speak_http_is_sick(self):
        with serving(greet(b"220 mail\r\n")) as port:
            assert ask(type="http", url="http://127.0.0.1:%d/" % port)[0] == "sick"

    def test_a_closed_port_is_sick(self):
        assert ask(type="http", url="http://127.0.0.1:%d/" % closed_port())[0] == "sick"

    def test_a_name_that_cannot_be_resolved_is_inconclusive(self):
        assert ask(type="http", url="http://no-such-host.invalid/")[0] == "inconclusive"

    def test_secrets_of_the_url_are_not_shown(self, url):
        probe = _health.normalise({"type": "http", "url": url.replace("http://", "http://kim:hunter2@") + "/busy?token=s3cret"})
        _status, detail = _health.check(probe)
        assert "hunter2" not in detail + _health.target(probe) and "s3cret" not in detail + _health.target(probe)


class TestCommand:
    def test_the_exit_code_tells(self):
        assert ask(type="command", argv=["true"])[0] == "healthy"
        assert ask(type="command", argv=["false"])[0] == "sick"
        assert ask(type="command", argv=["false"], rc=1)[0] == "healthy"

    def test_what_it_prints_tells(self):
        assert ask(type="command", argv=["echo", "queue is empty"], expect="empty")[0] == "healthy"
        status, detail = ask(type="command", argv=["echo", "queue is full"], expect="empty")
        assert status == "sick" and "printed 'queue is full', expected 'empty'" in detail

    def test_there_is_no_shell(self):
        assert ask(type="command", argv=["echo", "$HOME; false"], expect="$HOME; false")[0] == "healthy"

    def test_a_missing_command_says_nothing_about_the_service(self):
        status, detail = ask(type="command", argv=["/no/such/check"])
        assert status == "inconclusive" and "No such file" in detail

    def test_nor_does_one_that_a_wrapper_could_not_run(self):
        assert ask(type="command", argv=["env", "no-such-check"])[0] == "inconclusive"

    def test_nor_does_one_without_permission(self, tmp_path):
        (tmp_path / "check").write_text("#!/bin/sh\n")
        assert ask(type="command", argv=[str(tmp_path / "check")])[0] == "inconclusive"

    def test_one_that_hangs_is_sick_and_leaves_no_process(self, tmp_path):
        pid_file = tmp_path / "pid"
        status, detail = ask(type="command", argv=["sh", "-c", "sleep 600 & echo $! > %s; wait" % pid_file], timeout=2)
        assert status == "sick" and "did not end within 2 s" in detail
        pid = int(pid_file.read_text())
        deadline = time.monotonic() + 30
        while os.path.exists("/proc/%d" % pid) and _state(pid) != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def test_secrets_of_the_command_line_and_its_output_are_not_shown(self):
        _status, detail = ask(type="command", argv=[sys.executable, "-c", "print('password=hunter2'); raise SystemExit(1)", "--password", "s3cret"])
        assert "hunter2" not in detail and "s3cret" not in detail


def _state(pid):
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


class _View:
    def __init__(self, text=None, lines=None):
        self._text, self._lines = text, lines

    def status_text(self):
        return self._text

    def log_lines(self):
        return self._lines


class TestServiceProbes:
    @pytest.mark.parametrize("text, status", [("serving 3", "healthy"), ("starting", "sick"), ("", "sick"), (None, "inconclusive")])
    def test_status_text(self, text, status):
        assert _health.check({"type": "status_text", "expect": "serving"}, _View(text=text))[0] == status

    @pytest.mark.parametrize("lines, status", [(["a", "ready now"], "healthy"), (["a"], "sick"), ([], "sick"), (None, "inconclusive")])
    def test_log_line(self, lines, status):
        assert _health.check({"type": "log_line", "expect": "ready"}, _View(lines=lines))[0] == status


class TestBadProbes:
    @pytest.mark.parametrize(
        "probe, said",
        [
            ({"type": "tpc", "port": 25}, "type 'tpc' is unknown; did you mean 'tcp'?"),
            ({"type": "tcp"}, "tcp needs 'port'"),
            ({"type": "tcp", "port": 70000}, "port '70000' is not a number from 1 to 65535"),
            ({"type": "tcp", "port": 25, "url": "x"}, "tcp has no option 'url'"),
            ({"type": "http"}, "http needs 'url'"),
            ({"type": "http", "url": "ftp://x"}, "must be like http://host:8080/path"),
            ({"type": "command", "argv": []}, "command needs 'argv'"),
            ({"type": "log_line"}, "log_line needs 'expect'"),
            ({"type": "tcp", "port": 25, "timeout": 0}, "timeout must be more than 0"),
        ],
    )
    def test_each_gets_one_clear_line(self, probe, said):
        with pytest.raises(ValueError, match=said.replace("?", "[?]")) as error:
            _health.normalise(probe)
        assert "\n" not in str(error.value)


class TestStreak:
    def streak(self, answers, required=3):
        streak = _health.Streak({"type": "log_line", "expect": "x"}, required)
        for answer in answers:
            streak.add(answer, answer)
        return streak

    @given(st.lists(st.sampled_from(["healthy", "sick", "inconclusive"]), max_size=20), st.integers(1, 4))
    def test_proven_means_that_the_last_answers_were_all_healthy(self, answers, required):
        streak = self.streak(answers, required)
        last = answers[-required:]
        assert streak.proven == (len(last) == required and set(last) == {"healthy"})
        assert streak.hopeless == (len(last) == required and set(last) == {"inconclusive"})

    def test_flapping_is_sick_and_says_how_often(self):
        facts = self.streak(["healthy", "sick", "healthy", "healthy"]).as_dict()
        assert (facts["status"], facts["detail"]) == ("sick", "flaps: 3 of 4 passed, 3 in a row are needed")

    def test_one_that_is_only_not_done_yet_does_not_flap(self):
        assert self.streak(["healthy"]).as_dict()["status"] == "healthy"


class TestSecrets:
    @pytest.mark.parametrize(
        ("probe", "secrets"),
        [
            ({"type": "tcp", "port": 25, "expect": "220 "}, set()),
            ({"type": "http", "url": "http://h/x?token=t0ken&page=1", "headers": {"Accept": "text/plain"}}, {"t0ken"}),
            ({"type": "http", "url": "http://h/", "headers": {"Authorization": "Bearer abc", "X-Api-Key": "", "Host": "mail1"}}, {"Bearer abc"}),
            ({"type": "command", "argv": ["ask", "--password", "hunter2", "--token=abc", "--host", "mail1"]}, {"hunter2", "abc"}),
            ({"type": "command", "argv": ["sh", "-c", "PGPASSWORD=x psql"]}, {"PGPASSWORD=x psql"}),
            ({"type": "tcp", "port": 6379, "send": "AUTH password=x"}, {"AUTH password=x"}),
        ],
    )
    def test_what_may_not_be_shown_is_found_and_nothing_else(self, probe, secrets):
        assert _health.secrets(probe) == secrets


@pytest.mark.parametrize(
    ("probe", "objection"),
    [
        ({"type": "command", "argv": ["ask", "a\0b"]}, "argv: a word holds a character that no command can be given"),
        ({"type": "http", "url": "http://x", "headers": {"Token": "S3cret\r\nX: y"}}, "headers: the value of Token is no text that can be sent in one line"),
        ({"type": "http", "url": "http://x", "headers": {"Token": None}}, "headers: the value of Token is no text"),
        ({"type": "http", "url": "http://x", "headers": {"a b": "c"}}, "headers: 'a b' is no name of a header"),
        ({"type": "http", "url": "http://x", "method": "G E T"}, "method: 'G E T' is none"),
        ({"type": "http", "url": "http://x", "status": [99999]}, "status: 99999 is not a number from 100 to 599"),
        ({"type": "http", "url": "http://x/\u00fc"}, "url: write characters beyond ASCII as %XX"),
        ({"type": "http", "url": "http://%s/" % ("a" * 300)}, "url: 'aaa"),
        ({"type": "tcp", "port": 25, "host": "\u00fcn\u00ef..x"}, "host: '\\xfcn\\xef..x' is no name of a host"),
        ({"type": "tcp", "port": 25, "host": "a\0b"}, "host: 'a\\x00b' is no name of a host"),
        ({"type": "tls", "port": 25, "server_name": "a" * 300}, "server_name: 'aaa"),
        ({"type": "tcp", "port": 25, "send": "\ud800"}, "send: holds what is no character"),
    ],
)
def test_what_can_never_be_sent_is_refused_before_anything_is_restarted(probe, objection):
    with pytest.raises(ValueError) as problem:
        _health.normalise(probe)
    assert str(problem.value).startswith("health probe %s: %s" % (probe["type"], objection)) and "S3cret" not in str(problem.value)


def test_a_probe_that_breaks_down_says_nothing_about_the_service():
    status, detail = _health.check({"type": "command", "argv": ["a\0b"], "timeout": 1.0})
    assert status == "inconclusive" and detail == "the probe cannot be asked (embedded null byte)"
