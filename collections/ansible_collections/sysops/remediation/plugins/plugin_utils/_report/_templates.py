# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja2 templates of the report and the filters they use."""

from __future__ import annotations

import functools
import os
import re
import time
import typing as t

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from ...module_utils._units import human_duration, human_size


def render(name: str, **values: t.Any) -> str:
    """Return the template of this name, filled in. SVG is escaped by Jinja2, Markdown by the filters ``text``, ``cell`` and ``code``."""
    return _environment().get_template(name).render(**values)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(os.path.join(os.path.dirname(__file__), "templates")),
        autoescape=lambda name: (name or "").endswith(".svg.j2"),
        undefined=ChainableUndefined,  # a report with a gap is better than none
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(text=text, cell=cell, code=code, fenced=fenced, moment=moment, duration=human_duration, size=human_size, number=number)
    return environment


def text(value: t.Any) -> str:
    """Return one line that Markdown shows as it is. Host names, log lines and messages come from outside and may not become markup."""
    line = " ".join(str(value).split())
    for character, shown in (("&", "&amp;"), ("<", "&lt;"), ("*", "\\*"), ("`", "'"), ("](", "]\\("), ("~~", "\\~~")):
        line = line.replace(character, shown)
    return line


def cell(value: t.Any) -> str:
    """Return what may stand in a table."""
    return "–" if value is None or value == "" else text(value).replace("|", "\\|")


def code(value: t.Any) -> str:
    """Return a code span; a bar in it would still end a table's cell."""
    return "`" + " ".join(str(value).replace("`", "'").split()).replace("|", "\\|") + "`"


def fenced(lines: t.Sequence[str]) -> str:
    """Return a block of code with a fence longer than any in it."""
    body = "\n".join(str(line).rstrip("\n") for line in lines)
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{body}\n{fence}"


def moment(epoch: float | None) -> str:
    """Return a time as people read it; always UTC, and says so."""
    return "–" if epoch is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(epoch))


def number(value: t.Any, unit: str | None) -> str:
    """Return a gate's value or threshold with its unit."""
    if value is None:
        return "–"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value) or "none"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if unit == "bytes":
        return human_size(value)
    if unit == "bytes/second":
        return f"{human_size(value)}/s"
    if unit == "seconds" and value >= 60:
        return human_duration(value)
    return (
        f"{value:.4g}" + (f" {unit}" if unit and unit != "count" else "")
        if isinstance(value, float)
        else f"{value}" + (f" {unit}" if unit and unit != "count" else "")
    )
