# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""supervisord: its answers in our words, where it is looked for, and what is never shown."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, _supervisord_rpc, supervisord
from ansible_collections.sysops.remediation.tests.unit.managers_lab import case_id, cases, expected, make_root, write
from hypothesis import assume, given
from hypothesis import strategies as st


@pytest.mark.parametrize("case", cases("supervisord", file="process_info.json"), ids=case_id)
def test_recorded_processes_are_told_in_our_words(case):
    info = json.loads((case / "process_info.json").read_text())
    facts = dict(supervisord.facts(info), name=supervisord.full_name(info))
    del facts["properties"]
    assert facts == expected(case)


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("/run/supervisor.sock", "unix:///run/supervisor.sock"),
        ("unix:///run/supervisor.sock", "unix:///run/supervisor.sock"),
        ("unix://me:secret@/run/supervisor.sock", "unix:///run/supervisor.sock"),
        ("http://127.0.0.1:9001", "http://127.0.0.1:9001"),
        ("https://me:secret@host:9001/", "https://host:9001"),
    ],
)
def test_an_address_is_shown_without_its_user(server, shown):
    assert str(_supervisord_rpc.parse(server)) == shown
    assert repr(_supervisord_rpc.parse(server)) == shown


def test_a_password_may_be_percent_encoded():
    address = _supervisord_rpc.parse("http://me:se%40cret@host:9001")
    assert (address.username, address.password) == ("me", "se@cret")


@pytest.mark.parametrize(
    "server",
    ["ftp://me:secret@host", "http://me:secret/@host:9001", "me:secret@host:9001", "http://me:secret@[::1", "unix://", "run/supervisor.sock", "http://", ""],
)
def test_an_address_that_is_none_is_refused_without_showing_its_user(server):
    with pytest.raises(_base.ManagerError) as refused:
        _supervisord_rpc.parse(server)
    assert "secret" not in str(refused.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/@:#?%[]"), min_size=6, max_size=12))
def test_no_password_gets_into_any_message(password):
    assume(password not in "supervisord at http://127.0.0.1:1 ftp:// Connection refused")  # words of the message itself
    for server in ("ftp://me:%s@host" % password, "http://me:%s@127.0.0.1:1" % password):
        manager = supervisord.Supervisord(None, server=server)
        usable, why = manager.available()
        assert not usable and password not in why


CONFIG = """
[unix_http_server]
file = %(here)s/sock   ; where it listens
username = me
password = s3:cret%%

[program:web]
command = /bin/web
"""


def test_the_configuration_tells_socket_and_password(tmp_path):
    write(tmp_path, "etc/supervisor/supervisord.conf", CONFIG)
    address = _supervisord_rpc.candidates(str(tmp_path))[0]
    assert (address.path, address.username, address.password) == ("/etc/supervisor/sock", "me", "s3:cret%%")


@pytest.mark.parametrize("port", ["9001", "*:9001", ":9001", "127.0.0.1:9001", "0.0.0.0:9001"])
def test_the_configuration_tells_a_port(tmp_path, port):
    write(tmp_path, "etc/supervisord.conf", "[inet_http_server]\nport = %s\n" % port)
    assert str(_supervisord_rpc.candidates(str(tmp_path))[0]) == "http://127.0.0.1:9001"


def test_a_broken_configuration_is_passed_over(tmp_path):
    write(tmp_path, "etc/supervisord.conf", "not an ini file")
    assert _supervisord_rpc.candidates(str(tmp_path)) == []


def test_the_usual_sockets_are_tried_after_the_configured_one(tmp_path):
    write(tmp_path, "etc/supervisord.conf", "[unix_http_server]\nfile = /srv/own.sock\n")
    write(tmp_path, "run/supervisor.sock", "")
    assert [address.path for address in _supervisord_rpc.candidates(str(tmp_path))] == ["/srv/own.sock", "/run/supervisor.sock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of somebody else")
def test_a_socket_that_somebody_else_left_in_tmp_is_not_trusted(tmp_path, monkeypatch):
    write(tmp_path, "tmp/supervisor.sock", "")
    assert len(_supervisord_rpc.candidates(str(tmp_path))) == 1
    os.chown(tmp_path / "tmp/supervisor.sock", 4242, 4242)
    assert _supervisord_rpc.candidates(str(tmp_path)) == []


def test_where_none_is_found_it_says_what_to_set(tmp_path):
    assert supervisord.Supervisord(None, root=make_root(tmp_path)).available() == (False, "no socket of supervisord in the usual places (set server)")
