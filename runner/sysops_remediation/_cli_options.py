# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line says, in the words of the API. Options that ansible-playbook has too carry its names."""

from __future__ import annotations

import functools
import inspect
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
import yaml

from ._launch import LOCAL, TRANSMIT
from .remediator import Remediator


@dataclass(kw_only=True)
class Options:
    """The options that commands share; each field is also its declaration for Typer."""

    inventory: Annotated[list[str] | None, typer.Option("--inventory", "-i", help="Inventory path or 'host1,host2,'. Default: ansible.cfg's.")] = None
    limit: Annotated[str | None, typer.Option("--limit", "-l", help="Only these hosts (Ansible's pattern).")] = None
    service: Annotated[str | None, typer.Option("--service", "-s", help="Only this service.")] = None
    extra_vars: Annotated[list[str] | None, typer.Option("--extra-vars", "-e", help="key=value, JSON, YAML or @file; secrets in a @file only.")] = None
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="URL of the ledger. Write one with a password into SYSOPS_REMEDIATION_LEDGER or a vault instead.")
    ] = None
    check: Annotated[bool, typer.Option("--check", "-C", help="Change nothing; predict.")] = False
    diff: Annotated[bool, typer.Option("--diff", "-D", help="Show before and after.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False
    as_json_lines: Annotated[
        bool, typer.Option("--json-lines", help='Print each event as it happens and then the result, one JSON object a line: {"event": …}, {"result": …}.')
    ] = False
    forks: Annotated[int | None, typer.Option("--forks", "-f", min=1, help="Hosts worked on at the same time.")] = None
    timeout: Annotated[float | None, typer.Option("--deadline", min=0.1, help="End the run after so many seconds.")] = None
    vault_password_file: Annotated[Path | None, typer.Option("--vault-password-file", help="File with the vault password.")] = None
    vault_id: Annotated[list[str] | None, typer.Option("--vault-id", help="Vault identity, LABEL@FILE.")] = None
    ask_vault_pass: Annotated[bool, typer.Option("--ask-vault-pass", "-J", help="Ask for the vault password.")] = False
    ask_become_pass: Annotated[bool, typer.Option("--ask-become-pass", "-K", help="Ask for the become (sudo) password.")] = False
    ask_pass: Annotated[bool, typer.Option("--ask-pass", "-k", help="Ask for the connection password.")] = False
    user: Annotated[str | None, typer.Option("--user", "-u", help="Connect as this user.")] = None
    private_key: Annotated[Path | None, typer.Option("--private-key", help="SSH private key.")] = None
    become: Annotated[bool, typer.Option("--become", "-b", help="Become root on the hosts.")] = False
    worker: Annotated[
        str | None, typer.Option("--worker", help="Let this command run ansible, perhaps elsewhere, such as 'ssh host ansible-runner worker'.")
    ] = None
    artifact_dir: Annotated[Path | None, typer.Option("--artifact-dir", help="Keep events and result of the run below this folder, secrets hidden.")] = None
    rotate_artifacts: Annotated[int, typer.Option("--rotate-artifacts", min=1, help="How many runs are kept there.")] = 20
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show which collection is used and the end of ansible's output.")] = False

    def remediator(self) -> Remediator:
        variables: dict[str, Any] = {}
        for text in self._plain_extra_vars():
            variables.update(parse_extra_vars(text))
        inventory = self.inventory or []
        return Remediator(
            inventory[0] if len(inventory) == 1 else inventory or None,
            extra_vars=variables,
            ledger=self.ledger,
            vault_password=_ask("Vault password") if self.ask_vault_pass else None,
            become_password=_ask("BECOME password") if self.ask_become_pass else None,
            connection_password=_ask("SSH password") if self.ask_pass else None,
            forks=self.forks,
            timeout=self.timeout,
            ansible_args=self._ansible_args(),
            executor=LOCAL if self.worker is None else TRANSMIT,
            worker=_split_command(self.worker or ""),
            artifact_dir=self.artifact_dir,
            rotate_artifacts=self.rotate_artifacts,
        )

    def of_run(self) -> dict[str, Any]:
        """Return what every ``start_…`` of the API takes."""
        return {"limit": self.limit, "service": self.service, "check": self.check, "diff": self.diff}

    def _encrypted(self) -> list[str]:
        return [text for text in self.extra_vars or [] if _only_ansible_can_read(text)]

    def _plain_extra_vars(self) -> list[str]:
        """Return those that are handed over as values; these come behind the others on ansible's command line, where the last one wins."""
        given, encrypted = self.extra_vars or [], self._encrypted()
        if encrypted != given[: len(encrypted)]:
            raise _bad_variables(f"{encrypted[-1]} is encrypted: name it before those that are not, which win over it")
        return given[len(encrypted) :]

    def _ansible_args(self) -> list[str]:
        arguments = ["--become"] if self.become else []
        arguments += [part for text in self._encrypted() for part in ("--extra-vars", f"@{_absolute(Path(text[1:]))}")]
        arguments += ["--user", self.user] if self.user else []
        arguments += ["--private-key", _absolute(self.private_key)] if self.private_key else []
        arguments += [part for identity in self.vault_id or [] for part in ("--vault-id", _checked_identity(identity))]
        arguments += ["--vault-password-file", _absolute(self.vault_password_file)] if self.vault_password_file else []
        return arguments


def with_options(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take ``options: Options`` and give Typer the flags in its place, except those named."""
    hints = get_type_hints(Options, include_extras=True)
    shared = [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=item.default, annotation=hints[item.name])
        for item in fields(Options)
        if item.name not in without
    ]
    names = [parameter.name for parameter in shared]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(**given: Any) -> None:
            command(Options(**{name: given.pop(name) for name in names}), **given)

        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
            if parameter.name != "options"
        ]
        called.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
        return called

    return decorate


def parse_extra_vars(text: str) -> dict[str, Any]:
    """Return the variables of one ``-e``: ``key=value …``, JSON, YAML or ``@file``, as ansible-playbook takes them."""
    if text.startswith("@"):
        return _mapping(_content(text), text)
    if text.lstrip().startswith(("{", "[")):
        return _mapping(text, "the text in braces")
    from ansible.errors import AnsibleError
    from ansible.parsing.splitter import parse_kv

    try:
        parsed = dict(parse_kv(text))
    except AnsibleError:  # its own words quote the text, which may hold secrets
        raise _bad_variables(f"the quotes or braces of '{_without_values(text)}' are not balanced") from None
    if not parsed or "_raw_params" in parsed:
        raise _bad_variables(f"'{_without_values(text)}' is neither key=value nor JSON nor @file")
    return {name: str(value) for name, value in parsed.items()}


def _content(text: str) -> str:
    path = Path(text[1:]).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise _bad_variables(f"{path} is not a file") from None
    except OSError as error:
        raise _bad_variables(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _bad_variables(f"{path} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}") from None


def _only_ansible_can_read(text: str) -> bool:
    """Tell whether a ``-e`` names a file that is encrypted with a vault, as a whole or in part."""
    if not text.startswith("@") or not Path(text[1:]).expanduser().is_file():
        return False
    content = _content(text)
    return content.startswith("$ANSIBLE_VAULT;") or re.search(r"(?:^|[\s,{\[])!(?:vault|unsafe)\b", content) is not None


class _TextDates(yaml.SafeLoader):
    """A safe loader to which dates are texts: JSON, in which variables are handed over, knows none."""


_TextDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(text: str, shown: str) -> dict[str, Any]:
    try:
        value = yaml.load(text, _TextDates)
    except yaml.YAMLError as error:  # its own words quote the text, which may hold secrets
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _bad_variables(f"{shown} is neither JSON nor YAML{where}") from None
    if not isinstance(value, dict):
        raise _bad_variables(f"{shown} does not hold variables")
    return value


def _without_values(text: str) -> str:
    return re.sub(r"([=:\s]).*", r"\1…", text, flags=re.DOTALL)


def _bad_variables(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--extra-vars")


def _checked_identity(text: str) -> str:
    if text.rpartition("@")[2] == "prompt":
        raise typer.BadParameter("ansible has no terminal to ask at here: use --ask-vault-pass, or LABEL@FILE", param_hint="--vault-id")
    return text


def _split_command(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} cannot be split into words: {str(error)[:1].lower()}{str(error)[1:]}", param_hint="--worker") from None


def _absolute(path: Path) -> str:
    return str(path.expanduser().absolute())


def _ask(what: str) -> str:
    return str(typer.prompt(what, hide_input=True, err=True))
