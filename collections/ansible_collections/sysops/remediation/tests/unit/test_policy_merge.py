# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lists of several groups and of a host become one policy."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import policy_variables, read_policy, same_service, written_in
from hypothesis import given
from hypothesis import strategies as st


def merged(**variables):
    services, problems = read_policy({name: variables[name] for name in policy_variables(variables) if name in variables})
    return services, [str(problem) for problem in problems]


def test_lists_of_several_groups_add_up():
    services, problems = merged(remediation_services_mail=[{"name": "postfix"}], remediation_services_all=[{"name": "cron"}])
    assert [entry["name"] for entry in services] == ["cron", "postfix"]
    assert not problems


def test_other_variables_are_none_of_our_business():
    assert policy_variables(["remediation_service", "remediation_servicesx", "remediation_services_b", "remediation_services_a"]) == [
        "remediation_services_a",
        "remediation_services_b",
        "remediation_services",
    ]


def test_remediation_services_has_the_last_word_key_by_key():
    group = [{"name": "postfix.service", "mode": "auto", "guard": {"cooldown": "1h", "max_attempts": 2}, "health": [{"type": "tcp", "port": 25}]}]
    services, problems = merged(remediation_services_zzz=group, remediation_services=[{"name": "postfix", "mode": "observe", "guard": {"cooldown": "2h"}}])
    assert not problems
    assert len(services) == 1
    assert services[0]["mode"] == "observe"
    assert services[0]["guard"]["cooldown"] == 7200
    assert services[0]["guard"]["max_attempts"] == 2
    assert services[0]["health"][0]["port"] == 25


def test_every_key_knows_the_lists_that_wrote_it_the_one_that_wins_last():
    lists = {
        "remediation_services_mail": [{"name": "cron"}, {"name": "postfix", "mode": "auto", "guard": {"cooldown": "1h"}, "health": []}],
        "remediation_services": [{"name": "postfix.service", "mode": "observe", "guard": {"max_attempts": 2}, "health": [{"type": "tcp", "port": 25}]}],
    }
    assert [entry["name"] for entry in read_policy(lists)[0]] == ["cron", "postfix.service"]
    group, host = ("remediation_services_mail", 1), ("remediation_services", 0)
    assert written_in(lists) == [
        {"name": [("remediation_services_mail", 0, "name")]},
        {
            "name": [(*host, "name")],
            "mode": [(*host, "mode")],
            "guard": [(*group, "guard"), (*host, "guard")],  # each has written a part of it
            "health": [(*host, "health")],  # lists are replaced
        },
    ]


def test_lists_within_an_entry_are_replaced():
    group = [{"name": "postfix", "health": [{"type": "tcp", "port": 25}, {"type": "tcp", "port": 587}]}]
    services, _problems = merged(remediation_services_mail=group, remediation_services=[{"name": "postfix", "health": []}])
    assert services[0]["health"] == []


def test_the_same_name_under_another_manager_is_another_service():
    services, problems = merged(remediation_services=[{"name": "imap", "manager": "docker"}, {"name": "imap", "manager": "systemd"}])
    assert len(services) == 2
    assert not problems


def test_two_supervisords_may_have_programs_of_the_same_name():
    pair = [{"name": "web:web-0", "manager": "supervisord", "server": f"unix:///run/{number}.sock"} for number in (1, 2)]
    assert len(merged(remediation_services=pair)[0]) == 2


def test_one_of_two_programs_of_the_same_name_may_be_called_as_plans_do():
    pair, _problems = merged(remediation_services=[{"name": "web", "manager": "supervisord", "server": f"unix:///{which}.sock"} for which in "ab"])
    assert [same_service(one, "supervisord/web (unix:///a.sock)") for one in pair] == [True, False]
    assert [same_service(one, "web") for one in pair] == [True, True]


def test_twice_in_one_list_is_a_mistake():
    _services, problems = merged(remediation_services=[{"name": "postfix"}, {"name": "postfix.service"}])
    assert problems == ["remediation_services[1].name: 'postfix.service' is named twice in this list; merge the two entries"]


def test_an_override_that_forgets_the_manager_is_a_mistake_and_not_a_second_service():
    _services, problems = merged(remediation_services_mail=[{"name": "imap", "manager": "docker"}], remediation_services=[{"name": "imap", "mode": "observe"}])
    assert problems == ["remediation_services[0].manager: 'imap' is named with manager 'docker' and with manager 'auto'; write the manager in both"]


def test_a_service_of_a_user_is_another_one_than_that_of_the_system():
    services, problems = merged(remediation_services=[{"name": "pipewire"}, {"name": "pipewire", "manager": "systemd", "scope": "user"}])
    assert problems == [] and len(services) == 2


def test_a_mistake_is_shown_in_the_variable_where_it_was_written():
    _services, problems = merged(remediation_services_mail=[{"name": "postfix", "mode": "x"}], remediation_services=[{"name": "postfix"}])
    assert problems[0].startswith("remediation_services_mail[0].mode: 'x'")


def test_people_name_a_service_as_they_like():
    postfix = {"name": "postfix.service", "manager": "systemd"}
    for wanted in ("postfix", "postfix.service", "systemd/postfix", "systemd/postfix.service"):
        assert same_service(postfix, wanted)
    for wanted in ("docker/postfix", "postfi", "sysv/postfix.service"):
        assert not same_service(postfix, wanted)
    assert same_service({"name": "postfix", "manager": "auto"}, "systemd/postfix.service")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(["name", "manager", "scope", "server", "mode", "accept", "health", "ladder", "verify", "guard", "evidence", "owner", "runbook", "x"])


@given(st.lists(st.dictionaries(KEYS, json_values, max_size=6) | json_values, max_size=3))
def test_whatever_is_written_there_is_an_answer_and_never_an_exception(entries):
    services, problems = read_policy({"remediation_services": entries})
    assert problems or all(entry["name"] and entry["mode"] in ("observe", "recommend", "auto") for entry in services)


@given(st.permutations(["postfix", "dovecot", "rspamd"]), st.sampled_from(["observe", "recommend"]))
def test_merging_twice_is_merging_once(names, mode):
    lists = {"remediation_services_a": [{"name": name} for name in names], "remediation_services": [{"name": names[0], "mode": mode}]}
    once, _problems = read_policy(lists)
    again, problems = read_policy({"remediation_services": once})
    assert not problems
    assert again == once
