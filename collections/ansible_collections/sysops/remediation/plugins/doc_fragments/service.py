# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that name one service; their argument spec is ``module_utils/_spec.py``."""

from __future__ import annotations


class ModuleDocFragment:
    # extends_documentation_fragment: sysops.remediation.service
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the service as its manager knows it, for example V(postfix.service), V(web:web-0) or V(imap).
      - For systemd the suffix C(.service) may be left out.
    type: str
    required: true
  manager:
    description:
      - The service manager that owns the service.
      - V(auto) decides from facts of the host and says why in its result.
    type: str
    choices: [auto, systemd, supervisord, docker, podman, sysv]
    default: auto
  scope:
    description:
      - V(system) for services of the host, V(user) for systemd units of the user that the task runs as.
    type: str
    choices: [system, user]
    default: system
  server:
    description:
      - Where the manager listens, if it is not the usual place.
      - For supervisord the RPC socket or URL (C(unix:///run/supervisor.sock), C(http://127.0.0.1:9001)), for Docker and Podman the path of the engine's socket.
      - Where supervisord wants a user name and a password, give the path of its C(supervisord.conf) instead. They are read from there on the host.
    type: str
"""

    # extends_documentation_fragment: sysops.remediation.service.state_dir
    STATE_DIR = r"""
options:
  state_dir:
    description:
      - Directory on the managed host that holds history, attempts and locks.
      - The default follows from the user that the service manager runs as, never from who calls. For root it is C(/var/lib/sysops-remediation), for
        the supervisord or container engine of another user C(.local/state/sysops-remediation) in the home of that user, and for C(scope=user)
        C(sysops-remediation) below C($XDG_STATE_HOME) (C(~/.local/state)). Whoever may not write there is refused; root works as that user.
      - If you set it, set the same for everybody who may act on the host.
    type: path
"""
