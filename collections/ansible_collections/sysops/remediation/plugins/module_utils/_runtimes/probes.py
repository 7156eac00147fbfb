# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that costs the process something. Never by default: a person names the probe and has read its danger.

====================  ============================================  ============================================================
probe                 what it tells                                 danger
====================  ============================================  ============================================================
``malloc_info``       bytes that glibc's allocator holds free:      gdb stops the process and calls into it. If a thread holds
                      tells fragmentation from a leak               the allocator's lock, the process hangs until gdb gives up,
                                                                    and may crash afterwards.
``jvm_full_gc``       live heap of a JVM after a full collection:   stops the JVM for the whole collection (seconds per 10 GB),
                      tells garbage from a leak                     and attaches to it, which sends it SIGQUIT.
====================  ============================================  ============================================================
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile

from .._kernel import catches
from . import jvm
from .recognise import same_process

TIMEOUT = 20  # seconds
LARGEST = 16 * 1024 * 1024  # characters of an answer; a few thousand per arena
STAND_IN = "import sys; print(flush=True); sys.stdin.read()"  # waits in a system call, as a service does
GDB_FAILED = re.compile("Couldn't|Could not|Cannot|Can't|ptrace", re.IGNORECASE)  # what follows such a line follows from it


class ProbeError(Exception):
    """The probe was not made or gave nothing; the message is one line for people."""


def probe(name, root, pid, start_ticks, runtime, run):
    """Make one named probe of a live process.

    :param run: the injected command runner.
    :returns: ``{"allocator_free": bytes}``, as ``_leaks.diagnose_series`` takes it, or ``{"heap_live": bytes}``.
    :raises ProbeError: the process is not of the right kind, a tool is missing, or it went wrong.
    """
    if name not in PROBES:
        raise ProbeError("unknown probe '%s'; known: %s" % (name, ", ".join(sorted(PROBES))))
    if not same_process(root, pid, start_ticks):
        raise ProbeError("probe %s: process %d is not the one that was diagnosed any more" % (name, pid))
    return PROBES[name](root, pid, runtime, run)


def _malloc_info(root, pid, runtime, run):
    if runtime.get("allocator") != "glibc":
        raise ProbeError("probe malloc_info: process %d uses %s, not glibc's allocator" % (pid, runtime.get("allocator") or "an unknown allocator"))
    failed = _rehearse(run)
    if failed:
        raise ProbeError("probe malloc_info: process %d was not touched, since gdb failed on a process of our own: %s" % (pid, failed))
    text, failed = _call_malloc_info(root, pid, run)
    if failed:
        raise ProbeError("probe malloc_info: gdb gave no answer for process %d: %s" % (pid, failed))
    return {"allocator_free": parse_malloc_info(text)}


def _rehearse(run):
    """Let gdb do the same to a process of our own, and return what went wrong, or None.

    Where gdb cannot write the registers back (gdb 13 on processors with AMX), the system call that the process waits in fails with
    errno 512, which ends most programs.
    """
    ours = subprocess.Popen([sys.executable, "-I", "-S", "-c", STAND_IN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        ours.stdout.readline()
        _text, failed = _call_malloc_info("/", ours.pid, run)
    finally:
        ours.communicate()
    return failed or ("it did not live on (exit code %d)" % ours.returncode if ours.returncode else None)


def _call_malloc_info(root, pid, run):
    """Return malloc_info(3)'s XML and None, or an incomplete one and what gdb complained of."""
    with _shared_file(root, pid) as (inside, answer):
        rc, _out, err = run(
            [
                "gdb", "--batch", "--nx", "--quiet", "-iex", "set auto-load off", "-p", str(pid),
                "-ex", 'set $file = ((void *(*)(const char *, const char *)) fopen)("%s", "w")' % inside,
                "-ex", "call ((int (*)(int, void *)) malloc_info)(0, $file)",
                "-ex", "call ((int (*)(void *)) fclose)($file)",
                "-ex", "detach",
            ],
            timeout=TIMEOUT,
        )  # fmt: skip
        text = answer.read(LARGEST)
    if rc == 0 and "</malloc>" in text:
        return text, None
    complaints = err.strip().splitlines() or ["no message"]
    return text, next((line for line in complaints if GDB_FAILED.match(line)), complaints[-1])


def parse_malloc_info(text):
    """Return the free bytes of the whole allocator: the totals behind the last heap of malloc_info(3)'s XML."""
    totals = text.rpartition("</heap>")[2]
    return sum(int(size) for size in re.findall(r'<total type="(?:fast|rest)" count="\d+" size="(\d{1,19})"', totals))


@contextlib.contextmanager
def _shared_file(root, pid):
    """Give a file that the process can write: its name inside the process's root, and our open handle; removed afterwards.

    Who owns the process can put anything in the place of the file, or of its /tmp: neither a link nor a pipe may lead us elsewhere.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = os.open(os.path.join(root, "proc/%d/root/tmp" % pid), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            stack.callback(os.close, folder)
            handle, outside = tempfile.mkstemp(prefix="sysops-malloc-", dir="/proc/self/fd/%d" % folder)
            stack.callback(_remove, outside)
            answer = stack.enter_context(os.fdopen(handle, encoding="utf-8", errors="replace"))
            owner = os.stat(os.path.join(root, "proc/%d" % pid))
            os.fchown(handle, owner.st_uid, owner.st_gid)
        except OSError as error:
            raise ProbeError("probe malloc_info: no file for the answer in the /tmp of process %d: %s" % (pid, os.strerror(error.errno))) from error
        yield os.path.join("/tmp", os.path.basename(outside)), answer


def _remove(path):
    with contextlib.suppress(OSError):
        os.unlink(path)


def _jvm_full_gc(root, pid, runtime, run):
    if runtime.get("kind") != "jvm":
        raise ProbeError("probe jvm_full_gc: process %d is not a JVM but %s" % (pid, runtime.get("kind")))
    if not catches(root, pid, signal.SIGQUIT):
        raise ProbeError("probe jvm_full_gc: process %d has no handler for SIGQUIT (it runs with -Xrs), so attaching would end it" % pid)
    rc, out, err = run(["jcmd", str(pid), "GC.run"], timeout=TIMEOUT)
    if rc != 0:
        raise ProbeError("probe jvm_full_gc: jcmd failed for process %d: %s" % (pid, ((err or out).strip().splitlines() or ["no message"])[-1]))
    heap, reason = jvm.read_heap(root, pid)
    if heap is None:
        raise ProbeError("probe jvm_full_gc: %s" % reason)
    return {"heap_live": heap.old_used}


PROBES = {"malloc_info": _malloc_info, "jvm_full_gc": _jvm_full_gc}
