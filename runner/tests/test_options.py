# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are typed: the same for both APIs, a mistake is found by a type checker and told in one line."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import sysops_remediation
from sysops_remediation import AsyncRemediator, Remediator

METHODS = sorted(name for name, _ in inspect.getmembers(Remediator, inspect.isfunction) if not name.startswith(("_", "start_")))


def options_of(method: typing.Callable[..., object]) -> dict[str, object]:
    """Return every keyword that a method takes, whether it is named in its signature or in its TypedDict."""
    hints = typing.get_type_hints(method)
    taken: dict[str, object] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            [of_dict] = typing.get_args(hints[name])
            taken.update(typing.get_type_hints(of_dict))
        elif name not in ("self", "on_event"):
            taken[name] = hints[name]
    return taken


@pytest.mark.parametrize("method", METHODS)
def test_both_apis_and_their_handles_take_the_same_options(method: str) -> None:
    blocking = options_of(getattr(Remediator, method))
    assert set(blocking) >= {"limit", "extra_vars", "check", "diff", "timeout"}
    assert options_of(getattr(Remediator, f"start_{method}")).keys() == blocking.keys()
    assert options_of(getattr(AsyncRemediator, method)) == options_of(getattr(AsyncRemediator, f"start_{method}")) == blocking


def test_both_take_the_same_to_be_made() -> None:
    assert options_of(AsyncRemediator.__init__) == options_of(Remediator.__init__)


@pytest.mark.parametrize("method", METHODS)
def test_an_option_that_there_is_not_is_one_line_and_starts_nothing(method: str, tmp_path: Path) -> None:
    arguments = {"restart": ("postfix",), "approve": ("12c3", "Ada"), "pause": ("migration",), "why_not": ("postfix",)}.get(method, ())
    with pytest.raises(TypeError, match=rf"^{method}\(\) has no option 'limt' \(did you mean 'limit'\?\); besides its own arguments it takes check, diff, "):
        getattr(Remediator(str(tmp_path)), method)(*arguments, limt="mail")


CALLER = """
from sysops_remediation import AsyncRemediator, Remediator

Remediator("hosts").diagnose(window="30s", limit="mail", check=True)
Remediator("hosts").diagnose(windw="30s")
AsyncRemediator("hosts").start_pause("migration", until=5)
AsyncRemediator("hosts", fork=5)
"""


@pytest.mark.slow
def test_a_type_checker_finds_a_mistake_in_an_option(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    package = str(Path(sysops_remediation.__file__).parents[1])
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "caller.py"],
        cwd=tmp_path,
        env={"MYPYPATH": package, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert [line.split(":")[1] for line in checked.stdout.splitlines() if ": error:" in line] == ["5", "6", "7"], checked.stdout + checked.stderr
