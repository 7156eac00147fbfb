# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the run of playbook ``doctor`` to what is there, what is missing, and what to do about it."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import _versions
from ._launch import TRANSMIT, Request, search_path
from ._project import Project
from ._status import RunStatus
from ._worker import OURS
from .models import Check, CheckState, DoctorResult

OK, WARNING, FAILED, NOT_CHECKED = CheckState.OK, CheckState.WARNING, CheckState.FAILED, CheckState.NOT_CHECKED


def examine(ran: DoctorResult, project: Project, request: Request) -> DoctorResult:
    """Return the result with its checks; the worst of them decides the status."""
    if ran.status in (RunStatus.CANCELED, RunStatus.TIMED_OUT):
        return ran
    checks = [*_controller(ran, project, request), _ledger(ran), _inventory(ran), *_hosts(ran)]
    status, message = _verdict(ran, checks)
    return ran.model_copy(update={"checks": checks, "status": status, "message": message})


def _controller(ran: DoctorResult, project: Project, request: Request) -> Iterator[Check]:
    yield _worker(ran, request) if request.executor == TRANSMIT else _ansible(search_path(request, project))
    yield Check(name="ansible-runner", state=OK, detail=_versions.ansible_runner())
    yield _run_folder()
    yield _collection(project)
    config = project.config_file()
    yield Check(name="ansible.cfg", state=OK, detail=str(config) if config else "none: Ansible's defaults and the inventory of this package")


def _ansible(path: str) -> Check:
    problem = _versions.problem_of_ansible(path)
    if problem:
        return Check(name="ansible-core", state=FAILED, detail=problem, fix=_versions.INSTALL)
    program, version = _versions.ansible_playbook(path)
    return Check(name="ansible-core", state=OK, detail=f"{version} ({program})")


def _worker(ran: DoctorResult, request: Request) -> Check:
    command = shlex.join(request.worker or OURS)
    if ran.stats or ran.status in (RunStatus.NO_HOSTS, RunStatus.INVALID_INPUT):
        return Check(name="worker", state=OK, detail=f"'{command}' runs ansible")
    fix = "call the command by hand: it has to wait for input and print nothing; ansible-core and ansible-runner are needed where it leads to"
    return Check(name="worker", state=FAILED, detail=ran.message, fix=fix)


def _run_folder() -> Check:
    try:
        with tempfile.TemporaryDirectory(prefix="remediation-run-") as folder:
            Path(folder, "probe").write_bytes(bytes(4096))
            return Check(name="run folder", state=OK, detail=str(Path(folder).parent))
    except OSError as error:
        detail = f"{error.filename or tempfile.gettempdir()}: {error.strerror}"
        return Check(name="run folder", state=FAILED, detail=detail, fix="make room there, or name another folder in TMPDIR")


def _collection(project: Project) -> Check:
    found = project.all_collections()
    if not found:
        searched = ", ".join(str(folder) for folder in project.collections())
        fix = "ansible-galaxy collection install sysops.remediation, or install this package's wheel anew"
        return Check(name="collection", state=FAILED, detail=f"sysops.remediation is in none of {searched}", fix=fix)
    used, others = found[0], found[1:]
    version = _versions.of_collection(used)
    detail = f"{version} from {project.origin_of(used)}, {used}"
    older = {other: _versions.of_collection(other) for other in others}
    differing = [f"{number} in {other}" for other, number in older.items() if number != version]
    if differing:
        fix = "remove the one that is not meant, or name the right folder in ANSIBLE_COLLECTIONS_PATH"
        return Check(name="collection", state=WARNING, detail=f"{detail}; it hides another version: {', '.join(differing)}", fix=fix)
    own = _versions.of_package()
    if version != own:
        fix = f"install version {own} of the collection, or the package that belongs to {version}"
        return Check(name="collection", state=WARNING, detail=f"{detail}; this package is {own}", fix=fix)
    also = f"; the same version is also in {', '.join(map(str, others))}" if others else ""
    return Check(name="collection", state=OK, detail=detail + also)


def _ledger(ran: DoctorResult) -> Check:
    told = ran.data.get("ledger")
    if not isinstance(told, Mapping):
        return Check(name="ledger", state=NOT_CHECKED, detail="no host of the inventory is within the limit, or ansible did not start")
    if told.get("usable"):
        return Check(name="ledger", state=OK, detail=str(told.get("msg")))
    fix = "until it can be used nothing is restarted, only diagnosed; put that right, or set remediation_ledger to another URL"
    return Check(name="ledger", state=FAILED, detail=str(told.get("msg")), fix=fix)


def _inventory(ran: DoctorResult) -> Check:
    known = sorted({*ran.stats, *ran.unreachable} - _only_implicit(ran))
    if ran.status is RunStatus.INVALID_INPUT:
        return Check(name="inventory", state=FAILED, detail=ran.message, fix="ansible-inventory --list with the same -i shows how Ansible reads it")
    if ran.status is RunStatus.NO_HOSTS or (ran.stats and not known):
        detail = ran.message if ran.status is RunStatus.NO_HOSTS else "it holds no host"
        return Check(name="inventory", state=FAILED, detail=detail, fix="name an inventory with -i, or another --limit")
    if not known:
        return Check(name="inventory", state=NOT_CHECKED, detail="ansible did not start")
    return Check(name="inventory", state=OK, detail=f"{len(known)} {'host' if len(known) == 1 else 'hosts'}")


def _only_implicit(ran: DoctorResult) -> set[str]:
    """Return localhost where the first play ran on it only because the inventory has nobody else."""
    return set() if "localhost" in _answers(ran) else {"localhost"} - set(ran.unreachable)


def _answers(ran: DoctorResult) -> Mapping[str, Any]:
    answers = ran.data.get("hosts")
    return answers if isinstance(answers, Mapping) else {}


def _hosts(ran: DoctorResult) -> Iterator[Check]:
    said = {error.host: error.msg for error in ran.errors}
    for host in ran.unreachable:
        yield Check(name="reachable", host=host, state=FAILED, detail=said.get(host, "not reached"), fix=_fix_of_connection(host, said.get(host, "")))
    for host, answer in sorted(_answers(ran).items()):
        yield from _host(host, answer.get("host") or {}, answer.get("root") or {})


def _host(host: str, found: Mapping[str, Any], as_root: Mapping[str, Any]) -> Iterator[Check]:
    if "python" not in found:
        yield _no_answer(host, " ".join(str(found.get("msg", "no answer")).split()))
        return
    yield Check(name="python", host=host, state=OK, detail=f"{found['python']['version']} ({found['python']['executable']})")
    yield _root(host, found["user"], as_root)
    yield _managers(host, as_root.get("managers") or found["managers"])


def _no_answer(host: str, message: str) -> Check:
    lower = message.lower()
    if "become" in lower or "sudo" in lower:
        return Check(name="become", host=host, state=FAILED, detail=message, fix=_FIX_OF_BECOME)
    if "interpreter" in lower or "python" in lower:
        fix = "install Python 3.8 or newer on the host, or set ansible_python_interpreter to where it is"
        return Check(name="python", host=host, state=FAILED, detail=message, fix=fix)
    return Check(name="modules", host=host, state=FAILED, detail=message, fix=f"ansible {host} -m ping -vvv shows what happens there")


_FIX_OF_BECOME = "install sudo, allow the user in sudoers, and give its password with --ask-become-pass where it wants one"


def _root(host: str, user: Mapping[str, Any], as_root: Mapping[str, Any]) -> Check:
    if user["uid"] == 0:
        return Check(name="become", host=host, state=OK, detail="tasks run as root")
    if (as_root.get("user") or {}).get("uid") == 0:
        fix = "say --become, or set ansible_become: true for the host"
        return Check(name="become", host=host, state=WARNING, detail=f"tasks run as {user['name']}; become works and is not asked for", fix=fix)
    why = " ".join(str(as_root.get("msg", "become was not tried")).split())
    detail = f"tasks run as {user['name']}, who cannot become root: {why}; only what belongs to {user['name']} can be restarted"
    return Check(name="become", host=host, state=WARNING, detail=detail, fix=_FIX_OF_BECOME)


def _managers(host: str, managers: list[Mapping[str, Any]]) -> Check:
    usable = [one["name"] for one in managers if one["usable"]]
    if usable:
        return Check(name="managers", host=host, state=OK, detail=", ".join(usable))
    fix = "start systemd or supervisord there; a supervisord with a socket of its own is named with server: in the policy"
    return Check(name="managers", host=host, state=WARNING, detail="; ".join(f"{one['name']}: {one['why']}" for one in managers), fix=fix)


def _fix_of_connection(host: str, message: str) -> str:
    lower = message.lower()
    if "host key" in lower:
        return f"if the key is right, accept it once with: ssh {host}"
    if "permission denied" in lower or "authentication" in lower:
        return "check --user and --private-key (or --ask-pass), and that the key is in authorized_keys there"
    if "resolve" in lower:
        return "check the name, or set ansible_host"
    return f"check that the host is up and that ansible_host and ansible_port are right: ssh {host}"


def _verdict(ran: DoctorResult, checks: list[Check]) -> tuple[RunStatus, str]:
    failed = [check for check in checks if check.state is FAILED]
    if not failed:
        warnings = sum(check.state is WARNING for check in checks)
        return RunStatus.SUCCEEDED, f"ready, with {warnings} {'remark' if warnings == 1 else 'remarks'}" if warnings else "ready"
    names = {check.name for check in failed}
    first = f"{failed[0].host}: {failed[0].detail}" if failed[0].host else f"{failed[0].name}: {failed[0].detail}"
    message = first if len(failed) == 1 else f"{first}; and {len(failed) - 1} more"
    if names == {"inventory"}:
        return (ran.status if ran.status in (RunStatus.INVALID_INPUT, RunStatus.NO_HOSTS) else RunStatus.NO_HOSTS), message
    return (RunStatus.UNREACHABLE if names == {"reachable"} else RunStatus.FAILED), message
