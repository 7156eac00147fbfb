# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module returns is what its RETURN says, key by key: one playbook runs them all on a real service."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.sysops.remediation.plugins import modules
from ansible_collections.sysops.remediation.tests.unit.action_lab import COLLECTIONS, Lab

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in Path(modules.__path__[0]).glob("*.py"))
OF_ANSIBLE = {"changed", "failed", "invocation", "warnings", "deprecations", "diff", "exception", "skipped", "censored"}  # documented by Ansible

PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - sysops.remediation.remediation_targets: {hosts: localhost}
      register: remediation_targets
    - sysops.remediation.remediation_policy: {}
      register: diagnose_policy
    - sysops.remediation.memory_leak_info: {services: [SERVICE], window: 1s, interval: 0.1s}
      register: diagnose_result
    - sysops.remediation.remediation_diagnoses: {}
      register: remediation_diagnoses
    - sysops.remediation.remediation_plan: {report_dir: FOLDER/reports, purpose: restart, acts: true}
      register: remediation_plan
    - sysops.remediation.remediation_policies: {}
      register: remediation_policies
    - sysops.remediation.remediation_why_not: {}
      register: remediation_why_not
    - sysops.remediation.remediation_permit: {plan: "{{ remediation_plan.plan }}", action: "{{ remediation_plan.plan.actions[0] }}"}
      register: remediation_permit
    - sysops.remediation.remediation_permit: {state: released, permit: "{{ remediation_permit.permit.id }}", outcome: refused}
      register: remediation_permit_back
    - sysops.remediation.remediation_approval: {plan_id: none, approver: Ada}
      register: remediation_approval
    - sysops.remediation.remediation_pause: {state: paused, reason: docs, host: localhost}
      register: remediation_pause
    - sysops.remediation.remediation_status: {}
      register: remediation_status
    - sysops.remediation.ledger_info: {}
      register: ledger_info
    - sysops.remediation.host_readiness_info: {}
      register: host_readiness_info
    - sysops.remediation.incident_evidence: EVIDENCE
      register: incident_evidence
    - sysops.remediation.service_restart: RESTART
      register: service_restart
    - ansible.builtin.set_fact:
        remediation_outcomes:
          - "{{ remediation_plan.plan.actions[0] | sysops.remediation.incident_outcome([service_restart], incident_evidence, {}) }}"
    - sysops.remediation.remediation_reconcile: {plan: "{{ remediation_plan.plan }}"}
      register: remediation_reconcile
    - sysops.remediation.incident_report: {plan: "{{ remediation_plan.plan }}", report_dir: FOLDER/reports}
      register: incident_report
    - sysops.remediation.remediation_incident: {host: localhost}
      register: remediation_incident
    - sysops.remediation.incident_notify:
        summary: "{{ incident_report.summary }}"
        report_dir: FOLDER/reports
        targets: [{type: webhook, url: "http://127.0.0.1:1/"}]
      register: incident_notify
    - sysops.remediation.managed_services_info: {manager: supervisord, server: "unix://SOCKET"}
      register: managed_services_info
    - sysops.remediation.service_pause: PAUSE
      register: service_pause
    - sysops.remediation.recorder_program: {dest: FOLDER/recorder.pyz}
      register: recorder_program
    - ansible.builtin.copy:
        dest: FOLDER/results.json
        content: "{{ results | to_json }}"
      vars:
        results: {RESULTS}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    registered = {name: {"remediation_policy": "diagnose_policy", "memory_leak_info": "diagnose_result"}.get(name, name) for name in NAMES}
    service = {"name": "mail", "manager": "supervisord", "server": "unix://%s" % lab.socket}
    words = {
        "RESULTS": ", ".join('%s: "{{ %s }}"' % one for one in registered.items()),
        "SERVICE": json.dumps(service),
        "EVIDENCE": json.dumps(dict(service, incident="i1", state_dir=str(lab.state_dir))),
        "RESTART": json.dumps(lab.params()),
        "PAUSE": json.dumps(dict(service, reason="docs", state_dir=str(lab.state_dir))),
        "FOLDER": str(lab.folder),
        "SOCKET": str(lab.socket),
    }
    text = PLAYBOOK
    for word, value in words.items():
        text = text.replace(word, value)
    (lab.folder / "all.yml").write_text(text)
    settings = {"remediation_services": [dict(service, mode="auto", allow_outage=True)], "ansible_python_interpreter": sys.executable}
    ledger = "sqlite:///%s/ledger.sqlite" % lab.folder
    environment = dict(
        os.environ,
        SYSOPS_REMEDIATION_LEDGER=ledger,
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_LOCAL_TEMP=str(lab.folder),
        ANSIBLE_REMOTE_TEMP=str(lab.folder),
    )
    try:
        lab.start()
        done = subprocess.run(
            [os.path.join(sys.prefix, "bin/ansible-playbook"), "-i", "localhost,", "-e", json.dumps(settings), str(lab.folder / "all.yml")],
            capture_output=True,
            text=True,
            cwd=lab.folder,
            env=environment,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((lab.folder / "results.json").read_text())
    finally:
        lab.stop()


def differences(documented, real, where=""):
    """Yield one line for each key that only one of the two knows, and each value that is not of the documented type."""
    for key in sorted(set(real) - set(documented) - (set() if where else OF_ANSIBLE)):
        yield "%s%s is returned and not documented" % (where, key)
    for key, about in documented.items():
        if key not in real:
            if where or about["returned"] in ("always", "success"):
                yield "%s%s is documented (%s) and not returned" % (where, key, about.get("returned", "as its parent"))
            continue
        value = real[key]
        kinds = {"str": str, "bool": bool, "int": int, "float": (int, float), "list": list, "dict": dict, "raw": object}
        if value is not None and not isinstance(value, kinds[about["type"]]):
            yield "%s%s is no %s: %r" % (where, key, about["type"], value)
        elif "contains" in about and value:
            for one in value if isinstance(value, list) else [value]:
                yield from differences(about["contains"], one, "%s%s." % (where, key))


@pytest.mark.parametrize("name", NAMES)
def test_a_module_returns_what_it_documents(results, name):
    module = importlib.import_module("ansible_collections.sysops.remediation.plugins.modules." + name)
    assert sorted(set(differences(yaml.safe_load(module.RETURN), results[name]))) == []
