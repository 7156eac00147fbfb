# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that cannot be bent, permits that only rise, pauses that last."""

from __future__ import annotations

import json

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._host_state import paths, pause
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.clock import Clock, elapsed, is_stamp
from ansible_collections.sysops.remediation.plugins.module_utils._host_state.permit import PermitMemory
from hypothesis import given
from hypothesis import strategies as st

SERVICE = "systemd/postfix.service"
seconds = st.floats(min_value=0, max_value=1e9, allow_nan=False)
jumps = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def stamp(monotonic, epoch=1_800_000_000.0, boot="boot-1"):
    return {"boot_id": boot, "monotonic": monotonic, "epoch": epoch}


@given(begun=seconds, passed=seconds, jump=jumps)
def test_within_one_boot_a_clock_jump_changes_nothing(begun, passed, jump):
    then, now = stamp(begun), stamp(begun + passed, 1_800_000_000.0 + passed + jump)
    assert elapsed(then, now) == pytest.approx(passed, abs=1e-3)


@given(uptime=seconds, jump=jumps)
def test_across_a_reboot_no_less_than_the_uptime_has_passed(uptime, jump):
    then, now = stamp(5e5, boot="boot-1"), stamp(uptime, 1_800_000_000.0 + jump, boot="boot-2")
    assert elapsed(then, now) >= uptime


def test_across_a_reboot_the_wall_clock_tells():
    assert elapsed(stamp(9e5, epoch=1000.0), stamp(40.0, epoch=1600.0, boot="boot-2")) == 600.0


def test_an_unknown_boot_is_never_taken_for_the_same_boot():
    assert elapsed(stamp(10.0, epoch=1000.0, boot=""), stamp(5000.0, epoch=1020.0, boot="")) == 20.0


def test_the_hosts_clock_gives_stamps_that_can_be_compared():
    clock = Clock()
    then, now = clock.stamp(), clock.stamp()
    assert is_stamp(then) and 0 <= elapsed(then, now) < 60


class TestPermits:
    def permit(self, token, name="p1", valid_for=60.0, issued_at=None):
        return {"id": name, "token": token, "valid_for": valid_for, "issued_at": issued_at}

    def memory(self, folder):
        paths.ensure_directory(str(folder / "s"))
        return PermitMemory(str(folder / "s"), SERVICE)

    def test_the_first_permit_is_accepted_and_remembered(self, tmp_path):
        memory = self.memory(tmp_path)
        assert memory.objection(self.permit(7), stamp(0)) is None
        memory.remember(self.permit(7), stamp(0))
        assert memory.objection(self.permit(7), stamp(1)) is None

    def test_a_lower_token_is_turned_away_for_ever(self, tmp_path):
        memory = self.memory(tmp_path)
        memory.remember(self.permit(8, "later"), stamp(0))
        memory.remember(self.permit(3, "earlier"), stamp(1))
        assert memory.objection(self.permit(7, "earlier"), stamp(2))[0] == "superseded"
        assert self.memory(tmp_path).objection(self.permit(8, "later"), stamp(3)) is None

    def test_the_same_token_with_another_permit_is_turned_away(self, tmp_path):
        memory = self.memory(tmp_path)
        memory.remember(self.permit(8, "mine"), stamp(0))
        assert memory.objection(self.permit(8, "forged"), stamp(1))[0] == "superseded"

    def test_a_permit_expires_by_its_date(self, tmp_path):
        late = self.permit(1, issued_at=1_800_000_000.0 - 61)
        assert self.memory(tmp_path).objection(late, stamp(0))[0] == "expired"

    def test_a_permit_from_the_future_says_that_the_clocks_differ(self, tmp_path):
        early = self.permit(1, issued_at=1_800_000_000.0 + 3600)
        assert self.memory(tmp_path).objection(early, stamp(0)) == (
            "clock",
            "permit was issued 3600 s in the future: the clocks of this host and of the ledger differ",
        )

    @given(jump=jumps)
    def test_setting_the_clock_back_does_not_stretch_a_permit(self, tmp_path_factory, jump):
        memory = self.memory(tmp_path_factory.mktemp("p"))
        memory.remember(self.permit(1), stamp(0))
        assert memory.objection(self.permit(1), stamp(61, 1_800_000_000.0 + jump))[0] == "expired"

    def test_a_damaged_memory_is_not_taken_for_an_empty_one(self, tmp_path):
        memory = self.memory(tmp_path)
        memory.remember(self.permit(8), stamp(0))
        with open(memory.path, "w") as file:
            file.write('{"v": 1, "token": "eight"}')
        with pytest.raises(paths.StateError, match="damaged"):
            memory.objection(self.permit(9), stamp(1))


class TestPauses:
    def test_nothing_is_paused_at_first(self, tmp_path):
        assert pause.current(str(tmp_path / "none"), SERVICE, stamp(0)) == []

    def test_a_pause_ends_by_itself(self, tmp_path):
        state = str(tmp_path / "s")
        pause.pause(state, SERVICE, stamp(100), seconds=3600, reason="migration", by="kim")
        (found,) = pause.current(state, SERVICE, stamp(1000, 1_800_000_900.0))
        assert (found["reason"], found["by"], found["until"]) == ("migration", "kim", 1_800_003_600.0)
        assert pause.current(state, SERVICE, stamp(3701)) == []

    @given(jump=jumps)
    def test_a_clock_jump_neither_ends_nor_extends_a_pause(self, tmp_path_factory, jump):
        state = str(tmp_path_factory.mktemp("p") / "s")
        pause.pause(state, SERVICE, stamp(100), seconds=3600)
        assert pause.current(state, SERVICE, stamp(3699, 1_800_000_000.0 + jump))
        assert not pause.current(state, SERVICE, stamp(3701, 1_800_000_000.0 + jump))

    def test_the_hosts_pause_binds_every_service(self, tmp_path):
        state = str(tmp_path / "s")
        pause.pause(state, pause.HOST, stamp(0), reason="night work")
        assert [one["subject"] for one in pause.current(state, SERVICE, stamp(1e8))] == ["host"]

    def test_another_services_pause_binds_only_that_one(self, tmp_path):
        state = str(tmp_path / "s")
        pause.pause(state, "systemd/dovecot.service", stamp(0))
        assert pause.current(state, SERVICE, stamp(1)) == []

    def test_resuming_ends_it_and_tells_whether_there_was_one(self, tmp_path):
        state = str(tmp_path / "s")
        pause.pause(state, SERVICE, stamp(0))
        assert pause.resume(state, SERVICE) is True
        assert pause.resume(state, SERVICE) is False
        assert pause.current(state, SERVICE, stamp(1)) == []

    def test_an_empty_file_made_by_touch_pauses_until_it_is_removed(self, tmp_path):
        (tmp_path / "pauses").mkdir()
        (tmp_path / "pauses" / "host.json").touch()
        (found,) = pause.current(str(tmp_path), SERVICE, stamp(1))
        assert found["until"] is None and found["path"].endswith("pauses/host.json")

    @pytest.mark.parametrize("content", ["{", "[]", '{"v": 2}', json.dumps({"v": 1, "seconds": 5, "since": "noon"})])
    def test_a_pause_that_cannot_be_understood_is_a_pause(self, tmp_path, content):
        (tmp_path / "pauses").mkdir()
        (tmp_path / "pauses" / "host.json").write_text(content)
        (found,) = pause.current(str(tmp_path), SERVICE, stamp(1))
        assert "cannot be understood" in found["reason"]
