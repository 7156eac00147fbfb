# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference of all keys in Markdown, made from the schema.

docs/policy.md holds what this prints, and a test compares the two:
``PYTHONPATH=collections python -m ansible_collections.sysops.remediation.plugins.plugin_utils._policy_reference``
"""

from __future__ import annotations

import typing as t

from ._policy_kinds import REQUIRED, Choice, Field, ListOf, Section, Variant, shown
from ._policy_schema import ENTRY


def reference() -> str:
    """Return one table per section: key, what is allowed, default, meaning."""
    return "\n".join(_section("Keys of an entry", "", ENTRY.fields.values())).strip() + "\n"


def _section(title: str, prefix: str, fields: t.Iterable[Field]) -> t.Iterator[str]:
    """Yield the table of a section, then those of the sections in it."""
    fields = list(fields)
    yield from ("", f"### {title}", "", "| key | allowed | default | meaning |", "|---|---|---|---|")
    for field in fields:
        yield f"| `{field.name}` | {_allowed(field)} | {_default(field)} | {field.doc} |"
    for field in fields:
        path = f"{prefix}{field.name}"
        kind = field.kind.item if isinstance(field.kind, ListOf) else field.kind
        if isinstance(kind, Section) and not _is_override(field, prefix):
            yield from _section(f"`{path}`", f"{path}.", kind.fields.values())
        elif isinstance(kind, Variant) and not _is_override(field, prefix):
            yield from _variants(path, kind)


def _variants(path: str, kind: Variant) -> t.Iterator[str]:
    yield from _section(f"`{path}[]`: every one", f"{path}[].", [kind.word, *kind.common])
    for word, fields in kind.variants.items():
        if fields:
            yield from _section(f"`{path}[]` with `{kind.key}: {word}`", f"{path}[].", fields)


def _is_override(field: Field, prefix: str) -> bool:
    """Tell whether a step of the ladder repeats a section of the entry, which has its own table."""
    return prefix.startswith("ladder") and field.name in ENTRY.fields


def _allowed(field: Field) -> str:
    if isinstance(field.kind, ListOf):
        item = field.kind.item
        return f"list of: {_words(item) if isinstance(item, Choice) else item.allowed}"
    return _words(field.kind) if isinstance(field.kind, Choice) else field.kind.allowed


def _words(kind: Choice) -> str:
    return ", ".join(f"`{word}`" for word in kind.words)


def _default(field: Field) -> str:
    if field.default is REQUIRED:
        return "**required**"
    if field.default is None:
        return "–"
    if field.default == {} and isinstance(field.kind, Section):
        return "see below"
    if isinstance(field.default, list):
        return "`[" + ", ".join(_plain(item) for item in field.default) + "]`"
    return f"`{_plain(field.default)}`"


def _plain(value: t.Any) -> str:
    """Return the value as it would be written in YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else shown(value)


if __name__ == "__main__":
    print(reference(), end="")
