# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Past incidents: which one is meant, and what is told of one whose run never came to its report."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._ledger import AuditEntry, Incident
from ansible_collections.sysops.remediation.plugins.plugin_utils._ops_report import find, report_of
from ledger_lab import MINUTE, SERVICE

GATE = {"name": "mode", "passed": True, "detail": "the policy's mode is 'auto'", "value": "auto", "threshold": "auto", "unit": None, "opens_at": None}
PLANNED = {
    "plan_id": "0123abcd",
    "name": "postfix.service",
    "manager": "systemd",
    "incarnation": "boot:1:2:3",
    "action": "restart",
    "verdict": "leak_suspected",
    "urgency": "hours",
    "summary": "anon grows",
    "gates": [GATE],
}


def incident(number, host="mail1", service=SERVICE, state="ended", outcome="remediated", **body):
    return Incident(f"20261126T000000Z-ab12cd-{number}", "20261126T000000Z-ab12cd", host, service, state, outcome, {**PLANNED, **body})


def recorded(lab, *incidents):
    for one in incidents:
        lab.ledger.record_incidents([one])
        lab.later(MINUTE)


class TestTheOneThatIsMeant:
    @pytest.fixture(autouse=True)
    def some(self, lab):
        recorded(lab, incident(1), incident(2, host="mail2"), incident(3, service="docker/imap"))

    @pytest.mark.parametrize(
        ("words", "number"),
        [
            (("20261126T000000Z-ab12cd-1", "", ""), 1),
            (("", "mail2", ""), 2),
            (("", "mail1", ""), 3),
            (("", "mail1", "postfix"), 1),
            (("", "", "postfix.service"), 2),
            (("", "", "docker/imap"), 3),
            (("", "", ""), 3),
        ],
    )
    def test_is_named_or_the_latest(self, lab, words, number):
        assert find(lab.ledger, *words).id.endswith(f"-{number}")

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("20261126T000000Z-ab12cd-9", "", ""), "remediation_incident=20261126T000000Z-ab12cd-9 is not in this ledger (did you mean '"),
            (("", "mail3", ""), "no incident on mail3 is in this ledger"),
            (("", "mail2", "imap"), "no incident of imap on mail2 is in this ledger"),
        ],
    )
    def test_is_not_there(self, lab, words, says):
        with pytest.raises(LookupError) as error:
            find(lab.ledger, *words)
        assert str(error.value).startswith(says)


def test_an_incident_of_another_host_than_the_one_that_was_named_is_not_shown(lab):
    recorded(lab, incident(1))
    known = lab.ledger.incidents()[0]
    for words in ({"host": "other", "service": ""}, {"host": "", "service": "dovecot"}):
        with pytest.raises(LookupError, match=f"incident {known.id} is of {known.service} on {known.host}, and not of what else was named"):
            find(lab.ledger, known.id, **words)
    assert find(lab.ledger, known.id, known.host, "").id == known.id


def test_an_incident_whose_run_died_is_told_as_far_as_it_was_planned(lab):
    recorded(lab, incident(1, state="planned", outcome=None))
    data, markdown = report_of(find(lab.ledger, "", "mail1", ""), [])
    assert (data["outcome"], data["verdict"], data["decision_gates"]) == ("planned", "leak_suspected", [GATE])
    assert markdown.startswith("# PLANNED: postfix.service on mail1")
    assert "its run left it planned" in markdown


def test_a_refusal_without_a_report_names_its_gates(lab):
    shut = {**GATE, "passed": False, "detail": "the policy's mode is 'observe'"}
    recorded(lab, incident(1, outcome="refused", gates=[shut]))
    data, markdown = report_of(find(lab.ledger, "", "mail1", ""), [])
    assert data["headline"] == "postfix.service on mail1: not touched: the policy's mode is 'observe'"
    assert "| **FAIL** | mode |" in markdown


def test_what_came_after_the_report_and_who_decided_is_told_without_markup_of_strangers(lab):
    recorded(lab, incident(1, outcome="ineffective"))
    lab.ledger.audit([AuditEntry("ended", "20261126T000000Z-ab12cd", "mail1", SERVICE, "20261126T000000Z-ab12cd-1", {"outcome": "failed", "msg": "<b>`no`"})])
    lab.ledger.audit([AuditEntry("ended", "20261126T000000Z-ab12cd", "mail1", SERVICE, "another", {"outcome": "failed"})])
    data, markdown = report_of(find(lab.ledger, "", "mail1", ""), lab.ledger.audited())
    assert "It was sick again within 24 h after this action" in markdown
    assert markdown.splitlines()[-1] == "- 2027-01-15 08:01:00 UTC: ended by alice@control1; failed; &lt;b>'no'"
    assert [one["kind"] for one in data["ledger"]["trail"]] == ["ended"]
