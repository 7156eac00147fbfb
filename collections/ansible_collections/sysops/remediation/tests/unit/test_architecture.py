# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of docs/architecture.md: who may know whom, and that hosts with Python 3.8 can run what is meant for them."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest
from old_python import OLD_PYTHON

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
RUNNER = next((parent / "runner/sysops_remediation" for parent in PLUGINS.parents if (parent / "runner/sysops_remediation").is_dir()), None)

# The arrows of the managed host. Nobody is known by `_leaks`, `_kernel` and the like but by those who name them here.
KNOWS = {
    "_gates": set(),
    "_kernel": set(),
    "_redact": set(),
    "_run": set(),
    "_units": set(),
    "_leaks": {"_gates", "_units"},
    "_sampling": {"_kernel"},
    "_host_state": {"_kernel"},
    "_health": {"_redact"},
    "_managers": {"_kernel", "_run"},
    "_runtimes": {"_kernel", "_sampling"},
    "_services": {"_managers", "_sampling"},
    "_spec": {"_managers", "_redact"},
    "_inventory": {"_sampling", "_services"},
    "_recorder": {"_host_state", "_managers", "_run", "_sampling", "_services"},
    "_evidence": {"_host_state", "_kernel", "_managers", "_redact", "_run", "_sampling", "_units"},
    "_action": {"_gates", "_health", "_host_state", "_kernel", "_managers", "_redact", "_sampling", "_services", "_units"},
    "_diagnosis": {"_host_state", "_kernel", "_leaks", "_managers", "_runtimes", "_sampling", "_services", "_units"},
}
STANDARD_LIBRARY_ONLY = sorted(MODULE_UTILS.rglob("*.py"))


def imported(path):
    """Return the modules that a file imports, wherever in it, relative ones as paths below ``plugins``: ``module_utils._gates``."""
    package = path.relative_to(PLUGINS).parent.parts if path.is_relative_to(PLUGINS) else ()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1], *([node.module] if node.module else [])]
            yield from (".".join([*base, alias.name]) for alias in node.names)


def rooms_known_by(path):
    return {name.split(".")[1] for name in imported(path) if name.startswith("module_utils.")}


def room(path):
    return path.relative_to(MODULE_UTILS).parts[0].removesuffix(".py")


def name_of(path):
    return str(path.relative_to(PLUGINS))


@pytest.mark.parametrize("path", STANDARD_LIBRARY_ONLY, ids=name_of)
def test_a_room_of_the_host_knows_only_the_rooms_that_it_may(path):
    assert rooms_known_by(path) - {room(path)} <= KNOWS[room(path)]


@pytest.mark.parametrize("path", STANDARD_LIBRARY_ONLY, ids=name_of)
def test_a_room_of_the_host_imports_neither_ansible_nor_by_an_absolute_name(path):
    """The recorder's zipapp and a REPL use the rooms as they are."""
    assert not [name for name in imported(path) if name.split(".")[0] in ("ansible", "ansible_collections")]


def test_no_arrow_goes_in_a_circle():
    done = set()
    while len(done) < len(KNOWS):
        ready = {name for name, known in KNOWS.items() if known <= done} - done
        assert ready, "a circle among %s" % sorted(set(KNOWS) - done)
        done |= ready


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=name_of)
def test_modules_know_module_utils_and_nothing_of_the_controller(path):
    assert not [name for name in imported(path) if name.startswith(("plugin_utils", "ansible.plugins"))]


@pytest.mark.parametrize("path", sorted((PLUGINS / "plugin_utils/_ledger").glob("*.py")), ids=name_of)
def test_the_ledger_knows_no_policy_and_no_ansible(path):
    known = {name for name in imported(path) if name.startswith(("plugin_utils.", "ansible"))}
    assert not [name for name in known if not name.startswith("plugin_utils._ledger")]


@pytest.mark.skipif(RUNNER is None, reason="the collection stands alone, without the runner")
def test_the_runner_imports_no_plugins():
    found = {name for path in RUNNER.rglob("*.py") for name in imported(path)}
    assert not [name for name in found if name.startswith("ansible_collections")]


@pytest.mark.skipif(OLD_PYTHON is None, reason="no Python 3.8 on this machine")
class TestPython38:
    def run(self, program, *arguments):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(PLUGINS))
        done = subprocess.run([OLD_PYTHON, "-c", program, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_every_room_of_the_host_can_be_imported(self):
        self.run(
            "import importlib, pkgutil, module_utils\n"
            "for found in pkgutil.walk_packages(module_utils.__path__, 'module_utils.'):\n"
            "    importlib.import_module(found.name)\n"
        )

    def test_every_module_compiles(self):
        program = "import sys\nfor path in sys.argv[1:]:\n    compile(open(path, encoding='utf-8').read(), path, 'exec')\n"
        self.run(program, *sorted((PLUGINS / "modules").glob("*.py")))
