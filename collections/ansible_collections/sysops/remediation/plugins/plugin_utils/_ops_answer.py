# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks that ask or tell the ledger have in common: whose ledger it is, who asks, and the shape of the answer.

``result`` is what programs get (``set_stats`` key ``remediation``), ``text`` what people read. An answer is never a failed task:
programs are told first, then the playbook fails if the status is not a good one.
"""

from __future__ import annotations

import socket
import typing as t

from ._ledger import Ledger, open_ledger

Data = dict[str, t.Any]

SCHEMA = 1
SUCCEEDED = "succeeded"
NOTHING_TO_DO = "nothing_to_do"
FAILED = "failed"
INVALID_INPUT = "invalid_input"
GOOD = (SUCCEEDED, NOTHING_TO_DO)


def ledger_of(url: str | None, variables: t.Mapping[str, t.Any], rehearse: bool = False, look: bool = False) -> Ledger:
    """Open the ledger in the name of whoever launched this run: in AWX that is not the user of the process. Options as of ``open_ledger``."""
    launched_by = variables.get("awx_user_name") or variables.get("tower_user_name")
    return open_ledger(url or None, rehearse=rehearse, look=look, actor=f"{launched_by}@{socket.gethostname()}" if launched_by else None)


def answer(status: str, message: str, text: str = "", changed: bool = False, **own: t.Any) -> Data:
    """Return the result of an action."""
    result = {"schema": SCHEMA, "status": status, "message": message, **own}
    return {"changed": changed, "good": status in GOOD, "msg": message, "text": text or message, "result": result}
