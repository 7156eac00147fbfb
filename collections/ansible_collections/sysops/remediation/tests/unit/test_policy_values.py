# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one entry of a policy means, and what is said of every mistake in it."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import policy_hash, read_policy


def read(**entry):
    return read_policy({"remediation_services": [{"name": "postfix.service", **entry}]})


def problems(**entry):
    return [str(problem) for problem in read(**entry)[1]]


def only_problem(**entry):
    found = problems(**entry)
    assert len(found) == 1, found
    return found[0]


def entry_of(**entry):
    services, found = read(**entry)
    assert not found, [str(problem) for problem in found]
    return services[0]


def test_a_name_is_enough_and_then_nothing_is_touched():
    entry = entry_of()
    assert entry["mode"] == "recommend"
    assert entry["guard"] == {
        "cooldown": 1800,
        "max_attempts": 3,
        "within": 86400,
        "stand_down": 600,
        "max_dependents": 5,
        "force_kill": False,
        "reset_failed": False,
        "daemon_reload": False,
    }
    assert [step["action"] for step in entry["ladder"]] == ["restart"]
    assert entry["accept"]["verdicts"] == ["leak_confirmed", "leak_suspected", "oom_killed", "crashed"]
    assert "none" not in entry["accept"]["urgencies"]
    assert entry["evidence"] == {"collect": True, "fetch": False}


def test_durations_and_sizes_are_read_as_people_write_them():
    entry = entry_of(
        guard={"cooldown": "1h30m", "within": "2d"},
        ladder=[{"action": "scale", "timeout": 45, "scale": {"step": "512MiB", "memory_max": "2GiB"}}],
        verify={"interval": "250ms"},
    )
    assert entry["guard"]["cooldown"] == 5400
    assert entry["guard"]["within"] == 172800
    assert entry["verify"]["interval"] == 0.25
    assert entry["ladder"][0]["timeout"] == 45
    assert entry["ladder"][0]["scale"] == {"step": str(512 * 2**20), "memory_max": 2 * 2**30, "persist": False}


@pytest.mark.parametrize("step", ["1%", "25%", "100%", "25 %", "64MiB"])
def test_a_limit_grows_by_a_share_or_a_size(step):
    entry_of(ladder=[{"action": "scale", "scale": {"step": step}}])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"guard": {"cooldwon": "30m"}},
            "remediation_services[0].guard.cooldwon: unknown key (did you mean 'cooldown'?); allowed: cooldown, max_attempts, within, stand_down, "
            "max_dependents, force_kill, reset_failed, daemon_reload",
        ),
        ({"mode": "atuo"}, "remediation_services[0].mode: 'atuo' is not allowed here (did you mean 'auto'?); allowed: observe, recommend, approve, auto"),
        ({"manager": "openrc"}, "remediation_services[0].manager: 'openrc' is not allowed here; allowed: auto, systemd, supervisord, docker, podman, sysv"),
        (
            {"guard": {"cooldown": "30 parsecs"}},
            "remediation_services[0].guard.cooldown: '30 parsecs' is not allowed here; allowed: a duration such as 45s, 30m or 1h30m, from 0 s to 30 d",
        ),
        (
            {"guard": {"cooldown": "1h1h"}},
            "remediation_services[0].guard.cooldown: '1h1h' is not allowed here (it names a unit twice or after a smaller one: write each once, the largest "
            "first); allowed: a duration such as 45s, 30m or 1h30m, from 0 s to 30 d",
        ),
        (
            {"guard": {"cooldown": 10**400}},
            f"remediation_services[0].guard.cooldown: 1{'0' * 56}... is not allowed here; allowed: a duration such as 45s, 30m or 1h30m, from 0 s to 30 d",
        ),
        ({"guard": {"max_attempts": -1}}, "remediation_services[0].guard.max_attempts: -1 is not allowed here; allowed: a whole number from 1 to 100"),
        ({"guard": {"max_attempts": "3"}}, "remediation_services[0].guard.max_attempts: '3' is not allowed here; allowed: a whole number from 1 to 100"),
        ({"guard": {"max_attempts": True}}, "remediation_services[0].guard.max_attempts: true is not allowed here; allowed: a whole number from 1 to 100"),
        ({"guard": {"force_kill": "yes"}}, "remediation_services[0].guard.force_kill: 'yes' is not allowed here; allowed: true or false"),
        ({"guard": "strict"}, "remediation_services[0].guard: 'strict' is not allowed here; allowed: a mapping"),
        ({"name": ""}, "remediation_services[0].name: '' is not allowed here; allowed: text on one line"),
        ({"name": None}, "remediation_services[0].name: null is not allowed here; allowed: text on one line"),
        (
            {"health": [{"type": "http", "url": "http://a/", "headers": {"X-Api-Key": "two\nS3cret"}}]},
            "remediation_services[0].health[0]: cannot be asked: headers: the value of X-Api-Key is no text that can be sent in one line",
        ),
        (
            {"ladder": [{"action": "restart", "health": [{"type": "command", "argv": ["a\0b"]}]}]},
            "remediation_services[0].ladder[0].health[0]: cannot be asked: argv: a word holds a character that no command can be given",
        ),
        ({"health": [{"port": 25}]}, "remediation_services[0].health[0]: the key 'type' is missing; allowed: tcp, tls, http, command, status_text, log_line"),
        ({"health": [{"type": "tcp"}]}, "remediation_services[0].health[0]: the key 'port' is missing; allowed: a whole number from 1 to 65535"),
        (
            {"health": [{"type": "tcp", "port": 70000}]},
            "remediation_services[0].health[0].port: 70000 is not allowed here; allowed: a whole number from 1 to 65535",
        ),
        (
            {"health": [{"type": "tcp", "port": 25, "url": "x"}]},
            "remediation_services[0].health[0].url: unknown key; allowed: type, port, host, send, expect, timeout",
        ),
        (
            {"health": [{"type": "http", "url": "ftp://x/"}]},
            "remediation_services[0].health[0].url: 'ftp://x/' is not allowed here; allowed: a URL such as http://host:8080/path or https://host/path",
        ),
        ({"health": [{"type": "command", "argv": []}]}, "remediation_services[0].health[0].argv: [] is not allowed here; allowed: a list of: text"),
        ({"ladder": [{"action": "reboot"}]}, "remediation_services[0].ladder[0].action: 'reboot' is not allowed here; allowed: reload, restart, scale"),
        (
            {"ladder": [{"action": "restart", "scale": {}}]},
            "remediation_services[0].ladder[0].scale: unknown key; allowed: action, timeout, health, verify",
        ),
        (
            {"accept": {"verdicts": ["healthy"]}},
            "remediation_services[0].accept.verdicts[0]: 'healthy' is not allowed here; allowed: leak_confirmed, leak_suspected, growth_unexplained, "
            "fragmentation, step_change, oom_killed, crashed",
        ),
    ],
)
def test_a_mistake_is_named_with_its_path_its_value_and_what_is_allowed(entry, message):
    assert only_problem(**entry) == message


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"scope": "user", "manager": "docker"}, "scope: 'user' is impossible with manager 'docker'"),
        ({"server": "unix:///x", "manager": "systemd"}, "server: is impossible with manager 'systemd'"),
        ({"mode": "auto", "ladder": []}, "ladder: is empty, so that mode 'auto' could never act"),
        ({"mode": "auto", "accept": {"verdicts": []}}, "accept.verdicts: is empty, so that mode 'auto' could never act"),
        ({"mode": "auto", "accept": {"urgencies": []}}, "accept.urgencies: is empty, so that mode 'auto' could never act"),
        ({"guard": {"cooldown": "2h", "within": "1h"}}, "guard.within: 3600 s is shorter than guard.cooldown (7200 s)"),
        ({"evidence": {"collect": False, "fetch": True}}, "evidence.fetch: is true while evidence.collect is false"),
        ({"verify": {"verify_for": "3m"}}, "verify.deadline: 120 s is too short: verify_for, passes and interval need more than 180 s"),
        ({"verify": {"passes": 100}, "health": [{"type": "tcp", "port": 1}]}, "verify.deadline: 120 s is too short"),
        ({"manager": "supervisord", "ladder": [{"action": "scale"}]}, "ladder[0].action: 'scale' is impossible with manager 'supervisord'"),
        ({"ladder": [{"action": "restart"}, {"action": "restart"}]}, "ladder[1].action: 'restart' is on the ladder twice"),
        ({"ladder": [{"action": "restart", "verify": {"verify_for": "1h"}}]}, "ladder[0].verify.deadline: 120 s is too short"),
    ],
)
def test_what_is_impossible_together_is_refused(entry, message):
    assert only_problem(**entry).startswith(f"remediation_services[0].{message}")


def test_a_policy_with_a_contradiction_names_nothing_that_could_be_acted_upon():
    assert read(mode="auto", evidence={"collect": False, "fetch": True})[0] == []


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "mail\u202egpj.service", "\x1b[2Jmail", "x" * 1001])
def test_what_is_printed_is_one_line_without_tricks(name):
    for key in ("name", "owner", "runbook", "server"):
        assert only_problem(**{key: name}).endswith("allowed: text on one line")


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://host:mail/", "http://host:99999/", "http://host/a b", "https:///path", "http://h\n/"])
def test_an_address_that_cannot_be_asked_is_refused(url):
    assert "allowed: a URL such as" in only_problem(health=[{"type": "http", "url": url}])


def test_all_mistakes_are_told_at_once():
    assert len(problems(mode="x", scope="y", guard={"cooldown": "z"}, health=[{"type": "tcp"}])) == 4


@pytest.mark.parametrize("value", ["postfix", 3, None, {"name": "postfix"}])
def test_the_variable_must_be_a_list(value):
    _services, found = read_policy({"remediation_services": value})
    assert str(found[0]).startswith("remediation_services: ")
    assert str(found[0]).endswith("is not allowed here; allowed: a list of services")


@pytest.mark.parametrize("value", ["postfix", 3, None, []])
def test_an_entry_must_be_a_mapping(value):
    _services, found = read_policy({"remediation_services": [value]})
    assert str(found[0]).endswith("is not allowed here; allowed: a mapping")


def test_a_long_value_is_shown_short():
    assert len(only_problem(mode="x" * 5000)) < 200


def test_the_hash_follows_the_meaning_and_not_the_writing():
    assert policy_hash(entry_of(guard={"cooldown": "30m"})) == policy_hash(entry_of(guard={"cooldown": 1800})) == policy_hash(entry_of())
    assert policy_hash(entry_of(guard={"cooldown": "31m"})) != policy_hash(entry_of())
