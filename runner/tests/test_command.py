# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: options, output, starter policy. Runs of ansible are in test_runs.py."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml
from ansible.cli.playbook import PlaybookCLI
from sysops_remediation import EXIT_CODES, DiagnoseResult, PlanResult, RemediateResult, RunStatus, _init, _render, _versions
from sysops_remediation._cli_options import Options, parse_extra_vars
from sysops_remediation.cli import app
from sysops_remediation.models import ServicesResult
from typer.main import get_command
from typer.testing import CliRunner

LEAKING = {
    "host": "mail1",
    "service": "systemd/postfix.service",
    "verdict": "leak_suspected",
    "urgency": "hours",
    "summary": "anon grows 2.1 MiB/min; MemoryMax (256 MiB) is reached in 48 min",
    "explanation": ["Anonymous memory grew from 80 to 153 MiB in 30 s."],
    "sparkline": "▁▂▃▅▇",
}
COMMANDS = ["init", "diagnose", "plan", "run", "approve", "restart", "status", "why-not", "pause", "resume", "report", "policy", "doctor", "demo"]
SERVICES = [
    {"name": "postfix.service", "manager": "systemd", "memory": 9_000_000, "active": "running"},
    {"name": "systemd-journald.service", "manager": "systemd", "memory": 90_000_000, "active": "running"},
    {"name": "imap:dovecot", "manager": "supervisord", "memory": 20_000_000, "active": "running"},
]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("a=1 b='two words'", {"a": "1", "b": "two words"}),
        ('{"a": 1, "list": [1, 2]}', {"a": 1, "list": [1, 2]}),
        ("{a: yes}", {"a": True}),
    ],
)
def test_extra_vars_are_read_as_ansible_reads_them(text: str, variables: dict) -> None:
    assert parse_extra_vars(text) == variables


def test_extra_vars_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_text("a: 1\nfreeze: {from: 2026-12-20}\n")
    assert parse_extra_vars(f"@{tmp_path}/vars.yml") == {"a": 1, "freeze": {"from": "2026-12-20"}}


def test_extra_vars_from_a_pipe_that_can_be_read_once() -> None:
    reads, writes = os.pipe()
    os.write(writes, b"a: 1\n")
    os.close(writes)
    assert parse_extra_vars(f"@/dev/fd/{reads}") == {"a": 1}
    os.close(reads)


def test_extra_vars_that_are_no_text_are_named_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_bytes(b"a: \xff\n")
    with pytest.raises(typer.BadParameter, match=r"vars\.yml is not UTF-8 text: byte 3 is 0xff"):
        parse_extra_vars(f"@{tmp_path}/vars.yml")


@pytest.mark.parametrize("content", ["$ANSIBLE_VAULT;1.1;AES256\n6162\n", "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n", "{a: !unsafe '{{ b }}'}"])
def test_extra_vars_that_only_ansible_can_read_are_handed_on_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.yml").write_text(content)
    options = Options(extra_vars=["@secret.yml", "b=2"])
    assert options._ansible_args() == ["--extra-vars", f"@{tmp_path}/secret.yml"]
    assert options._plain_extra_vars() == ["b=2"]
    with pytest.raises(typer.BadParameter, match=r"@secret\.yml is encrypted: name it before"):
        Options(extra_vars=["b=2", "@secret.yml"])._plain_extra_vars()


@pytest.mark.parametrize("text", ["nonsense", "@/no/such/file", "@/", "[1, 2]", "{a: [", "a='b"])
def test_bad_extra_vars_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(typer.BadParameter) as error:
        parse_extra_vars(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["{token: s3cr3t, [", '{"token": "s3cr3t"', "{token: @s3cr3t}", "[s3cr3t]", "token=s3cr3t s3cr3t", "a= s3cr3t", "token: s3cr3t", "token='s3cr3t"],
)
def test_what_is_said_of_bad_extra_vars_holds_no_value_of_them(text: str) -> None:
    shown = CliRunner().invoke(app, ["run", "-e", text])
    assert shown.exit_code == 2
    assert "--extra-vars" in shown.output
    assert "s3cr3t" not in shown.output


def test_in_a_pipe_a_mistake_is_one_line_and_no_box() -> None:
    shown = CliRunner().invoke(app, ["run", "-e", "@" + "long/" * 40 + "file"])
    assert shown.output.splitlines()[-1] == "Error: Invalid value for --extra-vars: " + "long/" * 40 + "file is not a file"


def test_options_of_ansible_playbook_reach_it_under_their_names() -> None:
    options = Options(vault_id=["prod@vault.txt"], vault_password_file=Path("/v"), become=True, user="me", private_key=Path("/k"))
    assert options._ansible_args() == ["--become", "--user", "me", "--private-key", "/k", "--vault-id", "prod@vault.txt", "--vault-password-file", "/v"]


def test_a_vault_that_would_ask_at_a_terminal_nobody_has_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="--ask-vault-pass"):
        Options(vault_id=["prod@prompt"])._ansible_args()


def test_a_worker_that_is_no_command_line_is_refused() -> None:
    shown = CliRunner().invoke(app, ["run", "--worker", "ssh 'jump"])
    assert (shown.exit_code, shown.output.splitlines()[-1]) == (
        2,
        "Error: Invalid value for --worker: ssh 'jump cannot be split into words: no closing quotation",
    )


def test_it_says_its_version() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output.split()[:2]) == (0, ["remediate", _versions.of_package()])


@pytest.mark.parametrize(("status", "ends_as"), [("succeeded", "nothing_to_do"), ("unreachable", "unreachable")])
def test_init_that_writes_nothing_tells_programs_so_as_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str, ends_as: str) -> None:
    found = ServicesResult(status=status, message="nobody is there", playbook="services", check_mode=False, started_at=0, duration=0)
    monkeypatch.setattr(_init, "watch", lambda *_given: found)
    shown = CliRunner().invoke(app, ["init", "mail1", "--json", "-o", str(tmp_path / "policy.yml")])
    told = json.loads(shown.stdout)
    assert (told["status"], told["exit_code"]) == (ends_as, shown.exit_code)
    assert "nobody is there" in told["message"]


def test_help_lists_every_exit_code() -> None:
    shown = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    for status, code in EXIT_CODES.items():
        assert f"{code} {status.value.replace('_', ' ')}" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples_that_it_understands(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    examples = re.search(r"Examples?: (remediate .+)", " ".join(shown.output.split())).group(1)
    for example in examples.split("; "):
        program, name, *arguments = shlex.split(example)
        assert (program, name) == ("remediate", command)
        get_command(app).commands[name].make_context(name, arguments)


def test_there_is_every_command_that_has_an_example() -> None:
    assert set(get_command(app).commands) == {*COMMANDS, "schema"}


def test_options_that_ansible_playbook_has_too_are_called_and_mean_the_same() -> None:
    playbook = PlaybookCLI(["ansible-playbook", "x.yml"])
    playbook.init_parser()
    theirs = {text: set(action.option_strings) for action in playbook.parser._actions for text in action.option_strings}
    shared = {text for parameter in get_command(app).commands["run"].params for text in parameter.opts if text in theirs}
    assert shared >= {
        "-i",
        "--inventory",
        "-l",
        "--limit",
        "-e",
        "--extra-vars",
        "-C",
        "--check",
        "-D",
        "--diff",
        "-f",
        "--forks",
        "-u",
        "--user",
        "-b",
        "--become",
    }
    assert shared >= {"-J", "--ask-vault-pass", "--vault-id", "--vault-password-file", "-K", "--ask-become-pass", "-k", "--ask-pass", "--private-key"}
    for parameter in get_command(app).commands["run"].params:
        known = [text for text in parameter.opts if text in theirs]
        assert all(set(known) <= theirs[text] for text in known), known
    assert "--timeout" not in shared  # theirs is for a connection, and ours would end a run in the middle


def test_a_pipe_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    _render.show(DiagnoseResult(status=RunStatus.SUCCEEDED, diagnoses=[LEAKING]))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    for part in ("mail1", "leak_suspected", "▁▂▃▅▇", "MemoryMax (256 MiB)", "Anonymous memory grew from 80 to 153 MiB in 30 s."):
        assert part in shown


def test_a_refusal_is_shown_with_the_gates_that_are_shut(capsys: pytest.CaptureFixture[str]) -> None:
    gates = [{"name": "mode", "passed": False, "detail": "mode is recommend"}, {"name": "verdict", "passed": True}]
    refusal = {"host": "mail1", "service": "systemd/postfix.service", "summary": "anon grows", "gates": gates}
    _render.show(PlanResult(status=RunStatus.REFUSED, plan={"refusals": [refusal]}))
    shown = capsys.readouterr().out
    assert "not touched: mail1 systemd/postfix.service" in shown
    assert "✗ mode: mode is recommend" in shown
    assert "verdict" not in shown


def test_an_incident_is_shown_with_what_a_human_should_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    incident = {"incident": "r-1", "host": "mail1", "service": "systemd/postfix.service", "outcome": "failed", "headline": "postfix.service on mail1: failed"}
    _render.show(RemediateResult(status=RunStatus.FAILED, incidents=[{**incident, "next_steps": ["Read its journal."]}], paths=["/r/x.md", "/r/summary.md"]))
    shown = capsys.readouterr().out
    assert "postfix.service on mail1: failed\n  next: Read its journal." in shown
    assert "report: /r/summary.md" in shown


def test_starter_policy_only_recommends_and_leaves_the_plumbing_out() -> None:
    policy = yaml.safe_load(_init.starter_policy("mail1", SERVICES))["remediation_services"]
    assert [entry["name"] for entry in policy] == ["imap:dovecot", "postfix.service"]
    assert {entry["mode"] for entry in policy} == {"recommend"}


def test_starter_policy_of_a_host_without_services_is_an_empty_list() -> None:
    assert yaml.safe_load(_init.starter_policy("mail1", []))["remediation_services"] == []


def test_starter_policy_goes_beside_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").touch()
    expected = tmp_path / "host_vars" / "mail1" / "remediation.yml"
    assert _init.default_path(Options(inventory=[str(tmp_path / "hosts.yml")]), "mail1") == expected
    assert _init.default_path(Options(inventory=[str(tmp_path)]), "mail1") == expected


def test_starter_policy_never_hides_the_users_file(tmp_path: Path) -> None:
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "mail1.yml").write_text("a: 1\n")
    with pytest.raises(typer.BadParameter, match="would hide"):
        _init.default_path(Options(inventory=[str(tmp_path)]), "mail1")


def test_starter_policy_is_not_overwritten(tmp_path: Path) -> None:
    policy = tmp_path / "host_vars" / "mail1" / "remediation.yml"
    policy.parent.mkdir(parents=True)
    policy.write_text("mine: true\n")
    ran = CliRunner().invoke(app, ["init", "mail1", "-i", str(tmp_path)])
    assert ran.exit_code == EXIT_CODES[RunStatus.INVALID_INPUT]
    assert policy.read_text() == "mine: true\n"


@pytest.mark.parametrize("host", ["mail*", "mail1,mail2", "mail:!web", "../mail1", "~mail", "all:&mail", ""])
def test_starter_policy_is_of_one_host(tmp_path: Path, host: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not the name of one host"):
        _init.init(Options(inventory=[str(tmp_path)]), host, None, False, None)
    assert not (tmp_path / "host_vars").exists()


def test_starter_policy_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(typer.BadParameter, match=r"cannot write .*/policy\.yml: .*; use --output"):
        _init._write(tmp_path / "file" / "policy.yml", "", secret=False)


def test_starter_policy_with_a_password_is_for_its_owner_only(tmp_path: Path) -> None:
    _init._write(tmp_path / "policy.yml", "x", secret=True)
    assert (tmp_path / "policy.yml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("no such service", True),
        ("mail1: no such service", True),
        ("mail0, mail1: no such service; web1: other", True),
        ("web1: other; mail1: no such service; and 3 more", True),
        ("a, b and 7 more: no such service", True),
        ("mail1: no such service; did you mean 'x'?; web1: no", True),
        ("mail2: no such service", False),
        ("mail11: no such service", False),
        ("mail2: no such service (did you mean 'x'?)", False),
        ("mail1: no such service (did you mean 'x'?)", False),
        ("", False),
    ],
)
def test_an_error_is_shown_once_and_never_swallowed(capsys: pytest.CaptureFixture[str], message: str, told: bool) -> None:
    result = DiagnoseResult(status=RunStatus.FAILED, playbook="diagnose", message=message, errors=[{"host": "mail1", "msg": "no such service"}])
    _render.show(result)
    assert ("mail1: no such service\n" not in capsys.readouterr().out) == told
