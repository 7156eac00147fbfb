# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell people about the incidents of a run: one message per target, nothing twice, and never a reason for the run to fail."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
import typing as t

from ..module_utils._redact import redact
from ..module_utils._units import parse_duration
from . import _notify_channels as channels
from ._notify_memory import Memory
from ._plan import Data
from ._run_settings import target_name

MOST = 20  # incidents and troubles told in words; a mass event is one message of readable size
MOST_TEXT = 500  # characters of one line
MOST_HINTS = 3

Send = t.Callable[[Data, Data], None]


def notify(summary: Data, targets: list[Data], report_dir: str, check_mode: bool, now: float | None = None) -> list[Data]:
    """Tell every target what it has not heard of yet; return one result per target, in their order."""
    now = time.time() if now is None else now
    folder = os.path.join(report_dir, ".notified")
    jobs = [_Delivery(target, summary, Memory(folder, _identity(target), now)) for target in targets]
    if check_mode or summary["check_mode"]:
        return [job.result("would_send" if job.message else "nothing_new") for job in jobs]
    for job in jobs:
        job.start()
    return [job.wait() for job in jobs]


def result_line(results: list[Data]) -> str:
    """Return what happened in one line for people."""
    told = [_told(one) for one in results if one["status"] != "nothing_new"]
    return "; ".join(told) or ("nothing new to tell" if results else "nobody to tell: remediation_notify is empty")


def _told(one: Data) -> str:
    if one["status"] == "failed":
        return f"{one['target']} was NOT told: {one['error']}"
    verb = "would tell" if one["status"] == "would_send" else "told"
    return f"{verb} {one['target']}: {one['subject']}" + (f" ({one['error']})" if one["error"] else "")


class _Delivery:
    """One message to one target, sent in a thread of its own so that nobody waits longer than its timeout."""

    def __init__(self, target: Data, summary: Data, memory: Memory) -> None:
        self.target = target
        self.name = target_name(target)
        self.memory = memory
        mine = [brief for brief in summary["incidents"] + summary.get("ineffective", []) if brief.get("notify") is None or self.name in brief["notify"]]
        self.incidents = [brief for brief in mine if _wanted(target, brief["outcome"]) and _is_news(brief) and not memory.heard(story(brief))]
        self.troubles = [trouble for trouble in _troubles(summary) if _wanted(target, "unknown") and not memory.heard(trouble)]
        self.message = compose(summary, self.incidents, self.troubles) if self.incidents or self.troubles else None
        self.error: str | None = None
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.sent = False
        self.seconds = 10.0

    def start(self) -> None:
        self.begun = time.monotonic()
        self.thread.start()

    def wait(self) -> Data:
        if self.message is None:
            return self.result("nothing_new")
        self.thread.join(max(0.0, self.begun + self.seconds - time.monotonic()))
        if not self.sent:
            return self.result("failed", self.error or f"no answer within {self.seconds:g} s")
        problem = self.memory.remember([story(brief) for brief in self.incidents] + self.troubles)
        return self.result("sent", "; ".join(filter(None, (self.error, problem))))

    def _send(self) -> None:
        if self.message is None:
            return
        try:
            self.seconds = parse_duration(self.target["timeout"])
            self.error = channels.send(self.target, self.message, self.seconds)
            self.sent = True
        except Exception as problem:
            self.error = f"{problem}" if isinstance(problem, (ValueError, channels.Undelivered)) else f"{type(problem).__name__}: {problem}"

    def result(self, status: str, error: str | None = None) -> Data:
        return {
            "target": self.name,
            "type": self.target["type"],
            "status": status,
            "incidents": [brief["incident"] for brief in self.incidents],
            "subject": self.message["subject"] if self.message else None,
            "error": channels.without_secrets(redact(error), self.target) if error else None,
        }


def story(brief: Data) -> str:
    """Return what makes an incident news. A refusal that goes on, run after run, is the same story until something about it changes.

    A mass failure is one story, however many hosts it hits and goes on to hit.
    """
    if brief.get("mass_failure"):
        return json.dumps(["mass failure", brief["mass_failure"]])
    if brief["outcome"] not in ("refused", "chronic"):
        return json.dumps([brief["incident"], brief["outcome"]])
    return json.dumps([brief[key] for key in ("host", "service", "incarnation", "verdict", "urgency", "outcome", "refused_by")])


def _is_news(brief: Data) -> bool:
    """An alert that still speaks of what was just remedied is none."""
    return bool(brief["refused_by"] != ["alert_tail"])


def _troubles(summary: Data) -> list[str]:
    """Return one line per host that nobody could look at."""
    unreachable = [f"{host}: could not be reached; nobody knows how its services are" for host in summary["unreachable"]]
    return unreachable + [f"{error['host']}: {error['msg']}" for error in summary["errors"]]


def _wanted(target: Data, outcome: str) -> bool:
    return not target["outcomes"] or outcome in target["outcomes"]


def _identity(target: Data) -> str:
    where = [target["type"], target["url"], target["host"], *sorted(target["to"])]
    return hashlib.sha256(json.dumps(where).encode()).hexdigest()


def compose(summary: Data, incidents: list[Data], troubles: list[str]) -> Data:
    """Return the message: ``subject`` and ``text`` for people, ``payload`` for programs."""
    subject = _line(_subject(incidents, troubles))
    report = next((path for path in summary["paths"] if path.endswith("summary.md")), None)
    payload = {
        "schema": 1,
        "event": "remediation",
        "run_id": summary["run_id"],
        "plan_id": summary["plan_id"],
        "status": summary["status"],
        "subject": subject,
        "headline": _line(summary["headline"]),
        "counts": summary["counts"],
        "incidents": [_told_of(brief) for brief in incidents[:MOST]],
        "incidents_left_off": max(0, len(incidents) - MOST),
        "troubles": [_line(trouble) for trouble in troubles[:MOST]],
        "troubles_left_off": max(0, len(troubles) - MOST),
        "report": report,
    }
    return {"subject": subject, "text": _text(payload), "payload": payload}


def _told_of(brief: Data) -> Data:
    keys = ("incident", "host", "service", "verdict", "urgency", "outcome", "action", "owner")
    hints = [_line(hint) for hint in brief["next_steps"][:MOST_HINTS]]
    return {**{key: brief[key] for key in keys}, "headline": _line(brief["headline"]), "next_steps": hints, "report": brief["report"]}


def _subject(incidents: list[Data], troubles: list[str]) -> str:
    if len(incidents) == 1 and not troubles:
        return incidents[0]["headline"]
    failures = [brief["mass_failure"] for brief in incidents if brief.get("mass_failure")]
    outcomes = [brief["outcome"].replace("_", " ") for brief in incidents if not brief.get("mass_failure")]
    parts = [f"mass failure in {failure}: {failures.count(failure)} not restarted" for failure in dict.fromkeys(failures)]
    parts += [f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(outcomes)]
    parts += [f"{len(troubles)} could not be looked at"] if troubles else []
    hosts = list(dict.fromkeys(brief["host"] for brief in incidents))
    return ", ".join(parts) + (f" ({', '.join(hosts[:3])}{', …' if len(hosts) > 3 else ''})" if hosts else "")


def _text(payload: Data) -> str:
    lines = [payload["headline"], ""]
    for brief in payload["incidents"]:
        lines += [f"* {brief['headline']}", f"  {brief['verdict']}, urgency {brief['urgency']}, incident {brief['incident']}"]
        lines += [f"  {number}. {hint}" for number, hint in enumerate(brief["next_steps"], start=1)]
        lines += [f"  report: {brief['report']}", ""] if brief["report"] else [""]
    if payload["incidents_left_off"]:
        lines += [f"… and {payload['incidents_left_off']} more incidents: see the summary.", ""]
    lines += [f"* {trouble}" for trouble in payload["troubles"]]
    if payload["troubles_left_off"]:
        lines.append(f"… and {payload['troubles_left_off']} more hosts that could not be looked at.")
    lines += ["", f"run {payload['run_id']}, plan {payload['plan_id']}, status {payload['status']}"]
    lines += [f"summary on the controller: {payload['report']}"] if payload["report"] else []
    return "\n".join(lines) + "\n"


def _line(value: t.Any) -> str:
    line = " ".join(str(value).split())
    return line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 1] + "…"
