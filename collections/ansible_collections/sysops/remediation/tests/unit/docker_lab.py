# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running Docker engine and the systemd images of the Molecule scenarios, where both are there; tests that need them are skipped where not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run

IMAGE = "sysops-remediation-test:%s"
# What systemd needs in a container; see molecule/.
SYSTEMD_OPTIONS = [
    "--stop-signal=SIGRTMIN+3",
    "--cap-add=SYS_ADMIN",
    "--cap-add=SYS_PTRACE",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--tmpfs=/run",
    "--tmpfs=/run/lock",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    "--cgroupns=host",
]


def docker(*words):
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def need_image(release):
    """Return the image's name, or skip the test with the reason."""
    if _run.run(["docker", "info"], timeout=20)[0]:
        pytest.skip("no Docker engine answers ('docker info' fails); 'make test' starts one")
    if _run.run(["docker", "image", "inspect", IMAGE % release], timeout=20)[0]:
        pytest.skip("the image %s is not built; 'make test' builds it" % (IMAGE % release))
    return IMAGE % release


@contextlib.contextmanager
def container(image, *options, command=()):
    """Run a container of our own; yields its id and removes it."""
    identity = docker("run", "--detach", "--network=none", *options, image, *command)
    try:
        yield identity
    finally:
        docker("rm", "--force", identity)


@contextlib.contextmanager
def systemd_host(release):
    """Boot a container with systemd; yields (run, root, id): commands run inside, files are those of the container."""
    with container(need_image(release), *SYSTEMD_OPTIONS, command=["/sbin/init"]) as identity:

        def run(argv, timeout=60, discard_output=False):
            return _run.run(["docker", "exec", identity, *argv], timeout, discard_output)

        until(lambda: run(["systemctl", "is-system-running"])[1].strip() in ("running", "degraded"))
        yield run, "/proc/%s/root" % docker("inspect", "--format={{.State.Pid}}", identity), identity


def put(root, path, text, mode=0o644):
    """Write a file inside the container."""
    target = os.path.join(root, path.lstrip("/"))
    with open(target, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(target, mode)


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within %d s" % seconds
        time.sleep(0.1)
