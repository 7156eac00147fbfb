# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each part has its own limits; a part that fails says why and stops nobody."""

from __future__ import annotations

import threading

from ansible_collections.sysops.remediation.plugins.module_utils._evidence._gather import Part, Skipped, gather, hurried


def part(read, name="one", seconds=30, size=1000, keep_end=False):
    return Part(name, read, seconds, size, keep_end)


def taken(*parts, deadline=60, max_size=10000):
    return [one.described() for one in gather(parts, None, deadline, max_size)]


def fails(_subject):
    raise PermissionError(13, "Permission denied", "/proc/1/maps")


def test_a_part_that_fails_is_listed_with_its_reason_and_the_next_is_still_taken():
    first, second = taken(part(fails, "maps"), part(lambda _subject: "text", "limits"))
    assert first["status"] == "failed"
    assert "Permission denied: '/proc/1/maps'" in first["reason"]
    assert first["file"] is None
    assert (second["status"], second["file"], second["size"]) == ("ok", "limits.txt", 4)


def test_nothing_to_collect_is_skipped_not_failed():
    def nothing(_subject):
        raise Skipped("the service has no process")

    (only,) = taken(part(nothing))
    assert (only["status"], only["reason"]) == ("skipped", "the service has no process")


def test_a_part_that_hangs_is_left_behind():
    hang = threading.Event()
    first, second = taken(part(lambda _subject: hang.wait() and "", seconds=0.05), part(lambda _subject: "text"))
    hang.set()
    assert (first["status"], first["reason"]) == ("timed_out", "no answer within 0.1 s") or first["reason"].startswith("no answer")
    assert second["status"] == "ok"


def test_when_the_time_is_used_up_the_rest_is_skipped():
    hang = threading.Event()
    first, second = taken(part(lambda _subject: hang.wait() and "", seconds=30), part(lambda _subject: "text"), deadline=0.05)
    hang.set()
    assert first["status"] == "timed_out"
    assert second["status"] == "skipped"
    assert "time for all parts together (0.05 s)" in second["reason"]


def test_a_part_is_cut_to_its_size_and_logs_keep_their_end():
    text = "a" * 600 + "z" * 600
    head, tail = gather([part(lambda _s: text, "head"), part(lambda _s: text, "tail", keep_end=True)], None, 60, 10000)
    assert (head.status, len(head.content), head.content[:1]) == ("cut", 1000, b"a")
    assert (tail.status, len(tail.content), tail.content[-1:], tail.reason) == ("cut", 1000, b"z", "cut to 1000 bytes, the end")


def test_all_parts_together_stay_within_their_size():
    several = taken(*[part(lambda _s: "x" * 900, "p%d" % n) for n in range(4)], max_size=2000)
    assert [one["size"] for one in several] == [900, 900, 200, 0]
    assert [one["status"] for one in several] == ["ok", "ok", "cut", "skipped"]


def test_secrets_are_hidden_before_the_text_is_cut():
    """The cut falls between the word and the secret; a redaction after it would let the secret through."""
    text = "password=" + "S3cret" * 300
    (only,) = gather([part(lambda _s: text, keep_end=True, size=500)], None, 60, 10000)
    assert b"S3cret" not in only.content


def test_secrets_in_reasons_are_hidden():
    def fails_with_secret(_subject):
        raise RuntimeError("cannot open http://bob:S3cret@localhost/")

    (only,) = taken(part(fails_with_secret))
    assert "S3cret" not in only["reason"]


def test_commands_end_before_the_part_that_waits_for_them():
    seen = []
    hurried(lambda argv, timeout: seen.append(timeout))(["journalctl"], timeout=300)
    assert seen == [8]
