# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Series from Prometheus: recorded answers of a real one from a real HTTP server, and everything that can go wrong on the way."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import pathlib
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from urllib.parse import parse_qs

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils import _prometheus_http
from ansible_collections.sysops.remediation.plugins.plugin_utils._prometheus import MOST_POINTS, PrometheusError, _range, fetch_series
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures/prometheus"  # see ORIGIN.md there
ACCESS = {
    "username": None,
    "password": None,
    "token": None,
    "headers": {},
    "ca_file": None,
    "client_cert": None,
    "client_key": None,
    "validate_certs": True,
}
NOW = 1795630170.0


class Prometheus(http.server.ThreadingHTTPServer):
    """Answers with what the test put into it and remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.code, self.body, self.headers, self.asked, self.slow = 200, recorded("matrix"), {}, [], threading.Event()
        self.slow.set()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking the DNS for our name
        self.server_name, self.server_port = self.server_address

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append((self.path, self.headers, {name: values[0] for name, values in form.items()}))
        self.server.slow.wait(60)
        self.send_response(self.server.code)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked may have gone away
            self.wfile.write(self.server.body)

    def log_message(self, *_args):
        pass


def recorded(name):
    return (FIXTURES / f"{name}.json").read_bytes()


def matrix(*series, **others):
    result = [{"metric": labels, "values": values} for labels, values in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **others}).encode()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = Prometheus()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.slow.set()
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(server, access=None, hosts=(), **options):
    url = options.pop("url", None) or server.url
    asked = {
        "url": url,
        "queries": {"anon": "rss"},
        "host": "[[ instance.rsplit(':', 1)[0] ]]",
        "service": "[[ groupname ]].service",
        "window": "24h",
        "step": "",
        "timeout": "30s",
        "max_series": 20000,
        **options,
    }
    return fetch_series(asked, {**ACCESS, **(access or {})}, hosts, NOW)


def test_one_query_gives_every_host_and_service_its_points(server):
    series, remarks = fetch(server)
    assert list(series) == ["mail1"]
    assert sorted(series["mail1"]) == ["prometheus.service", "python.service", "supervisord.service"]
    points = series["mail1"]["supervisord.service"]["anon"]
    assert points and all(when > 1795000000 and value == 51290112 for when, value in points)
    assert remarks == []
    assert len(server.asked) == 1


def test_the_query_covers_the_window_with_at_most_500_points(server):
    fetch(server, window="24h")
    ((path, _headers, form),) = server.asked
    assert path == "/api/v1/query_range"
    assert form["query"] == "rss"
    start, end, step = (float(form[name]) for name in ("start", "end", "step"))
    assert (start, end) == (NOW - 86400, NOW)
    assert (end - start) / step + 1 <= MOST_POINTS


@given(window=st.floats(0.1, 1e7), step=st.floats(0, 1e5))
def test_never_more_than_500_points_are_asked_for(window, step):
    seconds, taken = _range({"window": str(window), "step": str(step)})
    assert int(seconds / taken) + 1 <= MOST_POINTS
    assert taken >= step


def test_each_resource_is_one_query(server):
    series, _remarks = fetch(server, queries={"anon": "a", "fds": "b"})
    assert [form["query"] for _path, _headers, form in server.asked] == ["a", "b"]
    assert sorted(series["mail1"]["python.service"]) == ["anon", "fds"]


def test_only_the_hosts_of_the_run_are_returned(server):
    server.body = matrix(({"instance": "mail1:1", "groupname": "a"}, [[1, "1"]]), ({"instance": "mail2:1", "groupname": "a"}, [[1, "2"]]))
    series, remarks = fetch(server, hosts=["mail2", "mail3"])
    assert series == {"mail2": {"a.service": {"anon": [[1.0, 2]]}}}
    assert remarks == []


def test_a_mapping_that_fits_no_host_is_remarked(server):
    series, remarks = fetch(server, hosts=["mail1.example.com"])
    assert series == {}
    assert remarks == ["anon: none of its 3 series belongs to a host of this run; does 'host' give inventory names?"]


def test_values_that_are_none_are_left_out(server):
    server.body = recorded("nan")
    series, _remarks = fetch(server)
    assert {tuple(points) for services in series.values() for resources in services.values() for points in resources.values()} == {()}


def test_a_container_that_was_replaced_continues_its_service(server):
    old, new = {"instance": "h:1", "groupname": "a", "id": "1"}, {"instance": "h:1", "groupname": "a", "id": "2"}
    server.body = matrix((new, [[30, "3"], [40, "4"]]), (old, [[10, "1"], [20, "2"]]))
    series, _remarks = fetch(server)
    assert series["h"]["a.service"]["anon"] == [[10.0, 1], [20.0, 2], [30.0, 3], [40.0, 4]]


def test_two_series_at_the_same_time_are_not_mixed_up(server):
    one, two = {"instance": "h:1", "groupname": "a", "pod": "1"}, {"instance": "h:1", "groupname": "a", "pod": "2"}
    server.body = matrix((one, [[10, "1"], [20, "2"]]), (two, [[15, "900"]]), ({"instance": "h:1", "groupname": "b"}, [[10, "5"]]))
    series, (remark,) = fetch(server)
    assert series["h"]["b.service"]["anon"] == [[10.0, 5]]
    assert "anon" not in series["h"]["a.service"]
    assert "several series map to a.service on h" in remark
    assert "aggregate them (sum by)" in remark


def test_more_points_than_asked_for_are_thinned(server):
    server.body = matrix(({"instance": "h:1", "groupname": "a"}, [[n, str(n)] for n in range(1200)]))
    series, _remarks = fetch(server)
    assert 300 <= len(series["h"]["a.service"]["anon"]) <= MOST_POINTS


def test_series_without_the_labels_are_remarked_and_the_others_used(server):
    server.body = matrix(({"instance": "h:1"}, [[1, "1"]]), ({"instance": "h:1", "groupname": "a"}, [[1, "1"]]))
    series, (remark,) = fetch(server)
    assert list(series["h"]) == ["a.service"]
    assert remark == "anon: service: 'groupname' is undefined in the labels {instance=\"h:1\"}"


def test_no_series_with_the_labels_is_an_error(server):
    with pytest.raises(PrometheusError, match="anon: none of its series can be used: service: 'unit' is undefined"):
        fetch(server, service="[[ unit ]]")


@pytest.mark.parametrize("values", [5, "abc", {"a": 1}, [5], [[1]], [[1, "abc"]], [[1, None]], [[None, "1"]], [[1, {}]], [[10**400, "1"]], [[1, "1", "2"]]])
def test_points_that_are_none_cost_their_own_series_only(server, values):
    server.body = matrix(({"instance": "h:1", "groupname": "a"}, values), ({"instance": "h:1", "groupname": "b"}, [[1, "1"]]))
    series, (remark,) = fetch(server)
    assert series["h"] == {"b.service": {"anon": [[1.0, 1]]}}
    assert remark.startswith('anon: what should be points is none with the labels {groupname="a", instance="h:1"}')


@pytest.mark.parametrize("one", [5, None, "abc", [], {"metric": "x"}, {"metric": [1]}])
def test_what_is_no_series_is_one_clear_line(server, one):
    server.body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [one]}}).encode()
    with pytest.raises(PrometheusError, match="anon: none of its series can be used: "):
        fetch(server)


@pytest.mark.parametrize("secret", ["S3cret\n", "S3cret\u20ac"])
def test_a_secret_that_no_header_can_hold_is_not_told(server, secret):
    with pytest.raises(PrometheusError, match="the value for header Authorization holds a line break") as problem:
        fetch(server, {"token": secret})
    assert "S3cret" not in str(problem.value)


def test_partial_answers_say_so(server):
    """Thanos and Mimir answer with what they have when one of their stores is down."""
    server.body = matrix(({"instance": "h:1", "groupname": "a"}, [[1, "1"]]), warnings=["store 10.0.0.3 is not reachable"])
    _series, remarks = fetch(server)
    assert remarks == ["anon: store 10.0.0.3 is not reachable"]


def test_an_empty_answer_is_a_remark_and_no_error(server):
    server.body = matrix()
    assert fetch(server) == ({}, ["anon: its expression selects no series in the last 24h"])


def test_a_token_basic_authentication_and_more_headers(server):
    fetch(server, {"token": "S3cretToken", "headers": {"X-Scope-OrgID": "mail"}})
    fetch(server, {"username": "bob", "password": "S3cretPass"})
    fetch(server, url=server.url.replace("://", "://bob:S3cret%2FPass@"))
    headers = [headers for _path, headers, _form in server.asked]
    assert (headers[0]["Authorization"], headers[0]["X-Scope-OrgID"]) == ("Bearer S3cretToken", "mail")
    assert base64.b64decode(headers[1]["Authorization"].removeprefix("Basic ")) == b"bob:S3cretPass"
    assert base64.b64decode(headers[2]["Authorization"].removeprefix("Basic ")) == b"bob:S3cret/Pass"


def test_a_url_with_a_path_keeps_it(server):
    fetch(server, url=server.url + "/prometheus/")
    assert server.asked[0][0] == "/prometheus/api/v1/query_range"


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (400, "parse_error", "says bad_data: 1:9: parse error: unclosed left parenthesis"),
        (200, "vector", "anon: a range query must give a matrix, not vector"),
        (503, b"<html>upstream is down</html>", "answers HTTP 503 Service Unavailable"),
        (401, b"", "answers HTTP 401 Unauthorized"),
        (200, b"<html>login</html>", "gave no complete JSON"),
        (200, b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a', "gave no complete JSON"),
        (200, b"[]", "is that its URL?"),
        (200, b"[" * 100000, "gave no complete JSON"),
        (200, b'{"status":"success"}', "an answer without data"),
        (302, b"", "redirects are not followed, give the final URL"),
        (422, b'{"status":"error","errorType":"execution","error":"query processing would load too many samples"}', "says execution: query processing"),
    ],
)
def test_an_answer_that_is_no_series_is_one_clear_line(server, code, body, error):
    server.code, server.body = code, recorded(body) if isinstance(body, str) else body
    server.headers = {"Location": "http://127.0.0.1:1/"} if code == 302 else {}
    with pytest.raises(PrometheusError) as problem:
        fetch(server)
    assert error in str(problem.value)
    assert "\n" not in str(problem.value)


def test_an_answer_that_is_cut_off_is_one_clear_line(server):
    server.headers = {"Content-Length": str(len(server.body) + 100)}
    server.body = server.body[:-50]
    with pytest.raises(PrometheusError, match=r"gave no complete JSON|cannot be asked"):
        fetch(server)


def test_a_server_that_is_down(server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(PrometheusError, match=f"Prometheus at 127.0.0.1:{port} cannot be asked: Connection refused"):
        fetch(server, url=f"http://127.0.0.1:{port}")


def test_a_server_that_speaks_something_else(server):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            with other.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"220 mail1\r\nESMTP\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(PrometheusError, match=r"cannot be asked: 220 mail1$"):
            fetch(server, url=f"http://127.0.0.1:{other.getsockname()[1]}")


def test_a_server_that_does_not_answer(server):
    server.slow.clear()
    with pytest.raises(PrometheusError, match=r"no answer within 0\.2 s"):
        fetch(server, timeout="0.2s")


def test_a_server_that_drips(monkeypatch):
    """Each piece comes in time, the whole never: the timeout of sockets would wait for ever."""

    class Dripping:
        def read1(self, _size):
            time.sleep(0.02)
            return b" "

    with pytest.raises(PrometheusError, match=r"has not answered completely within 0\.1 s"):
        _prometheus_http._read(Dripping(), time.monotonic() + 0.1, "Prometheus", 0.1)


def test_too_many_series(server):
    server.body = matrix(*[({"instance": f"h{n}:1", "groupname": "a"}, []) for n in range(101)])
    with pytest.raises(PrometheusError, match=r"101 series are more than max_series \(100\): narrow the expression or aggregate"):
        fetch(server, max_series=100)


def test_an_answer_of_any_size_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr(_prometheus_http, "MOST_BYTES", 1024 * 1024)
    server.body = b" " * (3 * 1024 * 1024)
    with pytest.raises(PrometheusError, match="answers with more than 1 MiB: narrow the expression"):
        fetch(server)


@pytest.mark.slow
def test_a_hundred_thousand_series_are_one_clear_error(server):
    server.body = matrix(*[({"instance": f"h{n}:1", "groupname": "a"}, [[1795630154, "44134400"]] * 3) for n in range(100000)])
    with pytest.raises(PrometheusError, match=r"100000 series are more than max_series \(20000\)"):
        fetch(server)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"queries": {}}, "queries is empty"),
        ({"queries": {"memory": "x"}}, "queries: 'memory' is no resource; use anon, swap"),
        ({"queries": {"anon": " "}}, "queries: the expression of 'anon' is empty"),
        ({"window": "yesterday"}, "window: 'yesterday' is not a duration"),
        ({"window": "0"}, "window: 0 is too short"),
        ({"service": "{{ unit }}"}, "service: '{{ unit }}': write [[ label ]] instead of the usual braces"),
        ({"service": "[[ unit"}, "service: '[[ unit' is no template"),
        ({"url": "prometheus:9090"}, "url: 'prometheus:9090' must begin with https:// or http:// and a host"),
        ({"url": "http://prometheus:port"}, "url: 'http://prometheus:port': Port could not be cast"),
        ({"url": "http://[::1"}, "url: 'http://[::1': Invalid IPv6 URL"),
    ],
)
def test_a_wrong_option_is_one_clear_line_before_anything_is_asked(server, options, error):
    with pytest.raises(PrometheusError) as problem:
        fetch(server, **options)
    assert str(problem.value).startswith(error)
    assert server.asked == []


def test_a_template_cannot_reach_into_the_controller(server):
    with pytest.raises(PrometheusError, match="none of its series can be used"):
        fetch(server, service="[[ labels.__class__.__mro__ ]]")


def test_secrets_are_in_no_error(server):
    server.code, server.body = 401, json.dumps({"status": "error", "errorType": "auth", "error": "bad token=S3cretToken"}).encode()
    with pytest.raises(PrometheusError) as problem:
        fetch(server, {"token": "S3cretToken"}, url=server.url.replace("://", "://bob:S3cretPass@"))
    assert "S3cret" not in str(problem.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs the command openssl")
    folder = tmp_path_factory.mktemp("tls")
    argv = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*argv, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(server, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate / "cert.pem")
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http://", "https://")


def test_tls_with_an_authority_of_ones_own_and_a_certificate_of_the_client(server, tls, certificate):
    files = {"ca_file": str(certificate / "cert.pem"), "client_cert": str(certificate / "cert.pem"), "client_key": str(certificate / "key.pem")}
    series, _remarks = fetch(server, files, url=tls)
    assert "mail1" in series


def test_a_certificate_that_nobody_signed_is_refused_unless_allowed(server, tls):
    with pytest.raises(PrometheusError, match="its certificate is not valid: self-signed certificate"):
        fetch(server, url=tls)
    assert "mail1" in fetch(server, {"validate_certs": False}, url=tls)[0]


def test_a_certificate_file_that_is_not_there_is_named(server):
    with pytest.raises(PrometheusError, match=r"cannot use the certificates in /nowhere/ca\.pem: No such file"):
        fetch(server, {"ca_file": "/nowhere/ca.pem"}, url="https://127.0.0.1:1")
