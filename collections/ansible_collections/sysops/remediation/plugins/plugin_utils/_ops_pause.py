# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pause and resume: what a person named is checked against the inventory, then written into the ledger, and said back."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from dataclasses import asdict, dataclass

from ..module_utils._redact import redact
from ..module_utils._units import human_duration, parse_duration
from ._ledger import Ledger, Pause
from ._ledger._targets import clock_text
from ._plan_facts import printable
from ._policy import bare_name, policy_variables, same_service
from ._policy_kinds import did_you_mean, shown

PAUSED = "paused"
RESUMED = "resumed"

Data = dict[str, t.Any]
RawGet = t.Callable[[str], t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Asked:
    """What a person asked for."""

    state: str
    group: str = ""
    host: str = ""
    service: str = ""
    end: str = ""
    duration: str = ""
    reason: str = ""
    pattern: str = ""  # of --limit or remediation_hosts: which hosts a run works on, and not what is paused


def objection(asked: Asked, groups: t.Mapping[str, t.Sequence[str]], raw_get: RawGet) -> str | None:
    """Return one line that says why this cannot be meant, or None."""
    hosts = groups["all"]
    if asked.pattern:
        return (
            f"'{_short(asked.pattern)}' (--limit or remediation_hosts) does not say what is {asked.state}: "
            "name remediation_group or remediation_host; with neither it is the whole fleet"
        )
    if asked.host and asked.host not in hosts:
        return f"remediation_host={asked.host} is no host of the inventory{did_you_mean(asked.host, hosts)}"
    if asked.group and asked.group not in groups:
        return f"remediation_group={asked.group} is no group of the inventory{did_you_mean(asked.group, groups)}"
    if asked.group and asked.host and asked.host not in groups[asked.group]:
        return f"remediation_host={asked.host} is not in remediation_group={asked.group}, so that nothing would be {asked.state}"
    if asked.state == PAUSED and not printable(asked.reason):
        return "remediation_reason is missing: say why, for whoever wonders at 2 AM"
    if asked.end and asked.duration:
        return f"remediation_until={asked.end} and remediation_for={asked.duration} exclude each other: give one"
    return _service_objection(asked, [asked.host] if asked.host else groups[asked.group or "all"], raw_get)


def _service_objection(asked: Asked, hosts: t.Iterable[str], raw_get: RawGet) -> str | None:
    if not asked.service or asked.state == RESUMED:  # what the policy no longer names may still be paused
        return None
    entries, complete = named_services(hosts, raw_get)
    if not complete or any(same_service(entry, asked.service) for entry in entries):
        return None
    near = did_you_mean(bare_name(asked.service), sorted({bare_name(entry["name"]) for entry in entries}))
    where = f"the policy of {asked.host}" if asked.host else "no policy" if not asked.group else f"no policy of group {asked.group}"
    says = "does not name it" if asked.host else "names it"
    return f"remediation_service={asked.service}: {where} {says}{near}"


def named_services(hosts: t.Iterable[str], raw_get: RawGet) -> tuple[list[Data], bool]:
    """Return (name, manager) of what policies name, and whether that is all: what only a template knows is not computed here."""
    found: dict[tuple[str, str], Data] = {}
    complete = True
    for host in hosts:
        variables = raw_get(host)
        for variable in policy_variables(variables):
            entries = variables.get(variable) or []
            readable = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
            complete = complete and isinstance(entries, list) and len(readable) == len(entries)
            for entry in readable:
                name, manager = str(entry.get("name")), str(entry.get("manager", "auto"))
                complete = complete and "{{" not in name + manager
                found[name, manager] = {"name": name, "manager": manager}
    return list(found.values()), complete


def read_end(asked: Asked, now: float) -> float | None:
    """Return the end of the pause in epoch seconds, or None; raise ValueError with one line."""
    if asked.duration:
        try:
            seconds = parse_duration(asked.duration)
        except ValueError as error:
            raise ValueError(f"remediation_for: {error}") from None
        if not seconds:
            raise ValueError(f"remediation_for={asked.duration}: a pause must last")
        return now + seconds
    if not asked.end:
        return None
    end = _moment(asked.end.strip(), now)
    if end is None:
        allowed = "'06:00' (the next one), '2026-11-26 06:00', '2026-11-26T06:00:00Z' or epoch seconds; local time of the controller unless it names a zone"
        raise ValueError(f"remediation_until: {shown(asked.end)} is not a time; allowed: {allowed}; how long it lasts is remediation_for, such as 2h")
    if end <= now:
        raise ValueError(f"remediation_until={asked.end}: that was {human_duration(now - end)} ago; a pause ends in the future")
    return end


def _moment(text: str, now: float) -> float | None:
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text)
    if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        hour, minute = map(int, text.split(":"))
        next_one = dt.datetime.fromtimestamp(now).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return (next_one if next_one.timestamp() > now else next_one + dt.timedelta(days=1)).timestamp()
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def change(ledger: Ledger, asked: Asked, check_mode: bool) -> Data:
    """Pause or resume, and return what changed and what is paused now; raise ValueError if the end is no time.

    :param check_mode: the ledger is a rehearsal.
    """
    group = "" if asked.group == "all" else asked.group
    before = ledger.pauses()
    now = ledger.now()
    ended: list[Pause] = []
    if asked.state == PAUSED:
        end = read_end(asked, now)
        lasting = [one for one in before if one.is_of(group, asked.host, asked.service) and lasts(one) >= (end or float("inf"))]
        changed = not lasting
        mine = lasting[0] if lasting else ledger.pause(redact(printable(asked.reason)), end, group, asked.host, asked.service)
        verb = "is already" if not changed else "would be" if check_mode else "is now"
        message = f"{mine.subject()} {verb} {PAUSED} {ending(mine, now)} by {mine.created_by}: {mine.reason}"
    else:
        ended = ledger.resume(group, asked.host, asked.service)
        changed = bool(ended)
        verb = "would be resumed" if check_mode else RESUMED
        message = "; ".join(f"{verb}: {told(one, now)}" for one in ended) or f"nothing to resume: {_subject(group, asked)} is not paused by itself"
    after = ledger.pauses()
    return {"changed": changed, "message": message, "before": before, "after": after, "ended": ended, "now": now}


def _subject(group: str, asked: Asked) -> str:
    return Pause("", group, asked.host, asked.service, "", None, 0.0, "").subject()


def as_data(pause: Pause) -> Data:
    return {**asdict(pause), "subject": pause.subject()}


def lasts(pause: Pause) -> float:
    return float("inf") if pause.until is None else pause.until


def told(pause: Pause, now: float) -> str:
    """Return one line of a pause for people."""
    since = f"since {clock_text(pause.created_at)}"
    return f"{pause.subject()} {ending(pause, now)}, by {pause.created_by} {since}: {pause.reason or 'no reason given'}"


def ending(pause: Pause, now: float) -> str:
    if pause.until is None:
        return "until somebody resumes it"
    return f"until {clock_text(pause.until)} (for {human_duration(max(0.0, pause.until - now))} more)"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def pause_lines(done: Data, described: str, check_mode: bool) -> list[str]:
    """Return what happened and what is paused now."""
    standing = [f"  {told(one, done['now'])}" for one in done["after"]]
    now = "paused now:" if not check_mode else "then paused:"
    return [done["message"], *([now, *standing] if standing else ["nothing is paused"]), f"ledger: {described}"]
