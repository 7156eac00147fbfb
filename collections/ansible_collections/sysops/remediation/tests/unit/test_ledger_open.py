# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the ledger is, how it is created and brought up to date, and what check mode sees of it."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest
import sqlalchemy as sa
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import AuditEntry, Incident, LedgerError, Observation, _database, _schema, open_ledger
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger._where import find
from ledger_lab import DAY, MINUTE, SERVICE, START, Lab, ask, closed_gates, group, hosts

GROUP = group(3, 1)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class TestTheFileOfAUser:
    def test_is_in_the_state_directory_and_for_this_user_only(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        ledger = open_ledger()
        ledger.pause("")
        path = tmp_path / "state" / "sysops-remediation" / "ledger.sqlite"
        assert ledger.described == f"SQLite file {path} (guards this user on this controller only)"
        assert (mode(path.parent), mode(path)) == (0o700, 0o600)

    def test_is_below_home_where_no_state_directory_is_set(self):
        home = os.path.expanduser("~")
        for environ in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
            assert find(None, environ).path == f"{home}/.local/state/sysops-remediation/ledger.sqlite"

    def test_that_others_could_read_is_closed_to_them(self, tmp_path):
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        open_ledger(url)
        os.chmod(tmp_path / "ledger.sqlite", 0o644)
        open_ledger(url)
        assert mode(tmp_path / "ledger.sqlite") == 0o600

    def test_is_in_wal_mode_and_its_creation_leaves_nothing_else(self, tmp_path):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
        assert os.listdir(tmp_path) == ["ledger.sqlite"]
        with sa.create_engine(f"sqlite:///{tmp_path}/ledger.sqlite").connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"

    @pytest.mark.parametrize("how", [{}, {"look": True}, {"rehearse": True}])
    def test_that_belongs_to_somebody_else_is_not_changed_in_any_way(self, tmp_path, how):
        path = tmp_path / "theirs.sqlite"
        with sa.create_engine(f"sqlite:///{path}").begin() as connection:
            connection.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
        os.chmod(path, 0o644)
        before = path.read_bytes()
        with pytest.raises(LedgerError, match="is an SQLite file of something else"):
            open_ledger(f"sqlite:///{path}", **how)
        assert (mode(path), path.read_bytes(), os.listdir(tmp_path)) == (0o644, before, ["theirs.sqlite"])

    @pytest.mark.parametrize("how", [{}, {"look": True}, {"rehearse": True}])
    def test_is_a_file_and_nothing_else(self, tmp_path, how):
        (tmp_path / "folder").mkdir(mode=0o755)
        (tmp_path / "plain").write_text("")
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "loop").symlink_to("loop")
        for name in ("folder", "pipe"):
            with pytest.raises(LedgerError, match="cannot be opened: it is no file; name a file for the ledger"):
                open_ledger(f"sqlite:///{tmp_path}/{name}", **how)
        for name in ("loop", "plain/ledger.sqlite"):
            with pytest.raises(LedgerError, match="cannot be opened"):
                open_ledger(f"sqlite:///{tmp_path}/{name}", **how)
        assert mode(tmp_path / "folder") == 0o755

    def test_is_left_as_it_is_by_who_only_looks(self, tmp_path):
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        open_ledger(url)
        os.chmod(tmp_path / "ledger.sqlite", 0o644)
        open_ledger(url, look=True).pauses()
        assert mode(tmp_path / "ledger.sqlite") == 0o644

    def test_may_have_any_name(self, tmp_path):
        path = tmp_path / "a b?c#%20" / "ledger.sqlite"
        open_ledger(f"sqlite:///{str(path).replace('%', '%25')}").pause("")
        assert path.exists()


class TestAnAwxJob:
    @pytest.mark.parametrize("environ", [{"AWX_PRIVATE_DATA_DIR": "/runner"}, {"AWX_HOST": "https://awx", "JOB_ID": "7"}])
    def test_may_not_act_on_a_file_that_its_container_forgets(self, environ):
        with pytest.raises(LedgerError, match=r"the container of an AWX job forgets an SQLite file: set a ledger URL of a PostgreSQL database"):
            open_ledger(environ=environ)

    def test_may_use_what_is_set(self, lab):
        open_ledger(lab.url, environ={"AWX_PRIVATE_DATA_DIR": "/runner"})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://root:hunter2@db/ledger", r"'mysql://\*\*\*@db/ledger' is not understood: write postgresql://user@host/database or sqlite:////absolute/path"),
        ("sqlite:///ledger.sqlite", "'ledger.sqlite' is relative, and would be another ledger in every directory"),
        ("/var/lib/ledger.sqlite", "is not understood"),
        ("postgresql://bob:hunter2@db", r"'postgresql://\*\*\*@db' names no database"),
        ("postgresql://bob:hunter2@db:port/ledger", "is not understood: write postgresql://user@host:port/database, and in a user, password or database # as"),
        ("postgresql://bob:hunter2#more@db/ledger", r"'postgresql://\*\*\*@db/ledger' is not understood: .* # as %23, / as %2F"),
        ("postgresql://bob:1/hunter2@db/ledger", r"'postgresql://\*\*\*@db/ledger' is not understood"),
        ("postgresql://bob:1?hunter2@db/ledger", r"'postgresql://\*\*\*@db/ledger' is not understood"),
        ("postgresql://bob:pa@hunter2@db/ledger", r"'postgresql://\*\*\*@db/ledger' is not understood: .* and @ as %40"),
        ("postgresql:/bob:hunter2@db/ledger", r"'postgresql:/\*\*\*@db/ledger' is not understood"),
        ("bob:hunter2@db", r"'\*\*\*@db' is not understood"),
    ],
)
def test_a_url_that_means_nothing_is_one_line_without_its_password(url, message):
    with pytest.raises(LedgerError, match=message) as caught:
        open_ledger(url)
    assert "hunter2" not in str(caught.value)


def test_a_described_server_shows_no_password_and_no_user():
    place = find("postgresql+psycopg://bob:hunter2@db.example.com:5433/ledger?sslmode=require&password=hunter2")
    assert place.described() == "PostgreSQL database ledger at db.example.com:5433 (shared by all controllers that use it)"


def test_without_sqlalchemy_it_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(_database, "MISSING", "No module named 'sqlalchemy'")
    with pytest.raises(LedgerError, match=r"needs the Python package SQLAlchemy on the controller .*: pip install 'sqlalchemy>=2.0'"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")


class TestTheSchema:
    def test_of_a_newer_release_is_refused(self, lab):
        with lab.ledger._database.write() as tx:
            tx.do("INSERT INTO ledger_version (version, applied_at) VALUES (99, 0)")
        for rehearse in (False, True):
            with pytest.raises(LedgerError, match="has schema version 99, and this release knows versions up to 2: upgrade the collection on this controller"):
                lab.open(rehearse=rehearse)

    def test_of_an_older_release_is_brought_up_to_date_and_keeps_what_is_there(self, lab, monkeypatch):
        lab.see("down", "mail1")
        monkeypatch.setattr(_schema, "MIGRATIONS", [*_schema.MIGRATIONS, lambda tx: tx.do("ALTER TABLE ledger_targets ADD COLUMN note TEXT")])
        rehearsal = lab.open(rehearse=True)
        assert "mail1" in rehearsal.views([GROUP], record=False)["mail"].unavailable
        with lab.ledger._database.read() as tx:
            assert _schema.version(tx) == 2, "a rehearsal migrates its copy only"
        lab.ledger = lab.open()
        with lab.ledger._database.read() as tx:
            assert _schema.version(tx) == 3
            assert tx.row("SELECT host, note FROM ledger_targets") == {"host": "mail1", "note": None}

    def test_of_the_first_release_keeps_what_did_not_help_and_no_host_of_a_mass_failure_counts_as_down_before_it(self, ledger_url, monkeypatch):
        lab = Lab.__new__(Lab)
        lab.url, lab.time, lab.runs = ledger_url, START, 0
        with monkeypatch.context() as patch:
            patch.setattr(_schema, "MIGRATIONS", _schema.MIGRATIONS[:1])
            open_ledger(ledger_url, clock=lambda: START)
        sql = """INSERT INTO ledger_targets (host, service, grp, status, seen_at, busy_until, sick_since, cleared_at, token)
        VALUES (:host, :service, 'mail', :status, :at, 0, :at, 0, 1)"""
        database = _database.Database(find(ledger_url), "alice")
        with database.write() as tx:
            for host, status in (("mail1", "failed"), ("mail2", "down"), ("mail3", "down")):
                tx.do(sql, host=host, service=SERVICE, status=status, at=START)
            tx.do("INSERT INTO ledger_breakers (grp, state, since) VALUES ('mail', 'half_open', :at)", at=START + 700)
        lab.time = START + 710
        lab.ledger = lab.open()
        view = lab.ledger.views([group(10, 9)], record=True)["mail"]
        assert (view.breaker.state, view.breaker.before) == ("half_open", frozenset())
        assert "breaker" in closed_gates(lab.ask("mail2", group(10, 9)))
        lab.see("healthy", "mail1")
        assert "was not helped" in lab.ledger.views([group(10, 9)], record=False)["mail"].unavailable["mail1"]

    def test_that_cannot_be_brought_up_to_date_stays_as_it_was(self, lab, monkeypatch):
        def broken(tx):
            tx.do("ALTER TABLE ledger_targets ADD COLUMN note TEXT")
            tx.do("ALTER TABLE nowhere ADD COLUMN note TEXT")

        with monkeypatch.context() as patch:
            patch.setattr(_schema, "MIGRATIONS", [*_schema.MIGRATIONS, broken])
            with pytest.raises(LedgerError, match="nowhere"):
                lab.open()
        lab.open().observe([Observation("mail1", SERVICE, "mail", "down")], lab.time)

    def test_is_not_put_into_an_sqlite_file_of_something_else(self, tmp_path):
        url = f"sqlite:///{tmp_path}/other.sqlite"
        with sa.create_engine(url).begin() as connection:
            connection.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
        with pytest.raises(LedgerError, match="is an SQLite file of something else: name another file"):
            open_ledger(url)


class TestARehearsal:
    """Check mode: decides as if it were real, on a copy."""

    def test_knows_what_the_ledger_knows_and_decides_the_same(self, lab):
        lab.act("mail3", GROUP, "remediated")
        lab.later(6 * 3600)
        lab.see("sick", "mail3")
        lab.see("down", "mail1")
        lab.ledger.pause("nightly", host="mail3")
        rehearsal = lab.open(rehearse=True)
        assert rehearsal.views([GROUP], record=False) == lab.ledger.views([GROUP], record=False)
        assert rehearsal.effectiveness() == lab.ledger.effectiveness()
        assert rehearsal.pauses() == lab.ledger.pauses()

    def test_sees_what_it_has_just_diagnosed_and_writes_nothing(self, lab):
        rehearsal = lab.open(rehearse=True)
        lab.see("down", *hosts(3), ledger=rehearsal)
        rehearsal.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "planned")])
        lab.ledger, real = rehearsal, lab.ledger
        assert "breaker" in closed_gates(lab.ask("mail1", group(3, 3)))
        assert real.views([GROUP], record=False)["mail"].unavailable == {}
        assert (real.audited(), real.incidents(), real.unreleased()) == ([], [], [])

    def test_leaves_the_file_untouched_byte_by_byte(self, tmp_path):
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        open_ledger(url).pause("")
        before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
        open_ledger(url, rehearse=True).pause("another")
        assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == before

    def test_creates_no_ledger(self, tmp_path):
        rehearsal = open_ledger(f"sqlite:///{tmp_path}/none/ledger.sqlite", rehearse=True)
        assert rehearsal.views([GROUP], record=True)["mail"].unavailable == {}
        assert "nothing is written" in rehearsal.described
        assert list(tmp_path.iterdir()) == []

    def test_who_only_reads_begins_none_and_finds_it_empty(self, tmp_path):
        looked = open_ledger(f"sqlite:///{tmp_path}/deep/ledger.sqlite", look=True)
        assert looked.pauses() == [] and looked.incidents() == []
        assert looked.described.endswith("(guards this user on this controller only), not yet begun")
        assert list(tmp_path.iterdir()) == []

    def test_who_only_reads_one_of_an_older_release_finds_all_of_it_and_leaves_it_as_it_is(self, lab, monkeypatch):
        lab.ledger.record_incidents([Incident("run1-1", "run1", "mail1", SERVICE, "ended", "remediated")])
        lab.ledger.audit([AuditEntry("planned", "run1", "mail1")])
        monkeypatch.setattr(_schema, "MIGRATIONS", [*_schema.MIGRATIONS, lambda tx: tx.do("ALTER TABLE ledger_targets ADD COLUMN note TEXT")])
        looked = lab.open(look=True)
        assert [one.id for one in looked.incidents()] == ["run1-1"] and [one.kind for one in looked.audited()] == ["planned"]
        with lab.ledger._database.read() as tx:
            assert _schema.version(tx) == 2

    def test_creates_no_schema(self, ledger_url):
        open_ledger(ledger_url, rehearse=True).pause("")
        real = open_ledger(ledger_url)
        assert real.pauses() == []


class TestTheClock:
    @pytest.mark.slow
    def test_of_a_database_is_the_same_for_all_controllers(self, postgresql, monkeypatch):
        """One controller is an hour ahead: its permits end when those of the others do."""
        url = postgresql.new_database()
        right, ahead = open_ledger(url), open_ledger(url)
        now = right.now()
        with monkeypatch.context() as patch:
            patch.setattr("time.time", lambda: now + 3600)
            assert abs(ahead.now() - right.now()) < 5 * MINUTE
            permit = ahead.reserve(ask("mail1", GROUP)).permit
            assert permit.issued_at - now < 5 * MINUTE
            assert abs(open_ledger(url, rehearse=True).now() - now) < 5 * MINUTE
        assert "is in remediation" in closed_gates(right.reserve(ask("mail2", GROUP)))["max_unavailable"]

    def test_of_a_file_is_that_of_the_controller(self, tmp_path, monkeypatch):
        ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
        monkeypatch.setattr("time.time", lambda: 20 * DAY)
        assert ledger.now() == 20 * DAY
