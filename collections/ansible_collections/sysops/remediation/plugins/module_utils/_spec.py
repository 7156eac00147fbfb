# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs that several modules share; each pairs with the part of ``doc_fragments/service.py`` that documents it."""

from __future__ import annotations

from urllib.parse import unquote

from ._managers import MANAGERS


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


def hide_passwords(module, servers):
    """Keep the password of ``http://user:password@host`` out of whatever the module returns, its invocation included."""
    for server in servers:
        address = (server or "").partition("://")[2]  # not urlsplit: what is no URL may hold a password all the same
        for user in (address.partition("@")[0] if "@" in address else "", address.rpartition("@")[0]):
            password = user.partition(":")[2]
            module.no_log_values.update({password, unquote(password)} if password else ())
