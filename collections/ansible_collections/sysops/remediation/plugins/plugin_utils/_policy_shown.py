# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effective policy, for people and for programs: defaults filled in, secrets taken out, the next windows worked out."""

from __future__ import annotations

import json
import math
import typing as t

import yaml

from ..module_utils._redact import HIDDEN, redact_argv, redact_data
from ..module_utils._units import SECONDS
from ._plan import NOBODY_NAMED, HostFacts
from ._plan_facts import names, told_once
from ._policy import policy_hash
from ._policy_kinds import REQUIRED, Duration, Field, Kind, ListOf, Section, Size, Variant
from ._policy_schema import ENTRY
from ._windows import clock, next_spans, timing_gates

WINDOWS = 3  # how many of the next ones are told

Data = dict[str, t.Any]


def collected_policies(fleet: list[HostFacts], now: float) -> Data:
    """Return what programs read."""
    policies = [_policy(facts.host, entry, origin, now) for facts in fleet for entry, origin in _with_origins(facts)]
    errors = [{"host": facts.host, "msg": message} for facts in fleet for message in facts.errors]
    return {
        "schema": 1,
        "status": "failed" if errors else "succeeded" if policies else "nothing_to_do",
        "message": told_once((error["host"], error["msg"]) for error in errors) or ("" if policies else NOBODY_NAMED),
        "policies": policies,
        "errors": errors,
    }


def policy_lines(result: Data) -> list[str]:
    """Return the policies for people; a policy that many hosts share is told once."""
    alike: dict[tuple[str, str], list[Data]] = {}
    for one in result["policies"]:
        alike.setdefault((one["service"], one["policy_hash"]), []).append(one)
    hosts = {one["host"] for one in result["policies"]}
    lines = [f"{len(result['policies'])} policies of {len(hosts)} hosts"]
    if result["status"] == "nothing_to_do":
        return [result["message"]]
    for same in alike.values():
        lines += ["", *_lines([one["host"] for one in same], same[0]), *_origins(same)]
    told: dict[str, list[str]] = {}
    for error in result["errors"]:
        told.setdefault(error["msg"], []).append(error["host"])
    return lines + [f"ERROR        {names(hosts)}: {message}" for message, hosts in told.items()]


def without_secrets(entry: Data) -> Data:
    """Return the entry without what may be a secret: headers and what a probe sends are never shown, whatever they are called."""
    entry = json.loads(json.dumps(entry))  # plain data: Ansible's own kinds of texts and numbers cannot be written as YAML
    shown: Data = redact_data(entry)
    shown["health"] = [_probe(probe) for probe in entry["health"]]
    shown["ladder"] = [
        {**step, "health": [_probe(probe) for probe in real["health"]] if real["health"] else real["health"]}
        for step, real in zip(shown["ladder"], entry["ladder"], strict=True)
    ]
    return shown


def _probe(probe: Data) -> Data:
    shown: Data = redact_data(probe)
    if probe.get("headers"):
        shown["headers"] = dict.fromkeys(probe["headers"], HIDDEN)
    if probe.get("send"):
        shown["send"] = HIDDEN
    if probe.get("argv") and redact_argv(probe["argv"]) != " ".join(probe["argv"]):
        shown["argv"] = [redact_argv(probe["argv"])]  # a secret may be a word of its own, after its option
    return shown


def _with_origins(facts: HostFacts) -> t.Iterable[tuple[Data, Data]]:
    return zip(facts.policy, facts.origins or [{}] * len(facts.policy), strict=True)


def _policy(host: str, entry: Data, origins: Data, now: float) -> Data:
    return {
        "host": host,
        "service": entry["name"],  # as the policy names it: by which manager it runs is known when the host is asked
        "mode": entry["mode"],
        "policy_hash": policy_hash(entry),
        "policy": without_secrets(entry),
        "origins": origins,
        "gates": timing_gates(entry, now, None, dead=False),
        "windows": [{"start": one.start, "end": one.end, "timezone": one.zone} for one in next_spans(entry, now, WINDOWS)],
    }


def _lines(hosts: list[str], one: Data) -> t.Iterator[str]:
    yield f"{one['service']} on {names(hosts)}  (policy {one['policy_hash']})"
    written: Data = {}
    default: Data = {}
    for name, field in ENTRY.fields.items():
        value = one["policy"][name]
        (default if value == _default(field) else written)[name] = as_written(field.kind, value)
    yield from _yaml(written)
    yield "  # by default:"
    yield from _yaml(default)
    yield "  # now:"
    for gate in one["gates"]:
        yield f"  #   {gate['name']}: {'open' if gate['passed'] else 'CLOSED'}, {gate['detail']}"
    for window in one["windows"]:
        yield f"  #   window: {clock(window['start'], window['timezone'])} to {clock(window['end'], window['timezone'])}"


def _origins(same: list[Data]) -> t.Iterator[str]:
    """Yield where the keys were written, of hosts that have the same policy from different places each on its own."""
    alike: dict[str, list[Data]] = {}
    for one in same:
        alike.setdefault(json.dumps(one["origins"], sort_keys=True), []).append(one)
    for those in alike.values():
        if those[0]["origins"]:
            yield "  # written in:" if len(alike) == 1 else f"  # written in, for {names([one['host'] for one in those])}:"
            yield from (f"  #   {key}: {', then '.join(places)}" for key, places in those[0]["origins"].items() if key != "name")


def _yaml(values: Data) -> t.Iterator[str]:
    for name, value in values.items():
        flow = None if isinstance(value, (dict, list)) else False  # None: the innermost ones on one line each
        text = yaml.safe_dump({name: value}, default_flow_style=flow, sort_keys=False, width=math.inf, allow_unicode=True)
        yield from (f"  {line}" for line in text.splitlines())


def _default(field: Field) -> t.Any:
    return field.default if field.default in (None, REQUIRED) else field.kind.read(field.default, (), [])


def as_written(kind: Kind, value: t.Any) -> t.Any:
    """Return a value as people would write it into their inventory: ``30m``, ``256MiB``."""
    if value is None or value == HIDDEN:
        return value
    if isinstance(kind, ListOf):
        return [as_written(kind.item, item) for item in value]
    if isinstance(kind, Variant):
        kind = kind.sections[value[kind.key]]
    if isinstance(kind, Section):
        return {name: as_written(field.kind, value[name]) for name, field in kind.fields.items() if value[name] is not None}
    if isinstance(kind, Duration):
        return _duration(value)
    return _size(value) if isinstance(kind, Size) else value


def _duration(seconds: float) -> str:
    rest = round(seconds * 1000)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, round(SECONDS[unit] * 1000))
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def _size(count: int) -> int | str:
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if count and count % 1024**power == 0:
            return f"{count // 1024**power}{unit}"
    return count
