# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End every process of one run, and only those.

ansible-core starts each task worker in a session of its own, so killing ansible-playbook's process group leaves workers behind.
Every process of a run carries the run's artifact directory in its environment. That mark alone is not enough: a daemon that a local
task has just restarted inherits it too, and so does the helper that finishes a half-done restart. Both have left for a session of
their own. So a process belongs to the run if it carries the mark and its session is that of ansible itself or of one of its workers.

Started as a program (``python -I -S _reaper.py RUN_DIRECTORY``) this file is the guard of a run: when the program that started the run
is gone without a word, even by SIGKILL, the guard ends the run's processes and removes its directory. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

MARK = b"AWX_ISOLATED_DATA_DIR="
ANSIBLE_COMMANDS = {"ansible-playbook", "ansible-inventory", "ansible"}
POLL = 0.02
GOODBYE = b"done"
WORKER = b"worker "


class Process(NamedTuple):
    pid: int
    start_ticks: int
    parent: int
    session: int
    ansible: bool


def end_run(run_directory: str | Path, grace: float = 5.0, sessions: set[int] | None = None) -> int:
    """Terminate ansible, which then ends its workers, and kill what is left after ``grace`` seconds; return how many processes there were.

    Calls that end the same run at the same time share ``sessions``: a session stays the run's for all of them when one has ended its leader.
    """
    deadline = time.monotonic() + grace
    seen: set[int] = set()
    asked: set[int] = set()
    sessions = set() if sessions is None else sessions
    while remaining := _processes(run_directory, sessions):
        seen.update(process.pid for process in remaining)
        sessions |= _ansible_sessions(remaining)
        topmost = _topmost_ansible(remaining)
        for process in topmost:
            if process.pid not in asked:
                asked.add(process.pid)
                _signal(process, signal.SIGTERM)
        if not topmost or time.monotonic() >= deadline:
            for process in remaining:
                _signal(process, signal.SIGKILL)
        time.sleep(POLL)
    return len(seen)


def _processes(run_directory: str | Path, known_sessions: set[int]) -> list[Process]:
    """Return the living processes of the run. A session stays the run's when its leader has ended before its members."""
    marked = _marked(run_directory)
    sessions = _ansible_sessions(marked) | known_sessions
    return [process for process in marked if process.session in sessions]


def _ansible_sessions(processes: list[Process]) -> set[int]:
    return {process.session for process in processes if process.ansible}


def _topmost_ansible(processes: list[Process]) -> list[Process]:
    """Return ansible-playbook itself, and the workers it has left behind if it is gone."""
    ansible = [process for process in processes if process.ansible]
    pids = {process.pid for process in ansible}
    return [process for process in ansible if process.parent not in pids]


def _marked(run_directory: str | Path) -> list[Process]:
    mark = MARK + os.fsencode(run_directory) + b"/"
    result = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit() and int(entry) != os.getpid():
            # A process that ends while it is looked at, or belongs to somebody else, is not ours to end.
            with contextlib.suppress(OSError, ValueError, IndexError):
                environment = Path("/proc", entry, "environ").read_bytes()
                if environment.startswith(mark) or b"\0" + mark in environment:
                    result.append(_read(int(entry)))
    return result


def _read(pid: int) -> Process:
    # The command name in parentheses may itself contain spaces and parentheses: split after the last one.
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:3]
    ansible = any(os.path.basename(os.fsdecode(argument)) in ANSIBLE_COMMANDS for argument in arguments)
    return Process(pid, start_ticks=int(fields[19]), parent=int(fields[1]), session=int(fields[3]), ansible=ansible)


def end_worker(pid: int, grace: float = 5.0) -> None:
    """End a worker (``ansible-runner worker`` or what leads to one elsewhere). It is given time to tidy up after its ansible has ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        worker = _read(pid)
        deadline = time.monotonic() + grace
        directories = _run_directories_below(pid)
        for directory in directories:
            end_run(directory, grace)
        while directories and time.monotonic() < deadline and _lives(worker):
            time.sleep(POLL)
        _signal(worker, signal.SIGTERM)
        while time.monotonic() < deadline and _lives(worker):
            time.sleep(POLL)
        _signal(worker, signal.SIGKILL)
        for directory in directories:
            shutil.rmtree(directory, ignore_errors=True)


def _lives(process: Process) -> bool:
    try:
        state = Path(f"/proc/{process.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        return state != "Z" and _read(process.pid).start_ticks == process.start_ticks
    except (OSError, ValueError, IndexError):
        return False


def _run_directories_below(pid: int) -> set[str]:
    """Return the private directories that the descendants of a process carry in their environment."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                children.setdefault(_read(int(entry)).parent, []).append(int(entry))
    directories, below = set(), list(children.get(pid, []))
    while below:
        one = below.pop()
        below += children.get(one, [])
        with contextlib.suppress(OSError):
            for variable in Path(f"/proc/{one}/environ").read_bytes().split(b"\0"):
                if variable.startswith(MARK):  # PRIVATE_DIRECTORY/artifacts/IDENT
                    directories.add(os.path.dirname(os.path.dirname(os.fsdecode(variable[len(MARK) :]))))
    return directories


def _signal(process: Process, number: int) -> None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        if _read(process.pid).start_ticks == process.start_ticks:
            os.kill(process.pid, number)


def guard(run_directory: str, owner: int) -> None:
    """Wait for the goodbye on standard input; without one the owner has died and its run is ended for it."""
    heard = b""
    while os.getppid() == owner:
        readable, _, _ = select.select([0], [], [], 1.0)
        if readable:
            said = os.read(0, 4096)
            heard += said
            if heard.endswith(GOODBYE):
                return
            if not said:
                break
    for line in heard.splitlines():
        if line.startswith(WORKER):
            end_worker(int(line[len(WORKER) :]))
    end_run(run_directory)
    shutil.rmtree(run_directory, ignore_errors=True)


if __name__ == "__main__":
    guard(sys.argv[1], int(sys.argv[2]))
