# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret gets through, and what is no secret stays readable."""

from __future__ import annotations

import json
import string
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _redact
from ansible_collections.sysops.remediation.plugins.module_utils._redact import HIDDEN, is_secret_name, redact, redact_argv, redact_data
from hypothesis import example, given
from hypothesis import strategies as st

# Secrets as people choose them, with a mark at each end: not even a part may get through.
HEAD, TAIL = "Qz7W", "x9Kv"
SIMPLE = st.text(string.ascii_letters + string.digits, min_size=6, max_size=30).map(lambda text: HEAD + text)
AWKWARD = st.text(string.ascii_letters + string.digits + "!$%&/=?+#.,:;@~-_(){}[]|<>", min_size=1, max_size=30).map(lambda text: HEAD + text + TAIL)
NAMES = st.sampled_from(
    [
        "password",
        "PASSWORD",
        "db_password",
        "DB_PASSWD",
        "smtpPassword",
        "passphrase",
        "secret",
        "client_secret",
        "clientSecret",
        "token",
        "access_token",
        "api_key",
        "apikey",
        "API-KEY",
        "aws_secret_access_key",
        "private_key",
        "auth-key",
        "PGPASSWORD",
        "MYSQL_PWD",
        "rabbitmq.default.pass",
        "session_token",
        "credentials",
    ]
)
NOISE = st.text(string.ascii_letters + " .,0123456789/-_=:\"'", max_size=40)

# How a secret of any shape is written down; each takes (name, secret).
ANY_SHAPE = [
    "{name}={secret}",
    "--{name}={secret}",
    "--{name} {secret}",
    "{name}: {secret}",
    "{name} = {secret}",
    '{name}="{secret}"',
    "{name}='{secret}'",
    '{{"{name}": "{secret}", "user": "bob"}}',
    '{{\\"{name}\\": \\"{secret}\\", \\"user\\": \\"bob\\"}}',
    "error: {name}={secret}",
    'msg="login failed: {name}={secret}"',
    "-v --{name} {secret}",
    "Authorization: Basic {secret}",
    "curl -H 'Authorization: Bearer {secret}' http://localhost/",
    "Cookie: session={secret}; theme=dark",
    "X-Api-Key: {secret}",
    "mysqldump -u root -p{secret} mail",
    "sshpass -p {secret} ssh host",
    "redis-cli -h cache -a {secret} info",
    "curl -u bob:{secret} http://localhost/",
    "requirepass {secret}",
    "ALTER USER bob IDENTIFIED BY '{secret}'",
]
# In a URL a password cannot hold these characters unescaped.
URLS = ["postgresql://bob:{secret}@db/mail", "amqp://{secret}@mq:5672/", "redis://:{secret}@cache/0", "http://a:b@c,http://bob:{secret}@d/?x=1"]


def shows_any_of_it(text):
    return HEAD in text or TAIL in text


@example(template="mysqldump -u root -p{secret} mail", name="password", secret=HEAD + TAIL, before="-PASS", after="")
@given(template=st.sampled_from(ANY_SHAPE), name=NAMES, secret=AWKWARD, before=NOISE, after=NOISE)
def test_a_secret_never_gets_through(template, name, secret, before, after):
    text = "%s %s %s" % (before, template.format(name=name, secret=secret), after)
    assert not shows_any_of_it(redact(text))


@given(template=st.sampled_from(URLS), secret=AWKWARD.filter(lambda text: not set("/?#<>") & set(text)))
def test_credentials_in_a_url_never_get_through(template, secret):
    assert not shows_any_of_it(redact("dsn is " + template.format(secret=secret) + " now"))


@given(name=NAMES, secret=st.text(string.printable, min_size=6).map(lambda text: HEAD + text + TAIL))
def test_arguments_are_hidden_whole_even_with_blanks_and_newlines(name, secret):
    for argv in (["prog", "--%s" % name, secret, "end"], ["prog", "--%s=%s" % (name, secret), "end"], ["prog", "%s=%s" % (name, secret)]):
        shown = redact_argv(argv)
        assert not shows_any_of_it(shown)
        assert shown.startswith("prog")


@given(text=st.text() | st.lists(st.sampled_from(ANY_SHAPE + URLS), min_size=1).map(lambda many: "\n".join(many).format(name="token", secret="S3cret99")))
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


# For every sign that a text may hold a secret: a text that holds one and no other sign of it.
SIGNS = {
    "pass": "passphrase=Qz7W",
    "pw": "PW=Qz7W",
    "secret": "Secret: Qz7W",
    "token": "--token Qz7W",
    "credential": "credentials=Qz7W",
    "auth": "Authorization: Qz7W",
    "cookie": "cookie: Qz7W",
    "key": "-----BEGIN RSA PRIVATE KEY-----\nQz7W",
    "bearer": "Bearer Qz7W8Qz7W",
    "basic": "BASIC Qz7W8Qz7W",
    "identified by": "identified by 'Qz7W'",
    "://": "amqp://Qz7W@mq",
    "akia": "AKIA" + "Q" * 16,
    "asia": "ASIA" + "Q" * 16,
    "gh[pousr]_": "ghs_" + "Q" * 36,
    "github_pat_": "github_pat_" + "Q" * 22,
    "glpat-": "glpat-" + "Q" * 20,
    "xox": "xoxb-" + "Q" * 12,
    "sk-": "sk-" + "Q" * 24,
    "aiza": "AIza" + "Q" * 35,
    "eyj": "eyJ" + ".".join(["Q" * 9] * 3),
    "mysql": "mysql -pQz7W",
    "mariadb": "mariadb-dump -p Qz7W",
    "redis-cli": "redis-cli -a Qz7W",
    "ldap": "ldapsearch -w Qz7W",
    "curl": "curl -u bob:Qz7W",
    "smbclient": "smbclient -Ubob%Qz7W",
}


@pytest.mark.parametrize("sign", _redact._SIGN.pattern.split("|"))
def test_what_only_one_sign_announces_is_hidden(sign):
    assert "Q" not in redact(SIGNS[sign])


@given(st.lists(st.sampled_from([*SIGNS.values(), *ANY_SHAPE, " ", "=", ": ", "\n", "'", "\u017fecret="]), max_size=4).map("".join), NOISE)
def test_a_text_that_is_not_tried_with_every_pattern_would_not_have_been_changed_by_any(text, noise):
    for start in range(0, len(text) + 1, 3):
        assert redact(text[start:] + noise) == _redact._redacted(text[start:] + noise)


@pytest.mark.parametrize("text", ["\u017fecret=Qz7W", "to\u212aen: Qz7W", "credent\u0131al=Qz7W", "PA\u017f\u017fWORD=Qz7W"])
def test_letters_that_match_others_when_case_is_ignored_hide_no_sign_of_a_secret(text):
    assert "Qz7W" not in redact(text)


@given(key=SIMPLE, lines=st.integers(1, 40), before=st.sampled_from(["", "Nov 25 02:00:00 mail1 app[1]: "]))
def test_private_keys_are_hidden_also_when_their_beginning_or_end_was_cut_off(key, lines, before):
    body = [before + (key * 40)[:64] for _line in range(lines)]
    text = [before + "-----BEGIN RSA PRIVATE KEY-----", *body, before + key, before + "-----END RSA PRIVATE KEY-----", "the next line"]
    for part in (text, text[1:], text[:-3]):
        assert key not in redact("the first line\n" + "\n".join(part))
        assert redact("the first line\n" + "\n".join(part)).startswith("the first line\n")
    assert redact("\n".join(text)).endswith("the next line")


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "glpat-" + "x7" * 10,
        "xoxb-" + "1234567890-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_tokens_are_known_by_their_shape(secret):
    assert redact("the client sent %s and left" % secret) == "the client sent %s and left" % HIDDEN


@pytest.mark.parametrize(
    "line",
    [
        "Nov 25 02:00:00 mail1 sshd[1]: Failed password for root from 10.0.0.1 port 22 ssh2",
        "anon grows 2.1 MiB/min; MemoryMax (256 MiB) is reached in 48 min to 1 h 5 min",
        "GET http://localhost:8080/health?contact=ops@example.com 200",
        "postfix/smtpd[12]: connect from mail.example.com[192.0.2.1]",
        "--password-file=/etc/app/password PWD=/root",
        "MemoryMax=268435456 MainPID=12 Result=oom-kill",
    ],
)
def test_what_is_no_secret_stays_as_it_is(line):
    assert redact(line) == line


def test_json_stays_json():
    assert json.loads(redact(json.dumps({"password": 'a"b, c', "user": "bob"}))) == {"password": HIDDEN, "user": "bob"}


def test_data_is_hidden_below_a_secret_name_and_redacted_elsewhere():
    data = {"password": "x", "headers": {"X-Auth-Token": ["y"]}, "token": 7, "log": ["dsn=postgres://u:p@h/db"], "smtp_password": None, "ok": True}
    hidden = redact_data(data)
    assert hidden == {
        "password": HIDDEN,
        "headers": {"X-Auth-Token": [HIDDEN]},
        "token": 7,  # a fencing token is a number
        "log": ["dsn=postgres://***@h/db"],
        "smtp_password": None,
        "ok": True,
    }


def test_names_of_places_are_no_secrets():
    assert is_secret_name("admin_password")
    assert not is_secret_name("admin_password_file")


@pytest.mark.parametrize("piece", ["a", "://a", "://a:b", '"', '\\"', "password=", 'password=\\"', "a=", "-", "--a ", "eyJ", "a" * 50 + "\n", "-----BEGIN "])
def test_time_grows_with_the_length_not_with_its_square(piece):
    """Quadratic patterns take minutes for such lines; the bound is generous for a busy machine."""
    started = time.process_time()
    redact(piece * (200000 // len(piece)))
    assert time.process_time() - started < 10


def test_data_without_secrets_costs_a_fraction_of_trying_every_pattern(monkeypatch):
    """A plan for thousands of services stores hundreds of thousands of such texts. As a ratio, so that a busy machine does not matter."""
    gates = [{"name": "mode", "detail": "the policy's mode is 'auto'"}, {"name": "budget", "detail": "0 of 2 hosts of group rack7 may be unavailable"}]
    data = [{"host": f"h{number}", "service": "systemd/s1.service", "summary": f"anon grows {number} MiB/min", "gates": gates} for number in range(1000)]

    def cost():
        begin = time.process_time()
        assert redact_data(data) == data
        return time.process_time() - begin

    quick = min(cost() for _try in range(3))
    monkeypatch.setattr(_redact, "_may_hold_a_secret", lambda text: True)
    assert quick < min(cost() for _try in range(3)) / 3
