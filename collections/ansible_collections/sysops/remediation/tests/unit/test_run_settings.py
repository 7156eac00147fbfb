# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""remediation_prometheus and remediation_notify: what is wrong with them is one line, without a value and before anything runs."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleUndefinedVariable
from ansible_collections.sysops.remediation.plugins.modules import incident_notify
from ansible_collections.sysops.remediation.plugins.plugin_utils._run_settings import (
    TARGET,
    notify_problem,
    prometheus_problem,
    settings_problem,
    window_problem,
)

SOUND = {"url": "https://prometheus.example.com", "queries": {"anon": "container_memory_rss"}}


def test_what_is_sound_or_empty_is_taken():
    for given in (None, {}, "", SOUND, dict(SOUND, timeout="30s", max_series="500", validate_certs=False, headers={"X-Scope-OrgID": "mail"})):
        assert prometheus_problem(given) is None
    targets = [{"type": "mail", "to": ["ops@example.com"], "port": 25}, {"type": "webhook", "url": "https://example.com/hook", "outcomes": ["failed"]}]
    for given in (None, [], targets):
        assert notify_problem(given) is None


@pytest.mark.parametrize("given", ["https://S3cret", [SOUND], {1: "S3cret"}, True])
def test_what_is_no_mapping_cannot_be_asked_with_and_no_value_is_shown(given):
    assert prometheus_problem(given) == "remediation_prometheus is not a mapping of names to values: write url: … and queries: …"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"type": "mail"}, "remediation_notify is not a list: write - type: mail"),
        (["S3cret"], "remediation_notify[0] is not a mapping"),
        ([{"type": "S3cret"}], "remediation_notify[0].type: has a value that is not allowed; allowed: mail, webhook"),
        ([{"to": ["a@b"]}], "remediation_notify[0]: 'type' is missing"),
        ([{"type": "mail"}], "remediation_notify[0]: a mail target needs 'to'"),
        ([{"type": "mail", "to": ["a@b"]}, {"type": "webhook", "url": "S3cret"}], "remediation_notify[1]: needs a 'url' that begins with"),
        ([{"type": "mail", "to": ["a@b"], "port": "S3cret"}], "remediation_notify[0].port: is not a whole number"),
        ([{"type": "mail", "to": ["a@b"], "tsl": "ssl"}], "remediation_notify[0]: unknown key 'tsl' (did you mean 'tls'?)"),
        ([{"type": "mail", "to": ["a@b"], "timeout": "S3cret"}], "remediation_notify[0].timeout: is not a duration"),
        ([{"type": "mail", "to": ["a@b"], "outcomes": ["S3cret"]}], "remediation_notify[0].outcomes: has a value that is not allowed; allowed: remediated"),
    ],
)
def test_a_mistake_in_a_target_is_named_without_any_value(given, problem):
    said = notify_problem(given)
    assert said.startswith(problem) and "S3cret" not in said and "class" not in said and "\n" not in said


def test_nothing_is_refused_that_the_documentation_offers():
    assert set(TARGET) == set(yaml.safe_load(incident_notify.DOCUMENTATION)["options"]["targets"]["suboptions"])


def template(value):
    if "{{ nope }}" in value.values():
        raise AnsibleUndefinedVariable("'nope' is undefined")
    return {name: item for name, item in value.items() if item != "{{ omit }}"}


@pytest.mark.parametrize("name", ["ledger", "service", "host", "group", "incident", "hosts", "timeout", "allow_all"])
def test_a_setting_that_cannot_be_computed_is_not_taken_as_not_given(name):
    """It would mean another ledger, or the whole fleet."""
    assert settings_problem({f"remediation_{name}": "{{ nope }}"}, template) == f"remediation_{name} cannot be computed: 'nope' is undefined"
    assert settings_problem({f"remediation_{name}": None}, template) is None
    assert settings_problem({f"remediation_{name}": "{{ omit }}"}, template) is None, "that says in so many words that it is not given"


@pytest.mark.parametrize(("given", "kind"), [(False, "boolean"), (5, "number"), (["S3cret"], "list"), ({"a": "S3cret"}, "mapping")])
def test_what_should_be_a_name_and_is_none_is_told_without_its_value(given, kind):
    assert settings_problem({"remediation_host": given}, template) == f"remediation_host is a {kind}: write a text, or leave it out"
    assert settings_problem({"remediation_reason": given}, template) is None, "a ticket number is a reason too"


def test_a_window_that_nobody_waits_for_is_found_before_it_is_waited_for():
    assert window_problem("400s", 300) == (
        "remediation_window=400s is not shorter than remediation_timeout (300 s), after which a host is given up: make one of them fit"
    )
    assert [window_problem(*pair) for pair in (("20s", 300), (None, 300), ("often", 300), ("5m", "x"), ("5m", 0))] == [None] * 5
