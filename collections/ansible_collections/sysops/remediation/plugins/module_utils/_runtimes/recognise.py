# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognise runtime and allocator of a process from facts that cost nothing: its name, its mapped libraries, its program file."""

from __future__ import annotations

import os
import re

from .._kernel import below, read_text
from .._sampling import procfs

# The first that matches wins. A mapped library tells more than a name: anyone may call a script "java".
_LIBRARIES = (
    ("jvm", re.compile(r"/libjvm\.so")),
    ("dotnet", re.compile(r"/libcoreclr\.so")),
    ("php-fpm", re.compile(r"/libphp\d*\.so")),
    ("cpython", re.compile(r"/libpython\d")),
    ("ruby", re.compile(r"/libruby[-.\d]")),
    ("node", re.compile(r"/libnode\.so")),
)
_PROGRAMS = (
    ("cpython", re.compile(r"^python[\d.]*$")),
    ("node", re.compile(r"^(node|nodejs)$")),
    ("php-fpm", re.compile(r"^php-fpm[\d.]*$")),
    ("ruby", re.compile(r"^ruby[\d.]*$")),
    ("dotnet", re.compile(r"^dotnet$")),
    ("jvm", re.compile(r"^java$")),
)
_ALLOCATORS = (
    ("jemalloc", re.compile(r"/libjemalloc")),
    ("tcmalloc", re.compile(r"/libtcmalloc")),
    ("mimalloc", re.compile(r"/libmimalloc")),
    ("musl", re.compile(r"/(ld-musl|libc\.musl)")),
    ("glibc", re.compile(r"/libc(-[\d.]+)?\.so")),
)
_GO_MARK = b"\xff Go buildinf:"  # begins the section that every Go linker since 1.12 writes
_GO_SEARCHED = 64 * 1024 * 1024  # bytes; the section lies at the beginning of the data segment, after the code
_CHUNK = 1024 * 1024


def recognise(root, pid, processes=None):
    """Return ``{"kind", "allocator", "prefork", "evidence"}`` of a process; unknown things are ``"native"`` and ``None``.

    :param processes: a scan of /proc, to see pre-fork servers; None leaves ``prefork`` false.
    :returns: ``kind`` is jvm, cpython, node, go, ruby, php-fpm, dotnet or native; ``evidence`` says how we know.
    """
    maps = _maps(root, pid)
    program = os.path.basename(_exe(root, pid))
    kind, why = _kind(root, pid, maps, program)
    allocator = next((name for name, pattern in _ALLOCATORS if pattern.search(maps)), None)
    evidence = [why]
    if allocator:
        evidence.append("%s is mapped" % allocator)
    workers = _forked_workers(pid, processes or {})
    if workers:
        evidence.append("%d children share its address space layout: forked workers" % workers)
    return {"kind": kind, "allocator": allocator, "prefork": workers >= 2, "evidence": evidence}


def _kind(root, pid, maps, program):
    for kind, pattern in _LIBRARIES:
        found = pattern.search(maps)
        if found:
            return kind, "%s is mapped" % found.group(0).lstrip("/")
    for kind, pattern in _PROGRAMS:
        if pattern.match(program):
            return kind, "its program is %s" % program
    if _is_go(below(root, "proc/%d/exe" % pid)):
        return "go", "its program carries Go build information"
    return "native", "no known runtime is mapped" if maps else "its mappings are not readable"


def _maps(root, pid):
    try:
        return read_text(below(root, "proc/%d/maps" % pid)) or ""
    except PermissionError:
        return ""


def _exe(root, pid):
    try:
        return os.readlink(below(root, "proc/%d/exe" % pid)).replace(" (deleted)", "")
    except OSError:
        return ""


def _is_go(path):
    """Search the program file for Go's build information; reads a bounded part of it, never the process."""
    try:
        with open(path, "rb") as program:
            if program.read(4) != b"\x7fELF":
                return False
            tail = b""
            for _unused in range(_GO_SEARCHED // _CHUNK):
                chunk = program.read(_CHUNK)
                if not chunk:
                    return False
                if _GO_MARK in tail + chunk:
                    return True
                tail = chunk[-len(_GO_MARK) :]
    except OSError:
        return False
    return False


def _forked_workers(pid, processes):
    """Count the children that were forked without exec: they have their parent's stack address."""
    parent = processes.get(pid)
    if parent is None or not parent.stack:
        return 0
    return sum(1 for one in processes.values() if one.ppid == pid and one.stack == parent.stack)


def same_process(root, pid, start_ticks):
    """Tell whether a PID is still the process that it was."""
    process = procfs.read_process(root, pid)
    return process is not None and process.start_ticks == start_ticks
