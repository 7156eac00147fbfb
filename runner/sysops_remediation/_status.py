# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one run ended, in one word, with the exit code of the command ``remediate``."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """The end of one run of the wrapper. How an incident ended is another word: its ``outcome``."""

    SUCCEEDED = "succeeded"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    NO_HOSTS = "no_hosts"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    HANDLER_ERROR = "handler_error"
    INVALID_INPUT = "invalid_input"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self]

    @property
    def good(self) -> bool:
        """True when nobody has to be woken."""
        return self in (RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO)


# One code for each word and one word for each code. 2, 4, 124 and 130 are what click, ansible, timeout(1) and shells use for the same thing.
EXIT_CODES: dict[RunStatus, int] = {
    RunStatus.SUCCEEDED: 0,
    RunStatus.FAILED: 1,
    RunStatus.INVALID_INPUT: 2,
    RunStatus.NOTHING_TO_DO: 3,
    RunStatus.UNREACHABLE: 4,
    RunStatus.REFUSED: 5,
    RunStatus.NO_HOSTS: 6,
    RunStatus.HANDLER_ERROR: 7,
    RunStatus.TIMED_OUT: 124,
    RunStatus.CANCELED: 130,
}
