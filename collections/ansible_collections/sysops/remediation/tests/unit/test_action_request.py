# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What callers may ask for; every mistake gets one line that names the value and the remedy."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._action import request
from ansible_collections.sysops.remediation.tests.unit.action_fakes import params


def test_durations_and_sizes_are_read_as_people_write_them():
    scale = {"step": "256MiB", "memory_max": "2GiB", "persist": True}
    asked = request.from_params(params(cooldown="1h30m", within="2d", scale=scale, permit={"id": "p", "token": 3, "valid_for": "5m"}))
    assert (asked.cooldown, asked.within) == (5400.0, 172800.0)
    assert (asked.scale.share, asked.scale.size, asked.scale.memory_max, asked.scale.persist) == (None, 256 << 20, 2 << 30, True)
    assert asked.permit == {"id": "p", "token": 3, "valid_for": 300.0, "issued_at": None}


def test_numbers_are_seconds():
    assert request.from_params(params(cooldown=90, timeout=5)).cooldown == 90.0


def test_an_empty_pin_is_no_pin():
    assert request.from_params(params(expect="")).expect is None


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"name": "  "}, "name is empty"),
        ({"cooldown": "soon"}, "cooldown: 'soon' is not a duration"),
        ({"cooldown": "-5"}, "cooldown: '-5' is negative"),
        ({"timeout": 0}, "timeout: must be more than 0 seconds"),
        ({"max_attempts": 0}, "max_attempts: 0 is not a number from 1 to 500"),
        ({"max_attempts": 501}, "max_attempts: 501 is not a number from 1 to 500"),
        ({"max_dependents": -1}, "max_dependents: -1 is not a number"),
        ({"scale": {"step": "150%"}}, "scale.step: '150%' is not a share from 1% to 100%"),
        ({"scale": {"step": "lots"}}, "scale.step: 'lots' is not a size"),
        ({"scale": {"step": "0"}}, "scale.step: must be more than 0 bytes"),
        ({"scale": {"memory_max": "2XB"}}, "scale.memory_max: '2XB' is not a size"),
        ({"verify": {"verify_for": "3m", "deadline": "2m"}}, "verify: the deadline of 2 min is too short"),
        ({"verify": {"verify_for": "0", "passes": 100, "interval": "2s", "deadline": "2m"}}, "100 passes every 2 s take at least 3 min 18 s"),
        ({"verify": {"passes": 0}}, "passes: 0 is not a number"),
        ({"verify": {"interval": "0"}}, "interval: must be more than 0 seconds"),
        ({"permit": {"id": "p", "token": -1, "valid_for": "5m"}}, "token -1 is negative"),
        ({"permit": {"id": "", "token": 1, "valid_for": "5m"}}, "permit: needs id, token and valid_for"),
        ({"cooldown": "1e300"}, "cooldown: '1e300' is longer than ten years"),
        ({"stand_down": "99999999999d"}, "stand_down: '99999999999d' is longer than ten years"),
        ({"timeout": "1e300"}, "timeout: '1e300' is longer than ten years"),
        ({"permit": {"id": "p", "token": 1, "valid_for": "5m", "issued_at": 1e308}}, "permit: issued_at is no time"),
        ({"health": [{"type": "tcp"}]}, "health probe tcp needs 'port'"),
        ({"health": [{"type": "tcp", "port": 25, "timeout": "long"}]}, "timeout: 'long' is not a duration"),
    ],
)
def test_a_mistake_gets_one_clear_line(wrong, said):
    with pytest.raises(ValueError) as error:
        request.from_params(params(**wrong))
    assert said in str(error.value) and "\n" not in str(error.value)
