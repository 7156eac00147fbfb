# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``remediate init HOST``: what a host runs, and a starter policy that touches nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import typer
import yaml

from . import _render
from ._cli_options import Options
from ._cli_run import print_json, watch
from ._project import find_project
from ._status import RunStatus
from .models import ServicesResult

# What keeps the host itself going: restarting these is no cure for a leak, so they are not proposed.
PLUMBING = ("systemd-", "dbus", "getty@", "serial-getty@", "console-getty", "user@", "init.scope", "ssh.service", "sshd.service", "polkit")
_ONE_HOST = re.compile(r"\w[\w.-]*")
HEADER = """\
---
# Starter policy of {host}, written by `remediate init`. Nothing is touched in mode `recommend`: set `mode: auto` where you want it.
# With 'mode: auto', a service that nobody stands in for also needs 'allow_outage: true'.
# Give each service a health probe before you do: a restart is only proven by one. Remove what you do not care about.
remediation_services:
"""


def init(options: Options, host: str, output: Path | None, force: bool, server: str | None) -> None:
    """List the services of the host and write the policy; end with an exit code."""
    if not _ONE_HOST.fullmatch(host):
        raise typer.BadParameter(f"'{host}' is not the name of one host", param_hint="host")
    path = output or default_path(options, host)
    if path.exists() and not force:
        raise typer.BadParameter(f"{path} exists; use --force to overwrite it, or --output to write elsewhere")
    result = watch(options, lambda remediator: remediator.start_services(limit=options.limit, server=server))
    services = result.services if isinstance(result, ServicesResult) else []
    if not result.status.good:
        print_json(result) if options.as_json else _render.show(result)
        raise typer.Exit(result.exit_code)
    if set(result.stats) - {host}:
        raise typer.BadParameter(f"'{host}' is a group: name one of its hosts, {', '.join(sorted(result.stats)[:10])}", param_hint="host")
    if not services:
        why = f"nothing was written: {result.message or f'nothing runs on {host}'}"
        if options.as_json:
            print_json(result.model_copy(update={"status": RunStatus.NOTHING_TO_DO, "message": why}))
        else:
            print(why, file=sys.stderr)
        raise typer.Exit(RunStatus.NOTHING_TO_DO.exit_code)
    _write(path, starter_policy(host, services, server), secret=server is not None and "@" in server)
    if options.as_json:
        print_json(result.model_copy(update={"message": str(path)}))
        return
    _show(services)
    print(f"wrote {path}")


def _write(path: Path, text: str, secret: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if secret:  # the address of the service manager, with its password
            path.chmod(0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}; use --output to write elsewhere") from None


def starter_policy(host: str, services: list[dict[str, Any]], server: str | None = None) -> str:
    """Return the YAML: every service the host runs except its plumbing, the biggest first."""
    entries = [_entry(service, server) for service in _by_memory(services) if not is_plumbing(service["name"])]
    if not entries:
        return HEADER.format(host=host).rstrip() + " []\n"
    listed = yaml.safe_dump(entries, sort_keys=False)
    return HEADER.format(host=host) + "".join(f"  {line}\n" for line in listed.splitlines())


def _entry(service: dict[str, Any], server: str | None) -> dict[str, str]:
    return {"name": service["name"], "manager": service["manager"], **({"server": server} if server else {}), "mode": "recommend"}


def is_plumbing(name: str) -> bool:
    return name.startswith(PLUMBING)


def default_path(options: Options, host: str) -> Path:
    """Return ``host_vars/HOST/remediation.yml`` beside the inventory; refuse where that would hide a file of the user's."""
    named = options.inventory[0] if options.inventory else None
    source = Path(named).expanduser() if named else next(iter(find_project().inventories()), None)
    if source is None or "," in str(source):
        raise typer.BadParameter("no inventory folder to write host_vars into; say --inventory PATH or --output FILE")
    folder = (source if source.is_dir() else source.parent) / "host_vars"
    hidden = [folder / f"{host}{ending}" for ending in (".yml", ".yaml", ".json") if (folder / f"{host}{ending}").exists()]
    if hidden:
        raise typer.BadParameter(f"a folder host_vars/{host} would hide {hidden[0]}; move it to host_vars/{host}/main.yml first, or use --output FILE")
    return folder / host / "remediation.yml"


def _by_memory(services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(services, key=lambda service: (-(service.get("memory") or 0), service["name"]))


def _show(services: list[dict[str, Any]]) -> None:
    out = _render.console()
    rows = _render.table(out, "service", "state", "memory", "process")
    for service in _by_memory(services):
        memory = service.get("memory")
        size = f"{memory / 2**20:.1f} MiB" if memory else ""
        rows.add_row(service.get("service") or f"{service['manager']}/{service['name']}", str(service.get("active", "")), size, str(service.get("comm") or ""))
    out.print(rows)
