# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles are written whole or not at all, for their owner only, and the oldest are dropped beyond a bound."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import textwrap

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._evidence import _store
from hypothesis import given
from hypothesis import strategies as st

COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]


def test_a_bundle_is_for_its_owner_only_and_its_sum_is_right(tmp_path):
    path = tmp_path / "a.tar.gz"
    size, sha256 = _store.write(str(path), [("index.json", b"{}"), ("log.txt", b"line\n")], now=1764036000.5)
    content = path.read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        assert [(one.name, one.mode, one.uid, one.mtime) for one in archive] == [("index.json", 0o600, 0, 1764036000), ("log.txt", 0o600, 0, 1764036000)]
        assert archive.extractfile("log.txt").read() == b"line\n"
    assert os.listdir(tmp_path) == ["a.tar.gz"]


@given(sizes=st.lists(st.integers(1, 500), min_size=1, max_size=12), keep=st.integers(1, 10), keep_size=st.integers(1, 2000))
def test_the_newest_bundles_within_both_bounds_stay(tmp_path_factory, sizes, keep, keep_size):
    folder = tmp_path_factory.mktemp("bundles")
    names = ["%03d.tar.gz" % number for number in range(len(sizes))]
    for name, size in zip(names, sizes, strict=True):
        (folder / name).write_bytes(b"x" * size)
    dropped = _store.drop_oldest(str(folder), names[-1], keep, keep_size)
    left = sorted(os.listdir(folder))
    assert sorted(dropped + left) == names
    assert names[-1] in left
    assert len(left) <= keep
    assert left == [names[-1]] or sum(sizes[names.index(name)] for name in left) <= keep_size
    shutil.rmtree(folder)


def test_the_new_bundle_stays_even_when_the_clock_went_back(tmp_path):
    for name in ("2026.tar.gz", "2027.tar.gz", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert _store.drop_oldest(str(tmp_path), "2026.tar.gz", keep=1, keep_size=100) == ["2027.tar.gz"]
    assert sorted(os.listdir(tmp_path)) == ["2026.tar.gz", "notes.txt"]


def test_what_a_dead_writer_left_is_removed_but_not_what_a_living_one_writes(tmp_path):
    for name in (".incoming-dead", ".incoming-alive", "new.tar.gz"):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / ".incoming-dead", (1, 1))
    _store.drop_oldest(str(tmp_path), "new.tar.gz", 5, 100)
    assert sorted(os.listdir(tmp_path)) == [".incoming-alive", "new.tar.gz"]


def in_mount_namespace(tmp_path, mount_options, script):
    """Run a script with a tmpfs of its own mounted at argv[1]; the mount ends with the process."""
    unshare = shutil.which("unshare")
    where = tmp_path / "mounted"
    where.mkdir()
    command = 'mount -t tmpfs -o %s none "$1" && exec "$0" -c "$2" "$1"' % mount_options
    if not unshare or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make a mount namespace (root with CAP_SYS_ADMIN)")
    return subprocess.run(
        [unshare, "-m", "sh", "-c", command, sys.executable, str(where), textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=COLLECTIONS),
        check=False,
    )


WRITE = """
    import os, sys
    from ansible_collections.sysops.remediation.plugins.module_utils._evidence import _store
    try:
        _store.write(sys.argv[1] + "/a.tar.gz", [("log.txt", os.urandom(300000))], 0)
    except _store.EvidenceError as problem:
        print(problem)
    print(os.listdir(sys.argv[1]))
"""


def test_a_full_disk_is_one_clear_error_and_nothing_half_written(tmp_path):
    done = in_mount_namespace(tmp_path, "size=64k", WRITE)
    message, left = done.stdout.splitlines()
    assert "No space left on device" in message
    assert "293 KiB are needed; free some space" in message
    assert message.endswith("nothing was kept")
    assert left == "[]"


def test_a_read_only_directory_is_one_clear_error(tmp_path):
    done = in_mount_namespace(tmp_path, "ro", WRITE)
    message, left = done.stdout.splitlines()
    assert "Read-only file system" in message
    assert left == "[]"
