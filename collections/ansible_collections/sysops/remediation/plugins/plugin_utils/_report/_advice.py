# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a human should do next: one hint for each gate that refused, for each outcome, and for what a restart does not cure."""

from __future__ import annotations

from ...module_utils._gates import closed
from ...module_utils._managers._base import look_at, try_again
from .._plan import Data

# Gate → what opens it. Gates of the plan, of the permit and of the host's guard.
GATES = {
    "mode": "Restart it by hand, or set 'mode: auto' for it in remediation_services: then it happens by itself, and at once and under the same guards with "
    "ansible-playbook playbooks/restart.yml -e remediation_hosts={host} -e remediation_service={name}.",
    "ladder": "Its policy has no ladder, so nothing may be done to it: add 'ladder: [{{action: restart}}]' or repair it by hand.",
    "verdict": "Its policy does not act on '{verdict}'. If it should, add that to accept.verdicts; else look at the chart and decide by hand.",
    "urgency": "There is time (urgency '{urgency}'). Plan a restart in a quiet hour; to act at once, add '{urgency}' to accept.urgencies.",
    "cooldown": "It was restarted a short while ago and is sick again: a restart does not hold. Look for the cause before the next one.",
    "attempt_budget": "All attempts of its budget are used up: restarting does not cure it. Give this to the owner of the service.",
    "stand_down": "Somebody else has just restarted or changed it. Ask who (journal, package log, deploy) and let them finish.",
    "incarnation": "It was restarted between diagnosis and action; nothing was done to the new one. Diagnose again.",
    "pause": "Remediation is paused. Whoever paused it left a reason; when that is over, end the pause: ansible-playbook playbooks/resume.yml "
    "with what was paused, as playbooks/status.yml tells it.",
    "permit": "The host has seen a newer permit, or this one is too old: another run was faster. Plan again.",
    "permit_held": "Another run is treating it right now. Read that run's report.",
    "max_unavailable": "Too many of its group are down, unknown or being treated. Bring those back first; the next run tries again.",
    "breaker": "Much of its group fails at once: look for what they share (network, storage, a deploy, a certificate). Restarts stop until it has passed.",
    "single_instance": "Nobody else serves meanwhile: restart it by hand at a good time, or write 'allow_outage: true' into its policy.",
    "freeze": "A freeze forbids it. If it cannot wait, a person has to act by hand, or change the freeze in the policy.",
    "window": "It waits for its maintenance window; nothing has to be done unless that is too late.",
    "approval": "Read the plan; then approve it with the command that the gate names, before it expires.",
    "unchanged": "It is not what was approved any more: plan again, and approve the new plan.",
    "chronic": "Restarts were in vain: find the leak. It is touched again after 24 h of health.",
    "alert_tail": "It was treated a moment ago. Look again in ten minutes.",
    "ledger": "The ledger could not be used, so nothing was allowed: correct what the gate names, then run again.",
    "service_lock": "Another run is acting on this service right now. Read that run's report.",
    "unfinished_attempt": "An earlier attempt was never finished: somebody's run died in the middle. Check the service, then diagnose again.",
    "attempts_journal": "The host's attempts journal cannot be written or read, so nothing is allowed there: check disk space and the file named above.",
    "state_directory": "The host's state directory cannot be used: correct what the gate names, then run again.",
    "start_limit": "Its manager gave up starting it. Read its log; then '{try_again}', or allow guard.reset_failed.",
    "definition": "Its unit file changed on disk since it was started: check the change, then 'systemctl daemon-reload', or allow guard.daemon_reload.",
    "dependents": "Too many running services would go down with it: restart it by hand in a maintenance window, or raise guard.max_dependents.",
    "dependencies": "Something it needs is down. Repair that first; restarting the victim does not help.",
    "supported": "This kind of unit cannot be treated; do it by hand.",
    "startable": "It is masked or must not be started by hand: find out who did that and why.",
    "running": "It is not running: start it by hand if it should.",
    "settled": "It was just starting or stopping. Look again in a minute.",
    "scale_memory": "The host has not enough free memory to raise its limit: move load away or add memory.",
    "scale_step": "Its limit cannot be raised by the step that the policy allows: change the limit by hand.",
}

OUTCOMES = {
    "remediated": ["Nothing now. A restart frees the memory but does not mend the leak: give {owner} the evidence before it is dropped."],
    "predicted": ["This was a rehearsal. Run the same without --check to do it."],
    "failed": [
        "Look at it now: it is probably down or not healthy. The log lines below, then '{look}' on {host}.",
        "The evidence from before the action is the place to look for the cause.",
    ],
    "inconclusive": ["It is running, but a health probe could not run (see the proof). Check by hand that it answers, and repair the probe."],
    "ineffective": ["The restart worked, but it leaked again within a day: do not restart it again and again, find the leak."],
    "chronic": ["It keeps leaking after restarts and will not be touched any more. {owner} has to mend or replace it."],
    "already_changed": ["It was restarted by somebody else meanwhile; nothing was done. Diagnose again: {diagnose}."],
    "unknown": ["Nobody knows what became of it: the host was lost during the run. Check the host, then '{look}' on it."],
}

VERDICTS = {
    "oom_killed": "The kernel killed it for memory. If another process took the memory (see 'What was found'), treat that one instead.",
    "fragmentation": "Memory is fragmented, not leaked: another allocator or MALLOC_ARENA_MAX helps for longer than restarts.",
    "growth_unexplained": "The growth is not proven to be a leak: record history (role recorder) to know more next time.",
}


def next_steps(incident: Data) -> list[str]:
    """Return the hints, the most pressing first, each once."""
    words = _words(incident)
    hints: list[str] = []
    if incident["outcome"] != "refused":
        hints += [hint.format(**words) for hint in OUTCOMES.get(incident["outcome"], [])]
    for one in closed(_refusing_gates(incident)):
        hints.append(GATES.get(one["name"], "Gate '" + one["name"] + "' is closed: " + _plain(one["detail"])).format(**words))
    hints += [hint for step in incident["steps"] for hint in step["next_steps"] or [] if not any(hint in other for other in hints)]
    hints += [f"To undo the raised limit: {step['undo']}" for step in incident["steps"] if step["undo"]]
    if incident["verdict"] in VERDICTS:
        hints.append(VERDICTS[incident["verdict"]])
    if incident["runbook"]:
        hints.append(f"Runbook: {incident['runbook']}")
    if incident["owner"] and not any(incident["owner"] in hint for hint in hints):
        hints.append(f"Owner: {incident['owner']}")
    return list(dict.fromkeys(hints))


def _refusing_gates(incident: Data) -> list[Data]:
    """The plan's gates, and those of a step that the host itself refused."""
    refused = [step for step in incident["steps"] if step["outcome"] in ("refused", "already_changed")]
    return incident["decision_gates"] + [one for step in refused for one in step["gates"] or []]


def _words(incident: Data) -> dict[str, str]:
    names = {"host": incident["host"], "name": incident["name"], "verdict": incident["verdict"], "urgency": incident["urgency"]}
    diagnose = "ansible-playbook playbooks/diagnose.yml -e remediation_hosts={host} -e remediation_service={name}".format(**names)
    commands = {"look": look_at(incident["manager"], incident["name"]), "try_again": try_again(incident["manager"], incident["name"])}
    return {**names, **commands, "diagnose": diagnose, "owner": incident["owner"] or "the owner of the service"}


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
