# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as /proc tells them: parsing, trees, and memory that is not counted twice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import fds, procfs, sampler
from hypothesis import given
from hypothesis import strategies as st
from tree_fixtures import lay_out, write, write_process

KIB = 1024
MIB = 1024 * KIB


@pytest.fixture
def prefork(tmp_path):
    """Recorded: a parent (87) with two forked workers (89, 90) and a zombie (91)."""
    return lay_out(tmp_path, "hybrid_prefork.tree")


class TestStat:
    def test_reads_a_recorded_process(self, prefork):
        parent = procfs.read_process(prefork, 87)
        assert (parent.pid, parent.comm, parent.state, parent.ppid, parent.threads, parent.start_ticks) == (87, "python3", "S", 1, 1, 178556)

    def test_forked_workers_keep_the_stack_address_of_their_parent(self, prefork):
        assert len({procfs.read_process(prefork, pid).stack for pid in (87, 89, 90)}) == 1

    @given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=15))
    def test_any_command_name_is_parsed(self, comm):
        fields = " ".join(str(number) for number in range(1, 50))
        process = procfs.parse_stat("12 (%s) S %s" % (comm, fields))
        assert (process.pid, process.comm, process.state, process.ppid) == (12, comm, "S", 1)

    def test_half_a_line_is_no_process(self):
        assert procfs.parse_stat("12 (sh) S 1 2") is None

    def test_a_vanished_process_is_none(self, prefork):
        assert procfs.read_process(prefork, 4711) is None
        assert procfs.read_memory(prefork, 4711) is None
        assert procfs.read_pss(prefork, 4711) is None
        assert procfs.read_rlimit(prefork, 4711, "Max open files") is None

    def test_scan_sees_every_process_and_nothing_else(self, prefork):
        assert sorted(procfs.scan(prefork)) == [87, 89, 90, 91]


class TestTree:
    def test_descendants_belong_to_it(self, tmp_path):
        write_process(tmp_path, 10, ppid=1)
        write_process(tmp_path, 11, ppid=10)
        write_process(tmp_path, 12, ppid=11)
        write_process(tmp_path, 20, ppid=1)
        assert procfs.members(procfs.scan(str(tmp_path)), 10) == {10, 11, 12}

    def test_daemonised_children_are_found_by_group_and_session(self, tmp_path):
        write_process(tmp_path, 10, ppid=1, group=10, session=10)
        write_process(tmp_path, 11, ppid=1, group=10, session=10)
        write_process(tmp_path, 12, ppid=1, group=12, session=10)
        write_process(tmp_path, 13, ppid=12, group=13, session=13)
        assert procfs.members(procfs.scan(str(tmp_path)), 10) == {10, 11, 12, 13}

    def test_without_its_main_process_there_is_no_tree(self, tmp_path):
        write_process(tmp_path, 11, ppid=10)
        assert procfs.members(procfs.scan(str(tmp_path)), 10) == set()


class TestMemory:
    def test_reads_recorded_memory(self, prefork):
        assert procfs.read_memory(prefork, 87) == {"anon": 26204 * KIB, "swap": 0, "shmem": 0, "page_tables": 108 * KIB}

    def test_a_zombie_has_none(self, prefork):
        assert procfs.read_memory(prefork, 91) == {"anon": 0, "swap": 0, "shmem": 0, "page_tables": 0}

    def test_before_rss_anon_existed_statm_tells(self, tmp_path):
        write(tmp_path, "proc/5/status", "Name:\told\nVmRSS:\t4000 kB\n")
        write(tmp_path, "proc/5/statm", "5000 1000 200 10 0 900 0\n")
        assert procfs.read_memory(str(tmp_path), 5)["anon"] == 800 * os.sysconf("SC_PAGE_SIZE")

    def test_forked_workers_share_pages_that_count_once(self, prefork):
        """The control group of the recording counts 38,516 kB for the three; adding up RssAnon would give 90,336."""
        processes = procfs.scan(prefork)
        sizes = {pid: procfs.read_memory(prefork, pid)["anon"] for pid in (87, 89, 90)}
        assert procfs.private_sum(processes, sizes) == pytest.approx(39440384, rel=0.02)
        assert procfs.private_sum(processes, sizes) <= 39440384

    def test_a_leaking_worker_shows_although_its_parent_is_flat(self, prefork):
        processes = procfs.scan(prefork)
        sizes = {87: 26 * MIB, 89: 30 * MIB, 90: 34 * MIB}
        grown = {**sizes, 90: sizes[90] + 10 * MIB}
        assert procfs.private_sum(processes, grown) - procfs.private_sum(processes, sizes) == 10 * MIB

    def test_processes_that_were_executed_share_nothing(self, tmp_path):
        write_process(tmp_path, 10, stack=111)
        write_process(tmp_path, 11, ppid=10, stack=222)
        assert procfs.private_sum(procfs.scan(str(tmp_path)), {10: 5, 11: 5}) == 10

    def test_where_the_stack_is_hidden_nothing_is_assumed_to_be_shared(self, tmp_path):
        write_process(tmp_path, 10, stack=0)
        write_process(tmp_path, 11, ppid=10, stack=0)
        assert procfs.private_sum(procfs.scan(str(tmp_path)), {10: 5, 11: 5}) == 10

    @given(parent=st.integers(0, 10**9), workers=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=8))
    def test_the_sum_is_never_more_than_what_is_really_there(self, parent, workers):
        """Each worker has (still shared, own) bytes; what is shared lies in the parent."""
        processes = {1: procfs.Process(1, "p", "S", 0, 1, 1, 1, 1, 99)}
        sizes = {1: parent}
        real = parent
        for pid, (shared, own) in enumerate(workers, start=2):
            processes[pid] = procfs.Process(pid, "w", "S", 1, 1, 1, 1, pid, 99)
            sizes[pid] = min(shared, parent) + own
            real += own
        assert parent <= procfs.private_sum(processes, sizes) <= real

    def test_pss_and_limits_are_read(self, prefork):
        assert procfs.read_pss(prefork, 90) == 17420 * KIB
        assert procfs.read_rlimit(prefork, 87, "Max open files") == 1024
        assert procfs.read_rlimit(prefork, 87, "Max cpu time") is None  # unlimited


class TestDescriptors:
    def test_kinds_of_a_recorded_process(self, prefork):
        seen = fds.read_fds(prefork, 87)
        assert seen.total == 6
        assert seen.kinds == {"device": 1, "socket": 3, "deleted": 1, "memfd": 1}

    @pytest.mark.parametrize(
        ("target", "kind"),
        [
            ("/var/log/mail.log", "file"),
            ("/var/log/mail.log (deleted)", "deleted"),
            ("/dev/shm/#2 (deleted)", "deleted"),
            ("/dev/null", "device"),
            ("/memfd:scratch (deleted)", "memfd"),
            ("socket:[305086]", "socket"),
            ("pipe:[1]", "pipe"),
            ("anon_inode:[eventpoll]", "epoll"),
            ("anon_inode:[eventfd]", "eventfd"),
            ("anon_inode:inotify", "inotify"),
            ("anon_inode:[io_uring]", "anon_inode"),
            ("net:[4026531840]", "other"),
        ],
    )
    def test_kind(self, target, kind):
        assert fds.kind_of(target) == kind

    def test_of_very_many_descriptors_only_the_number_is_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(fds, "CLASSIFY_AT_MOST", 2)
        write_process(tmp_path, 5)
        for number in range(3):
            os.symlink("pipe:[%d]" % number, tmp_path / "proc/5/fd" / str(number))
        assert fds.read_fds(str(tmp_path), 5) == fds.Fds(3, None, None, None, None)

    def test_tmpfs_mounts_of_a_process(self, prefork):
        assert "/dev/shm" in fds.tmpfs_mounts(prefork, 87)
        assert "/run" in fds.tmpfs_mounts(prefork, 87)
        assert "/proc" not in fds.tmpfs_mounts(prefork, 87)

    def test_blanks_in_mount_points(self, tmp_path):
        write(tmp_path, "proc/5/mountinfo", "40 30 0:50 / /mnt/my\\040disk rw - tmpfs tmpfs rw\n")
        assert fds.tmpfs_mounts(str(tmp_path), 5) == ["/mnt/my disk"]

    def test_system_v_segments(self, tmp_path):
        header = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"
        write(tmp_path, "proc/sysvipc/shm", header + "0 3 600 4096 87 90 2 0 0 0 0 0 0 0 4096 0\n")
        assert fds.sysv_segments(str(tmp_path)) == [(87, 90, 4096, 2)]

    def test_memory_behind_unlinked_files_of_a_real_process(self, tmp_path):
        """memfd and unlinked tmpfs files are memory that no name leads to; a file on disk, unlinked or not, is not."""
        script = (
            "import os, tempfile\n"
            "memfd = os.memfd_create('x'); os.write(memfd, b'x' * 2097152)\n"
            "lost = tempfile.TemporaryFile(dir='/dev/shm'); lost.write(b'x' * 1048576); lost.flush()\n"
            "named = open('/dev/shm/%d', 'wb') ; named.write(b'x' * 1048576); named.flush()\n"
            "disk = tempfile.TemporaryFile(dir=%r); disk.write(b'x' * 1048576); disk.flush()\n"
            "print('ready', flush=True); input()\n"
        ) % (os.getpid(), str(tmp_path))
        child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout.readline() == "ready\n"
            tmpfs = [mount for mount in fds.tmpfs_mounts("/", child.pid) if not str(tmp_path).startswith(mount.rstrip("/") + "/")]
            assert sum(fds.read_fds("/", child.pid, tmpfs).unlinked.values()) == 3 * MIB
        finally:
            child.communicate("done\n", timeout=60)
            os.unlink("/dev/shm/%d" % os.getpid())

    def test_a_system_v_segment_that_nobody_maps_any_more(self):
        """Detached and never removed: no process shows it, /proc/sysvipc does."""
        script = (
            "import ctypes\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "libc.shmat.restype = ctypes.c_void_p\n"
            "segment = libc.shmget(0, 2097152, 0o1600)\n"
            "address = libc.shmat(segment, None, 0)\n"
            "ctypes.memset(address, 1, 2097152)\n"
            "libc.shmdt(ctypes.c_void_p(address))\n"
            "print(segment, flush=True); input()\n"
            "libc.shmctl(segment, 0, None)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert int(child.stdout.readline()) >= 0
            if not fds.sysv_segments("/"):
                pytest.skip("this kernel has no System V shared memory, or does not show it")
            taken = sampler.sample("/", sampler.Target("x", child.pid, None), procfs.scan("/"))
            assert 2 * MIB <= taken.values["shmem"] < 3 * MIB
        finally:
            child.communicate("done\n", timeout=60)
