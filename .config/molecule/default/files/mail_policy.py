# Copyright: (c) 2026, sysops.remediation contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy service for Postfix (check_policy_service) that allows every mail and remembers too much about it.

The leak is the classic one: a cache of what was seen, by a key that never comes twice, without a bound.
LEAK_PER_MAIL is how many bytes each mail costs; 0 is the service as it should be.
"""

from __future__ import annotations

import os
import socketserver

LEAK_PER_MAIL = int(os.environ["LEAK_PER_MAIL"])
seen: dict[str, bytes] = {}


class PolicyRequest(socketserver.StreamRequestHandler):
    """One connection of smtpd: requests of `name=value` lines, each ended by an empty line."""

    def handle(self) -> None:
        attributes: dict[str, str] = {}
        for raw in self.rfile:
            line = raw.decode(errors="replace").rstrip("\n")
            if line:
                name, _, value = line.partition("=")
                attributes[name] = value
                continue
            self.answer(attributes)
            attributes = {}

    def answer(self, attributes: dict[str, str]) -> None:
        if LEAK_PER_MAIL and attributes.get("protocol_state") == "RCPT":
            seen[attributes["instance"]] = os.urandom(LEAK_PER_MAIL)
        self.wfile.write(b"action=dunno\n\n")


class PolicyServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


if __name__ == "__main__":
    with PolicyServer(("127.0.0.1", 10040), PolicyRequest) as server:
        server.serve_forever()
