# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every Python example of docs/python.md runs as it stands, in a small checkout whose playbooks answer for a healthy and a leaking host."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import answer, local
from sysops_remediation import EXIT_CODES
from sysops_remediation._project import COLLECTION

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "python.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.+?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
REFUSAL = {"host": "mail1", "service": "systemd/postfix.service", "gates": [{"name": "mode", "passed": False, "detail": "mode is recommend"}]}
ANSWERS = {
    "diagnose": answer(diagnoses=[{"host": "mail1", "service": "systemd/postfix.service", "verdict": "healthy"}]),
    "plan": answer(plan={"refusals": [REFUSAL]}),
    "doctor": answer(ledger={"usable": True, "msg": "SQLite file"}),
    "remediate": answer(status="nothing_to_do"),
    "status": answer(
        groups=[{"group": "mail", "left": 0, "max_unavailable": 1, "unavailable": {"mail2": "imap is down"}}],
        plans=[{"plan_id": "51b0c7a5ae2b1dd0", "actions": [{"host": "mail1", "service": "systemd/postfix.service"}]}],
    ),
    "pause": answer(changed=True, pauses=[{"subject": "host mail1", "until": 1.0, "created_by": "ada@control1"}]),
    "policy": answer(policies=[{"host": "mail1", "service": "postfix", "mode": "auto", "policy": {"guard": {"cooldown": 1800}}}]),
    "why_not": answer(services=[{"host": "mail1", "service": "systemd/postfix.service", "headline": "paused", "gates": REFUSAL["gates"]}]),
    "resume": answer(changed=True, message="resumed: host mail1"),
    "report": answer(markdown="# REMEDIATED: postfix.service on mail1"),
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "checkout"
    (root / "collections" / COLLECTION).mkdir(parents=True)
    (root / "playbooks").mkdir()
    for name, task in ANSWERS.items():
        (root / "playbooks" / f"{name}.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    (root / "inventories" / "prod").mkdir(parents=True)
    hosts = {"all": {"children": {"mail": {"hosts": local("mail1")["all"]["hosts"]}}}}
    (root / "inventories" / "prod" / "hosts.json").write_text(json.dumps(hosts))
    monkeypatch.chdir(root)
    yield root
    shutil.rmtree(root)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example_runs(example: str, checkout: Path) -> None:
    exec(compile(example, "docs/python.md", "exec"), {"__name__": "example"})


def test_the_table_of_exit_codes_is_complete() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", DOCUMENT, re.MULTILINE))
    assert documented == {status.value: str(code) for status, code in EXIT_CODES.items()}
