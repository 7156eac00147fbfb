# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small mail-like service. With ``--leak`` it keeps so many bytes of every message it has handled, as a forgotten cache would.

Run by a supervisord: ``python service.py --port 20025 --leak 65536``. Standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import os

ANSWERS = {"HELO": "250 demo", "EHLO": "250 demo", "MAIL": "250 2.1.0 Ok", "RCPT": "250 2.1.5 Ok", "RSET": "250 2.0.0 Ok", "NOOP": "250 2.0.0 Ok"}


class Service:
    """Speaks enough SMTP for a mail client to be content."""

    def __init__(self, leak: int) -> None:
        self.leak = leak
        self.forgotten: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._say(writer, "220 demo ESMTP")
            while line := await reader.readline():
                verb = line.decode("ascii", "replace").strip().upper()[:4]
                if verb == "QUIT":
                    await self._say(writer, "221 2.0.0 Bye")
                    break
                if verb == "DATA":
                    await self._say(writer, "354 End data with <CR><LF>.<CR><LF>")
                    await self._handle_message(reader)
                    await self._say(writer, "250 2.0.0 Ok: queued")
                else:
                    await self._say(writer, ANSWERS.get(verb, "502 5.5.2 Error: command not recognized"))
        except ConnectionError:
            pass  # the client has gone away, as clients do
        finally:
            writer.close()

    async def _handle_message(self, reader: asyncio.StreamReader) -> None:
        while (line := await reader.readline()) and line.rstrip(b"\r\n") != b".":
            pass
        if self.leak:
            self.forgotten.append(os.urandom(self.leak))

    @staticmethod
    async def _say(writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()


async def run(port: int, leak: int) -> None:
    supervisor = os.getppid()
    async with await asyncio.start_server(Service(leak).serve, "127.0.0.1", port):
        # A demo leaves nothing behind: without its supervisord the service ends too.
        while os.getppid() == supervisor:
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--leak", type=int, default=0, help="bytes kept of every message")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port, arguments.leak))
