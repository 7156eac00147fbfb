# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speak for a service: of its resources the gravest; of a dead service its end, and whether a leak led there."""

from __future__ import annotations

from .._gates import gate
from . import _explain, _numbers, _words

OTHERS_MEMORY = {"host_oom": "the host", "group_limit": "the container or slice that it shares with others"}
BARS = "▁▂▃▄▅▆▇█"


def summarise(resources, post_mortem=None, state=None, notes=None):
    """Return the diagnosis of a service; see the package's docstring."""
    ranked = sorted(resources.items(), key=_rank)
    name, one = ranked[0] if ranked else (None, None)
    if post_mortem:
        return _dead(name, one, post_mortem, state or {}, notes)
    if one is None:
        return _nothing_known(notes)
    anon = resources.get("anon")
    if one["verdict"] not in _words.LEAKS and anon and anon["verdict"] == _words.INSUFFICIENT_DATA:
        name, one = "anon", anon  # without its memory nobody can call a service healthy
    quiet = one["verdict"] in (_words.HEALTHY, _words.INSUFFICIENT_DATA)
    return {
        "verdict": one["verdict"],
        "urgency": one["urgency"],
        "resource": None if one["verdict"] == _words.HEALTHY else name,
        "summary": _summary(name, one),
        "explanation": one["explanation"] + ([] if quiet else _others(name, ranked)) + list(notes or ()),
        "gates": one["gates"],
        "exhaustion": _exhaustion(name, one),
        "sparkline": sparkline(one["points"]),
    }


def _rank(item):
    name, one = item
    order = _words.RESOURCES.index(name) if name in _words.RESOURCES else len(_words.RESOURCES)
    return (_words.GRAVITY.index(one["verdict"]), _words.URGENCIES.index(one["urgency"]), order)


def _summary(name, one):
    unit, verdict = one["unit"], one["verdict"]
    if verdict == _words.INSUFFICIENT_DATA:
        return one["explanation"][0].rstrip(".")
    if verdict in _words.GROWING and one["growth"] > 0:
        text = "%s grows %s" % (name, _numbers.rate(one["slope"]["mid"], unit))
        return text + ("; " + _explain.until(one["exhaustion"]).rstrip(".") if one["exhaustion"] else "; no limit is known")
    if verdict == _words.HEALTHY:
        return "nothing grows that matters; %s is at %s" % (name, _numbers.amount(one["now"], unit))
    meaning = _explain.BOUNDED.get(one.get("decided_by")) or _explain.MEANS[verdict]
    return "%s is at %s: %s" % (name, _numbers.amount(one["now"], unit), meaning[0].lower() + meaning[1:])


def _others(name, ranked):
    """One sentence about other resources that leak too, and about page cache."""
    leaking = [other for other, one in ranked if other != name and one["verdict"] in _words.LEAKS]
    found = []
    if leaking:
        found.append("Growing like a leak as well: %s." % ", ".join(leaking))
    cache = dict(ranked).get(_words.PAGE_CACHE)
    if cache and cache["verdict"] != _words.INSUFFICIENT_DATA and name != _words.PAGE_CACHE:
        found.append("Page cache (%s) is not counted." % _numbers.amount(cache["now"], cache["unit"]))
    return found


def _exhaustion(name, one):
    return dict(one["exhaustion"], resource=name) if one["exhaustion"] else None


def _dead(name, one, post_mortem, state, notes):
    kind = post_mortem["kind"]
    leaked = one is not None and one["verdict"] in _words.LEAKS
    summary = _how_it_ended(post_mortem, state)
    if kind == _words.CRASHED and not leaked:
        summary += "; nothing points to memory"
    explanation = [summary[0].upper() + summary[1:] + ".", *("Evidence: %s." % line.rstrip(".") for line in (post_mortem.get("evidence") or [])[:2])]
    if leaked:
        explanation.append("Its last recorded life shows why: " + one["explanation"][0])
    elif one is not None and one["verdict"] != _words.INSUFFICIENT_DATA:
        explanation.append("Its last recorded life shows no leak: " + one["explanation"][0])
    else:
        explanation.append("No recorded history of its last life: whether it leaked is not known.")
    return {
        "verdict": kind,
        "urgency": _words.NONE if kind == _words.STOPPED else _words.NOW,
        "resource": name if leaked else None,
        "summary": summary + (" after %s grew %s" % (name, _numbers.rate(one["slope"]["mid"], one["unit"])) if leaked else ""),
        "explanation": explanation + list(notes or ()),
        "gates": [_post_mortem_gate(post_mortem)] + (one["gates"] if one is not None else []),
        "exhaustion": None,
        "sparkline": sparkline(one["points"]) if one is not None else "",
    }


def _how_it_ended(post_mortem, state):
    kind, cause, culprit = post_mortem["kind"], post_mortem.get("cause"), post_mortem.get("culprit")
    if kind == _words.OOM_KILLED and cause in OTHERS_MEMORY:
        text = "killed by the kernel because %s ran out of memory" % OTHERS_MEMORY[cause]
        if culprit:
            text += "; the largest eater was %s (PID %s, %s): restarting the victim is not the cure" % (
                culprit.get("comm"),
                culprit.get("pid"),
                _numbers.amount(culprit.get("rss") or 0, _words.BYTES),
            )
        return text
    if kind == _words.OOM_KILLED:
        return "killed by the kernel at the memory limit of the unit" if cause == "unit_limit" else "killed for lack of memory"
    if kind == _words.CRASHED and cause == "loop":
        return "crashes and is restarted again and again (%d times while it was watched or lately)" % post_mortem["restarts"]
    if kind == _words.CRASHED:
        ended = ["%s %s" % (word, state[key]) for key, word in (("exit_signal", "signal"), ("exit_code", "exit code")) if state.get(key)]
        return "crashed" + (" with " + ", ".join(ended) if ended else "")
    return "stopped; nobody killed it"


def _post_mortem_gate(post_mortem):
    evidence = post_mortem.get("evidence") or []
    if "restarts" in post_mortem:
        return gate("restarts", False, evidence[0], post_mortem["restarts"], 0, "count")
    return gate("post_mortem", False, evidence[0] if evidence else "the service is not running", post_mortem["kind"], "running", "state")


def _nothing_known(notes):
    return {
        "verdict": _words.INSUFFICIENT_DATA,
        "urgency": _words.NONE,
        "resource": None,
        "summary": "no resource of this service could be read",
        "explanation": ["No resource of this service could be read.", *list(notes or ())],
        "gates": [gate("readable", False, "no resource of this service could be read")],
        "exhaustion": None,
        "sparkline": "",
    }


def sparkline(points, width=20):
    """Eight-level bars of the highest value per column, from the lowest to the highest value seen."""
    if not points:
        return ""
    width = min(width, len(points))
    columns = [points[number * len(points) // width : (number + 1) * len(points) // width] for number in range(width)]
    values = [max(value for _when, value in column) for column in columns]
    low, high = min(values), max(values)
    if high == low:
        return BARS[0] * width
    return "".join(BARS[int((value - low) / (high - low) * (len(BARS) - 1))] for value in values)
