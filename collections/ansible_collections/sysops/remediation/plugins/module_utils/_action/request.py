# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller asks for, with every value checked before anything else happens."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import _health, _units
from .._host_state import journal

RELOAD, RESTART, SCALE = "reload", "restart", "scale"
NOT_RUNNING = "none"  # `expect` of a service that was diagnosed dead


@dataclass
class Verify:
    verify_for: float = 30.0
    passes: int = 3
    interval: float = 2.0
    deadline: float = 120.0


@dataclass
class Scale:
    """By how much a memory limit is raised: a share of the limit, or bytes."""

    share: float | None = 0.25
    size: int | None = None
    memory_max: int | None = None  # never raised above this
    persist: bool = False


@dataclass
class Request:
    name: str
    action: str = RESTART
    expect: str | None = None
    cooldown: float = 1800.0
    max_attempts: int = 3
    within: float = 86400.0
    stand_down: float = 600.0
    permit: dict | None = None
    timeout: float = 90.0
    force_kill: bool = False
    only_if_running: bool = False
    reset_failed: bool = False
    daemon_reload: bool = False
    max_dependents: int = 5
    scale: Scale = field(default_factory=Scale)
    verify: Verify = field(default_factory=Verify)
    health: list[dict] = field(default_factory=list)
    incident: str | None = None
    reason: str = ""


def from_params(params):
    """Return the Request for a module's parameters; raise ValueError with one line for people."""
    request = Request(
        name=params["name"],
        action=params["action"],
        expect=params.get("expect") or None,
        cooldown=_seconds(params, "cooldown"),
        max_attempts=_count(params, "max_attempts", 1, journal.KEEP),
        within=_seconds(params, "within"),
        stand_down=_seconds(params, "stand_down"),
        permit=_permit(params.get("permit")),
        timeout=_seconds(params, "timeout", more_than_zero=True),
        force_kill=params["force_kill"],
        only_if_running=params["only_if_running"],
        reset_failed=params["reset_failed"],
        daemon_reload=params["daemon_reload"],
        max_dependents=_count(params, "max_dependents", 0, 10000),
        scale=_scale(params.get("scale") or {}),
        verify=_verify(params.get("verify") or {}),
        health=[_health.normalise(_with_seconds(probe)) for probe in params.get("health") or []],
        incident=params.get("incident"),
        reason=params.get("reason") or "",
    )
    if not request.name.strip():
        raise ValueError("name is empty: give the name of one service")
    return request


def _seconds(options, name, default=None, more_than_zero=False):
    given = default if options.get(name) is None else options[name]
    seconds = _units.read_option(_units.parse_duration, {name: given}, name)
    if more_than_zero and seconds <= 0:
        raise ValueError("%s: must be more than 0 seconds" % name)
    return seconds


def _count(options, name, least, most, default=None):
    value = options.get(name)
    value = default if value is None else value
    if not least <= value <= most:
        raise ValueError("%s: %d is not a number from %d to %d" % (name, value, least, most))
    return value


def _with_seconds(probe):
    given = {key: value for key, value in probe.items() if value is not None}
    if "timeout" in given:
        given["timeout"] = _seconds(given, "timeout")
    return given


def _verify(options):
    default = Verify()
    verify = Verify(
        verify_for=_seconds(options, "verify_for", default.verify_for),
        passes=_count(options, "passes", 1, 1000, default.passes),
        interval=_seconds(options, "interval", default.interval, more_than_zero=True),
        deadline=_seconds(options, "deadline", default.deadline, more_than_zero=True),
    )
    needed = max(verify.verify_for, (verify.passes - 1) * verify.interval)
    if verify.deadline < needed:
        raise ValueError(
            "verify: the deadline of %s is too short: verify_for and %d passes every %s take at least %s"
            % tuple([_units.human_duration(verify.deadline), verify.passes] + [_units.human_duration(seconds) for seconds in (verify.interval, needed)])
        )
    return verify


def _scale(options):
    scale = Scale(persist=bool(options.get("persist")))
    step = str(options.get("step") or "25%").strip()
    if step.endswith("%"):
        scale.share = _share(step)
    else:
        scale.share, scale.size = None, _bytes("scale.step", step)
    if options.get("memory_max"):
        scale.memory_max = _bytes("scale.memory_max", options["memory_max"])
    return scale


def _share(text):
    try:
        percent = float(text[:-1])
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:
        raise ValueError("scale.step: '%s' is not a share from 1%% to 100%% of the limit" % text)
    return percent / 100


def _bytes(name, text):
    size = _units.read_option(_units.parse_size, {name: text}, name)
    if size <= 0:
        raise ValueError("%s: must be more than 0 bytes" % name)
    return size


def _permit(given):
    if not given:
        return None
    if not given.get("id") or given.get("token") is None or given.get("valid_for") is None:
        raise ValueError("permit: needs id, token and valid_for")
    if given["token"] < 0:
        raise ValueError("permit: token %d is negative" % given["token"])
    issued_at = given.get("issued_at")
    if issued_at is not None and not 0 <= issued_at < 1e11:
        raise ValueError("permit: issued_at is no time in seconds since the epoch")
    return {
        "id": str(given["id"]),
        "token": given["token"],
        "valid_for": _seconds(given, "valid_for"),
        "issued_at": None if issued_at is None else float(issued_at),
    }
