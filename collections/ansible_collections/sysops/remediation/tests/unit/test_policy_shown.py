# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy that is in force, as it is shown: complete, readable back, without secrets, with the next windows."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import yaml
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy import policy_hash, read_policy
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy_schema import ENTRY
from ansible_collections.sysops.remediation.plugins.plugin_utils._policy_shown import collected_policies, policy_lines

NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC).timestamp()  # a Wednesday
SUNDAYS = {"rrule": "FREQ=WEEKLY;BYDAY=SU", "start": "02:00", "duration": "4h", "timezone": "Europe/Berlin"}
EVERYTHING = {
    "name": "postfix",
    "manager": "systemd",
    "mode": "auto",
    "accept": {"verdicts": ["crashed"], "urgencies": ["now"]},
    "health": [
        {"type": "http", "url": "http://127.0.0.1/", "json": {"queue.active": 0, "status": "ok"}, "timeout": "250ms"},
        {"type": "tcp", "port": 25, "expect": "220 "},
        {"type": "command", "argv": ["true"]},
    ],
    "ladder": [
        {"action": "reload", "verify": {"deadline": "1h30m"}},
        {"action": "scale", "scale": {"step": "64MiB", "memory_max": "2GiB"}},
        {"action": "restart", "health": []},
    ],
    "guard": {"cooldown": "12h30m", "stand_down": 0},
    "max_unavailable": "30%",
    "windows": [SUNDAYS],
    "freezes": [{"from": "2026-11-20 00:00", "until": "2026-12-01 08:00", "reason": "sale: hands off"}],
    "owner": "mail team",
}


def entry_of(raw):
    services, problems = read_policy({"remediation_services": [raw]})
    assert not problems
    return services[0]


def shown(*fleet):
    result = collected_policies(list(fleet), NOON)
    return result, policy_lines(result)


@pytest.mark.parametrize("raw", [{"name": "postfix"}, EVERYTHING])
def test_what_is_shown_is_complete_and_means_the_same_when_it_is_read_back(raw):
    entry = entry_of(raw)
    _result, lines = shown(HostFacts("mail1", policy=[entry]))
    told = yaml.safe_load("\n".join(lines[3:]))  # after the headline, an empty line and the line that names service and hosts
    assert set(told) == set(ENTRY.fields)
    assert policy_hash(entry_of(told)) == policy_hash(entry)


def test_defaults_are_told_from_what_somebody_wrote():
    _result, lines = shown(HostFacts("mail1", policy=[entry_of({"name": "postfix", "mode": "auto", "guard": {"cooldown": "1h"}})]))
    written = lines[: lines.index("  # by default:")]
    assert [line.split(":")[0].strip() for line in written[3:]] == ["name", "mode", "guard"]


def test_a_policy_that_hosts_share_is_told_once_and_another_one_by_itself():
    same = entry_of({"name": "postfix"})
    other = entry_of({"name": "postfix", "mode": "auto"})
    result, lines = shown(HostFacts("mail1", policy=[same]), HostFacts("mail2", policy=[same]), HostFacts("mail3", policy=[other]))
    told = [line.split("  (policy")[0] for line in lines if "  (policy" in line]
    assert told == ["postfix on mail1, mail2", "postfix on mail3"]
    assert [(one["host"], one["mode"]) for one in result["policies"]] == [("mail1", "recommend"), ("mail2", "recommend"), ("mail3", "auto")]


def test_where_each_key_was_written_is_told_and_of_the_same_policy_from_two_places_both():
    group, host = {"mode": ["remediation_services_mail[0].mode (group_vars/mail.yml:9)"]}, {"mode": ["remediation_services[0].mode (host_vars/mail3.yml:3)"]}
    same = [entry_of({"name": "postfix", "mode": "auto"})]
    fleet = [HostFacts(name, policy=same, origins=[origin]) for name, origin in (("mail1", group), ("mail2", group), ("mail3", host))]
    result, lines = shown(*fleet)
    assert [one["origins"] for one in result["policies"]] == [group, group, host]
    assert lines[lines.index("  # written in, for mail1, mail2:") :] == [
        "  # written in, for mail1, mail2:",
        "  #   mode: remediation_services_mail[0].mode (group_vars/mail.yml:9)",
        "  # written in, for mail3:",
        "  #   mode: remediation_services[0].mode (host_vars/mail3.yml:3)",
    ]
    assert "  # written in:" in shown(fleet[0])[1]
    assert not [line for line in shown(HostFacts("mail1", policy=same))[1] if "written in" in line]


def test_the_next_windows_and_a_freeze_are_told_with_their_times():
    result, lines = shown(HostFacts("mail1", policy=[entry_of(EVERYTHING)]))
    windows = result["policies"][0]["windows"]
    assert [dt.datetime.fromtimestamp(one["start"], dt.UTC).strftime("%d %H:%M") for one in windows] == ["06 01:00", "13 01:00", "20 01:00"], (
        "the frozen one is none"
    )
    assert all(one["end"] - one["start"] == 4 * 3600 for one in windows)
    assert "  #   window: Sun 2026-12-06 02:00 CET to Sun 2026-12-06 06:00 CET" in lines
    assert any(line.startswith("  #   freeze: CLOSED, frozen (sale: hands off) until Tue 2026-12-01 08:00 UTC") for line in lines)


def test_windows_of_several_zones_are_told_each_in_its_own():
    night = {"rrule": "FREQ=WEEKLY;BYDAY=SU", "start": "02:00", "duration": "2h", "timezone": "Europe/Berlin"}
    policy = entry_of({"name": "postfix", "windows": [night, {**night, "timezone": "America/New_York"}]})
    result, lines = shown(HostFacts("mail1", policy=[policy]))
    assert [one["timezone"] for one in result["policies"][0]["windows"]][:2] == ["Europe/Berlin", "America/New_York"]
    told = [line for line in lines if "  #   window: S" in line]
    assert told[0].endswith("02:00 CET to Sun 2026-11-29 04:00 CET") and told[1].endswith("02:00 EST to Sun 2026-11-29 04:00 EST"), told


SECRETS = [
    ({"server": "unix://admin:hidden@/run/supervisor.sock", "manager": "supervisord"}),
    ({"health": [{"type": "http", "url": "http://bob:hidden@127.0.0.1/"}]}),
    ({"health": [{"type": "http", "url": "http://127.0.0.1/", "headers": {"X-Unheard-Of": "hidden"}}]}),
    ({"health": [{"type": "tcp", "port": 25, "send": "AUTH PLAIN hidden\r\n"}]}),
    ({"health": [{"type": "command", "argv": ["mysqladmin", "--password", "hidden", "ping"]}]}),
    ({"health": [{"type": "command", "argv": ["check", "--password=hidden"]}]}),
    ({"ladder": [{"action": "restart", "health": [{"type": "tcp", "port": 25, "send": "hidden"}]}]}),
    ({"runbook": "https://me:hidden@wiki/mail"}),
]


@pytest.mark.parametrize("secret", SECRETS, ids=[json.dumps(one)[:60] for one in SECRETS])
def test_no_secret_is_shown_to_people_or_programs(secret):
    result, lines = shown(HostFacts("mail1", policy=[entry_of({"name": "postfix", **secret})]))
    assert "hidden" not in "\n".join(lines)
    assert "hidden" not in json.dumps(result)
    assert "***" in json.dumps(result)


def test_a_mistake_is_told_once_with_its_hosts_and_makes_the_run_fail():
    mistake = "remediation_services[0].mode: 'atuo' is not allowed here"
    result, lines = shown(HostFacts("web1", errors=[mistake]), HostFacts("web2", errors=[mistake]))
    assert result["status"] == "failed"
    assert [line for line in lines if "atuo" in line] == [f"ERROR        web1, web2: {mistake}"]


def test_no_policy_at_all_is_said():
    result, lines = shown(HostFacts("idle"))
    assert result["status"] == "nothing_to_do"
    assert lines == [result["message"]]
    assert "remediation_services" in result["message"]
