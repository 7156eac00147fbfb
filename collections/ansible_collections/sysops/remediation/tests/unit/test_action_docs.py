# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/refusals.md knows every gate of the code, and the code knows every gate of the page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils import _health
from ansible_collections.sysops.remediation.plugins.module_utils import _spec as shared_spec
from ansible_collections.sysops.remediation.plugins.modules import service_restart

COLLECTION = Path(__file__).resolve().parents[2]
ACTION = COLLECTION / "plugins" / "module_utils" / "_action"
PAGE = COLLECTION.parents[3] / "docs" / "refusals.md"
PROOF = "verify.py"

needs_the_repository = pytest.mark.skipif(not PAGE.exists(), reason="the collection stands alone, docs/ belongs to the repository")


def gates_of(path):
    """Return the names with which a file calls gate()."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "gate":
            name = node.args[0]
            if isinstance(name, ast.Constant):
                names.add(name.value)
            elif isinstance(name, ast.Name):
                continue  # the two of _accept_gate, which the test of the plan names
            else:
                assert isinstance(name, ast.BinOp) and name.left.value == "probe_%s", "a gate name that this test cannot read"
                names.update("probe_" + kind for kind in _health.OPTIONS)
    return names


def table(heading):
    """Return the names in the first column of the table below a heading."""
    section = PAGE.read_text().split("## %s\n" % heading)[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


@needs_the_repository
def test_every_refusal_is_explained():
    guards = set().union(*(gates_of(path) for path in ACTION.glob("*.py") if path.name != PROOF))
    assert len(guards) >= 20 and guards == table("Gates of the guard")


@needs_the_repository
def test_every_refusal_of_the_plan_is_explained():
    utils = COLLECTION / "plugins" / "plugin_utils"
    plan = (
        "_plan.py",
        "_plan_gates.py",
        "_plan_waves.py",
        "_plan_permit.py",
        "_windows.py",
        "_ledger/_permits.py",
        "_ledger/_pauses.py",
        "_ledger/_incidents.py",
    )
    assert set().union(*(gates_of(utils / name) for name in plan)) | {"verdict", "urgency", "diagnosed"} == table("Gates of the plan")


@needs_the_repository
def test_every_gate_of_the_proof_is_explained():
    assert gates_of(ACTION / PROOF) == table("Gates of the proof")


@needs_the_repository
def test_every_outcome_is_explained():
    described = set(re.findall(r"^ *- V\((\w+)\) (?:means|is what)", service_restart.RETURN, re.MULTILINE))
    assert len(described) == 8 and described == table("What the results mean") - {"changed"}


def test_the_options_of_the_probes_are_those_of_the_module():
    options = service_restart.SUBOPTIONS["health"]
    assert set(options["type"]["choices"]) == set(_health.OPTIONS)
    known = {name for required, further in _health.OPTIONS.values() for name in required + further}
    assert set(options) == known | {"type", "timeout"}


def test_documentation_and_argument_spec_name_the_same_options():
    documented = set(re.findall(r"^  (\w+):$", service_restart.DOCUMENTATION.split("\noptions:\n")[1].split("\nattributes:")[0], re.MULTILINE))
    shared = set(shared_spec.service_spec()) | set(shared_spec.state_dir_spec())
    assert documented | shared == set(service_restart.argument_spec())
