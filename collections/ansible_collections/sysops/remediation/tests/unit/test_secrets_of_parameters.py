# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No module writes a password that it was given to the host's syslog, to its result or to what -vvv shows, and none of its results is blanked for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._managers.supervisord import Supervisord
from ansible_collections.sysops.remediation.tests.unit.action_lab import COLLECTIONS, Lab

PASSWORD = "mail"  # also the name of the service: hiding every "mail" would make the results useless
SERVER = "http://kim:{word}@127.0.0.1:1/"
HEALTH = [{"type": "http", "url": "http://kim:Pr0be5ecret@127.0.0.1:1/", "headers": {"Authorization": "Head5ecret"}}]

# What reaches syslog is written down; the journal, where it is asked first, is left out. Both write the same line.
CAPTURE = """
import json, sys, syslog
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
basic.has_journal = False
syslog.syslog = lambda *words: open(sys.argv[1], "a").write(repr(words) + "\\n")
"""
MODULE = """
module = __import__("ansible_collections.sysops.remediation.plugins.modules." + sys.argv[2], fromlist=["main"])
with patch_module_args(json.loads(sys.argv[3])):
    module.main()
"""
PLAIN = """
with patch_module_args(json.loads(sys.argv[3])):
    basic.AnsibleModule(argument_spec={"server": {"type": "str"}}).exit_json()
"""


def run(folder, module, program=MODULE, **arguments):
    """Return (result, what reached syslog)."""
    log = folder / "syslog"
    log.write_text("")
    argv = [sys.executable, "-c", CAPTURE + program, str(log), module, json.dumps(arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=str(COLLECTIONS)), timeout=240, check=False)
    return json.loads(done.stdout), log.read_text()


def calls(word):
    server = SERVER.format(word=word)
    service = {"name": "x", "manager": "supervisord", "server": server}
    yield "memory_leak_info", {"services": [service], "series": {"x": {"anon": [[1, 2]]}}}
    yield "managed_services_info", {"manager": "supervisord", "server": server}
    yield "incident_evidence", dict(service, incident="i1")
    yield "service_pause", service
    yield "service_restart", dict(service, health=HEALTH)


def test_a_plain_module_would_write_it_to_the_syslog(tmp_path):
    assert "kim" in run(tmp_path, "-", PLAIN, server=SERVER.format(word="S3rver"))[1]


@pytest.mark.parametrize("mistake", [{}, {"manager": "upstart"}, {"no_such_option": 1}])
@pytest.mark.parametrize("module, arguments", list(calls("S3rver%20Word")), ids=lambda one: one if isinstance(one, str) else "")
def test_neither_syslog_nor_result_has_it_also_when_the_parameters_are_refused(tmp_path, module, arguments, mistake):
    result, log = run(tmp_path, module, **dict(arguments, **mistake))
    shown = log + json.dumps(result)
    assert result["failed"] and log == ""
    for secret in ("S3rver", "Pr0be5ecret", "Head5ecret"):
        assert secret not in shown
    assert "series" not in result["invocation"]["module_args"]


class GuardedLab(Lab):
    """A supervisord that wants a user name and a password."""

    def __init__(self, folder):
        super().__init__(folder)
        self.address = "unix://kim:%s@%s" % (PASSWORD, self.socket)
        config = folder / "supervisord.conf"
        config.write_text(config.read_text().replace("s.sock\n", "s.sock\nusername=kim\npassword=%s\n" % PASSWORD, 1))

    def manager(self):
        return Supervisord(_run.run, server=self.address)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = GuardedLab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


@pytest.mark.slow
class TestResultsAreExact:
    """The password is the service's name: nothing of the results may be blanked, and the address is told without user and password."""

    def call(self, lab, tmp_path, module, **arguments):
        result, log = run(tmp_path, module, **arguments)
        assert log == "" and "kim" not in json.dumps(result) and "VALUE_SPECIFIED" not in json.dumps(result) and "********" not in json.dumps(result)
        return result

    def test_of_the_diagnosis(self, lab, tmp_path):
        service = {"name": "mail", "manager": "supervisord", "server": lab.address}
        (found,) = self.call(lab, tmp_path, "memory_leak_info", services=[service], window="1s", interval="0.1s")["diagnoses"]
        assert (found["service"], found["name"], found["server"]) == ("supervisord/mail", "mail", "unix://%s" % lab.socket)

    def test_of_the_list_of_services(self, lab, tmp_path):
        (found,) = self.call(lab, tmp_path, "managed_services_info", manager="supervisord", server=lab.address)["services"]
        assert (found["service"], found["name"]) == ("supervisord/mail", "mail")

    def test_of_the_evidence(self, lab, tmp_path):
        service = {"name": "mail", "manager": "supervisord", "server": lab.address}
        result = self.call(lab, tmp_path, "incident_evidence", **service, incident="i1", state_dir=str(tmp_path / "state"))
        assert result["evidence"]["service"] == "supervisord/mail" and Path(result["evidence"]["path"]).name.endswith("mail.tar.gz")

    def test_of_a_pause_and_of_the_restart_that_obeys_it(self, lab, tmp_path):
        service = {"name": "mail", "manager": "supervisord", "server": lab.address, "state_dir": str(tmp_path / "state")}
        subject = self.call(lab, tmp_path, "service_pause", **service)["subject"]
        assert subject == "supervisord/mail@%s" % os.path.realpath(lab.socket)
        assert self.call(lab, tmp_path, "service_restart", **service)["msg"].startswith("restart of mail refused: mail is paused")


@pytest.mark.slow
def test_most_talkative_ansible_shows_none_of_them(tmp_path):
    environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), ANSIBLE_LOCAL_TEMP=str(tmp_path), ANSIBLE_REMOTE_TEMP=str(tmp_path))
    ansible = [os.path.join(sys.prefix, "bin/ansible"), "localhost", "-i", "localhost,", "-c", "local", "-vvvv", "-e"]
    for module, arguments in calls("S3rverWord"):
        argv = [*ansible, "ansible_python_interpreter=" + sys.executable, "-m", "sysops.remediation." + module, "-a", json.dumps(arguments)]
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=240, check=False)
        shown = done.stdout + done.stderr
        assert "module_args" in shown and "127.0.0.1:1" in shown, shown
        for secret in ("S3rver", "Pr0be5ecret", "Head5ecret"):
            assert secret not in shown, module
