# Copyright: (c) 2026, sysops.remediation contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of known truth, one function each: `python3 behaviours.py leak_fds`. What each is stands in the scenario's table."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
import time

KIB = 1024
MIB = 1024 * KIB


def touched(size: int) -> bytearray:
    """Memory that is really there: random bytes, so that no page is shared or left unmapped."""
    return bytearray(os.urandom(size))


def leak_anon() -> None:
    kept = []
    while True:
        kept.append(touched(64 * KIB))
        time.sleep(0.1)


def leak_workers() -> None:
    """A pre-fork server: the parent is flat, its workers leak."""
    workers = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            leak_anon()
        workers.append(pid)
    for pid in workers:
        os.waitpid(pid, 0)


def leak_threads() -> None:
    while True:
        threading.Thread(target=time.sleep, args=(86400,), daemon=True).start()
        time.sleep(0.25)


def leak_fds() -> None:
    kept = []
    while True:
        kept.append(os.open("/etc/hostname", os.O_RDONLY))
        time.sleep(0.1)


def leak_children() -> None:
    """Helpers that are started and never end."""
    while True:
        subprocess.Popen(["sleep", "86400"])
        time.sleep(0.7)


def leak_zombies() -> None:
    """Helpers that end and are never waited for."""
    while True:
        if os.fork() == 0:
            os._exit(0)
        time.sleep(0.3)


def leak_tmpfs() -> None:
    """Files in memory that are unlinked and kept open: no listing of /dev/shm shows them."""
    kept = []
    while True:
        path = "/dev/shm/spool-%d" % len(kept)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.unlink(path)
        os.write(descriptor, touched(512 * KIB))
        kept.append(descriptor)
        time.sleep(0.5)


def idle() -> None:
    kept = touched(20 * MIB)
    while kept:
        time.sleep(1)


def lru_cache() -> None:
    """Fills a cache up to its bound within seconds and stays there, entries being exchanged."""
    bound = 600
    cache: dict[int, bytearray] = {}
    while True:
        if len(cache) >= bound:
            del cache[next(iter(cache))]
        cache[random.getrandbits(60)] = touched(64 * KIB)
        time.sleep(0.02 if len(cache) < bound else 0.1)


def batch_job() -> None:
    """Works for some seconds, gives everything back, rests."""
    while True:
        work = [touched(MIB) for _ in range(40)]
        time.sleep(3)
        work.clear()
        time.sleep(4)


def load_sine() -> None:
    """Memory that follows the load, which comes and goes."""
    sessions: list[bytearray] = []
    while True:
        wanted = int(40 + 30 * math.sin(time.time() * 2 * math.pi / 20))
        while len(sessions) < wanted:
            sessions.append(touched(MIB))
        del sessions[wanted:]
        time.sleep(0.5)


def write_log() -> None:
    """Writes a file without end: page cache grows, the service does not."""
    with open("/var/tmp/endless.log", "wb", buffering=0) as log:
        while True:
            if log.tell() > 400 * MIB:
                log.truncate(0)
                log.seek(0)
            log.write(touched(256 * KIB))
            time.sleep(0.1)


def eat_until_killed() -> None:
    kept = []
    while True:
        kept.append(touched(4 * MIB))
        time.sleep(0.05)


def crash() -> None:
    time.sleep(1)
    sys.exit("configuration error: no such file: /etc/nowhere.conf")


def leak_slowly() -> None:
    """A megabyte a minute on top of 140: 0.35 % within a window of 25 s, where a line of 0.5 % would matter; 1.4 % over four of them."""
    kept = [touched(140 * MIB)]
    while True:
        time.sleep(0.25)
        kept.append(touched(5 * KIB))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
