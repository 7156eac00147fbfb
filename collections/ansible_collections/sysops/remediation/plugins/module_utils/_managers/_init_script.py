# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the text of an init script tells: its LSB header, its actions, its PID file and its program (pure)."""

from __future__ import annotations

import os
import re

_HEADER = re.compile(r"^### BEGIN INIT INFO$(.*?)^### END INIT INFO$", re.MULTILINE | re.DOTALL)
_ASSIGNMENT = re.compile(r"^\s*(?:readonly\s+|export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;#\"']*)\s*(?:#.*)?$", re.MULTILINE)
_PATTERN = re.compile(r"^\s*(?:case .* in\s+)?\(?([\w\"'-]+(?:\s*\|\s*[\w\"'-]+)*)\)", re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_CHKCONFIG_PIDFILE = re.compile(r"^#\s*pidfile:\s*(/\S+)", re.MULTILINE | re.IGNORECASE)


def header(text):
    """Return the LSB header as {keyword: text} (``provides``, ``required-start`` ...), {} when there is none."""
    match = _HEADER.search(text)
    lines = re.findall(r"^#\s*([A-Za-z-]+):[ \t]*(.*)$", match.group(1), re.MULTILINE) if match else []
    return {keyword.lower(): value.strip() for keyword, value in lines}


def has_status(text):
    """Tell whether it knows the action ``status``."""
    return bool(_actions(text, "status")) or "/lib/init/init-d-script" in text  # Debian's interpreter brings it along


def can_reload(text):
    """Tell whether ``reload`` is an action of its own: in ``restart|reload)`` it is a restart, in ``start|stop|restart|reload)`` it is passed on."""
    return any("restart" not in alternatives or "stop" in alternatives for alternatives in _actions(text, "reload"))


def _actions(text, action):
    """Return the alternatives of each ``case`` pattern that has the action: ``reload|force-reload)``."""
    patterns = [re.split(r"\s*\|\s*", match) for match in _PATTERN.findall(text)]
    cleaned = [[one.strip("\"'") for one in alternatives] for alternatives in patterns]
    return [alternatives for alternatives in cleaned if action in alternatives]


def pid_files(text, name):
    """Return the paths where the PID may be, the script's own word first."""
    variables = _variables(text)
    told = [_CHKCONFIG_PIDFILE.search(text)]
    found = [match.group(1) for match in told if match]
    found += [path for key, path in variables.items() if re.fullmatch(r"_?(PID_?FILE|PIDF|PID_PATH)", key, re.IGNORECASE) and path.startswith("/")]
    for stem in (name, os.path.basename(program(text) or name)):
        found += ["/run/%s.pid" % stem, "/var/run/%s.pid" % stem, "/run/%s/%s.pid" % (stem, stem), "/var/run/%s/%s.pid" % (stem, stem)]
    return list(dict.fromkeys(found))


def program(text):
    """Return the path of the daemon, or None."""
    variables = _variables(text)
    return next((variables[key] for key in ("DAEMON", "EXEC", "PROG", "prog", "exec") if variables.get(key, "").startswith("/")), None)


def _variables(text):
    """Return the simple assignments, with variables in them replaced as far as they are known; the first one counts."""
    known = {}
    for key, value in _ASSIGNMENT.findall(text):
        value = value.strip("\"'")
        value = _VARIABLE.sub(lambda match: known.get(match.group(1) or match.group(2), match.group(0)), value)
        if "$" not in value and "`" not in value:
            known.setdefault(key, value)
    return known
