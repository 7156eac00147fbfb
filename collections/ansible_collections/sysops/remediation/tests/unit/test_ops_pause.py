# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pause and resume: what a person may say, when a pause ends, and what exactly changes."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ops_pause import PAUSED, RESUMED, Asked, change, objection, read_end
from ledger_lab import HOUR, START

GROUPS = {"all": ["mail1", "mail2", "web1"], "mail": ["mail1", "mail2"], "web": ["web1"]}
VARIABLES = {
    "mail1": {"remediation_services": [{"name": "postfix.service", "manager": "systemd"}]},
    "mail2": {"remediation_services_mail": [{"name": "dovecot"}]},
    "web1": {},
}


def objected(state=PAUSED, variables=None, **words):
    words.setdefault("reason", "storage is moved")
    return objection(Asked(state, **words), GROUPS, (variables or VARIABLES).__getitem__)


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"group": "mail"},
        {"host": "mail1"},
        {"host": "mail1", "group": "mail", "service": "postfix"},
        {"service": "systemd/postfix.service"},
        {"service": "dovecot"},
        {"group": "all"},
    ],
)
def test_what_the_inventory_knows_can_be_paused(words):
    assert objected(**words) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"host": "mial1"}, "remediation_host=mial1 is no host of the inventory (did you mean 'mail1'?)"),
        ({"group": "mial"}, "remediation_group=mial is no group of the inventory (did you mean 'mail'?)"),
        ({"host": "web1", "group": "mail"}, "remediation_host=web1 is not in remediation_group=mail, so that nothing would be paused"),
        ({"service": "postix"}, "remediation_service=postix: no policy names it (did you mean 'postfix'?)"),
        ({"service": "docker/postfix"}, "remediation_service=docker/postfix: no policy names it"),
        ({"service": "dovecot", "host": "mail1"}, "remediation_service=dovecot: the policy of mail1 does not name it"),
        ({"service": "postfix", "group": "web"}, "remediation_service=postfix: no policy of group web names it"),
        ({"reason": "\x1b"}, "remediation_reason is missing"),
        ({"reason": "  "}, "remediation_reason is missing: say why, for whoever wonders at 2 AM"),
        ({"end": "06:00", "duration": "2h"}, "remediation_until=06:00 and remediation_for=2h exclude each other: give one"),
        ({"pattern": "mail1"}, "'mail1' (--limit or remediation_hosts) does not say what is paused"),
    ],
)
def test_what_cannot_be_meant_is_one_line(words, says):
    message = objected(**words)
    assert message.startswith(says)
    assert "\n" not in message


def test_a_policy_that_only_a_template_knows_does_not_stop_a_pause():
    templated = {**VARIABLES, "web1": {"remediation_services": [{"name": "{{ unit }}.service"}]}}
    assert objected(variables=templated, service="nginx") is None
    assert objected(variables={**VARIABLES, "web1": {"remediation_services": "{{ elsewhere }}"}}, service="nginx") is None


def test_what_no_policy_names_any_more_can_still_be_resumed():
    assert objected(RESUMED, service="gone", reason="") is None
    assert "no host of the inventory" in objected(RESUMED, host="gone", reason="")


class TestTheEnd:
    @pytest.fixture(autouse=True)
    def in_berlin(self, monkeypatch):
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()

    NOW = dt.datetime(2026, 11, 26, 2, 15, tzinfo=dt.UTC).timestamp()  # 03:15 in Berlin

    @pytest.mark.parametrize(
        ("until", "utc"),
        [
            ("06:00", "2026-11-26T05:00"),
            ("3:00", "2026-11-27T02:00"),
            ("2026-11-26 06:00", "2026-11-26T05:00"),
            ("2026-11-26T06:00:00Z", "2026-11-26T06:00"),
            ("2026-11-26 06:00+02:00", "2026-11-26T04:00"),
            (str(int(NOW + 60)), "2026-11-26T02:16"),
        ],
    )
    def test_is_local_unless_it_names_a_zone(self, until, utc):
        assert read_end(Asked(PAUSED, end=until), self.NOW) == dt.datetime.fromisoformat(utc + "+00:00").timestamp()

    def test_may_be_a_duration_or_open(self):
        assert read_end(Asked(PAUSED, duration="1h30m"), self.NOW) == self.NOW + 5400
        assert read_end(Asked(PAUSED), self.NOW) is None

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ({"end": "tomorrow"}, "remediation_until: 'tomorrow' is not a time; allowed: '06:00'"),
            ({"end": "1320"}, "remediation_until: '1320' is not a time"),
            ({"end": "2026-11-26 02:15"}, "remediation_until=2026-11-26 02:15: that was 1 h ago"),
            ({"duration": "soon"}, "remediation_for: 'soon' is not a duration"),
            ({"duration": "0"}, "remediation_for=0: a pause must last"),
        ],
    )
    def test_that_cannot_be_is_one_line(self, words, says):
        with pytest.raises(ValueError) as error:
            read_end(Asked(PAUSED, **words), self.NOW)
        assert str(error.value).startswith(says)

    def test_a_duration_is_shown_its_own_variable(self):
        with pytest.raises(ValueError, match="how long it lasts is remediation_for, such as 2h"):
            read_end(Asked(PAUSED, end="2h"), self.NOW)


class TestTheChange:
    def paused(self, lab, check_mode=False, **words):
        return change(lab.open(rehearse=check_mode), Asked(PAUSED, **{"reason": "storage is moved", **words}), check_mode)

    def resumed(self, lab, check_mode=False, **words):
        return change(lab.open(rehearse=check_mode), Asked(RESUMED, **words), check_mode)

    def test_is_told_with_its_end_and_by_whom(self, lab):
        done = self.paused(lab, group="mail", duration="2h")
        assert done["changed"]
        assert done["message"] == "group mail is now paused until 2027-01-15 10:00:00Z (for 2 h more) by alice@control1: storage is moved"
        assert [(one.subject(), one.until) for one in done["after"]] == [("group mail", START + 2 * HOUR)]

    def test_of_what_is_paused_at_least_as_long_is_none(self, lab):
        self.paused(lab, host="mail1", duration="2h")
        again = self.paused(lab, host="mail1", duration="1h", reason="deploy")
        assert not again["changed"]
        assert "host mail1 is already paused" in again["message"] and "storage is moved" in again["message"]
        assert len(again["after"]) == 1

    def test_that_prolongs_a_pause_is_one(self, lab):
        self.paused(lab, host="mail1", duration="1h")
        assert self.paused(lab, host="mail1")["changed"]
        lab.later(2 * HOUR)
        assert [one.until for one in lab.ledger.pauses()] == [None]

    def test_predicted_is_not_made(self, lab):
        done = self.paused(lab, check_mode=True)
        assert done["changed"] and "the whole fleet would be paused until somebody resumes it" in done["message"]
        assert lab.ledger.pauses() == []
        self.paused(lab)
        assert self.resumed(lab, check_mode=True)["changed"]
        assert len(lab.ledger.pauses()) == 1

    def test_back_ends_exactly_that_subject_and_says_what_is_left(self, lab):
        self.paused(lab, group="mail")
        self.paused(lab, host="mail1", service="postfix.service")
        done = self.resumed(lab, host="mail1", service="postfix")
        assert done["changed"] and done["message"].startswith("resumed: host mail1, service postfix.service")
        assert [one.subject() for one in done["after"]] == ["group mail"]

    def test_back_of_nothing_is_none_and_says_so(self, lab):
        self.paused(lab, group="mail")
        done = self.resumed(lab, host="mail1")
        assert not done["changed"]
        assert done["message"] == "nothing to resume: host mail1 is not paused by itself"
        assert [one.subject() for one in done["after"]] == ["group mail"]

    def test_of_the_group_all_means_the_fleet(self, lab):
        self.paused(lab, group="all", duration="10m")
        assert [one.subject() for one in lab.ledger.pauses()] == ["the whole fleet"]
        assert self.resumed(lab, group="all")["changed"]

    def test_keeps_nothing_of_a_reason_that_does_something_to_a_terminal(self, lab):
        self.paused(lab, reason="storage\x1b]0;is mine\x07 \u202emoved\r\n")
        assert lab.ledger.pauses()[0].reason == "storage]0;is mine moved"

    def test_keeps_no_secret_of_a_reason(self, lab):
        self.paused(lab, reason="moving\n  to postgresql://bob:hunter2@db/x")
        assert "hunter2" not in lab.ledger.pauses()[0].reason
