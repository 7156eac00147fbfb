# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail for both services, at the same rate, for as long as the demo lasts."""

from __future__ import annotations

import contextlib
import smtplib
import threading
from collections.abc import Iterable

PAUSE = 0.05


class Traffic:
    """Sends one small mail after the other to each port while it is entered; a service that is being restarted is tried again."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._flow, args=(port,), daemon=True) for port in ports]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _flow(self, port: int) -> None:
        while not self._ended.wait(PAUSE):
            with contextlib.suppress(OSError, smtplib.SMTPException):
                send(port)


def send(port: int) -> None:
    """Hand one mail in; raise OSError or SMTPException when the service does not take it."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="demo", timeout=5) as client:
        client.sendmail("alice@example.org", ["bob@example.org"], "Subject: hello\r\n\r\nHello Bob\r\n")
