# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of a program in what it asks for are one line that names them; nothing is started."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from sysops_remediation import Remediator, RunStatus

SOMEWHERE = ["mail1"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"inventory": []}, "inventory is empty; "),
        ({"inventory": ""}, "inventory is empty; "),
        ({"inventory": ["mail1", ""]}, "inventory is empty; "),
        ({"inventory": [None]}, "inventory is [None]; give a path, "),
        ({"inventory": 5}, "inventory is 5; give a path, "),
        ({"inventory": ["mail1\0"]}, "inventory is ['mail1\\x00'], with a character "),
        ({"vault_password": 5}, "vault_password is no text; "),
        ({"become_password": b"x"}, "become_password is no text; "),
        ({"ansible_args": [1]}, "ansible_args holds 1; "),
        ({"ansible_args": ["-e", "a=\0"]}, "ansible_args holds 'a=\\x00'; "),
        ({"timeout": 0}, "timeout is 0; give seconds, more than 0, "),
        ({"timeout": "10"}, "timeout is '10'; "),
        ({"timeout": math.inf}, "timeout is inf; "),
        ({"timeout": math.nan}, "timeout is nan; "),
        ({"timeout": True}, "timeout is True; "),
        ({"forks": 0}, "forks is 0; "),
        ({"forks": 2.5}, "forks is 2.5; "),
        ({"environment": {"DEBUG": 1}}, "environment 'DEBUG' is not "),
        ({"environment": {"TOKEN": "a\0b"}}, "environment 'TOKEN' is not "),
        ({"project": "/no/such/project"}, "project /no/such/project is no folder; "),
        ({"extra_vars": {"a": {"b": {1, 2}}}}, "extra_vars.a.b cannot be written as JSON: Object of type set "),
        ({"extra_vars": {"half": "\ud83d"}}, "extra_vars.half cannot be written as JSON: 'utf-8' codec can't encode "),
        ({"inventory": {"all": {"hosts": {"mail1": {"x": b""}}}}}, "inventory.all.hosts.mail1.x cannot be written as JSON: "),
    ],
)
def test_what_is_no_request_is_told_by_its_name(given: dict, told: str) -> None:
    ran = Remediator(**{"inventory": SOMEWHERE, **given}).diagnose()
    assert (ran.status, ran.message[: len(told)]) == (RunStatus.INVALID_INPUT, told), ran.message
    assert ran.log == []


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (["mail1"], "limit is ['mail1']; "),
        ("-x", "limit is '-x', which ansible takes for an option; "),
        ("", "limit is '', which names no host; "),  # to ansible it would mean all of them
        (" , ", "limit is ' , ', which names no host; "),
        ("mail1\0", "limit is 'mail1\\x00', with a character that no name can hold"),
        ("mail\udcff", "limit is 'mail\\udcff', with a character that no name can hold"),
    ],
)
def test_what_is_no_limit_is_told(limit: object, told: str) -> None:
    ran = Remediator(SOMEWHERE).diagnose(limit=limit)
    assert (ran.status, ran.message.startswith(told)) == (RunStatus.INVALID_INPUT, True), ran.message


@pytest.mark.parametrize("name", ["host", "group", "service"])
def test_a_name_that_is_empty_does_not_mean_everything(name: str) -> None:
    for call in (Remediator(SOMEWHERE).resume, Remediator(SOMEWHERE).report if name != "group" else Remediator(SOMEWHERE).resume):
        ran = call(**{name: ""})
        assert (ran.status, ran.message) == (RunStatus.INVALID_INPUT, f"{name} is empty; name one, or leave it out")
    assert Remediator(SOMEWHERE).report("").message == "incident is empty; name one, or leave it out"


def test_a_circle_is_told_and_not_followed(tmp_path: Path) -> None:
    circle: dict = {}
    circle["again"] = circle
    for wrong in ({"extra_vars": circle}, {"extra_vars": circle, "artifact_dir": tmp_path}, {"inventory": {"all": {"vars": circle}}, "artifact_dir": tmp_path}):
        ran = Remediator(**{"inventory": SOMEWHERE, **wrong}).diagnose()
        assert "cannot be written as JSON: Circular reference" in ran.message and ran.status is RunStatus.INVALID_INPUT


@pytest.mark.parametrize("name", ["ansible_args", "worker"])
def test_a_text_in_place_of_words_is_no_list_of_letters(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is one text, '--become'; give a list of words"):
        Remediator(SOMEWHERE, executor="transmit", **{name: "--become"})


def test_a_path_object_is_an_inventory(tmp_path: Path) -> None:
    assert Remediator(tmp_path / "none").diagnose().message.startswith(f"inventory {tmp_path}/none not found")
