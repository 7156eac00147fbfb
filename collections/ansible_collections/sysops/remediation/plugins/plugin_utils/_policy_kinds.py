# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of values that a policy holds: each reads what people write and says plainly what is wrong with it.

``read(value, path, problems)`` returns the value in the form that programs use (seconds, plain lists) and appends a
:class:`Problem` for everything that is wrong, so that a person sees all mistakes at once.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from difflib import get_close_matches

from ..module_utils._health import is_web_address
from ..module_utils._units import OUT_OF_ORDER, human_duration, human_size, parse_duration, parse_size

Path = tuple[str | int, ...]

REQUIRED: t.Any = object()  # the default of a field that has none


@dataclass(frozen=True)
class Problem:
    """One mistake in a policy: where it is, what is there, what could be there instead."""

    path: Path
    message: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}"


def dotted(path: Path) -> str:
    """Return ``remediation_services[0].guard.cooldown`` for the path."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def shown(value: t.Any) -> str:
    """Return the value as people wrote it, short enough for one line."""
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def did_you_mean(word: t.Any, allowed: t.Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` when one of the allowed words looks like this one."""
    near = nearest(word, allowed)
    return f" (did you mean '{near}'?)" if near else ""


def nearest(word: t.Any, allowed: t.Iterable[str]) -> str | None:
    """Return the allowed word that looks most like this one, if any does."""
    return next(iter(get_close_matches(str(word), list(allowed), n=1, cutoff=0.6)), None)


class Kind:
    """One kind of value; ``allowed`` is how documentation and errors describe it."""

    allowed = ""

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        raise NotImplementedError

    def wrong(self, value: t.Any, path: Path, problems: list[Problem]) -> None:
        problems.append(Problem(path, f"{shown(value)} is not allowed here; allowed: {self.allowed}"))


class Text(Kind):
    allowed = "text"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if not isinstance(value, str) or not value.strip():
            return self.wrong(value, path, problems)
        return str(value)


class Line(Text):
    """Text that is printed, so that no escape sequence and no line of its own may hide in it."""

    allowed = "text on one line"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if isinstance(value, str) and not (value.isprintable() and len(value) <= 1000):
            return self.wrong(value, path, problems)
        return super().read(value, path, problems)


class Url(Text):
    allowed = "a URL such as http://host:8080/path or https://host/path"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        return str(value) if isinstance(value, str) and is_web_address(value) else self.wrong(value, path, problems)


class Boolean(Kind):
    allowed = "true or false"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        # A template renders to real booleans in ansible-core 2.19, so that "yes" in quotes is a mistake worth hearing of.
        return value if isinstance(value, bool) else self.wrong(value, path, problems)


class Integer(Kind):
    def __init__(self, least: int, most: int):
        self.least, self.most = least, most
        self.allowed = f"a whole number from {least} to {most}"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            return self.wrong(value, path, problems)
        return int(value)


class Duration(Kind):
    """Read as seconds."""

    def __init__(self, least: float = 0, most: float = 30 * 86400):
        self.least, self.most = least, most
        self.allowed = f"a duration such as 45s, 30m or 1h30m, from {_shortest(least)} to {human_duration(most)}"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        try:
            seconds = parse_duration(value)
        except (ValueError, TypeError) as error:
            why = f" (it {OUT_OF_ORDER})" if OUT_OF_ORDER in str(error) else ""
            problems.append(Problem(path, f"{shown(value)} is not allowed here{why}; allowed: {self.allowed}"))
            return None
        if not self.least <= seconds <= self.most:
            return self.wrong(value, path, problems)
        return int(seconds) if seconds == int(seconds) else seconds


def _shortest(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if 0 < seconds < 1 else human_duration(seconds)


class Size(Kind):
    """Read as bytes."""

    def __init__(self, least: int = 1, most: int = 2**50):
        self.least, self.most = least, most
        self.allowed = f"a size such as 300MiB or 2GiB, from {human_size(least)} to {human_size(most)}"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        try:
            count = parse_size(value)
        except (ValueError, TypeError):
            return self.wrong(value, path, problems)
        return count if self.least <= count <= self.most else self.wrong(value, path, problems)


class Growth(Kind):
    """A share or a size, kept as it was written."""

    allowed = "a share from 1% to 100%, or a size such as 256MiB"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        text = str(value).strip()
        if re.fullmatch(r"([1-9]\d?|100)\s*%", text):
            return text.replace(" ", "")
        tried: list[Problem] = []
        size = Size().read(value, path, tried)
        return self.wrong(value, path, problems) if tried else str(size)


class Count(Kind):
    """A number of hosts, or a share of them, kept as it was written."""

    allowed = "a whole number from 1 to 10000, or a share from 1% to 100%"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if isinstance(value, str) and re.fullmatch(r"([1-9]\d?|100)\s*%", value.strip()):
            return value.replace(" ", "")
        tried: list[Problem] = []
        number = Integer(1, 10000).read(value, path, tried)
        return self.wrong(value, path, problems) if tried else number


class Choice(Kind):
    def __init__(self, *words: str):
        self.words = words
        self.allowed = ", ".join(words)

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if value in self.words:
            return str(value)
        problems.append(Problem(path, f"{shown(value)} is not allowed here{did_you_mean(value, self.words)}; allowed: {self.allowed}"))
        return None


class ListOf(Kind):
    def __init__(self, item: Kind, least: int = 0, most: int = 100):
        self.item, self.least, self.most = item, least, most
        self.allowed = f"a list of: {item.allowed}"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if not isinstance(value, (list, tuple)) or not self.least <= len(value) <= self.most:
            return self.wrong(value, path, problems)
        return [self.item.read(item, (*path, number), problems) for number, item in enumerate(value)]


class Mapping(Kind):
    allowed = "a mapping of names to texts or numbers"

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if not isinstance(value, dict) or not all(isinstance(item, (str, int, float)) for item in value.values()):
            return self.wrong(value, path, problems)
        return {str(key): item for key, item in value.items()}


@dataclass(frozen=True)
class Field:
    """One key of a section."""

    name: str
    kind: Kind
    default: t.Any  # as people would write it, or REQUIRED
    doc: str


class Section(Kind):
    """A mapping with known keys."""

    allowed = "a mapping"

    def __init__(self, *fields: Field):
        self.fields = {field.name: field for field in fields}

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if not isinstance(value, dict):
            return self.wrong(value, path, problems)
        for key in value:
            if key not in self.fields:
                problems.append(Problem((*path, key), f"unknown key{did_you_mean(key, self.fields)}; allowed: {', '.join(self.fields)}"))
        return {name: self._read_field(field, value, path, problems) for name, field in self.fields.items()}

    def _read_field(self, field: Field, value: dict[t.Any, t.Any], path: Path, problems: list[Problem]) -> t.Any:
        if field.name in value and not (value[field.name] is None and field.default is None):
            return field.kind.read(value[field.name], (*path, field.name), problems)
        if field.default is REQUIRED:
            problems.append(Problem(path, f"the key '{field.name}' is missing; allowed: {field.kind.allowed}"))
            return None
        return None if field.default is None else field.kind.read(field.default, (*path, field.name), problems)


class Variant(Kind):
    """A mapping whose keys depend on the word under one of them (``type`` of a probe, ``action`` of a step)."""

    allowed = "a mapping"

    def __init__(self, key: str, doc: str, variants: dict[str, tuple[Field, ...]], common: tuple[Field, ...] = ()):
        word = Field(key, Choice(*variants), REQUIRED, doc)
        self.key = key
        self.word = word
        self.common = common
        self.variants = variants
        self.sections = {name: Section(word, *fields, *common) for name, fields in variants.items()}

    def read(self, value: t.Any, path: Path, problems: list[Problem]) -> t.Any:
        if not isinstance(value, dict):
            return self.wrong(value, path, problems)
        section = self.sections.get(str(value.get(self.key)))
        if section is None:
            return Section(self.word).read({key: item for key, item in value.items() if key == self.key}, path, problems)
        return section.read(value, path, problems)
