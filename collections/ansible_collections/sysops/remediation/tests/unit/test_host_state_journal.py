# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attempts journal: what is written stays, what is torn is dropped, what is damaged is never taken for empty."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import journal as journal_module
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.journal import KEEP, Journal
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.paths import StateError
from hypothesis import given
from hypothesis import strategies as st

SERVICE = "systemd/postfix.service"
COLLECTIONS = Path(__file__).resolve().parents[5]


def stamp(second=0.0):
    return {"boot_id": "boot-1", "monotonic": second, "epoch": 1_800_000_000.0 + second}


def new_journal(folder):
    (folder / "s").mkdir(mode=0o755)
    return Journal(str(folder / "s"), SERVICE)


def fill(journal, attempts):
    """Write a journal of many attempts at once, as its own lines."""
    os.makedirs(journal.directory, mode=0o700, exist_ok=True)
    with open(journal.path, "w") as file:
        for number in range(attempts):
            file.write(json.dumps({"v": 1, "kind": "intent", "id": "a%d" % number, "at": stamp(number), "action": "restart"}) + "\n")
            file.write(json.dumps({"v": 1, "kind": "outcome", "id": "a%d" % number, "at": stamp(number + 0.5), "outcome": "succeeded"}) + "\n")


def test_a_service_without_a_past_has_no_attempts(tmp_path):
    assert new_journal(tmp_path).attempts() == []


def test_an_intent_without_an_outcome_is_unfinished(tmp_path):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart", service=SERVICE)
    (attempt,) = Journal(str(tmp_path / "s"), SERVICE).attempts()
    assert attempt["id"] == "a1" and attempt["action"] == "restart" and attempt["outcome"] is None


def test_an_outcome_finishes_its_attempt(tmp_path):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    journal.settle("a1", stamp(2), "succeeded", incarnation="i2")
    journal.intend("a2", stamp(3), action="restart")
    first, second = journal.attempts()
    assert first["outcome"]["outcome"] == "succeeded" and first["outcome"]["incarnation"] == "i2"
    assert second["outcome"] is None


def test_services_do_not_share_a_journal(tmp_path):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    assert Journal(str(tmp_path / "s"), "systemd/dovecot.service").attempts() == []


def test_the_file_is_for_its_owner_only(tmp_path):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    assert os.stat(journal.path).st_mode & 0o777 == 0o600
    assert os.stat(journal.directory).st_mode & 0o777 == 0o700


@given(cut=st.integers(min_value=1, max_value=400))
def test_a_line_torn_by_a_power_cut_is_dropped_and_written_over(tmp_path_factory, cut):
    journal = new_journal(tmp_path_factory.mktemp("j"))
    journal.intend("a1", stamp(1), action="restart")
    whole = os.path.getsize(journal.path)
    journal.settle("a1", stamp(2), "succeeded", msg="x" * 300)
    os.truncate(journal.path, max(whole, os.path.getsize(journal.path) - cut))
    assert journal.attempts()[0]["outcome"] is None
    journal.intend("a2", stamp(3), action="reload")
    assert [(one["id"], one["outcome"]) for one in journal.attempts()] == [("a1", None), ("a2", None)]


def test_a_tail_of_zeroes_after_a_power_cut_is_dropped_too(tmp_path):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    with open(journal.path, "ab") as file:
        file.write(b"\0" * 5000)
    journal.settle("a1", stamp(2), "succeeded")
    assert journal.attempts()[0]["outcome"]["outcome"] == "succeeded"


@pytest.mark.parametrize(
    "line",
    ["no json", "{}", "[1]", '"text"', '{"v": 1, "kind": "intent", "id": "a"}', '{"v": 1, "kind": "party", "id": "a", "at": {}}', '{"v": 0}'],
)
def test_a_damaged_line_denies_and_says_where(tmp_path, line):
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    with open(journal.path, "a") as file:
        file.write(line + "\n")
    with pytest.raises(StateError, match=r"postfix.service.jsonl line 2 is damaged"):
        journal.attempts()


@given(garbage=st.binary(min_size=1, max_size=200))
def test_no_garbage_makes_it_fall_over(tmp_path_factory, garbage):
    journal = new_journal(tmp_path_factory.mktemp("j"))
    os.makedirs(journal.directory, mode=0o700)
    with open(journal.path, "wb") as file:
        file.write(garbage + b"\n")
    with pytest.raises(StateError):
        journal.attempts()


def test_a_newer_format_is_not_guessed_at(tmp_path):
    journal = new_journal(tmp_path)
    os.makedirs(journal.directory, mode=0o700)
    Path(journal.path).write_text('{"v": 2, "kind": "intent"}\n')
    with pytest.raises(StateError, match="newer release"):
        journal.attempts()


def test_ten_thousand_attempts_are_cut_down_to_the_newest(tmp_path):
    journal = new_journal(tmp_path)
    fill(journal, 10_000)
    assert len(journal.attempts()) == 10_000
    journal.intend("new", stamp(10_001), action="restart")
    kept = journal.attempts()
    assert [kept[0]["id"], kept[-2]["id"], kept[-1]["id"], len(kept)] == ["a%d" % (10_000 - KEEP), "a9999", "new", KEEP + 1]
    assert os.path.getsize(journal.path) < 500_000


def test_the_journal_stays_bounded_however_long_it_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "_COMPACT_AT", 40)
    monkeypatch.setattr(journal_module, "KEEP", 10)
    journal = new_journal(tmp_path)
    for number in range(100):
        journal.intend("a%d" % number, stamp(number), action="restart")
        journal.settle("a%d" % number, stamp(number), "succeeded")
        assert len(Path(journal.path).read_text().splitlines()) <= 42
    assert journal.attempts()[-1]["id"] == "a99"


def test_a_link_is_not_followed(tmp_path):
    journal = new_journal(tmp_path)
    os.makedirs(journal.directory, mode=0o700)
    os.symlink(tmp_path / "elsewhere", journal.path)
    with pytest.raises(StateError, match="cannot open"):
        journal.intend("a1", stamp(), action="restart")
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_writes_nothing_and_says_so(tmp_path):
    """The limit on the file size fails in the middle of a write, as a full disk or a quota does."""
    journal = new_journal(tmp_path)
    journal.intend("a1", stamp(1), action="restart")
    before = Path(journal.path).read_bytes()
    script = (
        "import sys\n"
        "from ansible_collections.sysops.remediation.plugins.module_utils._host_state.journal import Journal\n"
        "Journal(sys.argv[1], %r).intend('a2', {'boot_id': 'b', 'monotonic': 1, 'epoch': 2}, reason='x' * 500)\n" % SERVICE
    )

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, len(before) + 100))

    failed = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path / "s")],
        preexec_fn=limit,
        env=dict(os.environ, PYTHONPATH=str(COLLECTIONS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "StateError: cannot write" in failed.stderr and "File too large" in failed.stderr
    assert Path(journal.path).read_bytes() == before
