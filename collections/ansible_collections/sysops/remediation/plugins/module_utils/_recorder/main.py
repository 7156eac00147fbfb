# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder's command line, as short as its start has to be.

::

    python3 recorder.pyz CONFIG             record one sample of each service (systemd timer, cron)
    python3 recorder.pyz CONFIG SECONDS     do so every SECONDS for ever (supervisord)
    python3 recorder.pyz --compile DEST     write a copy that carries byte code for this Python: it starts in half the time

``CONFIG`` is JSON: ``{"services": [{"name", "manager", "scope", "server"}], "state_dir": "..."}``.
"""

from __future__ import annotations

import json
import sys
import time

USAGE = "usage: recorder.pyz CONFIG [SECONDS] | recorder.pyz --compile DEST"


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) not in (1, 2) or (arguments[0].startswith("-") and arguments[0] != "--compile"):
        return _complain(USAGE, 2)
    if arguments[0] == "--compile":
        return _compile(*arguments[1:])
    try:
        config = _read(arguments[0])
        every = _seconds(*arguments[1:])
    except (OSError, ValueError) as error:
        return _complain(str(error) if isinstance(error, OSError) else "%s: %s" % (arguments[0], error), 2)
    _save_memory(config["services"])
    if every is None:
        return _once(config)
    return _for_ever(config, every)


def _compile(destination=None):
    if destination is None:
        return _complain(USAGE, 2)
    from .compiled import write_compiled

    try:
        sys.stdout.write("written\n" if write_compiled(sys.argv[0], destination) else "unchanged\n")
    except OSError as error:
        return _complain(str(error), 2)
    return 0


def _seconds(text=None):
    if text is None:
        return None
    seconds = float(text)
    if not 1 <= seconds <= 86400:
        raise ValueError("SECONDS is %s: use 1 to 86400" % text)
    return seconds


def _read(path):
    with open(path) as source:
        config = json.load(source)
    if not isinstance(config, dict) or not isinstance(config.get("services"), list):
        raise ValueError("not the recorder's configuration: a JSON object with a list 'services' is needed")
    for number, service in enumerate(config["services"]):
        if not _is_service(service):
            raise ValueError("services[%d] is not a JSON object with the texts 'name' and, if need be, 'manager', 'scope' and 'server'" % number)
    return config


def _save_memory(services):
    """Keep http.client, which asks supervisord and Docker at their sockets, from loading what only https needs: a quarter of our memory."""
    if not any((service.get("server") or "").startswith("https:") for service in services):
        sys.modules["ssl"] = None


def _is_service(service):
    return (
        isinstance(service, dict)
        and isinstance(service.get("name"), str)
        and all(isinstance(service.get(key), (str, type(None))) for key in ("manager", "scope", "server"))
    )


def _once(config):
    from . import paths, record

    try:
        count, problems = record(config["services"], config.get("state_dir"))
    except (paths.StateError, ValueError) as error:
        return _complain(str(error), 1)
    for problem in problems:
        _complain(problem, 1)
    return 1 if problems and not count else 0


def _for_ever(config, every):
    due = time.monotonic()
    while True:
        _once(config)
        due = max(due + every, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def _complain(text, code):
    sys.stderr.write("sysops-remediation-recorder: %s\n" % text)
    return code
