# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which manager owns a service: decided from facts, with the reason; ambiguity and mistakes get one clear line."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._managers import ManagerError, ServiceNotFound, resolve, usable
from ansible_collections.sysops.remediation.tests.unit.managers_lab import RECORDED, engine, make_root, write


def systemctl(*units):
    """Answer as a systemd that knows ``units``."""

    def run(argv, timeout=None):
        if "show" in argv:
            asked = argv[-1]
            known = [one for one in units if asked in (one, "*.service")]
            blocks = ["Id=%s\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=0" % one for one in known]
            return 0, "\n\n".join(blocks or ["Id=%s\nLoadState=not-found\nActiveState=inactive" % asked]), ""
        return 0, "", ""

    return run


def nothing(argv, timeout=None):
    return 127, "", "%s: command not found" % argv[0]


@pytest.fixture
def docker_of(tmp_path):
    """A host whose Docker knows one container, ``imap``."""
    inspect = (RECORDED / "docker/plain/inspect.json").read_bytes().replace(b'"/rec-plain"', b'"/imap"')
    answers = {
        "GET /version": (200, (RECORDED / "docker/version.json").read_bytes()),
        "GET /containers/json": (200, b'[{"Id": "1", "Names": ["/imap"], "State": "running"}]'),
        "GET /containers/imap/json": (200, inspect),
    }
    (tmp_path / "run").mkdir()
    with engine(tmp_path / "run/docker.sock", answers):
        yield str(tmp_path)


def init_script(root, name):
    write(root, "etc/init.d/" + name, "#!/bin/sh\ncase $1 in\nstart) ;;\nesac\n").chmod(0o755)


def test_systemd_takes_what_it_knows_and_says_why(tmp_path):
    manager, reason = resolve({"name": "postfix", "manager": "auto"}, systemctl("postfix.service"), make_root(tmp_path, systemd=True))
    assert (manager.name, reason) == ("systemd", "auto: systemd runs as PID 1 and knows postfix")


def test_where_only_init_scripts_are_they_are_taken(tmp_path):
    init_script(tmp_path, "mail")
    manager, reason = resolve({"name": "mail"}, nothing, make_root(tmp_path))
    assert (manager.name, reason) == ("sysv", "auto: PID 1 is not systemd and /etc/init.d exists and knows mail")


def test_under_systemd_init_scripts_are_left_to_it(tmp_path):
    init_script(tmp_path, "mail")
    manager, _reason = resolve({"name": "mail"}, systemctl("mail.service"), make_root(tmp_path, systemd=True))
    assert manager.name == "systemd"


def test_a_name_that_two_managers_know_is_not_guessed(docker_of):
    with pytest.raises(ManagerError, match="service 'imap' is known to systemd and docker: say which one is meant with 'manager: systemd'"):
        resolve({"name": "imap"}, systemctl("imap.service"), make_root_in(docker_of))


def test_a_given_manager_ends_the_ambiguity(docker_of):
    manager, reason = resolve({"name": "imap", "manager": "docker"}, systemctl("imap.service"), make_root_in(docker_of))
    assert manager.name == "docker" and reason.startswith("manager: docker was given; docker 20.10.24")


def make_root_in(root):
    write(root, "run/systemd/system/.keep", "")
    write(root, "usr/bin/systemctl", "").chmod(0o755)
    return root


def test_a_server_rules_out_managers_that_have_none(docker_of):
    manager, _reason = resolve({"name": "imap", "server": "/run/docker.sock"}, systemctl("imap.service"), make_root_in(docker_of))
    assert manager.name == "docker"


def test_a_name_that_nobody_knows_gets_the_nearest_of_all(docker_of):
    with pytest.raises(ServiceNotFound, match=r"service 'imup' not found \(asked systemd, docker\); did you mean 'imap' or 'imapd.service'\?") as missing:
        resolve({"name": "imup"}, systemctl("imapd.service"), make_root_in(docker_of))
    assert missing.value.nearest == ["imap", "imapd.service"]


@pytest.mark.parametrize(("asked", "hint"), [("systmd", "did you mean 'systemd'?"), ("upstart", "use auto, systemd, supervisord, docker, podman, sysv")])
def test_an_unknown_manager_is_named(tmp_path, asked, hint):
    with pytest.raises(ManagerError) as refused:
        resolve({"name": "postfix", "manager": asked}, nothing, str(tmp_path))
    assert str(refused.value).startswith("service 'postfix': unknown manager '%s'" % asked) and hint in str(refused.value)


@pytest.mark.parametrize("name", ["", " ", "mail\nweb", "mail\0", "\x1b[2Jmail", "mail\u202e"])
def test_what_is_no_name_is_asked_of_nobody(tmp_path, name):
    with pytest.raises(ManagerError) as refused:
        resolve({"name": name}, nothing, str(tmp_path))
    assert "is no name of a service" in str(refused.value) and str(refused.value).isprintable()


def test_a_manager_that_cannot_be_asked_says_why(tmp_path):
    with pytest.raises(ManagerError, match="service 'postfix': manager 'systemd' cannot be asked: systemd does not run as PID 1"):
        resolve({"name": "postfix", "manager": "systemd"}, nothing, make_root(tmp_path))


def test_where_nobody_can_be_asked_every_reason_is_given(tmp_path):
    with pytest.raises(ManagerError) as refused:
        resolve({"name": "postfix"}, nothing, make_root(tmp_path))
    for reason in ("systemd does not run", "no socket of supervisord", "no socket of docker", "no socket of podman", "there is no /etc/init.d"):
        assert reason in str(refused.value)


def test_usable_lists_who_can_be_asked(docker_of):
    init_script(docker_of, "mail")
    assert [manager.name for manager, _why in usable(nothing, docker_of)] == ["docker", "sysv"]
    assert [manager.name for manager, _why in usable(nothing, docker_of, only="sysv")] == ["sysv"]
    assert [manager.name for manager, _why in usable(nothing, docker_of, scope="user")] == []
