# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs that several modules share; each pairs with the part of ``doc_fragments/service.py`` that documents it."""

from __future__ import annotations

from urllib.parse import unquote

from ._managers import MANAGERS
from ._redact import redact, redact_data


def service_spec():
    """Return the options that name one service: ``name``, ``manager``, ``scope``, ``server``."""
    return {
        "name": {"type": "str", "required": True},
        "manager": {"type": "str", "choices": ["auto", *MANAGERS], "default": "auto"},
        "scope": {"type": "str", "choices": ["system", "user"], "default": "system"},
        "server": {"type": "str"},
    }


def state_dir_spec():
    """Return the option ``state_dir``; without it ``_host_state.paths.state_directory`` chooses."""
    return {"state_dir": {"type": "path"}}


def quiet(kind, secrets=lambda params: ()):
    """Return AnsibleModule, made to keep secrets to itself: nothing in the host's syslog, no password in the invocation that it returns.

    ``no_log`` on an option would hide its value wherever it occurs in the result: a server called "mail" would make every "mail" unreadable.

    :param secrets: what of the parameters must not even be shown elsewhere in the result. They may not have been checked yet.
    """

    class Quiet(kind):
        def __init__(self, **options):
            super().__init__(supports_check_mode=True, no_log=True, **options)

        def exit_json(self, **facts):
            super().exit_json(**self._without_secrets(facts))

        def fail_json(self, msg, **facts):
            super().fail_json(redact(msg), **self._without_secrets(facts))

        def _without_secrets(self, facts):
            self.no_log_values.update(secrets(self.params))
            shown = {name: value for name, value in self.params.items() if name != "series"}  # megabytes that its caller knows
            return dict(facts, invocation={"module_args": redact_data(shown)})

    return Quiet


def passwords(url):
    """Return the password of ``http://user:password@host`` as it is written and as it is meant."""
    address = (url or "").partition("://")[2]  # not urlsplit: what is no URL may hold a password all the same
    found = {user.partition(":")[2] for user in (address.partition("@")[0] if "@" in address else "", address.rpartition("@")[0])}
    return {one for password in found if password for one in (password, unquote(password))}
