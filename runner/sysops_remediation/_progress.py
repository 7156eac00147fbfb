# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host is doing, live on a terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from .events import EventKind, RunEvent

SHOWN_HOSTS = 15
_MARKS = {
    EventKind.HOST_OK: ("✓", "green"),
    EventKind.HOST_SKIPPED: ("✓", "green"),
    EventKind.HOST_FAILED: ("✗", "red"),
    EventKind.HOST_UNREACHABLE: ("⚠", "magenta"),
}


class Progress:
    """Shows one line per host while a run lasts. Does nothing when not enabled: a pipe gets only the result."""

    def __init__(self, enabled: bool) -> None:
        self._play = "starting"
        self._hosts: dict[str, tuple[str, str, str]] = {}
        self._started = time.monotonic()
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._picture, console=Console(stderr=True), refresh_per_second=8, transient=True) if enabled else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def take(self, event: RunEvent) -> None:
        if event.kind is EventKind.PLAY_STARTED:
            self._play = event.play or "working"
        elif event.kind is EventKind.HOST_STARTED and event.host:
            self._hosts[event.host] = ("…", "cyan", event.task or "")
        elif event.kind in _MARKS and event.host:
            mark, colour = ("–", "yellow") if event.ignored else _MARKS[event.kind]
            self._hosts[event.host] = (mark, colour, event.task or "")

    def _picture(self) -> Group:
        self._spinner.update(text=Text(f"{self._play}  {time.monotonic() - self._started:.0f} s", style="bold"))
        hosts = Table.grid(padding=(0, 1))
        # Hosts at work come last in the dictionary's order only by accident: show them first.
        ordered = sorted(self._hosts.items(), key=lambda item: item[1][0] != "…")
        for host, (mark, colour, task) in ordered[:SHOWN_HOSTS]:
            hosts.add_row(Text(f"  {mark}", style=colour), Text(host), Text(task, style="dim"))
        more = len(ordered) - SHOWN_HOSTS
        return Group(self._spinner, hosts, *([Text(f"    and {more} more hosts", style="dim")] if more > 0 else []))
