# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where state lives, and what is refused as unsafe."""

from __future__ import annotations

import os
import pwd

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import paths
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.lock import ServiceLock
from hypothesis import given
from hypothesis import strategies as st

KIM = pwd.getpwuid(65534)  # nobody, who is somebody on every host


class TestStateDirectory:
    def test_it_follows_from_who_runs_the_manager_and_never_from_who_calls(self, monkeypatch):
        for caller in (0, KIM.pw_uid, 1234):
            monkeypatch.setattr(os, "geteuid", lambda caller=caller: caller)
            assert paths.state_directory("system", 0) == paths.DEFAULT
            assert paths.state_directory("system", KIM.pw_uid) == "%s/.local/state/sysops-remediation" % KIM.pw_dir

    def test_no_environment_moves_what_others_must_find_too(self, monkeypatch):
        monkeypatch.setenv("XDG_STATE_HOME", "/x")
        monkeypatch.setenv("HOME", "/y")
        assert paths.state_directory("system", KIM.pw_uid).startswith(KIM.pw_dir)

    def test_the_user_units_of_a_user_are_kept_where_that_user_wants_it(self, monkeypatch):
        monkeypatch.setenv("HOME", "/home/kim")
        monkeypatch.delenv("XDG_STATE_HOME", raising=False)
        assert paths.state_directory("user", 1000) == "/home/kim/.local/state/sysops-remediation"
        monkeypatch.setenv("XDG_STATE_HOME", "/x")
        assert paths.state_directory("user", 0, given=paths.DEFAULT) == "/x/sysops-remediation"

    def test_a_user_without_a_name_has_a_home_only_for_itself(self, monkeypatch):
        monkeypatch.setenv("HOME", "/home/kim")
        with pytest.raises(paths.StateError, match="uid 4194000 has no home directory"):
            paths.state_directory("system", 4194000)
        monkeypatch.setattr(os, "geteuid", lambda: 4194000)
        assert paths.state_directory("system", 4194000).startswith("/home/kim")

    def test_root_keeps_its_own_record_of_what_it_sees(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        assert paths.record_directory("system", KIM.pw_uid) == paths.DEFAULT
        monkeypatch.setattr(os, "geteuid", lambda: 1234)
        assert paths.record_directory("system", KIM.pw_uid).startswith(KIM.pw_dir)

    def test_a_given_directory_is_taken(self):
        assert paths.state_directory("user", 1000, given="/srv/state") == "/srv/state"

    @pytest.mark.parametrize("given", ["state", "./state", "../state", "unix:///x"])
    def test_one_that_depends_on_the_working_directory_is_refused(self, given):
        with pytest.raises(ValueError, match=r"state_dir: '%s' must be an absolute path" % given):
            paths.state_directory("system", 0, given=given)

    @pytest.mark.parametrize("given", ["/", "/..", "/a\0b"])
    def test_one_that_cannot_be_is_refused(self, given):
        with pytest.raises(ValueError, match=r"state_dir: .* cannot be it: give a directory of its own"):
            paths.state_directory("system", 0, given=given)

    def test_a_rehearsal_finds_what_could_not_be_made_and_makes_nothing(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(paths.StateError, match=r"cannot create the state directory .*: .*/file is not a directory"):
            paths.check_place(str(tmp_path / "file" / "a" / "b"))
        paths.check_place(str(tmp_path / "new" / "state"))
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_whoever_cannot_write_there_is_told_what_where_and_the_remedy(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
        paths.demand_access("/var/lib/x/y", "it is", 0)
        with pytest.raises(paths.StateError) as problem:
            paths.demand_access(str(tmp_path / "a" / "b"), "supervisord at /s runs as nobody, so its services are", KIM.pw_uid)
        assert str(problem.value) == (
            "supervisord at /s runs as nobody, so its services are guarded in %s/a/b, which root may not write: "
            "run the task as root (become: true) or as nobody (become_user)" % tmp_path
        ).replace("root may", "%s may" % paths.name_of(os.geteuid()))


class TestUnsafeDirectories:
    def test_a_missing_one_is_created(self, tmp_path):
        path = paths.ensure_directory(str(tmp_path / "a" / "b"))
        assert os.stat(path).st_mode & 0o777 == 0o700

    def test_a_link_is_refused(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        with pytest.raises(paths.StateError, match="symbolic link"):
            paths.ensure_directory(str(tmp_path / "link"))

    def test_a_dangling_link_is_refused_and_not_followed(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        with pytest.raises(paths.StateError, match="symbolic link"):
            paths.ensure_directory(str(tmp_path / "link"))
        assert not (tmp_path / "nowhere").exists()

    @pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o702])
    def test_one_that_others_may_write_is_refused_with_the_remedy(self, tmp_path, mode):
        (tmp_path / "s").mkdir()
        (tmp_path / "s").chmod(mode)
        with pytest.raises(paths.StateError, match="chmod go-w"):
            paths.ensure_directory(str(tmp_path / "s"))

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to somebody else")
    def test_one_of_another_user_is_refused(self, tmp_path):
        (tmp_path / "s").mkdir()
        os.chown(tmp_path / "s", 12345, -1)
        with pytest.raises(paths.StateError, match="belongs to uid 12345"):
            paths.ensure_directory(str(tmp_path / "s"))

    def test_a_file_is_refused(self, tmp_path):
        (tmp_path / "s").touch()
        with pytest.raises(paths.StateError, match="not a directory"):
            paths.ensure_directory(str(tmp_path / "s"))

    def test_a_file_system_that_takes_no_directories_is_named(self):
        with pytest.raises(paths.StateError, match="cannot create the state directory /proc/self/sysops"):
            paths.ensure_directory("/proc/self/sysops")

    def test_a_fifo_in_place_of_a_file_is_refused(self, tmp_path):
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(paths.StateError, match="not a plain file"):
            os.close(paths.open_file(str(tmp_path / "fifo"), os.O_RDWR))


class TestFileNames:
    def test_a_name_can_be_read(self):
        assert paths.file_name("systemd/postfix.service", ".lock") == "systemd%2Fpostfix.service.lock"

    @given(st.text(min_size=1, max_size=400))
    def test_a_name_is_never_a_path_and_always_fits(self, service):
        name = paths.file_name("systemd/" + service, ".jsonl")
        assert "/" not in name and "\0" not in name and len(name.encode()) <= 255

    @given(st.text(max_size=300), st.text(max_size=300))
    def test_two_services_never_share_a_name(self, one, other):
        assert (paths.file_name(one, "") == paths.file_name(other, "")) == (one == other)


class TestLock:
    def lock(self, folder):
        return ServiceLock(str(folder), "systemd/postfix.service")

    def test_only_one_has_it(self, tmp_path):
        first, second = self.lock(tmp_path), self.lock(tmp_path)
        assert first.acquire() and not second.acquire(patience=0)
        first.release()
        assert second.acquire(patience=0)
        second.release()

    def test_services_do_not_lock_each_other(self, tmp_path):
        first, second = self.lock(tmp_path), ServiceLock(str(tmp_path), "systemd/dovecot.service")
        assert first.acquire() and second.acquire(patience=0)
        first.release()
        second.release()

    def test_the_holder_says_who_it_is(self, tmp_path):
        first = self.lock(tmp_path)
        first.acquire()
        first.describe(pid=4711, user="kim")
        assert self.lock(tmp_path).holder() == {"pid": 4711, "user": "kim"}
        first.release()

    def test_looking_creates_nothing(self, tmp_path):
        assert self.lock(tmp_path).is_held() is False
        assert list(tmp_path.iterdir()) == []

    def test_looking_sees_the_holder(self, tmp_path):
        first = self.lock(tmp_path)
        first.acquire()
        assert self.lock(tmp_path).is_held() is True
        first.release()
        assert self.lock(tmp_path).is_held() is False

    def test_the_kernel_releases_it_when_the_holder_dies(self, tmp_path):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self.lock(tmp_path).acquire()
            os.write(writing, b"x")
            os.read(reading, 0)
            os.kill(os.getpid(), 9)
        os.read(reading, 1)
        os.waitpid(child, 0)
        ours = self.lock(tmp_path)
        assert ours.acquire(patience=5)
        ours.release()

    def test_a_lock_file_that_was_deleted_meanwhile_guards_nothing(self, tmp_path):
        first, second = self.lock(tmp_path), self.lock(tmp_path)
        first.acquire()
        os.unlink(first.path)
        assert second.acquire() and os.path.exists(second.path)
        third = self.lock(tmp_path)
        assert not third.acquire(patience=0)
        first.release()
        second.release()
