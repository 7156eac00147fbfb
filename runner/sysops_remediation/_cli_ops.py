# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the person at the terminal before a plan is carried out in that person's name."""

from __future__ import annotations

import sys

import typer

from . import _cli_run, _render, _render_ops
from ._cli_options import Options
from .models_ops import StatusResult


def confirm(options: Options, plan_id: str, approver: str) -> None:
    """Show the plan and ask. Of a plan that waits no more there is nothing to show: the playbook says why it cannot be approved."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here, because standard input is no terminal; say --yes if you mean it", param_hint="--yes")
    found = _cli_run.watch(options, lambda remediator: remediator.start_status())
    if not isinstance(found, StatusResult) or not any(one.plan_id == plan_id for one in found.plans):
        return
    err = _render.console(stderr=True)
    for plan in (one for one in found.plans if one.plan_id == plan_id):
        _render_ops.show_plan(err, plan, found.at)
    if not typer.confirm(f"Do this now, in the name of {approver}?", err=True):
        raise typer.Abort
