# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report, and the action plugin that writes them, as Ansible runs it."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.sysops.remediation.plugins.plugin_utils._plan import HostFacts
from ansible_collections.sysops.remediation.plugins.plugin_utils._report import ReportError, build_report, write_report
from ansible_collections.sysops.remediation.plugins.plugin_utils._report._files import file_stem, write_whole

HERE = pathlib.Path(__file__).parent
COLLECTIONS = __file__.split("ansible_collections", maxsplit=1)[0]
RUN = json.loads((HERE.parent / "fixtures/report/remediated.json").read_text())


def written(report_dir):
    summary, incidents = build_report(RUN["plan"], [HostFacts("mail1", diagnoses=RUN["diagnoses"])], RUN["outcomes"], False)
    return summary, write_report(str(report_dir), summary, incidents)


def test_all_files_are_there_and_only_for_their_owner(tmp_path):
    summary, paths = written(tmp_path / "reports")
    folder = tmp_path / "reports" / RUN["plan"]["run_id"]
    incident = RUN["plan"]["actions"][0]["incident"]
    assert sorted(os.listdir(folder)) == sorted([f"{incident}.json", f"{incident}.md", f"{incident}.svg", "summary.json", "summary.md"])
    assert paths == summary["paths"]
    assert {os.stat(path).st_mode & 0o777 for path in paths} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert summary["incidents"][0]["report"] == str(folder / f"{incident}.md")
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert f"![anon before and after]({incident}.svg)" in (folder / f"{incident}.md").read_text()
    assert f"[{incident}]({incident}.md)" in (folder / "summary.md").read_text()


def test_fetched_evidence_in_the_same_directory_is_made_private_too(tmp_path):
    folder = tmp_path / RUN["plan"]["run_id"]
    folder.mkdir()
    (folder / "evidence.tar.gz").write_bytes(b"x")
    os.chmod(folder / "evidence.tar.gz", 0o644)
    written(tmp_path)
    assert (folder / "evidence.tar.gz").stat().st_mode & 0o777 == 0o600


def test_writing_the_same_report_again_gives_the_same_files(tmp_path):
    _summary, paths = written(tmp_path)
    first = [pathlib.Path(path).read_bytes() for path in paths]
    written(tmp_path)
    assert [pathlib.Path(path).read_bytes() for path in paths] == first


def test_a_directory_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ReportError, match=r"cannot write the report to .*; set remediation_report_dir to a directory you may write to"):
        written(tmp_path / "reports")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "summary.json"
    target.write_text("old")
    with pytest.raises(TypeError):
        write_whole(str(target), None)
    assert os.listdir(tmp_path) == ["summary.json"]
    assert target.read_text() == "old"


@pytest.mark.parametrize(("incident", "stem"), [("20261125T020000Z-ab-1", "20261125T020000Z-ab-1"), ("../../etc/x y", "_.._etc_x_y"), ("..", "incident")])
def test_an_incident_id_cannot_leave_the_directory(incident, stem):
    assert file_stem(incident) == stem


PLAYBOOK = """
- hosts: mail1,mail2
  gather_facts: false
  tasks:
    - set_fact: {{diagnose_policy: {{services: []}}, diagnose_result: {{diagnoses: {diagnoses}}}, remediation_outcomes: {outcomes}}}
      when: inventory_hostname == 'mail1'
    - sysops.remediation.incident_report:
        plan: {plan}
        report_dir: reports
      run_once: true
      register: report
      {more}
    - copy: {{content: "{{{{ report | to_json }}}}", dest: result.json}}
      run_once: true
      delegate_to: localhost
      check_mode: false
"""


def played(tmp_path, *options, more=""):
    data = {key: json.dumps(RUN[key]) for key in ("plan", "diagnoses", "outcomes")}
    (tmp_path / "play.yml").write_text(PLAYBOOK.format(more=more, **data))
    (tmp_path / "ansible.cfg").write_text("")
    environment = dict(
        os.environ,
        ANSIBLE_COLLECTIONS_PATH=COLLECTIONS,
        ANSIBLE_CONFIG=str(tmp_path / "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        ANSIBLE_PYTHON_INTERPRETER=sys.executable,
    )
    # mail1 and mail2 do not exist: whoever tried to connect to them would fail.
    argv = [os.path.join(sys.prefix, "bin", "ansible-playbook"), "-i", "mail1,mail2", "play.yml", *options]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert (tmp_path / "result.json").exists(), done.stdout + done.stderr
    return json.loads((tmp_path / "result.json").read_text()), done


@pytest.mark.slow
def test_the_plugin_reads_the_hosts_and_contacts_none(tmp_path):
    result, done = played(tmp_path)
    assert done.returncode == 0
    assert result["changed"] is False
    assert result["summary"]["headline"] == "1 remediated, 1 healthy"
    assert result["incidents"][0]["explanation"] == RUN["diagnoses"][0]["explanation"]
    assert os.path.exists(tmp_path / "reports" / RUN["plan"]["run_id"] / "summary.md")
    assert result["msg"].endswith("summary.md")


@pytest.mark.slow
def test_check_mode_returns_the_same_and_writes_nothing(tmp_path):
    result, _done = played(tmp_path, "--check")
    assert result["summary"]["check_mode"] is True
    assert result["summary"]["counts"] == {"remediated": 1, "healthy": 1}
    assert result["paths"] == []
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_a_report_that_cannot_be_written_still_returns_the_summary(tmp_path):
    (tmp_path / "reports").write_text("a file")
    result, _done = played(tmp_path, more="ignore_errors: true")
    assert result["failed"] is True
    assert "cannot write the report" in result["msg"]
    assert "cannot write the report" in result["summary"]["message"]
    assert result["summary"]["incidents"][0]["outcome"] == "remediated"
    assert result["summary"]["incidents"][0]["report"] is None
