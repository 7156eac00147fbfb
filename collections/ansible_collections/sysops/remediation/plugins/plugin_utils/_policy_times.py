# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of a policy, as people write them: a recurrence (iCalendar RRULE), a local time, a time zone.

A time that opens in the hour that a change to summer time skips opens at the first moment after it (02:30 becomes 03:30); one in the
hour that comes twice opens the first time. A duration is real time: four hours are four hours, whatever the clocks do meanwhile.
"""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from ._policy_kinds import Kind, Path, Problem, did_you_mean, shown

try:
    from dateutil.rrule import rrulestr
except ImportError:  # the policy says so, if it has a rule
    rrulestr = None

HORIZON = dt.timedelta(days=2 * 366)  # how far a recurrence is looked for; a yearly one occurs in it at least once
_ALONE = dt.datetime(2024, 1, 1)  # the first time of a rule that needs no day of its own

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY")
_DAYS = {"DAILY": (), "WEEKLY": ("BYDAY",), "MONTHLY": ("BYDAY", "BYMONTHDAY"), "YEARLY": ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")}


class Zone(Kind):
    allowed = "a time zone such as UTC or Europe/Berlin"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if isinstance(value, str) and value in _zones():
            return str(value)
        problems.append(Problem(path, f"{shown(value)} is not allowed here{did_you_mean(value, _zones())}; allowed: {self.allowed}"))
        return None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Start(Kind):
    """Read as ``HH:MM`` or ``YYYY-MM-DD HH:MM``."""

    allowed = "a local time such as '22:00', or with the first day '2026-01-04 22:00'"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:  # YAML reads 22:00 as a number to the base 60
            problems.append(
                Problem(path, f"{value} is not allowed here; write the time in quotes ('{value // 60:02}:{value % 60:02}'), or YAML takes it for a number")
            )
            return None
        return _read_moment(self, value, path, problems, allow_time=True)


class Moment(Kind):
    """Read as ``YYYY-MM-DD HH:MM``."""

    allowed = "a local day and time such as '2026-12-24 18:00'"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        return _read_moment(self, value, path, problems, allow_time=False)


def _read_moment(kind: Kind, value: t.Any, path: Path, problems: list[Problem], allow_time: bool) -> str | None:
    moment = _moment(value, allow_time)
    if moment is None:
        kind.wrong(value, path, problems)
    return moment


def _moment(value: t.Any, allow_time: bool) -> str | None:
    text = value.isoformat(" ") if isinstance(value, dt.datetime) and value.tzinfo is None else value
    if not isinstance(text, str):
        return None
    text = text.strip().replace("T", " ")
    text = text.removesuffix(":00") if re.fullmatch(r".*\d:\d\d:00", text) else text
    if allow_time and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        return text
    try:
        moment = _day_and_time(text)
    except ValueError:
        return None
    return moment.strftime("%Y-%m-%d %H:%M") if 2000 <= moment.year < 2100 else None  # a rule is counted from its first day on: not for centuries


class Rule(Kind):
    allowed = "an iCalendar RRULE such as FREQ=WEEKLY;BYDAY=SU, daily or rarer; the time of day comes from 'start'"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        parts = rule_parts(value) if isinstance(value, str) else {}
        unknown = [part for part in parts if part not in _PARTS]
        if parts and (problem := _misread(value, parts)):
            problems.append(Problem(path, f"{shown(value)} is not allowed here ({problem}); allowed: {self.allowed}"))
            return None
        if re.fullmatch(r"\d{8}", parts.get("UNTIL", "")):
            parts["UNTIL"] += "T235959"  # that day included, as RFC 5545 has it
        if not parts or unknown or parts.get("FREQ") not in _FREQUENCIES:
            why = f" ('{unknown[0]}' is not understood)" if unknown else ""
            problems.append(Problem(path, f"{shown(value)} is not allowed here{why}; allowed: {self.allowed}"))
            return None
        if not re.fullmatch(r"[1-9]\d{0,2}", parts.get("INTERVAL", "1")):
            problems.append(Problem(path, f"{shown(value)} is not allowed here (INTERVAL must be from 1 to 999); allowed: {self.allowed}"))
            return None
        text = ";".join(f"{part}={parts[part]}" for part in parts)
        if rrulestr is None:
            problems.append(Problem(path, "the Python library python-dateutil is needed for it; install it where Ansible runs"))
            return None
        try:
            rrulestr(text, dtstart=_ALONE)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            problems.append(Problem(path, f"{shown(value)} is not allowed here ({error}); allowed: {self.allowed}"))
            return None
        return text


def _misread(text: str, parts: dict[str, str]) -> str | None:
    """Return what python-dateutil would read as something else than what is written."""
    if text.upper().count("=") != len(parts):
        return "a part is written twice"
    if parts.get("FREQ") not in ("MONTHLY", "YEARLY") and re.search(r"\d", parts.get("BYDAY", "")):
        return "a number in BYDAY, as the first Sunday, goes with FREQ=MONTHLY or YEARLY"
    most = 53 if parts.get("FREQ") == "YEARLY" and "BYMONTH" not in parts else 5
    if any(not 1 <= int(number) <= most for number in re.findall(r"\d+", parts.get("BYDAY", ""))):
        return f"a number in BYDAY is from 1 to {most}, or the same from the end"
    if "UNTIL" in parts and "COUNT" in parts:
        return "UNTIL and COUNT exclude each other"
    if not re.fullmatch(r"\d{8}(T\d{6}Z?)?", parts.get("UNTIL", "20260101")):
        return "UNTIL is a day such as 20261231, or with a time such as 20261231T060000"
    if parts.get("UNTIL", "").endswith("Z"):
        return "UNTIL is in the time zone of the window: write it without Z"
    return None


def rule_parts(text: str) -> dict[str, str]:
    """Return ``{"FREQ": "WEEKLY", "BYDAY": "SU"}``, or nothing if that is no rule."""
    pairs = [part.split("=", 1) for part in text.upper().replace(" ", "").removeprefix("RRULE:").split(";") if part]
    return {pair[0]: pair[1] for pair in pairs} if all(len(pair) == 2 and pair[1] for pair in pairs) else {}


def needs_first_day(rule: str) -> bool:
    """Tell whether the rule means different days for different first days, as ``FREQ=WEEKLY;INTERVAL=2`` does."""
    parts = rule_parts(rule)
    counted = parts.get("INTERVAL", "1") != "1" or "COUNT" in parts
    days = _DAYS[parts["FREQ"]]
    return counted or bool(days and not any(day in parts for day in days)) or (parts["FREQ"] == "YEARLY" and "BYDAY" in parts and "BYMONTH" not in parts)


@dataclass(frozen=True, order=True)
class Span:
    """One occurrence, in epoch seconds; ``end`` is no longer part of it."""

    start: float
    end: float
    zone: str = "UTC"
    why: str = ""


def recurring(rule: str, start: str, duration: float, zone: str, now: float, why: str = "") -> t.Iterator[Span]:
    """Yield the occurrences that end after now, in order, as far as HORIZON."""
    local = dt.datetime.fromtimestamp(now, ZoneInfo(zone)).replace(tzinfo=None)
    earliest = local - dt.timedelta(seconds=duration, days=1)  # a day more, for zones that change their clocks
    first = _day_and_time(start) if " " in start else dt.datetime.combine(earliest.date(), dt.time.fromisoformat(start))
    for moment in rrulestr(rule, dtstart=first).xafter(earliest, inc=True):
        if moment > local + HORIZON:
            return
        begins = epoch(moment, zone)
        if begins + duration > now:
            yield Span(begins, begins + duration, zone, why)


def joined(spans: t.Iterable[Span]) -> t.Iterator[Span]:
    """Yield the spans, which come in order, with those that touch or overlap made one."""
    open_one: Span | None = None
    for span in spans:
        if open_one is not None and span.start <= open_one.end:
            reasons = dict.fromkeys(filter(None, [*open_one.why.split("; "), span.why]))
            open_one = Span(open_one.start, max(open_one.end, span.end), open_one.zone, "; ".join(reasons))
            continue
        if open_one is not None:
            yield open_one
        open_one = span
    if open_one is not None:
        yield open_one


@lru_cache(maxsize=256)
def never_occurs(rule: str, start: str) -> bool:
    """Tell whether a rule has no occurrence at all, as 30 February. Looking for its next one would take until the year 9999.

    The calendar repeats every 400 years, so we look in the last ones that Python knows: a search there ends soon.
    """
    text = ";".join(f"{part}={value}" for part, value in rule_parts(rule).items() if part != "UNTIL")
    first = _day_and_time(start) if " " in start else dt.datetime(2360, 1, 1)  # 40 years hold every weekday of 29 February
    return next(iter(rrulestr(text, dtstart=first.replace(year=9600 + first.year % 400))), None) is None


def epoch(local: dt.datetime | str, zone: str) -> float:
    """Return the epoch seconds of a local time; one that the clocks skip is the moment after the gap by as much, one that comes twice is the first."""
    moment = _day_and_time(local) if isinstance(local, str) else local
    return moment.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp()


def _day_and_time(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M")
