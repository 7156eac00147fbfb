# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which managers a host offers is told for each of them, with the reason."""

from __future__ import annotations

from ansible_collections.sysops.remediation.plugins.module_utils._managers import MANAGERS, survey


def nothing_answers(argv, timeout=None):
    return 1, "", "not found"


def test_every_manager_is_listed_with_its_reason(tmp_path):
    rows = survey(nothing_answers, root=str(tmp_path))
    assert [row["name"] for row in rows] == list(MANAGERS)
    assert not any(row["usable"] for row in rows)
    assert all(row["why"] for row in rows)


def test_systemd_is_seen_where_it_runs(tmp_path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    systemctl = tmp_path / "usr/bin/systemctl"
    systemctl.parent.mkdir(parents=True)
    systemctl.touch(mode=0o755)
    systemd = survey(nothing_answers, root=str(tmp_path))[0]
    assert systemd == {"name": "systemd", "usable": True, "why": "systemd runs as PID 1"}
