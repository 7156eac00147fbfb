# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema agrees with the modules that its values go to, and with what the documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.sysops.remediation.plugins.module_utils import _health
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import _words
from ansible_collections.sysops.remediation.plugins.modules import service_restart
from ansible_collections.sysops.remediation.plugins.plugin_utils import _policy_schema as schema
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import read_policy
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy_reference import reference

ROOT = Path(__file__).resolve().parents[6]
OPTIONS = yaml.safe_load(service_restart.DOCUMENTATION)["options"]


def names(fields):
    return {field.name for field in fields}


def test_every_probe_of_the_host_can_be_written_and_no_other():
    assert set(schema.PROBE.variants) == set(_health.OPTIONS)
    for kind, (required, further) in _health.OPTIONS.items():
        fields = schema.PROBE.variants[kind]
        assert names(fields) == {*required, *further}
        assert names(field for field in fields if field.default is schema.REQUIRED) == set(required)


@pytest.mark.parametrize(
    "probe",
    [
        {"type": "tcp", "port": 25},
        {"type": "tls", "port": 993, "server_name": "imap.example"},
        {"type": "http", "url": "http://127.0.0.1/", "json": {"status": "ok"}},
        {"type": "command", "argv": ["true"]},
        {"type": "status_text", "expect": "ready"},
        {"type": "log_line", "expect": "ready"},
    ],
)
def test_the_host_takes_a_probe_as_the_policy_hands_it_over(probe):
    services, problems = read_policy({"remediation_services": [{"name": "x", "health": [probe]}]})
    assert not problems
    assert _health.normalise(services[0]["health"][0])["type"] == probe["type"]


def test_a_ladder_is_made_of_the_actions_of_service_restart():
    assert list(schema.STEP.variants) == OPTIONS["action"]["choices"]


@pytest.mark.parametrize("section", ["verify", "scale"])
def test_sections_carry_the_suboptions_of_service_restart(section):
    fields = schema.ENTRY.fields["verify"].kind.fields if section == "verify" else schema.STEP.variants["scale"][0].kind.fields
    assert set(fields) == set(OPTIONS[section]["suboptions"])
    for name, field in fields.items():
        assert field.default == OPTIONS[section]["suboptions"][name].get("default"), name


def test_guard_carries_options_of_service_restart_with_the_same_defaults():
    for name, field in schema.ENTRY.fields["guard"].kind.fields.items():
        assert field.default == OPTIONS[name]["default"], name


def test_every_verdict_is_either_sick_or_never_a_reason_to_act():
    assert set(schema.SICK_VERDICTS) < set(_words.VERDICTS)
    assert not set(schema.SICK_VERDICTS) & {_words.HEALTHY, _words.WARMUP, _words.SAWTOOTH, _words.CACHE_GROWTH, _words.INSUFFICIENT_DATA, _words.STOPPED}


def test_the_documentation_is_the_schema():
    text = (ROOT / "docs" / "policy.md").read_text()
    documented = text.partition("<!-- begin reference -->\n")[2].partition("<!-- end reference -->")[0]
    assert documented.strip() == reference().strip(), "docs/policy.md is not what _policy_reference.py prints"


def test_every_default_is_a_legal_value():
    _services, problems = read_policy({"remediation_services": [{"name": "x"}]})
    assert not problems


@pytest.mark.parametrize("path", sorted((ROOT / "inventories" / "example").rglob("*_vars/*.yml")), ids=lambda path: path.name)
def test_the_example_inventory_is_valid(path):
    variables = yaml.safe_load(path.read_text())
    lists = {name: value for name, value in variables.items() if name.startswith("remediation_services")}
    _services, problems = read_policy(lists)
    assert not [str(problem) for problem in problems]


def test_the_example_inventory_shows_every_kind_of_probe():
    shown = "".join(path.read_text() for path in (ROOT / "inventories" / "example").rglob("*.yml"))
    assert [kind for kind in schema.PROBE.variants if f"- type: {kind}" not in shown] == []


def test_the_complete_example_shows_every_key():
    entry = yaml.safe_load((ROOT / "inventories/example/group_vars/mail_smtp.yml").read_text())["remediation_services_smtp"][0]
    assert set(entry) == set(schema.ENTRY.fields)
    for section in ("accept", "verify", "guard", "evidence"):
        assert set(entry[section]) == set(schema.ENTRY.fields[section].kind.fields)
