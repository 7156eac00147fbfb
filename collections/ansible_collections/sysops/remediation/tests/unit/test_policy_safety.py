# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every guarantee in docs/safety.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[5]
SAFETY = (PROJECT / "docs" / "safety.md").read_text()
PROMISES = sorted(set(re.findall(r"`(test_\w+\.py)::(\w+)`", SAFETY)))


def test_there_are_guarantees():
    assert len(PROMISES) > 20


@pytest.mark.parametrize(("file", "name"), PROMISES, ids=[name for _file, name in PROMISES])
def test_the_test_that_holds_a_guarantee_exists(file, name):
    tree = ast.parse((HERE / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def test_the_stories_are_the_ones_of_the_scenario():
    scenario = PROJECT / ".config" / "molecule" / "fleet"
    told = re.findall(r"^\| `(\w+)\.yml`", SAFETY, re.MULTILINE)
    assert sorted(told) == sorted(path.stem for path in (scenario / "stories").iterdir())
    assert all(story in (scenario / "converge.yml").read_text() for story in told)
