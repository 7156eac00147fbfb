# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts tell of a real process, of recorded control groups, and of a service that is dead."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _evidence, _managers, _run
from ansible_collections.sysops.remediation.plugins.module_utils._evidence import EvidenceError, _parts, collect_evidence
from ansible_collections.sysops.remediation.plugins.module_utils._evidence._gather import Skipped, gather
from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base, _proc

# A process with open files of several kinds, a child, and secrets in its arguments and its environment.
SERVICE = """
import os, sys, time, socket
kept = [open(sys.argv[1], "w") for _ in range(7)]
os.unlink(sys.argv[1])
kept.append(socket.socket())
kept.append(os.memfd_create("cache"))
if os.fork() == 0:
    time.sleep(600)
print("ready", flush=True)
time.sleep(600)
"""


class OneProcess(_base.Manager):
    """A manager whose only service is a process of this test; everything the parts read of it is real."""

    name = "systemd"

    def __init__(self, state, lines=()):
        super().__init__(_run.run)
        self.state = state
        self.lines = list(lines)

    def inspect(self, name):
        return self.state

    def logs(self, name, lines=20, since=None):
        return self.lines[-lines:]


@pytest.fixture
def service(tmp_path):
    environment = dict(os.environ, DEMO_TOKEN="Env1ronSecret")
    argv = [sys.executable, "-c", SERVICE, str(tmp_path / "spool"), "--password", "Arg5ecret"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    yield process
    os.killpg(process.pid, 9)
    process.wait()


def state_of(process, **facts):
    incarnation = _proc.incarnation("/", process.pid)
    return _base.ServiceState("systemd", "mail.service", active="running", main_pid=process.pid, incarnation=incarnation, **facts)


def subject_of(process, manager=None, smaps_max_rss=1 << 30, **facts):
    state = state_of(process, **facts)
    return _parts.Subject(manager or OneProcess(state), state, "/", _run.run, 200, smaps_max_rss)


def dead(root="/", **facts):
    state = _base.ServiceState("systemd", "mail.service", active="failed", result="oom-kill", **facts)
    return _parts.Subject(OneProcess(state), state, str(root), _run.run, 200, 1 << 30)


def parameters(tmp_path, **others):
    return {
        "name": "mail.service",
        "manager": "auto",
        "scope": "system",
        "server": None,
        "incident": "20261125T020000Z-mail1",
        "state_dir": str(tmp_path / "state"),
        "log_lines": 200,
        "smaps_max_rss": "1GiB",
        "deadline": "60s",
        "max_size": "4MiB",
        "keep": 20,
        "keep_size": "64MiB",
        **others,
    }


@pytest.fixture
def known(monkeypatch, service):
    """The service is found by the manager of this test instead of by one that runs on the machine."""
    manager = OneProcess(state_of(service), ["mail[1]: login with token=Log5ecret", "mail[1]: bye"])
    manager.state.properties = {"Id": "mail.service", "Environment": "DEMO_TOKEN=Env1ronSecret", "ExecStart": "mail --api-key=Unit5ecret"}
    monkeypatch.setattr(_managers, "resolve", lambda service, run, root: (manager, "given by the test"))
    return manager


def test_a_bundle_tells_everything_and_no_secret(tmp_path, known):
    result = collect_evidence(parameters(tmp_path))
    evidence = result["evidence"]
    with tarfile.open(evidence["path"]) as archive:
        texts = {one.name: archive.extractfile(one).read().decode() for one in archive}
    for secret in ("Env1ronSecret", "Arg5ecret", "Log5ecret", "Unit5ecret"):
        assert not [name for name, text in texts.items() if secret in text]
    index = json.loads(texts["index.json"])
    assert index["parts"] == evidence["parts"]
    assert index["incarnation"]["main_pid"] == known.state.main_pid
    assert {one["file"] for one in evidence["parts"] if one["file"]} | {"index.json"} == set(texts)
    assert {one["name"]: one["status"] for one in evidence["parts"] if one["name"] not in ("kernel_oom", "cgroup", "smaps_rollup")} == dict.fromkeys(
        ["status", "limits", "unit", "log", "processes", "fds", "mappings", "host"], "ok"
    )
    assert "--password ***" in texts["processes.txt"]
    assert "Max open files" in texts["limits.txt"]
    assert "ExecStart=mail --api-key=***" in texts["unit.txt"]
    assert texts["log.txt"].endswith("mail[1]: bye")
    assert result["msg"].startswith("evidence of systemd/mail.service: ")


def test_older_bundles_are_dropped(tmp_path, known, monkeypatch):
    monkeypatch.setattr(_evidence, "PARTS", _parts.PARTS[:1])
    paths = [collect_evidence(parameters(tmp_path, keep=2))["evidence"]["path"] for _number in range(3)]
    assert sorted(os.listdir(tmp_path / "state" / "evidence")) == [os.path.basename(path) for path in paths[1:]]


def test_check_mode_finds_the_service_and_writes_nothing(tmp_path, known):
    result = collect_evidence(parameters(tmp_path), check=True)
    assert result["msg"] == "would keep the evidence of systemd/mail.service in %s" % (tmp_path / "state" / "evidence")
    assert result["evidence"]["sha256"] is None
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"incident": "../../etc/passwd"}, "incident: '../../etc/passwd' cannot be part of a file name"),
        ({"keep": 0}, "keep: 0 is too small: give 1 or more"),
        ({"max_size": "0"}, "max_size: 0 leaves no room for any evidence: give more than 0"),
        ({"keep_size": "0 B"}, "keep_size: 0 B leaves no room for any evidence: give more than 0"),
        ({"deadline": "0s"}, "deadline: 0s leaves no room for any evidence: give more than 0"),
        ({"max_size": "-1"}, "max_size: '-1' is negative"),
        ({"deadline": "soon"}, "deadline: 'soon' is not a duration"),
        ({"max_size": "-1"}, "max_size: '-1' is negative"),
    ],
)
def test_a_wrong_parameter_is_one_clear_line(tmp_path, wrong, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)) as problem:
        collect_evidence(parameters(tmp_path, **wrong))
    assert "\n" not in str(problem.value)


def test_a_state_directory_that_cannot_be_made_is_one_clear_line(tmp_path, known):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(EvidenceError, match=r"state is not a directory.*no evidence was kept"):
        collect_evidence(parameters(tmp_path))


def test_open_files_are_counted_by_kind(service):
    text = _parts.descriptors(subject_of(service))
    assert "14 deleted" in text.splitlines()[0]  # the child has the seven too
    assert "socket" in text and "memfd" in text
    assert "spool (deleted)" in text


def test_the_whole_process_tree_is_listed(service):
    assert _parts.processes(subject_of(service)).startswith("2 processes, largest first")


def test_smaps_rollup_is_read_for_two_processes_at_most(service):
    children = subject_of(service)
    children.pids = lambda: [os.getpid(), service.pid, os.getppid()]
    text = _parts.smaps_rollup(children)
    assert text.count("smaps_rollup:") == 2
    assert "Pss:" in text


def test_smaps_rollup_is_never_read_of_a_big_process(service):
    with pytest.raises(Skipped, match="larger than smaps_max_rss"):
        _parts.smaps_rollup(subject_of(service, smaps_max_rss=1024))


def test_the_largest_mappings_come_with_their_sizes(service):
    text = _parts.mappings(subject_of(service))
    assert "[heap] rw-p" in text
    assert text.startswith("largest mappings of ")


def test_control_group_files_of_both_versions(tmp_path):
    v2, v1 = tmp_path / "sys/fs/cgroup/system.slice/mail.service", tmp_path / "sys/fs/cgroup/memory/mail"
    for folder in (v2, v1):
        folder.mkdir(parents=True)
    (v2 / "memory.events").write_text("oom_kill 1\n")
    (v1 / "memory.failcnt").write_text("12\n")
    cgroups = {"v2": "/sys/fs/cgroup/system.slice/mail.service", "v1": {"memory": "/sys/fs/cgroup/memory/mail", "systemd": "/sys/fs/cgroup/systemd/mail"}}
    text = _parts.control_groups(dead(tmp_path, cgroups=cgroups))
    assert "/sys/fs/cgroup/system.slice/mail.service/memory.events:\noom_kill 1" in text
    assert "/sys/fs/cgroup/memory/mail/memory.failcnt:\n12" in text


def test_nested_environments_are_left_out():
    text = _parts.unit(dead(properties={"Config": {"Env": ["TOKEN=x1"], "Image": "mail"}, "EnvironmentFiles": "/etc/default/mail", "Password": "x2"}))
    assert text == "Config={'Image': 'mail'}\nPassword=***"


def test_a_dead_service_leaves_what_can_still_be_had():
    parts = {one.name: one for one in gather(_parts.PARTS, dead(), 60, 1 << 22)}
    assert parts["status"].status == "ok"
    assert b"oom-kill" in parts["status"].content
    for name in ("processes", "fds", "mappings", "smaps_rollup"):
        assert (parts[name].status, parts[name].reason) == ("skipped", "the service has no process")
    assert parts["log"].reason == "systemd has no log lines of it"


def test_a_worker_that_ends_meanwhile_leaves_the_others_in_the_table(service):
    subject = subject_of(service)
    subject.pids = lambda: [2**22 + 1, service.pid]
    assert "7 deleted" in _parts.descriptors(subject).splitlines()[0]
    assert " %d " % service.pid in _parts.processes(subject)
    assert "(gone)" not in _parts.smaps_rollup(subject)


def test_a_process_that_vanishes_is_no_fault(service):
    subject = subject_of(service)
    subject.state.main_pid = 2**22 + 1  # beyond the largest PID: nobody has it
    subject.state.pids = None
    with pytest.raises(Skipped):
        _parts.processes(subject)
