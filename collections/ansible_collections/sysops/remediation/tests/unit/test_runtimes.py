# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runtimes are recognised by facts, and their evidence is read without touching the process."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import tracemalloc

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _run
from ansible_collections.sysops.remediation.plugins.module_utils._kernel import catches
from ansible_collections.sysops.remediation.plugins.module_utils._runtimes import Watch, jvm, probes, recognise
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import procfs
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "jvm"
LIBC = "7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6\n"


def process(root, pid=10, maps="", exe="/usr/bin/thing", status=""):
    """Make a process below a recorded root."""
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "maps").write_text(maps)
    (folder / "status").write_text(status)
    (folder / "exe").symlink_to(exe)
    return folder


@pytest.mark.parametrize(
    ("mapped", "exe", "kind"),
    [
        ("/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", "/usr/bin/java", "jvm"),
        ("/opt/app/lib/server/libjvm.so", "/opt/app/bin/launcher", "jvm"),
        ("/usr/lib/dotnet/shared/Microsoft.NETCore.App/8.0.1/libcoreclr.so", "/usr/bin/dotnet", "dotnet"),
        ("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", "/usr/sbin/uwsgi", "cpython"),
        ("", "/usr/bin/python3.11", "cpython"),
        ("", "/usr/bin/node", "node"),
        ("/usr/lib/x86_64-linux-gnu/libnode.so.108", "/usr/bin/nodejs", "node"),
        ("/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2", "/usr/bin/ruby3.1", "ruby"),
        ("", "/usr/sbin/php-fpm8.2", "php-fpm"),
        ("", "/usr/sbin/nginx", "native"),
        ("", "/usr/bin/python3.11 (deleted)", "cpython"),
    ],
)
def test_a_runtime_is_recognised_by_its_library_or_its_program(tmp_path, mapped, exe, kind):
    process(tmp_path, maps="7f00-7f01 r-xp 00000000 08:01 1 %s\n" % mapped + LIBC, exe=exe)
    assert recognise(str(tmp_path), 10)["kind"] == kind


@pytest.mark.parametrize(
    ("mapped", "allocator"),
    [
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", "glibc"),
        ("/lib/x86_64-linux-gnu/libc-2.28.so", "glibc"),
        ("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "jemalloc"),
        ("/usr/lib/libtcmalloc_minimal.so.4", "tcmalloc"),
        ("/lib/ld-musl-x86_64.so.1", "musl"),
        ("/usr/bin/static", None),
    ],
)
def test_an_allocator_is_recognised_by_its_library(tmp_path, mapped, allocator):
    process(tmp_path, maps="7f00-7f01 r-xp 00000000 08:01 1 %s\n" % mapped)
    assert recognise(str(tmp_path), 10)["allocator"] == allocator


def test_jemalloc_wins_over_the_libc_that_is_mapped_too(tmp_path):
    process(tmp_path, maps=LIBC + "7f02-7f03 r-xp 00000000 08:01 1 /usr/lib/libjemalloc.so.2\n")
    assert recognise(str(tmp_path), 10)["allocator"] == "jemalloc"


@pytest.mark.parametrize("padding", [0, 1024 * 1024 - 8, 3 * 1024 * 1024])
def test_go_is_recognised_by_its_build_information_wherever_it_lies(tmp_path, padding):
    program = tmp_path / "server"
    program.write_bytes(b"\x7fELF" + b"\0" * padding + b"\xff Go buildinf:" + b"\0" * 100)
    process(tmp_path, exe=str(program))
    assert recognise(str(tmp_path), 10)["kind"] == "go"


def test_forked_workers_are_recognised_by_their_parents_stack(tmp_path):
    process(tmp_path)
    stat = "{pid} (x) S {ppid} 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 5 0 0 0 0 0 {stack} 0"
    tree = [procfs.parse_stat(stat.format(pid=pid, ppid=ppid, stack=stack)) for pid, ppid, stack in [(10, 1, 77), (11, 10, 77), (12, 10, 77), (13, 10, 99)]]
    assert recognise(str(tmp_path), 10, {one.pid: one for one in tree})["prefork"]
    assert not recognise(str(tmp_path), 10, {one.pid: one for one in tree if one.pid != 12})["prefork"]


def test_a_process_that_is_gone_is_native_and_no_error(tmp_path):
    (tmp_path / "proc").mkdir()
    assert recognise(str(tmp_path), 10)["kind"] == "native"


@pytest.mark.parametrize(("name", "maximum"), [("serial", 96 * 1024**2), ("g1", 96 * 1024**2)])
def test_the_heap_of_a_jvm_is_read_from_its_performance_data(name, maximum):
    heap = jvm.Heap(jvm.parse((FIXTURES / (name + ".hsperfdata")).read_bytes()))
    assert heap.max_heap == maximum
    assert 0 < heap.old_used < maximum


def test_the_performance_data_is_found_under_the_pid_that_the_container_sees(tmp_path):
    folder = process(tmp_path, maps="/lib/server/libjvm.so", status="NSpid:\t10\t1\n")
    data = folder / "root" / "tmp" / "hsperfdata_app"
    data.mkdir(parents=True)
    shutil.copy(FIXTURES / "g1.hsperfdata", data / "1")
    heap, reason = jvm.read_heap(str(tmp_path), 10)
    assert reason is None
    assert heap.old_used == 1062912


@pytest.mark.parametrize("plant", ["link", "pipe", "garbage", "nothing"])
def test_what_is_no_performance_data_is_a_reason_and_no_error(tmp_path, plant):
    folder = process(tmp_path, maps="/lib/server/libjvm.so", status="NSpid:\t10\n")
    data = folder / "root" / "tmp" / "hsperfdata_app"
    data.mkdir(parents=True)
    if plant == "link":
        (data / "10").symlink_to(FIXTURES / "g1.hsperfdata")
    elif plant == "pipe":
        os.mkfifo(data / "10")
    elif plant == "garbage":
        (data / "10").write_bytes(b"\xca\xfe\xc0\xc0garbage")
    heap, reason = jvm.read_heap(str(tmp_path), 10)
    assert heap is None
    assert "hsperfdata" in reason


@given(st.binary(max_size=400))
def test_any_bytes_are_parsed_without_an_error(data):
    real = (FIXTURES / "serial.hsperfdata").read_bytes()
    for candidate in (data, real[: len(data)] + data, real[:4] + data + real[len(data) :]):
        assert jvm.parse(candidate) is None or isinstance(jvm.parse(candidate), dict)


def performance_data(entries, text=b"x" * 1024):
    """Return performance data whose every entry is a text, 1 GiB long as it says of itself: (name, ...)."""
    texts = b"".join(name + b"\0" for name in entries) + text
    names_at, data = 32 + 20 * len(entries), b""
    for place in range(len(entries)):
        at = 32 + 20 * place
        name_at = names_at + sum(len(other) + 1 for other in entries[:place])
        data += struct.pack("<iii4Bi", 20, name_at - at, 2**30, ord("B"), 0, 0, 0, names_at - at + len(texts) - len(text))
    return b"\xca\xfe\xc0\xc0" + bytes([1, 2, 0, 1]) + bytes(16) + struct.pack("<ii", 32, len(entries)) + data + texts


def test_what_the_owner_of_a_process_writes_fills_no_memory_of_ours():
    data = performance_data([b"n%03d" % number for number in range(500)] + [b"java.rt.vmArgs"], b"x" * (3 * 1024 * 1024))
    tracemalloc.start()
    try:
        values = jvm.parse(data)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert list(values) == ["java.rt.vmArgs"]
    assert len(values["java.rt.vmArgs"]) == 32 * 1024
    assert peak < 1024 * 1024


def test_texts_in_place_of_numbers_are_a_reason_and_no_error(tmp_path):
    folder = process(tmp_path, status="NSpid:\t10\n") / "root" / "tmp" / "hsperfdata_app"
    folder.mkdir(parents=True)
    (folder / "10").write_bytes(performance_data([b"sun.gc.generation.1.space.0.used", b"sun.gc.collector.1.invocations"]))
    assert jvm.read_heap(str(tmp_path), 10) == (None, "hsperfdata: not in a format that is known (texts where numbers should be)")


class FakeHeaps:
    """Looks at a heap, one after the other."""

    def __init__(self, looks):
        self.looks = iter(looks)

    def __call__(self, _root, _pid):
        old_used, collections = next(self.looks)
        return jvm.Heap({"sun.gc.generation.1.space.0.used": old_used, "sun.gc.collector.1.invocations": collections, "java.rt.vmArgs": "-Xmx1g"}), None


def watched(monkeypatch, looks):
    monkeypatch.setattr(jvm, "read_heap", FakeHeaps(looks))
    watch = Watch("/", 10, {"kind": "jvm"})
    for now in range(len(looks)):
        watch.tick(now)
    return watch


def test_only_looks_right_after_a_collection_of_the_old_generation_count(monkeypatch):
    watch = watched(monkeypatch, [(50, 0), (60, 0), (20, 1), (40, 1), (22, 2), (30, 2), (21, 3), (50, 3), (23, 4), (24, 5)])
    assert watch.context() == {"live_after_gc": [(2, 20), (4, 22), (6, 21), (8, 23), (9, 24)]}
    assert watch.limits() == [{"name": "-Xmx", "value": 1024**3}]


def test_a_heap_that_was_not_collected_yet_is_said_to_be_undecided(monkeypatch):
    watch = watched(monkeypatch, [(50, 0), (60, 0), (70, 0)])
    assert "cannot be told from garbage" in watch.context()["gc_pending"]
    assert watch.limits() == []


def test_mixed_collections_of_g1_are_seen_by_what_they_freed(monkeypatch):
    watch = watched(monkeypatch, [(50, 0), (30, 0), (50, 0), (31, 0), (50, 0), (32, 0), (50, 0), (33, 0), (50, 0), (34, 0)])
    assert [value for _now, value in watch.context()["live_after_gc"]] == [30, 31, 32, 33, 34]


def test_other_runtimes_give_no_heap_and_cost_no_look(monkeypatch):
    monkeypatch.setattr(jvm, "read_heap", None)
    watch = Watch("/", 10, {"kind": "native"})
    watch.tick(0)
    assert watch.context() == {}
    assert watch.facts() == {}


MALLOC_INFO = """<malloc version="1"><heap nr="0"><sizes/>
<total type="fast" count="1" size="32"/><total type="rest" count="2" size="100"/></heap>
<total type="fast" count="3" size="96"/><total type="rest" count="5" size="78809520"/><total type="mmap" count="1" size="7"/></malloc>"""


def test_free_bytes_are_the_totals_of_the_whole_allocator():
    assert probes.parse_malloc_info(MALLOC_INFO) == 96 + 78809520


@pytest.mark.parametrize("plant", ["link", "pipe"])
def test_what_the_process_puts_in_the_place_of_the_answer_is_not_read(tmp_path, plant):
    temporary = process(tmp_path) / "root" / "tmp"
    temporary.mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text(MALLOC_INFO)
    with probes._shared_file(str(tmp_path), 10) as (inside, answer):
        ours = temporary / os.path.basename(inside)
        ours.write_text("<malloc/>")
        ours.unlink()
        if plant == "link":
            ours.symlink_to(secret)
        else:
            os.mkfifo(ours)
        assert answer.read() == "<malloc/>"
    assert list(temporary.iterdir()) == []
    assert secret.exists()


def test_a_tmp_that_leads_elsewhere_is_not_written_to(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    folder = process(tmp_path) / "root"
    folder.mkdir()
    (folder / "tmp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(probes.ProbeError, match="no file for the answer in the /tmp of process 10: Not a directory"), probes._shared_file(str(tmp_path), 10):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def never(*_arguments, **_options):
    raise AssertionError("nothing may be run")


@pytest.mark.parametrize(
    ("name", "runtime", "says"),
    [
        ("malloc_info", {"kind": "native", "allocator": "jemalloc"}, "jemalloc, not glibc"),
        ("jvm_full_gc", {"kind": "node", "allocator": "glibc"}, "not a JVM but node"),
        ("heap_dump", {"kind": "jvm", "allocator": "glibc"}, "unknown probe 'heap_dump'; known: jvm_full_gc, malloc_info"),
    ],
)
def test_a_probe_of_the_wrong_process_is_not_made(name, runtime, says):
    me = procfs.read_process("/", os.getpid())
    with pytest.raises(probes.ProbeError, match=says):
        probes.probe(name, "/", me.pid, me.start_ticks, runtime, never)


def test_a_probe_of_a_reused_pid_is_not_made():
    with pytest.raises(probes.ProbeError, match="is not the one that was diagnosed"):
        probes.probe("malloc_info", "/", os.getpid(), 1, {"kind": "native", "allocator": "glibc"}, never)


def test_a_process_without_a_handler_for_the_signal_is_never_attached_to():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not catches("/", child.pid, signal.SIGQUIT)
        start = procfs.read_process("/", child.pid).start_ticks
        with pytest.raises(probes.ProbeError, match="has no handler for SIGQUIT"):
            probes.probe("jvm_full_gc", "/", child.pid, start, {"kind": "jvm"}, never)
    finally:
        child.communicate(b"\n")
    assert child.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="no JVM here: apt-get install default-jdk-headless")
@pytest.mark.parametrize("leaks", [True, False])
def test_a_real_jvm_shows_its_live_heap_without_being_touched(tmp_path, leaks):
    shutil.copy(FIXTURES / "Heap.java", tmp_path)
    subprocess.run(["javac", "-d", str(tmp_path), str(tmp_path / "Heap.java")], check=True)
    arguments = ["-Xmx48m", "-XX:+UseSerialGC", "-XX:NewSize=32m", "-XX:MaxNewSize=32m", "-cp", str(tmp_path), "Heap"] + (["leak"] if leaks else [])
    java = subprocess.Popen(["java", *arguments], stderr=subprocess.DEVNULL)
    try:
        runtime = recognise("/", java.pid)
        deadline = time.monotonic() + 60
        while runtime["kind"] != "jvm" and time.monotonic() < deadline:
            time.sleep(0.1)
            runtime = recognise("/", java.pid)
        watch = Watch("/", java.pid, runtime)
        while watch.facts().get("heap_max") != 48 * 1024**2 and time.monotonic() < deadline:  # a young JVM has not written its options yet
            time.sleep(0.1)
            watch.tick(time.time())
        start = procfs.read_process("/", java.pid).start_ticks
        if leaks:
            first = watch.facts()["heap_old_used"]
            while watch.facts()["heap_old_used"] < first + 2 * 1024**2 and time.monotonic() < deadline:
                time.sleep(0.05)
                watch.tick(time.time())
            assert watch.facts()["heap_old_used"] > first
        else:
            assert 0 < probes.probe("jvm_full_gc", "/", java.pid, start, runtime, _run.run)["heap_live"] < 16 * 1024**2
    finally:
        java.kill()
        java.wait()


CHUNKS = """
import ctypes, sys
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
blocks = [libc.malloc(4000) for _ in range(20000)]
[libc.free(ctypes.c_void_p(block)) for number, block in enumerate(blocks) if number % 50]
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def chunks():
    """A process that holds almost 80 MB of free chunks, and waits in a system call; it must end well."""
    child = subprocess.Popen([sys.executable, "-c", CHUNKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        yield procfs.read_process("/", child.pid)
    finally:
        child.communicate()
    assert child.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb here: apt-get install gdb")
def test_free_chunks_of_a_real_process_are_counted_and_it_lives_on(chunks):
    able = probes._rehearse(_run.run) is None
    try:
        found = probes.probe("malloc_info", "/", chunks.pid, chunks.start_ticks, recognise("/", chunks.pid), _run.run)
    except probes.ProbeError as error:  # gdb 13 on a processor with AMX
        assert not able
        assert re.search(f"process {chunks.pid} was not touched, since gdb failed on a process of our own: Couldn't write", str(error))
    else:
        assert able
        assert found["allocator_free"] > 60 * 1024**2


ANSWERS = [
    ("<malloc>", "Couldn't write extended state status: Bad address.\nInvalid cast.\n", 0, "Couldn't write extended state status: Bad address."),
    ("", "gdb: command not found\n", 127, "gdb: command not found"),
    ("", "", 1, "no message"),
    (MALLOC_INFO, "", 0, r"it did not live on \(exit code -9\)"),
]


@pytest.mark.parametrize(("text", "complaint", "rc", "says"), ANSWERS, ids=["registers", "no gdb", "silent", "dead"])
def test_a_service_is_not_touched_by_a_gdb_that_fails_on_a_process_of_ours(chunks, text, complaint, rc, says):
    attached = []

    def gdb(command, timeout):
        pid = int(command[command.index("-p") + 1])
        attached.append(pid)
        if text == MALLOC_INFO:  # it answers, but the system call that the process waits in has failed
            os.kill(pid, signal.SIGKILL)
        pathlib.Path(re.search(r'\("(/tmp/[^"]+)"', " ".join(command))[1]).write_text(text)
        return rc, "", complaint

    with pytest.raises(probes.ProbeError, match=f"process {chunks.pid} was not touched, since gdb failed on a process of our own: {says}"):
        probes.probe("malloc_info", "/", chunks.pid, chunks.start_ticks, {"kind": "native", "allocator": "glibc"}, gdb)
    assert len(attached) == 1
    assert attached[0] != chunks.pid
