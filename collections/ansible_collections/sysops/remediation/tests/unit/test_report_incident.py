# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a run returned to what a person reads: recorded runs of a leaking program under supervisord (fixtures/report/ORIGIN.md)."""

from __future__ import annotations

import copy
import json
import pathlib
import re

import jsonschema
import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._gates import gate
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._report import build_report
from ansible_collections.sysops.remediation.plugins.plugin_utils._report._advice import GATES, OUTCOMES
from ansible_collections.sysops.remediation.plugins.plugin_utils._report._markdown import incident_markdown, summary_markdown

HERE = pathlib.Path(__file__).parent
SCHEMAS = HERE.parent.parent / "plugins/plugin_utils/_report/schemas"


def recorded(name):
    return json.loads((HERE.parent / "fixtures/report" / f"{name}.json").read_text())


def report(run, check_mode=False):
    return build_report(run["plan"], [HostFacts("mail1", diagnoses=run["diagnoses"])], run["outcomes"], check_mode)


def refused_in_plan(*gates):
    """A run that was stopped by the plan: the recorded one, with its action moved to the refusals."""
    run = recorded("remediated")
    (action,) = run["plan"]["actions"]
    action["gates"] = [gate("ladder", True, "the policy's ladder is restart"), *gates]
    run["plan"].update(actions=[], refusals=[action], waves=[])
    return dict(run, outcomes=[])


MODE = gate("mode", False, "the policy's mode is 'recommend': nothing is done without 'mode: auto' for this service", "recommend", "auto")


def test_a_restart_that_helped_tells_memory_before_and_after_and_where_the_evidence_is():
    summary, (incident,) = report(recorded("remediated"))
    assert incident["outcome"] == "remediated"
    assert incident["headline"] == "policyd on mail1: remediated by restart: memory 861 MiB → 45.2 MiB"
    assert incident["memory"]["points_after"] == [[incident["steps"][-1]["finished"], incident["memory"]["after"]]]
    assert incident["memory"]["points_before"][-1] == [incident["memory"]["acted_at"], incident["memory"]["before"]]
    assert incident["evidence"]["path"].endswith(".tar.gz")
    assert incident["steps"][0]["proof"]["proven"]
    assert incident["next_steps"] == [
        "Nothing now. A restart frees the memory but does not mend the leak: give mail team the evidence before it is dropped.",
        "Runbook: https://wiki.example/policyd",
    ]
    assert summary["headline"] == "1 remediated, 1 healthy"
    assert summary["status"] == "succeeded"
    assert summary["hosts"] == {"mail1": "remediated"}


def test_a_service_that_does_not_come_back_says_what_to_do_first():
    summary, (incident,) = report(recorded("failed"))
    assert incident["outcome"] == "failed"
    assert "Exited too quickly" in incident["headline"]
    assert incident["next_steps"][0].startswith("Look at it now: it is probably down")
    assert "supervisorctl status policyd" in incident["next_steps"][0]
    assert incident["memory"]["after"] is None
    assert summary["status"] == "failed"


def test_a_refusal_of_the_host_is_explained_by_its_gate():
    summary, (incident,) = report(recorded("cooldown"))
    assert incident["outcome"] == "refused"
    assert "the cooldown of 30 min ends in" in incident["headline"]
    assert any(hint.startswith("It was restarted a short while ago and is sick again") for hint in incident["next_steps"])
    assert incident["memory"]["acted_at"] is None  # nothing was done, so the chart has no "after"
    assert summary["status"] == "refused"


def test_a_refusal_of_the_plan_says_how_to_do_it_by_hand():
    summary, (incident,) = report(refused_in_plan(MODE))
    assert incident["headline"].startswith("policyd on mail1: not touched: the policy's mode is 'recommend'")
    assert "playbooks/restart.yml -e remediation_hosts=mail1 -e remediation_service=policyd" in incident["next_steps"][0]
    assert summary["incidents"][0]["refused_by"] == ["mode"]
    assert summary["counts"] == {"refused": 1, "healthy": 1}


def test_a_host_lost_on_the_way_is_unknown_not_forgotten():
    run = recorded("remediated")
    summary, (incident,) = report(dict(run, outcomes=[]))
    assert incident["outcome"] == "unknown"
    assert incident["next_steps"][0].startswith("Nobody knows what became of it")
    assert summary["hosts"] == {"mail1": "unknown"}


def test_unreachable_hosts_and_errors_are_in_the_summary():
    run = recorded("remediated")
    run["plan"]["unreachable"].append("mail2")
    run["plan"]["errors"].append({"host": "mail3", "msg": "cannot read http://bob:S3cret@vault/"})
    summary, _incidents = report(run)
    assert summary["hosts"] == {"mail1": "remediated", "mail2": "unreachable", "mail3": "error"}
    assert summary["headline"] == "1 remediated, 1 healthy, 1 unreachable, 1 with errors"
    text = summary_markdown(summary)
    assert "mail2: could not be reached" in text
    assert "S3cret" not in text


def test_what_could_not_be_judged_is_not_called_healthy():
    run = recorded("remediated")
    run["plan"]["healthy"] += [
        {"host": "mail2", "service": f"supervisord/{verdict}", "verdict": verdict} for verdict in ("insufficient_data", "stopped", "warmup")
    ]
    summary, _incidents = report(run)
    assert summary["headline"] == "1 remediated, 2 healthy, 1 insufficient data, 1 stopped"
    assert summary["hosts"]["mail2"] == "stopped"
    text = summary_markdown(summary)
    assert "## Insufficient data\n\n1 service: mail2 supervisord/insufficient_data\n\n## Stopped\n\n1 service: mail2 supervisord/stopped\n" in text


def test_an_earlier_restart_that_did_not_last_is_told_with_what_to_do():
    run = recorded("remediated")
    (action,) = run["plan"]["actions"]
    keys = ("host", "service", "name", "manager", "incarnation", "verdict", "urgency", "summary")
    before = {**{key: action[key] for key in keys}, "incident": "run0-1", "run_id": "run0", "action": "restart", "held": 22200.0}
    run["plan"]["ineffective"] = [{**before, "owner": "mail team", "runbook": None, "notify": ["pager"]}]
    summary, incidents = report(run)
    (told,) = summary["ineffective"]
    assert (told["incident"], told["outcome"], told["notify"]) == ("run0-1", "ineffective", ["pager"])
    assert told["headline"] == "policyd on mail1: ineffective: sick again 6 h 10 min after its restart in incident run0-1"
    assert told["next_steps"][0].startswith("The restart worked, but it leaked again within a day")
    assert summary["headline"] == "1 remediated, 1 healthy, 1 ineffective before"
    assert [one["incident"] for one in incidents] == [action["incident"]] == [one["incident"] for one in summary["incidents"]]
    assert told["headline"] in summary_markdown(summary).split("## Incidents")[0]
    jsonschema.validate(summary, json.loads((SCHEMAS / "summary.schema.json").read_text()))


def test_no_gate_of_the_guard_or_the_plan_was_forgotten():
    plugins = HERE.parent.parent / "plugins"
    guard = [plugins / "module_utils/_action" / f"{name}.py" for name in ("guard", "history_gates", "service_gates", "scaling", "flow")]
    plan = [plugins / "plugin_utils" / f"{name}.py" for name in ("_plan", "_plan_gates", "_plan_waves", "_plan_permit", "_windows")]
    ledger = [plugins / "plugin_utils/_ledger" / f"{name}.py" for name in ("_permits", "_pauses", "_incidents")]
    sources = [*guard, *plan, *ledger]
    named = {name for source in sources for name in re.findall(r'gate\(\s*"([a-z_]+)"', source.read_text())}
    assert len(named) > 15
    assert named - set(GATES) == set()


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_that_can_refuse_has_a_hint(name):
    closed = gate(name, False, "the reason with {braces} and 100 % of it")
    _summary, (incident,) = report(refused_in_plan(closed))
    assert incident["next_steps"][0]
    assert not [word for word in ("{host}", "{name}", "{verdict}", "{urgency}") if word in incident["next_steps"][0]]


def test_a_gate_without_a_hint_still_tells_its_reason():
    _summary, (incident,) = report(refused_in_plan(gate("brand_new", False, "because {of} this")))
    assert incident["next_steps"][0] == "Gate 'brand_new' is closed: because {of} this"


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_every_outcome_has_a_hint_and_a_report(outcome):
    run = recorded("remediated")
    run["outcomes"][0]["outcome"] = outcome
    _summary, (incident,) = report(run, check_mode=outcome == "predicted")
    text = incident_markdown(incident, None)
    assert text.startswith(f"# {outcome.replace('_', ' ').upper()}: policyd on mail1")
    assert incident["next_steps"]


def test_the_undo_of_a_raised_limit_is_told():
    run = recorded("remediated")
    run["outcomes"][0]["steps"][0].update(action="scale", undo="systemctl set-property --runtime policyd.service MemoryMax=256M")
    _summary, (incident,) = report(run)
    assert "To undo the raised limit: systemctl set-property --runtime policyd.service MemoryMax=256M" in incident["next_steps"]


def test_secrets_in_messages_and_logs_do_not_get_into_the_report():
    run = recorded("failed")
    run["outcomes"][0]["steps"][0]["logs"] = ["connect to amqp://bob:S3cret@mq failed", "Authorization: Bearer S3cret99"]
    run["outcomes"][0]["msg"] += " password=S3cret"
    summary, incidents = report(run)
    assert "S3cret" not in json.dumps([summary, incidents])


def test_a_restart_of_a_stopped_service_without_any_diagnosis_has_a_report_too():
    run = recorded("remediated")
    run["diagnoses"] = []
    run["plan"]["actions"][0].update(incarnation=None)
    run["outcomes"][0].update(evidence=None)
    run["outcomes"][0]["steps"][0].update(before=None, after=None, proof=None)
    _summary, (incident,) = report(run)
    text = incident_markdown(incident, None)
    assert "None was taken." in text
    assert "```" not in text.split("## Why")[0]  # nothing to draw


def test_markup_from_outside_stays_text():
    run = recorded("failed")
    run["outcomes"][0]["msg"] = "<script>alert(1)</script> | [click](javascript:x) *bold* `tick`"
    run["outcomes"][0]["steps"][0].update(msg=run["outcomes"][0]["msg"], logs=["```", "</pre> still inside", "````"])
    _summary, (incident,) = report(run)
    text = incident_markdown(incident, None)
    assert "<script>" not in text
    assert "](javascript" not in text
    assert "`````text\n```\n</pre> still inside\n````\n`````" in text
    for line in text.splitlines():
        if line.startswith(("| pass", "| **FAIL**")):
            assert line.replace("\\|", "").count("|") == 6, line


def test_check_mode_says_that_it_is_a_rehearsal():
    run = recorded("remediated")
    run["outcomes"][0].update(outcome="predicted", steps=[])
    summary, (incident,) = report(run, check_mode=True)
    assert summary["headline"].startswith("rehearsal: ")
    assert "Rehearsal (check mode): nothing was done" in incident_markdown(incident, None)
    assert "Rehearsal" in summary_markdown(summary)


@pytest.mark.parametrize("name", ["remediated", "failed", "cooldown"])
def test_the_json_is_what_the_schema_says(name):
    summary, incidents = report(recorded(name))
    jsonschema.validate(json.loads(json.dumps(summary)), json.loads((SCHEMAS / "summary.schema.json").read_text()))
    for incident in incidents:
        jsonschema.validate(json.loads(json.dumps(incident)), json.loads((SCHEMAS / "incident.schema.json").read_text()))


def test_the_input_is_left_as_it_was():
    """The plan and the host variables belong to the run; the report only reads them."""
    run = recorded("remediated")
    before = copy.deepcopy(run)
    report(run)
    assert run == before


def test_a_mass_event_is_a_readable_summary():
    run = refused_in_plan(MODE)
    (refusal,) = run["plan"]["refusals"]
    run["plan"]["refusals"] = [dict(refusal, host=f"mail{number}", incident=f"run-{number}") for number in range(1000)]
    summary, incidents = report(run)
    assert len(incidents) == 1000
    assert len(summary_markdown(summary).splitlines()) < 700
    assert "and 800 more: summary.json has them all" in summary_markdown(summary)
