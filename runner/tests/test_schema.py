# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``remediate schema``: what ``--json`` prints is described for other programs, and is what they get."""

from __future__ import annotations

import json

import jsonschema
import pytest
import typer
from sysops_remediation import DiagnoseResult, DoctorResult, RunStatus
from sysops_remediation.cli import RESULTS, app
from typer.testing import CliRunner


def published(command: str) -> dict:
    return json.loads(CliRunner().invoke(app, ["schema", command]).stdout)


def test_what_is_printed_is_what_the_schema_says() -> None:
    leak = {"host": "mail1", "service": "systemd/postfix.service", "verdict": "leak_suspected", "gates": [{"name": "trend", "passed": True}]}
    diagnosed = DiagnoseResult(status=RunStatus.SUCCEEDED, diagnoses=[leak])
    checked = DoctorResult(status=RunStatus.FAILED, checks=[{"name": "ledger", "state": "failed"}])
    for command, result in (("diagnose", diagnosed), ("doctor", checked)):
        schema = published(command)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(json.loads(result.model_dump_json()), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**json.loads(result.model_dump_json()), "status": "fine"}, schema)


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(app, ["schema", "nonsense"]).exit_code == 2


def name_of(command: typer.models.CommandInfo) -> str:
    assert command.callback is not None
    return command.name or command.callback.__name__.replace("_", "-")


def test_every_command_that_prints_json_has_one() -> None:
    named = {name_of(command) for command in app.registered_commands} - {"schema"}  # which tells of the option, and has none
    assert {name for name in named if "--json" in CliRunner().invoke(app, [name, "--help"]).stdout} == set(RESULTS)
    assert all(published(name)["title"].endswith("Result") for name in RESULTS)
