# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens during a run, typed. Made from ansible-runner's event dictionaries, without their bulk."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class EventKind(StrEnum):
    PLAY_STARTED = "play_started"
    TASK_STARTED = "task_started"
    HOST_STARTED = "host_started"
    HOST_OK = "host_ok"
    HOST_FAILED = "host_failed"
    HOST_UNREACHABLE = "host_unreachable"
    HOST_SKIPPED = "host_skipped"
    WARNING = "warning"
    FINISHED = "finished"


class RunEvent(BaseModel):
    """One thing that happened: where, in which task, and what was said about it."""

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    at: str
    play: str | None = None
    task: str | None = None
    host: str | None = None
    changed: bool = False
    ignored: bool = False
    message: str = ""


_KINDS = {
    "playbook_on_play_start": EventKind.PLAY_STARTED,
    "playbook_on_task_start": EventKind.TASK_STARTED,
    "playbook_on_handler_task_start": EventKind.TASK_STARTED,
    "runner_on_start": EventKind.HOST_STARTED,
    "runner_on_ok": EventKind.HOST_OK,
    "runner_on_failed": EventKind.HOST_FAILED,
    "runner_on_async_failed": EventKind.HOST_FAILED,
    "runner_on_unreachable": EventKind.HOST_UNREACHABLE,
    "runner_on_skipped": EventKind.HOST_SKIPPED,
    "warning": EventKind.WARNING,
    "system_warning": EventKind.WARNING,
    "error": EventKind.WARNING,
    "playbook_on_stats": EventKind.FINISHED,
}


def typed(raw: dict[str, Any]) -> RunEvent | None:
    """Return the event, or None for what nobody outside ansible needs to see."""
    kind = _KINDS.get(raw.get("event", ""))
    if kind is None:
        return None
    data = raw.get("event_data") or {}
    found = data.get("res")
    answer: dict[str, Any] = found if isinstance(found, dict) else {}
    message = raw.get("stdout", "") if kind is EventKind.WARNING else answer.get("msg", "")
    return RunEvent(
        kind=kind,
        at=raw.get("created", ""),
        play=data.get("play") or data.get("name") if kind is EventKind.PLAY_STARTED else data.get("play"),
        task=data.get("task"),
        host=data.get("host"),
        changed=bool(answer.get("changed")),
        ignored=bool(data.get("ignore_errors")),
        message=message.strip() if isinstance(message, str) else "",
    )
