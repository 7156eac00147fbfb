# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_restart against a real supervisord: what it does, what it proves, what it tells."""

from __future__ import annotations

import os

import pytest
from ansible_collections.sysops.remediation.tests.unit.action_lab import Lab, gates, shut

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def test_a_restart_is_proven(lab):
    before = lab.incarnation()
    result = lab.call(expect=before, reason="leaks", incident="inc-1", diff=True)
    assert result["outcome"] == "succeeded", result
    assert result["changed"] and not result.get("failed") and not result["refused"]
    assert result["before"]["incarnation"] == before and result["after"]["incarnation"] == lab.incarnation() != before
    assert result["proof"]["proven"] and result["proof"]["probes"][0]["status"] == "healthy"
    assert [line["kind"] for line in lab.journal()] == ["intent", "outcome"]
    assert lab.journal()[0]["reason"] == "leaks" and lab.journal()[1]["outcome"] == "succeeded"
    assert len(lab.starts()) == 2 and lab.helpers() == []
    assert before in result["diff"]["before"] and result["after"]["incarnation"] in result["diff"]["after"]
