# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runs may not even begin, and the one line that says why."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan_targets import Asked, judge, names_everything

INVENTORY = {"inventory": ["mail1", "mail2", "web1"], "groups": ["all", "ungrouped", "mail"]}


def asked(pattern="mail", matched=("mail1", "mail2"), **more):
    return judge(Asked(pattern=pattern, matched=list(matched), **INVENTORY | more))


def test_named_hosts_may_be_treated():
    assert asked(acts=True) == ("ok", "2 hosts: mail1, mail2")


def test_a_pattern_that_matches_nothing_gets_the_nearest_names():
    assert asked("mial", []) == ("no_hosts", "remediation_hosts=mial matches no host of the inventory (did you mean 'mail'?)")


def test_a_limit_that_leaves_nothing_is_named():
    assert asked("mail", [], limit="web1") == ("no_hosts", "remediation_hosts=mail matches no host of the inventory within --limit web1")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"pattern": "mail1,mial2", "unknown": ["mial2"]}, "remediation_hosts=mail1,mial2: 'mial2' matches no host of the inventory (did you mean 'mail2'?)"),
        ({"limit": "mail:!mial2", "unknown": ["mial2"]}, "--limit mail:!mial2: 'mial2' matches no host of the inventory (did you mean 'mail2'?)"),
    ],
)
def test_a_part_that_matches_nothing_ends_the_run_because_it_may_be_what_must_not_be_touched(facts, message):
    assert asked(**facts) == ("no_hosts", message)


def test_a_word_of_pause_is_not_passed_over():
    says = "remediation_host is a word of pause, resume and report, and does not say where a run works: name hosts or groups with remediation_hosts or --limit"
    assert asked("all", foreign=["remediation_host"]) == ("invalid_input", says)


def test_an_empty_inventory_is_called_empty():
    status, message = asked("all", [], inventory=[])
    assert status == "no_hosts"
    assert "the inventory is empty" in message


@pytest.mark.parametrize("pattern", ["all", "*", "all:!web1", "mail,all", "!web1", "!web1:&all", "~.*", "?*", " all "])
def test_everything_must_be_meant(pattern):
    status, message = asked(pattern, acts=True)
    assert status == "invalid_input"
    assert "remediation_allow_all=true" in message
    assert asked(pattern, acts=True, allow_all=True)[0] == "ok"
    assert asked(pattern, acts=True, limit="mail1")[0] == "ok"
    assert asked(pattern, acts=False)[0] == "ok"


def test_a_limit_to_everything_is_no_limit():
    assert asked("all", acts=True, limit="all")[0] == "invalid_input"


@pytest.mark.parametrize("pattern", ["mail", "wall", "all-in-one", "mail:&web", "mail*", "~mail.*", "10.0.0.1", "mail:!all", "all:&mail", "&mail"])
def test_a_name_that_only_looks_like_everything(pattern):
    assert not names_everything(pattern)


@pytest.mark.parametrize("service", [None, "", "  "])
def test_a_restart_needs_a_service(service):
    status, message = asked(service=service, service_required=True)
    assert status == "invalid_input"
    assert message.startswith("remediation_service is not set")


def test_a_list_of_services_in_the_wrong_variable_is_pointed_out():
    assert "remediation_services" in asked(service=[{"name": "postfix"}])[1]


def test_nothing_is_touched_of_which_no_report_could_tell(tmp_path):
    (tmp_path / "file").touch()
    assert asked(report_dir=str(tmp_path / "new" / "reports"))[0] == "ok"
    status, message = asked(report_dir=str(tmp_path / "file" / "reports"))
    assert (status, message.partition(": ")[2]) == (
        "invalid_input",
        f"{tmp_path}/file is not a directory, so that the report could not be written; choose another directory",
    )
