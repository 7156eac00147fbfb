# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run learned of its hosts, read from their raw variables.

``raw_get`` never templates: for 1,000 hosts that is a quarter of a second instead of minutes. What is read here was registered by
role diagnose, so that there is nothing left to template.
"""

from __future__ import annotations

import collections
import secrets
import time
import typing as t

from ..module_utils._redact import redact
from ._ledger._words import qualified_key
from ._plan import Data, HostFacts
from ._policy_kinds import did_you_mean

POLICY = "diagnose_policy"  # registered by role diagnose: the result of remediation_policy
RESULT = "diagnose_result"  # registered by role diagnose: the result of memory_leak_info
OUTCOMES = "remediation_outcomes"


def new_run_id(now: float) -> str:
    """Return an id that sorts by time and that two controllers do not choose alike: ``20261125T020000Z-ab12cd``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(3)


RawGet = t.Callable[[str], t.Mapping[str, t.Any]]


def read_fleet(raw_get: RawGet, hosts: t.Iterable[str], service: str | None = None) -> list[HostFacts]:
    """Return the facts of the hosts, in their order.

    :param service: the one service that the run was limited to; if no policy names it, that is an error of the run.
    """
    results = {host: raw_get(host) for host in hosts}
    fleet = [read_host(host, variables) for host, variables in results.items()]
    if service and fleet and not any(facts.policy or facts.errors for facts in fleet):
        named = sorted({name for variables in results.values() for name in (variables.get(POLICY) or {}).get("named", [])})
        unnamed = f"the policy of {fleet[0].host} does not name it" if len(fleet) == 1 else f"no policy of {len(fleet)} hosts names it"
        fleet[0].errors.append(f"remediation_service={service}: {unnamed}{did_you_mean(service, named)}; add it to remediation_services")
    return fleet


def read_outcomes(raw_get: RawGet, hosts: t.Iterable[str]) -> list[Data]:
    """Return the outcomes that role remediate left on the hosts."""
    return [outcome for host in hosts for outcome in raw_get(host).get(OUTCOMES) or []]


def collected(fleet: list[HostFacts], run_id: str) -> Data:
    """Return what programs read of a run that only diagnosed."""
    errors = [{"host": facts.host, "msg": message} for facts in fleet for message in facts.errors]
    unreachable = [facts.host for facts in fleet if facts.unreachable]
    return {
        "schema": 1,
        "run_id": run_id,
        "status": "failed" if errors else "unreachable" if unreachable else "succeeded",
        "message": told_once((facts.host, line) for facts in fleet for line in facts.complaints or facts.notes),
        "diagnoses": [{"host": facts.host, **diagnosis} for facts in fleet for diagnosis in facts.diagnoses],
        "errors": errors,
        "unreachable": unreachable,
    }


def read_host(host: str, variables: t.Mapping[str, t.Any]) -> HostFacts:
    policy: Data = variables.get(POLICY) or {}
    result: Data = variables.get(RESULT) or {}
    facts = HostFacts(host, policy=policy.get("services") or [], errors=list(policy.get("errors") or []), asked_at=policy.get("asked_at"))
    facts.origins = policy.get("origins") or []
    facts.told_limits = policy.get("limits")
    if policy.get("failed"):
        facts.errors.append(one_line(policy.get("msg")))
    if not policy:
        facts.errors.append("its policy was not read: role diagnose did not run on it")
    if result.get("unreachable"):
        facts.unreachable, facts.why = True, one_line(result.get("msg"))
    elif result.get("failed"):
        facts.errors.append(_failure(result) + (policy.get("hint") or ""))
    else:
        facts.diagnoses = _told_apart(result.get("diagnoses") or [])
        facts.host_time = (result.get("host") or {}).get("time")
        facts.notes = [] if facts.diagnoses else [_warning(one) for one in result.get("warnings") or []]
    return facts


def _told_apart(diagnoses: list[Data]) -> list[Data]:
    """Name the server or scope too where a host has two services of the same name: of two supervisords, of the system and of a user."""
    alike = collections.Counter(one["service"] for one in diagnoses)
    return [{**one, "service": _qualified(one)} if alike[one["service"]] > 1 else one for one in diagnoses]


def _qualified(diagnosis: Data) -> str:
    return qualified_key(diagnosis["service"], diagnosis.get("server"), diagnosis.get("scope", "system"))


def _warning(warning: t.Any) -> str:
    """Return the text of a warning, which is an object of ansible-core's as long as it is not templated."""
    return str(getattr(getattr(warning, "event", None), "msg", warning))


def _failure(result: Data) -> str:
    """Return why a module failed; if it never spoke, what was said in its place: by the shell, by sudo, by a login banner."""
    message = one_line(result.get("msg"))
    said = f"{result.get('module_stdout') or ''}\n{result.get('module_stderr') or ''}".strip().splitlines()
    if said:
        message = f"{message.rstrip('.')}: {redact(said[-1].strip())[:200]}"
    if result.get("timedout") or message.startswith(("Timeout ", "Error processing keyword 'timeout'")):
        message = f"remediation_timeout: {message}"
    if "interpreter" in message or result.get("rc") in (126, 127):  # the shell's codes for what it cannot run and cannot find
        message += " (the host needs Python 3.8 or newer: install it, or name it in ansible_python_interpreter)"
    return message


def one_line(message: t.Any) -> str:
    """Return the message as one line that says something."""
    return " ".join(str(message or "failed without a message").split()).removeprefix("Task failed: ")


def printable(text: str) -> str:
    """Return what a person wrote as one line that does nothing to a terminal."""
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())


def told_once(complaints: t.Iterable[tuple[str, str]], most: int = 3) -> str:
    """Return (host, line) as one line; one mistake in a group variable is told once and not once per host."""
    alike: dict[str, list[str]] = {}
    for host, line in complaints:
        alike.setdefault(line, []).append(host)
    lines = [f"{names(hosts)}: {line}" for line, hosts in alike.items()]
    return "; ".join(lines[:most]) + (f"; and {len(lines) - most} more" if len(lines) > most else "")


def names(hosts: list[str], most: int = 10) -> str:
    """Return the names of the hosts, of many only the first."""
    return ", ".join(hosts[:most]) + (f" and {len(hosts) - most} more" if len(hosts) > most else "")
