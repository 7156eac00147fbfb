# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses: "hands off this service, or this host, until …". They survive reboots and bind every caller of this host.

One file per pause below ``pauses/``: ``host.json`` or the name of the service. An empty file pauses until somebody removes it, so that
``touch /var/lib/sysops-remediation/pauses/host.json`` works at 2 AM.
"""

from __future__ import annotations

import json
import os

from . import paths
from .clock import elapsed, is_stamp

VERSION = 1
HOST = "host"  # instead of a service key, which always has a slash in it


def pause(directory, subject, now, seconds=None, reason="", by=""):
    """Pause a service key or ``HOST``, for some seconds or until it is resumed."""
    paths.ensure_directory(directory, 0o755)
    paths.ensure_directory(os.path.join(directory, "pauses"), 0o755)
    record = {"v": VERSION, "subject": subject, "since": now, "seconds": seconds, "reason": reason, "by": by}
    paths.replace_file(_path(directory, subject), json.dumps(record, sort_keys=True).encode() + b"\n", mode=0o644)


def resume(directory, subject):
    """Remove a pause; return False if there was none."""
    try:
        os.unlink(_path(directory, subject))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise paths.StateError("cannot remove %s: %s" % (_path(directory, subject), error.strerror)) from error
    paths.sync_directory(os.path.join(directory, "pauses"))
    return True


def current(directory, service, now):
    """Return the pauses that bind a service now: ``[{subject, reason, by, until, path}]``, ``until`` in epoch seconds or None.

    A pause of the host binds all of its users, also those whose services are guarded in a directory of their own.
    """
    found = [own(directory, HOST, now), own(directory, service, now) if service != HOST else None]
    if directory != paths.DEFAULT:
        found.append(own(paths.DEFAULT, HOST, now))
    return [one for one in found if one]


def own(directory, subject, now):
    """Return the pause of this subject in this directory, None if there is none."""
    return _read(_path(directory, subject), subject, now)


def _path(directory, subject):
    return os.path.join(directory, "pauses", paths.file_name(subject, ".json"))


def _read(path, subject, now):
    """Return the pause of one file, None if there is none or it is over. What cannot be understood pauses: somebody meant something."""
    try:
        content = paths.read_file(path)
    except paths.StateError as error:
        return _unreadable(path, subject, str(error))
    if content is None:
        return None
    if not content.strip():
        return {"subject": subject, "reason": "", "by": "", "until": None, "path": path}
    try:
        record = json.loads(content)
        seconds, since = record["seconds"], record["since"]
        sound = record["v"] == VERSION and is_stamp(since) and (seconds is None or seconds >= 0)
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        return _unreadable(path, subject, "the pause file %s cannot be understood" % path)
    left = None if seconds is None else seconds - elapsed(since, now)
    if left is not None and left <= 0:
        return None
    until = None if left is None else now["epoch"] + left
    return {"subject": subject, "reason": record.get("reason", ""), "by": record.get("by", ""), "until": until, "path": path}


def _unreadable(path, subject, why):
    return {"subject": subject, "reason": why, "by": "", "until": None, "path": path}
