# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the managers share: recorded cases, a host's root folder made of a few files, and an engine that answers from recordings."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socketserver
import threading
from pathlib import Path

from ansible_collections.sysops.remediation.plugins.module_utils._managers import _base

RECORDED = Path(__file__).parents[1] / "fixtures" / "managers"
BOOT_ID = "11111111-2222-3333-4444-555555555555"
BOOT_TIME = 1_000_000  # epoch seconds


def cases(*folders, file):
    """Return the folders of all cases below ``folders`` that hold ``file``."""
    return sorted(path.parent for folder in folders for path in (RECORDED / folder).rglob(file))


def case_id(case):
    return str(case.relative_to(RECORDED))


def expected(case):
    return json.loads((case / "expected.json").read_text())


def told(inspect):
    """Call ``inspect`` and return its facts, or its refusal, in the form of expected.json. The manager's raw facts are left out."""
    try:
        state = inspect()
    except _base.ManagerError as error:
        return {"error": {"type": type(error).__name__, "kind": getattr(error, "kind", None), "message": str(error)}}
    facts = dict(vars(state), incarnation=state.incarnation.as_dict() if state.incarnation else None)
    del facts["properties"]
    return facts


def make_root(path, pids=(), systemd=False):
    """Make a root folder with what the managers read of /proc; each of ``pids`` was born ``pid`` seconds after the boot."""
    write(path, "proc/stat", "cpu  1 2 3\nbtime %d\n" % BOOT_TIME)
    write(path, "proc/sys/kernel/random/boot_id", BOOT_ID + "\n")
    for pid in pids:
        add_process(path, pid)
    if systemd:
        (path / "run/systemd/system").mkdir(parents=True)
        write(path, "usr/bin/systemctl", "").chmod(0o755)
    return str(path)


def add_process(path, pid, comm="daemon", state="S", seconds=None, caught=0):
    ticks = int((pid if seconds is None else seconds) * os.sysconf("SC_CLK_TCK"))
    write(path, "proc/%d/stat" % pid, "%d (%s) %s 1 %d %d %s %d 0\n" % (pid, comm, state, pid, pid, " ".join(["0"] * 15), ticks))
    write(path, "proc/%d/status" % pid, "Name:\t%s\nSigCgt:\t%016x\n" % (comm, caught))


def write(root, path, text):
    target = Path(root) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


class Recorded:
    """A ``run`` that answers from a list of (words that the command holds, answer), and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, argv, timeout=None, discard_output=False):
        self.asked.append(argv)
        for words, answer in self.answers:
            if all(word in argv for word in words):
                return answer
        raise AssertionError("nothing recorded for %s" % argv)


def recorded_engine(name):
    """Return the answers of a recorded engine, by request."""
    folder = RECORDED / name
    answers = {
        "GET /version": (200, (folder / "version.json").read_bytes()),
        "GET /containers/json": (200, (folder / "list.json").read_bytes()),
        "GET /containers/rec-talking/logs": (200, (folder / "talking.log").read_bytes()),
    }
    for inspect in folder.glob("*/inspect.json"):
        payload = inspect.read_bytes()
        for address in (json.loads(payload)["Name"].lstrip("/"), json.loads(payload)["Id"], json.loads(payload)["Id"][:12]):
            answers["GET /containers/%s/json" % address] = (200, payload)
            answers["GET /containers/%s/logs" % address] = (200, (folder / "talking.log").read_bytes())
    return answers


@contextlib.contextmanager
def engine(path, answers):
    """Serve ``{"GET /version": (status, bytes)}`` on a Unix socket; yields the list of requests, as (method and path, body)."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked.append(("%s %s" % (self.command, self.path), json.loads(body) if body else None))
            status, payload = answers.get("%s %s" % (self.command, self.path.partition("?")[0]), (404, b'{"message":"No such container"}'))
            if callable(payload):
                payload = payload()
            with contextlib.suppress(OSError):  # the client may have given up
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

        do_POST = do_GET

        def address_string(self):
            return "unix"

        def log_message(self, *_arguments):
            pass

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    server = Server(str(path), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        os.unlink(path)
