# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen during a run to its typed result.

Two things are read and nothing else: the ``set_stats`` key ``remediation`` that our playbooks leave, and ansible's own recap and events.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from . import _limit
from ._launch import Request
from ._project import Project
from ._status import RunStatus
from .models import HostError, HostStats, RunResult

Result = TypeVar("Result", bound=RunResult)
RUNNER_ONLY = {"schema", "status", "message", "check_mode", "run_id", "errors", "unreachable", "artifacts"}
# ansible's word for a column of its recap → ours
RECAP = {
    "ok": "ok",
    "changed": "changed",
    "dark": "unreachable",
    "failures": "failed",
    "skipped": "skipped",
    "rescued": "rescued",
    "ignored": "ignored",
}
NO_HOSTS = re.compile(r"leaves us with no hosts to target|Could not match supplied host pattern|no hosts matched|No inventory was parsed", re.IGNORECASE)
UNREADABLE = re.compile(r"Unable to parse (\S.*?) as an inventory source(?=.*No inventory was parsed)", re.DOTALL)
PARSE_ERROR = re.compile(r"Failed to parse inventory with '\w+' plugin: (.+)")
# What ansible says when ansible-runner's callback could not hand an event over: no room on the disk.
LOST_EVENT = re.compile(r"Callback dispatch '\w+' failed for plugin '[\w.]*awx_display': (.+)")
BYTES = re.compile(r"\bb'([^']*)'")
ERROR_LINE = re.compile(r"^\s*(?:\[?ERROR\]?!?|ERROR!|fatal:.*=>|ansible-playbook: error)[:\s]*(.+)", re.MULTILINE)


@dataclass
class Facts:
    """What was seen during one run."""

    lines: deque[str]
    rc: int | None = None
    stats: dict[str, dict[str, int]] | None = None
    remediation: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    stop: RunStatus | None = None
    invalid_input: str | None = None
    internal_error: str | None = None
    handler_error: str | None = None
    lost: str | None = None
    names: list[str] = field(default_factory=list)

    def nobody(self) -> bool:
        """Tell whether ansible has found no host to work on."""
        return self.stats is None and NO_HOSTS.search(self.text()) is not None and not UNREADABLE.search(self.text())

    def text(self) -> str:
        return "\n".join(self.lines)

    def take(self, raw: dict[str, Any]) -> None:
        """Remember what the result needs of one event of ansible-runner."""
        self.lines.extend(raw.get("stdout", "").splitlines())
        if self.lost is None and (lost := LOST_EVENT.search(" ".join(raw.get("stdout", "").split()))):
            self.lost = lost.group(1)
        data = raw.get("event_data") or {}
        name = raw.get("event")
        if name == "playbook_on_stats":
            self.stats = {column: data.get(column) or {} for column in (*RECAP, "processed")}
            self.remediation = (data.get("artifact_data") or {}).get("remediation") or {}
        elif name in ("runner_on_failed", "runner_on_async_failed") and not data.get("ignore_errors"):
            self.errors[data.get("host", "?")] = _message(data)
        elif name == "runner_on_unreachable":
            self.unreachable[data.get("host", "?")] = _message(data)


def result(result_type: type[Result], facts: Facts, request: Request, project: Project, started: float) -> Result:
    """Return the typed result; an answer of unexpected shape makes the run ``failed``, with the reason."""
    common = _common(facts, request, project, started)
    own = {name: value for name, value in facts.remediation.items() if name in result_type.model_fields and name not in RUNNER_ONLY}
    try:
        return result_type(**common, **own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        common |= {"status": RunStatus.FAILED, "message": f"the playbook's answer is not understood at {where}: {first['msg']}"}
        return result_type(**common)


def with_handler_error(result: Result, error: str | None) -> Result:
    if error is None:
        return result
    status = RunStatus.HANDLER_ERROR if result.status.good else result.status
    message = f"the event handler raised {error}" if result.status.good else result.message
    return result.model_copy(update={"handler_error": error, "status": status, "message": message})


def _common(facts: Facts, request: Request, project: Project, started: float) -> dict[str, Any]:
    status, message = _status(facts, request, project)
    answer = facts.remediation
    collection = project.collection()
    return {
        "status": status,
        "message": message.encode(errors="backslashreplace").decode(),  # names that are no UTF-8 cannot be printed as JSON
        "playbook": Path(request.playbook).stem,
        "check_mode": request.check,
        "run_id": str(answer.get("run_id", "")),
        "started_at": started,
        "duration": round(time.time() - started, 3),
        "stats": _recap(facts.stats or {}),
        "unreachable": sorted({*facts.unreachable, *answer.get("unreachable", [])}),
        "errors": _errors(facts),
        "collection": str(collection) if collection else None,
        "data": answer,
        "log": list(facts.lines),
    }


def _status(facts: Facts, request: Request, project: Project) -> tuple[RunStatus, str]:
    """Return the word for how the run ended and one line that says why."""
    if facts.stop is not None:
        why = f"not finished after {request.timeout:g} s; " if facts.stop is RunStatus.TIMED_OUT else ""
        return facts.stop, f"{why}all its processes were ended{_half_done(request)}"
    if facts.invalid_input is not None:
        return RunStatus.INVALID_INPUT, facts.invalid_input
    if facts.internal_error is not None:
        return RunStatus.FAILED, facts.internal_error
    if facts.stats is None and facts.lost:
        return RunStatus.FAILED, f"the result of the run is lost: {facts.lost}; make room in {tempfile.gettempdir()}{_half_done(request)}"
    if facts.stats is None:
        return _never_started(facts, request, project)
    if not facts.stats["processed"] and not facts.remediation:
        return RunStatus.NO_HOSTS, _no_hosts(request, project)
    status, message = _finished(facts)
    if status is RunStatus.NO_HOSTS and not request.limit:
        message = f"{message} ({_limit.inventory_of(request, project)})"
    return status, f"{message}; some events are lost: {facts.lost}".removeprefix("; ") if facts.lost else message


def _half_done(request: Request) -> str:
    acts = Path(request.playbook).stem in ("remediate", "restart", "approve") and not request.check
    return "; a restart that had begun may be half done, so look with 'remediate diagnose' before you go on" if acts else ""


def _never_started(facts: Facts, request: Request, project: Project) -> tuple[RunStatus, str]:
    text = facts.text()
    found = ERROR_LINE.findall(text)
    message = BYTES.sub(r"'\1'", found[0].strip()) if found else next((line for line in facts.lines if line.strip()), "ansible-playbook ended without a word")
    if unread := UNREADABLE.search(text):
        why = PARSE_ERROR.search(text)
        reason = why.group(1).strip() if why else "no inventory file is in this folder" if Path(unread.group(1)).is_dir() else ""
        return RunStatus.INVALID_INPUT, f"inventory {unread.group(1)} cannot be read: {reason}".removesuffix(": ")
    if facts.nobody():
        return RunStatus.NO_HOSTS, _limit.explain(request, project, facts.names) if request.limit else message
    if "preferred locale" in message:
        return RunStatus.INVALID_INPUT, f"{message}; set LC_ALL=C.UTF-8, or install that locale"
    if facts.rc == 127:
        return RunStatus.FAILED, "ansible-playbook is not installed here: pip install 'ansible-core>=2.19'"
    usual = facts.rc in (1, 2, 4, 5)  # ansible's codes for options, playbooks, inventories and variables it cannot use
    return (RunStatus.INVALID_INPUT if usual else RunStatus.FAILED), message


def _finished(facts: Facts) -> tuple[RunStatus, str]:
    assert facts.stats is not None
    answer = facts.remediation
    told = answer.get("status")
    status = RunStatus(told) if told in set(RunStatus) else RunStatus.SUCCEEDED
    message = str(answer.get("message") or answer.get("headline") or "")
    if not status.good:
        return status, message or _first_error(facts) or status.value.replace("_", " ")
    if facts.stats["failures"] or answer.get("errors"):
        return RunStatus.FAILED, message or _first_error(facts)
    if facts.stats["dark"] or facts.unreachable or answer.get("unreachable"):
        hosts = sorted({*facts.stats["dark"], *facts.unreachable, *answer.get("unreachable", [])})
        return RunStatus.UNREACHABLE, f"not reached: {', '.join(hosts)}"
    if facts.rc:
        return RunStatus.FAILED, message or f"ansible-playbook ended with code {facts.rc}"
    return status, message


def _no_hosts(request: Request, project: Project) -> str:
    where = f"limit {request.limit!r}" if request.limit else _limit.inventory_of(request, project)
    return f"no host matched: {where} gives this playbook no host to work on"


def _first_error(facts: Facts) -> str:
    return next((f"{error.host}: {error.msg}" for error in _errors(facts)), "")


def _errors(facts: Facts) -> list[HostError]:
    told = [HostError.model_validate(error) for error in facts.remediation.get("errors", []) if isinstance(error, dict) and {"host", "msg"} <= set(error)]
    known = {error.host for error in told}
    seen = {**facts.unreachable, **facts.errors}
    return told + [HostError(host=host, msg=message) for host, message in sorted(seen.items()) if host not in known]


def _recap(stats: dict[str, dict[str, int]]) -> dict[str, HostStats]:
    hosts = sorted(stats.get("processed", {}))
    return {host: HostStats(**{ours: stats[theirs].get(host, 0) for theirs, ours in RECAP.items()}) for host in hosts}


def _message(data: dict[str, Any]) -> str:
    answer = data.get("res")
    message = answer.get("msg", "") if isinstance(answer, dict) else ""
    return " ".join(str(message).split()).removeprefix("Task failed: ") or f"task {data.get('task', '?')!r} failed"
