# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the caller asked for to what ansible-runner is called with."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from . import _versions
from ._project import Project
from ._rundir import IDENT, CannotRun, RunDirectory

LOCAL: Final = "local"
TRANSMIT: Final = "transmit"
Inventory = str | os.PathLike[str] | Mapping[str, Any] | Sequence[str]


class InvalidInput(ValueError):
    """The caller's own mistake, found before anything was started; the message is one line."""


class PlainText(str):
    """A text that Ansible must not take for a template: it may come from whoever uses the host program, and a template can run commands here."""


@dataclass(frozen=True)
class Request:
    """One run, as asked for."""

    playbook: str
    inventory: Inventory | None = None
    limit: str | None = None
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False
    diff: bool = False
    forks: int | None = None
    timeout: float | None = None
    vault_password: str | None = None
    become_password: str | None = None
    connection_password: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    ansible_args: Sequence[str] = ()
    executor: str = LOCAL
    worker: Sequence[str] = ()
    artifact_dir: Path | None = None
    rotate_artifacts: int = 0


# Passwords are handed over as files, with ansible's own options for that.
_PASSWORD_OPTIONS = {
    "vault_password": "--vault-password-file",
    "become_password": "--become-password-file",
    "connection_password": "--connection-password-file",
}

RUNNER_SETTINGS = {
    "pexpect_timeout": 1,  # how long a cancel may go unnoticed
    "suppress_output_file": True,  # the end of the output is kept in memory; nobody reads the file
    "suppress_ansible_output": True,
}


def check_ansible(request: Request, project: Project) -> None:
    """Refuse to start an ansible that is missing or too old: what it would print instead is anybody's guess."""
    if problem := _versions.problem_of_ansible(search_path(request, project)):
        raise CannotRun(f"{problem}: {_versions.INSTALL}")


def search_path(request: Request, project: Project) -> str:
    """Return where ansible-playbook is looked for."""
    return environment(request, project)["PATH"]


def defaults() -> dict[str, str]:
    """Return what a run wants unless the caller's ``environment`` says otherwise."""
    # An inventory that cannot be read is an error and not an empty fleet.
    strict = os.environ.get("ANSIBLE_INVENTORY_UNPARSED_FAILED", "True")
    return {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_INVENTORY_UNPARSED_FAILED": strict, **_locale()}


def _locale() -> dict[str, str]:
    """Give ansible, which refuses to start under any other, a UTF-8 locale where cron or a container has left us with LC_ALL=C."""
    chosen = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    return {} if "utf8" in chosen.lower().replace("-", "") else {"LC_ALL": "C.UTF-8"}


def runner_arguments(request: Request, project: Project, directory: RunDirectory) -> dict[str, Any]:
    """Return the keyword arguments of ``ansible_runner.interface.init_runner``."""
    directory.write("env/settings", json.dumps(RUNNER_SETTINGS))
    return {
        "private_data_dir": str(directory.path),
        "project_dir": os.getcwd(),  # paths in variables mean what they mean to ansible-playbook
        "ident": IDENT,
        "playbook": project.playbook(request.playbook) if os.sep not in request.playbook else request.playbook,
        "inventory": _inventory(request.inventory, directory),
        "limit": request.limit,
        "forks": request.forks,
        "cmdline": shlex.join(options(request, lambda name, text: str(directory.secret_read_once(name, text)))) or None,
        "envvars": environment(request, project),
        "suppress_env_files": True,  # environment and variables never become files
        "fact_cache_type": "memory",
        "quiet": True,
    }


def options(request: Request, hand_over: Callable[[str, str], str]) -> list[str]:
    """Return the options of ansible-playbook. ``hand_over`` takes the name and the text of a secret and returns the path it is read from."""
    result = list(request.ansible_args)
    result += ["--check"] if request.check else []
    result += ["--diff"] if request.diff else []
    if request.extra_vars:
        as_json(request.extra_vars, "extra_vars")  # what is no JSON is told by the caller's own names
        result += ["-e", f"@{hand_over('extra_vars.json', as_json(_marked(request.extra_vars), 'extra_vars'))}"]
    for name, option in _PASSWORD_OPTIONS.items():
        password = getattr(request, name)
        if password is not None:
            result += [option, hand_over(name, password + "\n")]
    return result


def _marked(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Mark literal texts as ansible's own JSON does."""
    return {name: {"__ansible_unsafe": value} if isinstance(value, PlainText) else value for name, value in variables.items()}


def environment(request: Request, project: Project) -> dict[str, str]:
    return {
        "PATH": path_with_our_ansible(),
        **defaults(),
        **project.environment(),
        **request.environment,
    }


def path_with_our_ansible() -> str:
    """Put the ansible of our own environment first: an entry point is often called without activating its environment."""
    path = os.environ.get("PATH", os.defpath)
    own = Path(sys.executable).parent
    return f"{own}{os.pathsep}{path}" if (own / "ansible-playbook").exists() else path


def _inventory(inventory: Inventory | None, directory: RunDirectory) -> str | list[str] | None:
    """Return what ``-i`` takes. A dictionary may hold passwords, so it is handed over like a secret."""
    if inventory is None:
        return None
    if isinstance(inventory, Mapping):
        return str(directory.secret("inventory.json", inventory_json(inventory)))
    sources = sources_of(inventory)
    return sources if len(sources) != 1 or "," in sources[0] else sources[0]  # of a text that is no path, ansible-runner makes a file


def inventory_json(inventory: Mapping[str, Any]) -> str:
    """Return the dictionary as Ansible reads it; of an empty one it would make a host named ``{}``."""
    return as_json(inventory or {"all": {}}, "inventory")


def sources_of(inventory: str | os.PathLike[str] | Sequence[str]) -> list[str]:
    """Return absolute paths, and hosts as ``mail1,mail2,``."""
    if isinstance(inventory, (str, os.PathLike)):
        return [_source(os.fspath(inventory))]
    sources = [os.fspath(item) for item in inventory]
    hosts = [item for item in sources if "," not in item and os.sep not in item and not Path(item).exists()]
    result = [_source(item) for item in sources if item not in hosts]
    return [*result, ",".join(hosts) + ","] if hosts else result


def _source(text: str) -> str:
    if "," in text:
        return text
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise InvalidInput(f"inventory {text} not found; name a file or folder, or hosts with a comma as in 'mail1,mail2,'")
    return str(path)


def as_json(value: Any, what: str) -> str:
    try:
        return _dumps(value)
    except _NO_JSON as error:
        raise InvalidInput(f"{_culprit(value, what)} cannot be written as JSON: {error}; use strings, numbers, booleans, lists and dictionaries") from None


_NO_JSON = (TypeError, ValueError, RecursionError)
_DEPTH = 6  # of an inventory: all.children.GROUP.hosts.HOST.VARIABLE


def _dumps(value: Any) -> str:
    json.dumps(value, ensure_ascii=False).encode()  # halves of characters, which ansible cannot read
    return json.dumps(value)


def _culprit(value: Any, name: str, depth: int = _DEPTH) -> str:
    """Return the dotted name of what is no JSON."""
    for key, item in value.items() if isinstance(value, Mapping) and depth else ():
        try:
            _dumps(item)
        except _NO_JSON:
            return _culprit(item, f"{name}.{key}", depth - 1)
    return name
