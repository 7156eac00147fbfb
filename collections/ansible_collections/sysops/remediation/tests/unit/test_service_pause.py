# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_pause: plain, check, diff, twice; and that service_restart obeys."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.modules import service_pause
from ansible_collections.sysops.remediation.tests.unit.action_lab import Lab, shut


def apply(folder, check=False, **more):
    params = {"name": None, "manager": "auto", "scope": "system", "server": None, "state": "paused", "duration": None, "reason": ""}
    params.update(more, state_dir=str(folder / "state"))
    return service_pause.apply(params, check)


def test_the_host_is_paused_until_it_is_resumed(tmp_path):
    result = apply(tmp_path, reason="disk")
    assert result["changed"] and result["msg"] == "host: paused until it is resumed (disk)"
    assert result["pauses"][0]["reason"] == "disk"
    assert result["diff"] == {"before": "not paused\n", "after": "paused until it is resumed (disk)\n"}


def test_the_same_pause_again_changes_nothing(tmp_path):
    apply(tmp_path, reason="disk")
    again = apply(tmp_path, reason="disk")
    assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]


def test_a_pause_with_an_end_is_counted_from_now(tmp_path):
    apply(tmp_path, reason="disk")
    result = apply(tmp_path, duration="2h", reason="disk")
    assert result["changed"] and result["msg"] == "host: paused for 2 h (disk)"
    assert apply(tmp_path, duration="2h", reason="disk")["changed"]


def test_check_mode_predicts_and_writes_nothing(tmp_path):
    result = apply(tmp_path, check=True)
    assert result["changed"] and result["pauses"] == [] and not (tmp_path / "state").exists()


def test_resuming_is_a_change_only_if_there_was_a_pause(tmp_path):
    apply(tmp_path)
    assert apply(tmp_path, check=True, state="resumed")["changed"]
    assert apply(tmp_path, state="resumed")["changed"]
    assert apply(tmp_path, state="resumed") == {
        "changed": False,
        "subject": "host",
        "pauses": [],
        "msg": "host: not paused",
        "diff": {"before": "not paused\n", "after": "not paused\n"},
    }


def test_a_mistake_is_named(tmp_path):
    with pytest.raises(ValueError, match="duration: 'soon' is not a duration"):
        apply(tmp_path, duration="soon")
    with pytest.raises(ValueError, match="duration: '1e300' is longer than ten years"):
        apply(tmp_path, duration="1e300")
    for never in ("0", "2000d"):
        with pytest.raises(ValueError, match="duration: '%s' is not more than 0 and at most a year" % never):
            apply(tmp_path, duration=never)


@pytest.mark.slow
def test_a_paused_service_is_left_alone_and_a_resumed_one_is_not(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        service = {"name": "mail", "manager": "supervisord", "server": "unix://%s" % lab.socket}
        apply(lab.folder, **service, duration="1h", reason="migration")
        result = lab.call()
        assert shut(result) == ["pause"] and "(migration)" in result["msg"]
        apply(lab.folder, **service, state="resumed")
        assert lab.call()["outcome"] == "succeeded"
    finally:
        lab.stop()
