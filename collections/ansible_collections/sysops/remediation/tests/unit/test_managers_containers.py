# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and Podman: what the engines said on real hosts, and how they are asked, over a real Unix socket that answers from the recordings."""

from __future__ import annotations

import json
import re
import signal
import threading

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._managers import MANAGERS, _base, _container_facts, _engine_api, resolve
from ansible_collections.sysops.remediation.tests.unit.managers_lab import (
    BOOT_ID,
    add_process,
    case_id,
    cases,
    engine,
    expected,
    make_root,
    recorded_engine,
    write,
)
from hypothesis import given
from hypothesis import strategies as st

SOCKETS = {"docker": "run/docker.sock", "podman": "run/podman/podman.sock"}


@pytest.fixture(params=["docker", "podman"])
def host(request, tmp_path):
    with serve(request.param, tmp_path) as host:
        yield host


@pytest.fixture
def docker(tmp_path):
    with serve("docker", tmp_path) as host:
        yield host


class serve:
    """A host with one engine: ``manager``, the list ``asked`` of it, its ``answers`` (to be changed), its ``root``."""

    def __init__(self, name, root):
        self.root = root
        make_root(root)
        self.answers = recorded_engine(name)
        socket_path = root / SOCKETS[name]
        socket_path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = engine(socket_path, self.answers)
        self.manager = MANAGERS[name](None, root=str(root))

    def __enter__(self):
        self.asked = self._engine.__enter__()
        return self

    def __exit__(self, *_exception):
        self._engine.__exit__(None, None, None)

    def posts(self):
        return [(request, body) for request, body in self.asked if request.startswith("POST")]

    def show_processes(self, name, caught=0):
        """Make the container's main process visible below the root, in its own cgroup."""
        container = json.loads(self.answers["GET /containers/%s/json" % name][1])
        pid, path = container["State"]["Pid"], "/docker/" + container["Id"]
        add_process(self.root, pid, seconds=77, caught=caught)
        write(self.root, "proc/%d/cgroup" % pid, "4:memory:%s\n8:pids:%s/deeper\n" % (path, path))
        for tree in ("memory", "pids"):
            write(self.root, "sys/fs/cgroup/%s%s/cgroup.procs" % (tree, path), "%d\n" % pid)
        write(self.root, "sys/fs/cgroup/memory%s/memory.limit_in_bytes" % path, "67108864\n")
        return pid, container


@pytest.mark.parametrize("case", cases("docker", "podman", file="inspect.json"), ids=case_id)
def test_recorded_containers_are_told_in_our_words(case):
    container = json.loads((case / "inspect.json").read_text())
    facts = dict(_container_facts.facts(container), name=_container_facts.name_of(container))
    del facts["properties"]
    assert facts == expected(case)


def test_the_engine_is_found_in_its_usual_place(host):
    usable, why = host.manager.available()
    assert usable and re.fullmatch(r"(docker 20\.10\.24\S*|podman 4\.3\.1) answers at /run/.*\.sock", why)


def test_docker_is_not_asked_where_podman_listens(tmp_path):
    with serve("podman", tmp_path):
        usable, why = MANAGERS["docker"](None, root=str(tmp_path), server="/run/podman/podman.sock").available()
    assert not usable and why == "/run/podman/podman.sock is the socket of Podman Engine, not of docker"


def test_a_socket_without_an_engine_says_so(tmp_path):
    write(tmp_path, "run/docker.sock", "")
    assert MANAGERS["docker"](None, root=str(tmp_path)).available() == (False, "/run/docker.sock does not answer: Connection refused")


def test_only_unix_sockets_are_asked(tmp_path):
    usable, why = MANAGERS["docker"](None, root=str(tmp_path), server="tcp://10.0.0.1:2375").available()
    assert not usable and "Unix socket" in why


def test_a_socket_of_something_else_is_named(tmp_path):
    with engine(tmp_path / "web.sock", {}):
        usable, why = MANAGERS["docker"](None, server="unix://%s/web.sock" % tmp_path).available()
    assert not usable and why == "%s/web.sock: No such container" % tmp_path


def test_auto_finds_a_container(docker):
    manager, reason = resolve({"name": "rec-plain"}, no_commands, str(docker.root))
    assert manager.name == "docker" and reason.endswith("and knows rec-plain")


def no_commands(argv, timeout=None):
    return 127, "", "%s: command not found" % argv[0]


def test_names_are_those_of_all_containers(docker):
    assert "rec-created" in docker.manager.names() and "rec-web" in docker.manager.names()


def test_an_unknown_name_gets_the_nearest(host):
    with pytest.raises(_base.ServiceNotFound, match="did you mean 'rec-running'"):
        host.manager.inspect("rec-runing")


@pytest.mark.parametrize("name", ["../version", "a/b", "", "a?b", "-x", "json?all=1#"])
def test_a_name_cannot_become_another_request(host, name):
    with pytest.raises(_base.ServiceNotFound):
        host.manager.inspect(name)
    assert not [request for request, _body in host.asked if name and name in request]


def test_a_visible_container_has_its_own_cgroups_and_life(docker):
    pid, container = docker.show_processes("rec-running")
    state = docker.manager.inspect("rec-running")
    path = "/docker/" + container["Id"]
    assert state.cgroups == {"v1": {"memory": "/sys/fs/cgroup/memory" + path, "pids": "/sys/fs/cgroup/pids" + path}}
    assert state.pids == [pid]
    assert state.incarnation.id == "%s:%d:7700:%s" % (BOOT_ID, pid, container["Id"][:12])


def test_the_limit_is_the_kernels_not_the_one_of_the_start(docker):
    """Podman keeps telling the limit of the start after an update."""
    _pid, container = docker.show_processes("rec-running")
    write(docker.root, "sys/fs/cgroup/memory/docker/%s/memory.limit_in_bytes" % container["Id"], "99000000\n")
    assert docker.manager.inspect("rec-running").limits["memory_max"] == 99000000


def test_a_pid_that_is_not_the_containers_is_not_believed(docker):
    """In a container of our own, the engine's PIDs mean other processes."""
    pid = json.loads(docker.answers["GET /containers/rec-running/json"][1])["State"]["Pid"]
    add_process(docker.root, pid)
    write(docker.root, "proc/%d/cgroup" % pid, "4:memory:/somebody-else\n")
    state = docker.manager.inspect("rec-running")
    assert state.cgroups is None and state.incarnation.start_ticks != pid * 100
    assert "the processes of rec-running cannot be seen from here" in state.notes


def test_a_restart_sends_the_stop_timeout_along(host):
    """Podman 4 kills at once without it."""
    host.answers["POST /containers/rec-running/restart"] = (204, b"")
    host.manager.restart("rec-running", 10)
    assert host.posts() == [("POST /containers/rec-running/restart?t=10", None)]


def test_a_containers_own_stop_timeout_is_kept(docker):
    container = json.loads(docker.answers["GET /containers/rec-plain/json"][1])
    container["Config"]["StopTimeout"] = 120
    docker.answers["GET /containers/rec-plain/json"] = (200, json.dumps(container).encode())
    docker.answers["POST /containers/rec-plain/stop"] = (204, b"")
    docker.manager.stop("rec-plain", 10)
    assert docker.posts()[0][0] == "POST /containers/rec-plain/stop?t=120"


def test_what_is_so_already_is_no_error(docker):
    docker.answers["POST /containers/rec-running/start"] = (304, b"")
    docker.manager.start("rec-running", 10)


def test_what_the_engine_refuses_becomes_one_line(docker):
    docker.answers["POST /containers/rec-running/restart"] = (500, b'{"message":"Cannot restart container rec-running: no space left on device"}\n')
    with pytest.raises(_base.ManagerError, match=r"^docker restart rec-running: Cannot restart container rec-running: no space left on device$"):
        docker.manager.restart("rec-running", 10)


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[1]"])
def test_an_error_without_a_message_is_still_told(docker, payload):
    docker.answers["POST /containers/rec-running/restart"] = (502, payload)
    with pytest.raises(_base.ManagerError, match="HTTP status 502"):
        docker.manager.restart("rec-running", 10)


def test_a_restart_that_takes_too_long_is_left_to_the_engine(docker):
    with hanging(docker, "POST /containers/rec-running/restart"), pytest.raises(_base.TimedOut, match="the engine goes on with it"):
        docker.manager.restart("rec-running", 0.2)
    assert [request for request, _body in docker.posts()] == ["POST /containers/rec-running/restart?t=10"]


def test_force_kill_kills_the_life_that_would_not_stop(docker):
    """The kill makes the engine go on: the container comes back with another process."""
    container = json.loads(docker.answers["GET /containers/rec-running/json"][1])

    def killed():
        container["State"]["Pid"] += 1
        docker.answers["GET /containers/rec-running/json"] = (200, json.dumps(container).encode())
        return b""

    docker.answers["POST /containers/rec-running/kill"] = (200, killed)
    with hanging(docker, "POST /containers/rec-running/restart"):
        docker.manager.restart("rec-running", 0.2, force_kill=True)
    assert [request for request, _body in docker.posts()][-1] == "POST /containers/rec-running/kill?signal=SIGKILL"


class hanging:
    """A request that the engine does not answer before we leave."""

    def __init__(self, host, request):
        self._over = threading.Event()
        host.answers[request] = (200, lambda: self._over.wait(60) and b"")

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._over.set()


def test_a_paused_container_is_not_touched(docker):
    for act in (docker.manager.restart, docker.manager.stop):
        with pytest.raises(_base.Unsupported, match="'docker unpause rec-paused' first"):
            act("rec-paused", 10)
    assert docker.posts() == []


def test_a_container_that_its_stop_would_remove_is_not_stopped(docker):
    with pytest.raises(_base.Unsupported, match="stopping it removes it"):
        docker.manager.stop("rec-one-shot", 10)
    assert docker.posts() == []


def test_reload_needs_a_process_that_handles_sighup(docker):
    docker.answers["POST /containers/rec-running/kill"] = (204, b"")
    with pytest.raises(_base.Unsupported, match="not known to handle SIGHUP"):
        docker.manager.reload("rec-running", 10)
    docker.show_processes("rec-running", caught=1 << (signal.SIGHUP - 1))
    docker.manager.reload("rec-running", 10)
    assert docker.posts() == [("POST /containers/rec-running/kill?signal=SIGHUP", None)]


def test_scale_of_docker_keeps_the_swap_and_tells_the_undo(docker):
    docker.answers["POST /containers/rec-running/update"] = (200, b'{"Warnings":null}')
    answer = docker.manager.scale("rec-running", memory_max=100 << 20)
    assert docker.posts() == [("POST /containers/rec-running/update", {"Memory": 100 << 20, "MemorySwap": (100 << 20) + (64 << 20)})]
    assert answer["changed"] == {"memory_max": {"before": 64 << 20, "after": 100 << 20}}
    assert answer["undo"] == "docker update --memory=67108864 --memory-swap=134217728 rec-running"


def test_scale_of_podman_uses_its_own_request(tmp_path):
    with serve("podman", tmp_path) as podman:
        podman.answers["POST /v4.0.0/libpod/containers/rec-running/update"] = (201, b"")
        answer = podman.manager.scale("rec-running", memory_max=100 << 20)
        assert podman.posts()[0][1] == {"memory": {"limit": 100 << 20, "swap": (100 << 20) + (64 << 20)}}
    assert answer["undo"].startswith("podman update --memory=67108864 ")


def test_a_container_without_a_limit_is_not_scaled(docker):
    with pytest.raises(_base.Unsupported, match="no memory limit to raise"):
        docker.manager.scale("rec-plain", memory_max=1 << 30)
    assert docker.posts() == []


def test_who_lives_in_its_network_is_a_hard_dependent_who_names_it_in_compose_a_soft_one(docker):
    assert docker.manager.dependents("rec-database") == [
        {"name": "rec-sidecar", "active": "running", "relation": "network", "hard": True},
        {"name": "rec-web", "active": "running", "relation": "depends_on", "hard": False},
    ]


@pytest.mark.parametrize(("name", "relation"), [("rec-web", "depends_on"), ("rec-sidecar", "network")])
def test_dependencies_are_the_same_the_other_way_round(docker, name, relation):
    (needed,) = docker.manager.dependencies(name)
    assert (needed["name"], needed["active"], needed["relation"]) == ("rec-database", "running", relation)


def test_logs_of_both_streams_come_in_order(host):
    first, second = host.manager.logs("rec-talking")
    assert first.endswith("Z one") and second.endswith("Z two")


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.text(max_size=20))))
def test_frames_of_a_log_are_taken_off(frames):
    payload = b"".join(bytes([stream, 0, 0, 0]) + len(text.encode()).to_bytes(4, "big") + text.encode() for stream, text in frames)
    assert _engine_api.split_log(payload) == "".join(text for _stream, text in frames)


@given(st.binary(max_size=40))
def test_a_log_of_any_bytes_is_read(payload):
    _engine_api.split_log(payload)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T00:01:00.5Z", 60.5),
        ("1970-01-01T02:01:00+02:00", 60),
        ("1969-12-31T22:01:00-02:00", 60),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_read(stamp, seconds):
    assert _container_facts.epoch(stamp) == seconds


def test_reading_changes_nothing(host):
    manager = host.manager
    for read in (manager.names, manager.inspect_running, lambda: manager.logs("rec-talking"), lambda: manager.dependents("rec-talking")):
        read()
    assert {request.split()[0] for request, _body in host.asked} == {"GET"}
