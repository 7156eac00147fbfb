# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus' answers to range queries, sorted by host, service and resource."""

from __future__ import annotations

import math
import time
import typing as t

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from ..module_utils._leaks import _words as words
from ..module_utils._units import parse_duration, read_option
from ._prometheus_http import Access, PrometheusError, ask

__all__ = ["MOST_POINTS", "PrometheusError", "fetch_series"]

MOST_POINTS = 500  # per resource: what memory_leak_info takes
MOST_REMARKS = 5

Data = dict[str, t.Any]
Series = dict[str, dict[str, dict[str, list[list[float]]]]]


def fetch_series(options: Data, access: Access, hosts: t.Sequence[str] = (), now: float | None = None) -> tuple[Series, list[str]]:
    """Return ({host: {service: {resource: points}}}, remarks); raise PrometheusError with one line for people.

    :param options: ``url``, ``queries``, ``host``, ``service``, ``window``, ``step``, ``timeout``, ``max_series`` of the lookup.
    :param hosts: the hosts wanted; none means all.
    """
    _check_queries(options["queries"])
    names = _Names(options["host"], options["service"], set(hosts))
    end = time.time() if now is None else now
    window, step = _range(options)
    found: Series = {}
    remarks: list[str] = []
    for resource, query in options["queries"].items():
        form = {"query": query, "start": f"{end - window:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        answer = ask(options["url"], form, access, _duration(options, "timeout"))
        warnings = answer.get("warnings") or []
        remarks += [f"{resource}: {warning}" for warning in (warnings if isinstance(warnings, list) else [warnings])]
        matrix = _matrix(answer, resource, options["max_series"])
        if not matrix:
            remarks.append(f"{resource}: its expression selects no series in the last {options['window']}")
        remarks += [f"{resource}: {remark}" for remark in _sort_in(found, resource, matrix, names)]
    return found, remarks


def _check_queries(queries: Data) -> None:
    if not queries:
        raise PrometheusError("queries is empty: give a dictionary like {'anon': 'container_memory_rss'}")
    for resource, query in queries.items():
        if resource not in words.RESOURCES:
            raise PrometheusError(f"queries: '{resource}' is no resource; use {', '.join(words.RESOURCES)}")
        if not isinstance(query, str) or not query.strip():
            raise PrometheusError(f"queries: the expression of '{resource}' is empty")


def _range(options: Data) -> tuple[float, float]:
    """Return (window, step); the step is long enough for at most MOST_POINTS points, both ends included."""
    window = _duration(options, "window")
    if window <= 0:
        raise PrometheusError("window: 0 is too short: give something like '24h'")
    shortest = window / (MOST_POINTS - 1)
    return window, max(_duration(options, "step") if options["step"] else 0.0, math.ceil(shortest * 1000) / 1000)


def _duration(options: Data, name: str) -> float:
    try:
        return read_option(parse_duration, options, name)
    except ValueError as problem:
        raise PrometheusError(str(problem)) from problem


def _matrix(answer: Data, resource: str, max_series: int) -> list[Data]:
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix" or not isinstance(data.get("result"), list):
        kind = data.get("resultType") if isinstance(data, dict) else None
        raise PrometheusError(f"{resource}: a range query must give a matrix, not {kind or 'an answer without data'}")
    if len(data["result"]) > max_series:
        raise PrometheusError(f"{resource}: {len(data['result'])} series are more than max_series ({max_series}): narrow the expression or aggregate (sum by)")
    return data["result"]


class _Names:
    """From the labels of a series to its host and service."""

    def __init__(self, host: str, service: str, wanted: set[str]) -> None:
        environment = SandboxedEnvironment(variable_start_string="[[", variable_end_string="]]", undefined=jinja2.StrictUndefined)
        self.templates = {name: self._compiled(environment, name, text) for name, text in (("host", host), ("service", service))}
        self.wanted = wanted

    @staticmethod
    def _compiled(environment: SandboxedEnvironment, name: str, text: str) -> jinja2.Template:
        if "{{" in text:
            raise PrometheusError(f"{name}: '{text}': write [[ label ]] instead of the usual braces")
        try:
            return environment.from_string(text)
        except jinja2.TemplateError as problem:
            raise PrometheusError(f"{name}: '{text}' is no template: {problem}") from problem

    def of(self, labels: dict[str, str]) -> tuple[str, str]:
        """Return (host, service); raise PrometheusError if the labels do not give both."""
        found = []
        for name, template in self.templates.items():
            try:
                value = template.render({**labels, "labels": labels}).strip()
            except Exception as problem:  # whatever a template of the user may do
                raise PrometheusError(f"{name}: {problem} in the labels {_short(labels)}") from problem
            if not value:
                raise PrometheusError(f"{name}: the template gives nothing for the labels {_short(labels)}")
            found.append(value)
        return found[0], found[1]


def _sort_in(found: Series, resource: str, matrix: list[Data], names: _Names) -> list[str]:
    """Put the series of one answer where they belong; return remarks on those that could not be used."""
    unusable: list[str] = []
    doubled: dict[tuple[str, str], Data] = {}
    others = 0
    for one in matrix:
        try:
            labels = _labels(one)
            host, service = names.of(labels)
            if names.wanted and host not in names.wanted:
                others += 1
                continue
            points = _points(one)
        except PrometheusError as problem:
            unusable.append(str(problem))
            continue
        place = found.setdefault(host, {}).setdefault(service, {})
        if _overlap(place.get(resource, []), points):
            doubled[host, service] = labels
        place[resource] = sorted([*place.get(resource, []), *points])
    for host, service in doubled:
        del found[host][service][resource]
    _thin(found, resource)
    if matrix and len(unusable) == len(matrix):
        raise PrometheusError(f"{resource}: none of its series can be used: {unusable[0]}")
    if others and others + len(unusable) == len(matrix):
        unusable.append(f"none of its {others} series belongs to a host of this run; does 'host' give inventory names?")
    return unusable[:MOST_REMARKS] + [
        f"not used, because several series map to {service} on {host}, one with the labels {_short(labels)}: aggregate them (sum by)"
        for (host, service), labels in list(doubled.items())[:MOST_REMARKS]
    ]


def _labels(series: t.Any) -> dict[str, str]:
    labels = series.get("metric") or {} if isinstance(series, dict) else None
    if not isinstance(labels, dict):
        raise PrometheusError(f"what should be a series with its labels is {str(series)[:80]!r}")
    return labels


def _points(series: Data) -> list[list[float]]:
    """Return the finite points; NaN is how Prometheus says that there is no value."""
    points = []
    try:
        for when, text in series.get("values") or []:
            value = float(text)
            if math.isfinite(value):
                points.append([float(when), int(value) if value.is_integer() else value])
    except (TypeError, ValueError, OverflowError) as problem:
        raise PrometheusError(f"what should be points is none with the labels {_short(_labels(series))}: {problem}") from problem
    return points


def _overlap(some: list[list[float]], others: list[list[float]]) -> bool:
    """A restarted container is a new series that begins where the old one ends; two at the same time are two things."""
    return bool(some and others) and some[0][0] <= others[-1][0] and others[0][0] <= some[-1][0]


def _thin(found: Series, resource: str) -> None:
    for services in found.values():
        for resources in services.values():
            points = resources.get(resource, [])
            if len(points) > MOST_POINTS:
                resources[resource] = points[:: math.ceil(len(points) / MOST_POINTS)]


def _short(labels: dict[str, str]) -> str:
    text = "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
    return text if len(text) <= 200 else text[:199] + "…"
