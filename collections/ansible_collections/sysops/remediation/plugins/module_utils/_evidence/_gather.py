# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the parts one by one, each within its own time and size. A part that fails says why and stops nobody."""

from __future__ import annotations

import collections
import threading
import time

from .._redact import redact

# A part: ``read(subject) -> text`` within so many seconds and bytes; ``keep_end``: the end matters most (logs).
Part = collections.namedtuple("Part", "name read seconds size keep_end")
COMMAND_SECONDS = 8  # commands end before the part that waits for them, so that none is left behind


class Skipped(Exception):
    """There is nothing to collect, and that is no fault; the message is the reason."""


class Taken:
    """What became of one part."""

    def __init__(self, name, status, reason=None, content=b"", seconds=0.0):
        self.name = name
        self.status = status
        self.reason = reason
        self.content = content
        self.seconds = seconds
        self.file = name + ".txt" if content else None

    def described(self):
        return {
            "name": self.name,
            "file": self.file,
            "status": self.status,
            "reason": self.reason,
            "size": len(self.content),
            "seconds": round(self.seconds, 3),
        }


def hurried(run, seconds=COMMAND_SECONDS):
    """Return ``run`` with an upper bound on every timeout."""
    return lambda argv, timeout=seconds, **options: run(argv, timeout=min(timeout, seconds), **options)


def gather(parts, subject, deadline, max_size):
    """Return a Taken for every part, in order.

    :param deadline: seconds for all of them together.
    :param max_size: bytes for all of them together.
    """
    ends = time.monotonic() + deadline
    taken = []
    left = max_size
    for part in parts:
        seconds = min(part.seconds, ends - time.monotonic())
        if seconds <= 0:
            taken.append(Taken(part.name, "skipped", "the time for all parts together (%g s) was used up" % deadline))
        elif left <= 0:
            taken.append(Taken(part.name, "skipped", "the size of all parts together (%d bytes) was used up" % max_size))
        else:
            one = _take(part, subject, seconds, min(part.size, left))
            left -= len(one.content)
            taken.append(one)
    return taken


def _take(part, subject, seconds, size):
    """Read one part in a thread: a read of /proc can hang where no signal handler interrupts it, but it can be left behind."""
    answer = {}
    worker = threading.Thread(target=_read, args=(part, subject, answer), daemon=True)
    started = time.monotonic()
    worker.start()
    worker.join(seconds)
    spent = time.monotonic() - started
    if "text" in answer:
        content, cut = _cut(answer["text"].encode("utf-8", "replace"), size, part.keep_end)
        reason = "cut to %d bytes, the %s" % (size, "end" if part.keep_end else "beginning") if cut else None
        return Taken(part.name, "cut" if cut else "ok", reason, content, spent)
    if "reason" in answer:
        return Taken(part.name, answer["status"], answer["reason"], seconds=spent)
    return Taken(part.name, "timed_out", "no answer within %.1f s" % seconds, seconds=spent)


def _read(part, subject, answer):
    try:
        # Redacted whole: a cut could separate a secret from the word that gives it away.
        answer["text"] = redact(part.read(subject))
    except Skipped as reason:
        answer.update(status="skipped", reason=str(reason))
    except Exception as problem:
        answer.update(status="failed", reason=redact("%s: %s" % (type(problem).__name__, problem)))


def _cut(content, size, keep_end):
    if len(content) <= size:
        return content, False
    return (content[-size:] if keep_end else content[:size]), True
