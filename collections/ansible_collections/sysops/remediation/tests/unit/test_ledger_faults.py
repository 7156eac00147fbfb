# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that cannot be used is one line that says what is wrong and what to do, and never a permit."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import AuditEntry, LedgerError, Observation, open_ledger
from ledger_lab import SERVICE, Lab, ask, group, hosts

GROUP = group(3, 1)
COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]


def refused(ledger):
    """Ask for a permit and return the one line that says why there is none."""
    with pytest.raises(LedgerError) as caught:
        ledger.reserve(ask("mail1", GROUP))
    message = str(caught.value)
    assert message.startswith("ledger ")
    assert "\n" not in message
    return message


def cannot_open(url):
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestLocked:
    def test_by_another_process_for_too_long(self, lab):
        impatient = lab.open(patience=0.2)
        with lab.ledger._database.write():
            assert "is locked: another process has been writing for more than 0.2 s; try again" in refused(impatient)
            assert impatient.pauses() == [], "reading still works"
        assert impatient.reserve(ask("mail1", GROUP)).permit


class TestReadOnly:
    def test_file(self, tmp_path):
        """As a user who may read and not write: root, who may always write, gives that up."""
        path = tmp_path / "ledger.sqlite"
        open_ledger(f"sqlite:///{path}").pause("")
        os.chmod(path, 0o400)
        program = """if True:
            import sys
            sys.path[:0] = sys.argv[2:]
            from ledger_lab import ask, group
            from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import LedgerError, open_ledger
            try:
                ledger = open_ledger(sys.argv[1])
                print(len(ledger.pauses()), "pause can be read")
                ledger.reserve(ask("mail1", group(3, 1)))
            except LedgerError as problem:
                print(problem)
        """
        drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []
        if drop and not shutil.which("setpriv"):
            pytest.skip("root may write everything, and there is no setpriv (util-linux) to give that up")
        command = [*drop, sys.executable, "-c", program, f"sqlite:///{path}", COLLECTIONS, os.path.dirname(__file__)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
        assert said == ["1 pause can be read", f"ledger SQLite file {path} is read-only: make it writable for this user"]

    @pytest.mark.slow
    def test_database(self, postgresql):
        lab = Lab(postgresql.new_database())
        postgresql.run(f"ALTER DATABASE {lab.url.split('/')[3].split('?')[0]} SET default_transaction_read_only = on", "postgres")
        assert refused(lab.ledger).endswith("is read-only: make it writable for this user")


class TestAFullDisk:
    """A limit on the size of files is met like a full disk, and needs no mount."""

    PROGRAM = """if True:
        import os, resource, sys
        sys.path[:0] = sys.argv[2:]
        from ledger_lab import ask, group
        from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import AuditEntry, LedgerError, open_ledger
        ledger = open_ledger("sqlite:///" + sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(sys.argv[1]) + 8192,) * 2)
        granted = 0
        try:
            for number in range(1000):
                granted += bool(ledger.reserve(ask(f"mail{number}", group(2000, 2000))).permit)
        except LedgerError as problem:
            print(granted, problem)
    """

    def test_refuses_and_keeps_what_was_granted(self, tmp_path):
        path = tmp_path / "ledger.sqlite"
        open_ledger(f"sqlite:///{path}")
        command = [sys.executable, "-c", self.PROGRAM, str(path), COLLECTIONS, os.path.dirname(__file__)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout
        granted, _space, message = said.strip().partition(" ")
        assert message.startswith(f"ledger SQLite file {path} cannot be")
        assert "disk" in message
        assert len(open_ledger(f"sqlite:///{path}").unreleased()) == int(granted), "exactly those that were told so"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
    def test_of_a_small_file_system(self, tmp_path):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "ledger-test", tmp_path], capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
        try:
            ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
            with pytest.raises(LedgerError, match="disk is full"):
                for _call in range(1000):
                    ledger.audit([AuditEntry("noise", detail={"much": "x" * 10000})])
            assert "disk is full" in refused(ledger)
        finally:
            subprocess.run(["umount", tmp_path], check=True)


class TestADamagedFile:
    @pytest.fixture
    def path(self, tmp_path):
        lab = Lab(f"sqlite:///{tmp_path}/ledger.sqlite")
        lab.see("healthy", *hosts(300))
        return tmp_path / "ledger.sqlite"

    def test_truncated_to_nothing_is_not_taken_for_a_new_one(self, path):
        os.truncate(path, 0)
        assert "is empty: it was truncated. Restore it from a backup, or remove it to begin a new one" in cannot_open(f"sqlite:///{path}")

    @pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
    def test_truncated_somewhere(self, path, share):
        os.truncate(path, int(path.stat().st_size * share))
        assert "is damaged: restore it from a backup, or move it away" in cannot_open(f"sqlite:///{path}")

    def test_truncated_while_it_is_in_use(self, path):
        ledger = open_ledger(f"sqlite:///{path}")
        os.truncate(path, 5000)
        assert "is damaged" in refused(ledger)

    def test_that_holds_something_else(self, path):
        path.write_bytes(b"not a database at all\n" * 1000)
        assert "is damaged" in cannot_open(f"sqlite:///{path}")

    def test_that_is_gone_while_it_is_in_use_grants_nothing(self, path):
        ledger = open_ledger(f"sqlite:///{path}")
        path.unlink()
        assert "cannot be opened: check that its directory exists" in refused(ledger)
        assert not path.exists(), "and is not replaced by an empty one"

    def test_whose_log_was_left_behind(self, path):
        path.rename(f"{path}-wal")
        assert "is gone, but its -wal file is still there" in cannot_open(f"sqlite:///{path}")


class TestUnreachable:
    def test_nobody_listens(self):
        with socket.socket() as taken:  # bound and not listening: nobody else gets this port meanwhile
            taken.bind(("127.0.0.1", 0))
            message = cannot_open(f"postgresql://bob:hunter2@127.0.0.1:{taken.getsockname()[1]}/ledger")
        assert "PostgreSQL database ledger at 127.0.0.1:" in message
        assert "cannot be reached" in message
        assert "hunter2" not in message

    def test_unknown_host(self):
        assert "cannot be reached" in cannot_open("postgresql://bob:hunter2@no-such-host.invalid/ledger")

    def test_directory_that_cannot_be(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert f"cannot be opened: File exists ({tmp_path}/file)" in cannot_open(f"sqlite:///{tmp_path}/file/ledger.sqlite")

    def test_path_is_a_directory(self, tmp_path):
        (tmp_path / "ledger.sqlite").mkdir()
        assert "cannot be opened" in cannot_open(f"sqlite:///{tmp_path}/ledger.sqlite")

    @pytest.mark.slow
    def test_unknown_database(self, postgresql):
        message = cannot_open(f"postgresql://ledger@/nowhere?host={postgresql.directory}")
        assert "cannot be reached: " in message
        assert 'database "nowhere" does not exist' in message

    @pytest.mark.slow
    def test_database_goes_down_between_plan_and_permit_and_comes_back(self, postgresql):
        lab = Lab(postgresql.new_database())
        lab.see("sick", "mail1")
        postgresql.stop()
        try:
            assert "cannot be reached" in refused(lab.ledger)
        finally:
            postgresql.start()
        assert lab.ledger.reserve(ask("mail1", GROUP)).permit

    @pytest.mark.slow
    def test_a_user_who_may_not_create_tables(self, postgresql):
        url = postgresql.new_database()
        database = url.split("/")[3].split("?")[0]
        postgresql.run("DROP ROLE IF EXISTS visitor", "postgres")
        postgresql.run("CREATE ROLE visitor LOGIN", "postgres")
        postgresql.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database)
        assert "permission denied for schema public" in cannot_open(url.replace("ledger@", "visitor@"))


def test_a_secret_in_what_the_database_says_is_hidden(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    with pytest.raises(LedgerError) as caught, ledger._database.write() as tx:
        tx.do("SELECT * FROM ledger_targets WHERE \"password=hunter2\" = '1' AND nowhere = 'token=hunter2'")
    assert "hunter2" not in str(caught.value)


def test_what_failed_in_the_middle_leaves_nothing(lab):
    with pytest.raises(LedgerError), lab.ledger._database.write() as tx:
        tx.do("INSERT INTO ledger_breakers (grp, state, since) VALUES ('mail', 'open', 0)")
        tx.do("SELECT nonsense")
    assert lab.ledger.views([GROUP], record=False)["mail"].breaker.state == "closed"
    lab.ledger.observe([Observation("mail1", SERVICE, "mail", "down")], lab.time)
