# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: what a service looked like before anything was touched, in one bounded, redacted file on its host."""

from __future__ import annotations

import json
import os
import re
import time

from .. import _managers, _run
from .._host_state.paths import StateError, ensure_directory, file_name, record_directory
from .._redact import redact_data
from .._units import human_size, parse_duration, parse_size, read_option
from . import _gather, _store
from ._parts import PARTS, Subject
from ._store import EvidenceError

SCHEMA = 1
_INCIDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}")


def collect_evidence(params, check=False, run=_run.run, root="/"):
    """Collect and keep the evidence of one service; return ``{msg, evidence}``.

    :param params: the parameters of module ``incident_evidence``.
    :param check: find the service and say where the bundle would go, write nothing.
    :raises EvidenceError: nothing could be kept. ManagerError: there is no such service. ValueError: an option makes no sense.
    """
    limits = _limits(params)
    manager, reason = _managers.resolve(params, _gather.hurried(run), root)
    state = manager.inspect(params["name"])
    folder = _folder(manager, params["state_dir"])
    evidence = {"service": state.key, "incident": params["incident"], "path": folder, "sha256": None, "size": None, "fetched_to": None}
    if check:
        return {"msg": "would keep the evidence of %s in %s" % (state.key, folder), "evidence": dict(evidence, parts=[], dropped=[])}
    _ready(folder)  # before the work, so that a full or read-only disk does not cost the service anything
    now = time.time()
    subject = Subject(manager, state, root, run, params["log_lines"], limits["smaps_max_rss"])
    parts = _gather.gather(PARTS, subject, limits["deadline"], limits["max_size"])
    described = [part.described() for part in parts]
    index = _index(params, state, reason, now, described)
    files = [("index.json", json.dumps(redact_data(index), indent=2, sort_keys=True).encode())] + [(part.file, part.content) for part in parts if part.file]
    path = os.path.join(folder, _bundle_name(now, params["incident"], state.name))
    size, sha256 = _store.write(path, files, now)
    dropped = _store.drop_oldest(folder, os.path.basename(path), params["keep"], limits["keep_size"])
    evidence.update(path=path, size=size, sha256=sha256, parts=described, dropped=dropped)
    kept = sum(1 for part in parts if part.file)
    return {"msg": "evidence of %s: %d of %d parts, %s, %s" % (state.key, kept, len(parts), human_size(size), path), "evidence": evidence}


def _limits(params):
    if not _INCIDENT.fullmatch(params["incident"]):
        raise ValueError("incident: '%s' cannot be part of a file name: use letters, digits and . _ : @ + - (at most 128)" % params["incident"])
    for name in ("keep", "log_lines"):
        if params[name] < 1:
            raise ValueError("%s: %d is too small: give 1 or more" % (name, params[name]))
    kinds = {"deadline": parse_duration, "max_size": parse_size, "keep_size": parse_size, "smaps_max_rss": parse_size}
    limits = {name: read_option(parse, params, name) for name, parse in kinds.items()}
    for name, value in limits.items():
        if value <= 0 and name != "smaps_max_rss":
            raise ValueError("%s: %s leaves no room for any evidence: give more than 0" % (name, params[name]))
    return limits


def _folder(manager, state_dir):
    try:
        return os.path.join(record_directory(manager.scope, manager.owner(), state_dir), "evidence")
    except StateError as problem:
        raise EvidenceError("%s: no evidence was kept" % problem) from problem


def _ready(folder):
    try:
        ensure_directory(os.path.dirname(folder), mode=0o755)
        ensure_directory(folder)
    except StateError as problem:
        raise EvidenceError("%s: no evidence was kept" % problem) from problem


def _bundle_name(now, incident, service):
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + ".%06dZ" % (now % 1 * 1000000)
    return file_name("%s-%s-%s" % (stamp, incident, service), _store.SUFFIX)


def _index(params, state, reason, now, parts):
    return {
        "schema": SCHEMA,
        "incident": params["incident"],
        "service": state.key,
        "manager_reason": reason,
        "collected_at": now,
        "incarnation": state.incarnation.as_dict() if state.incarnation else state.last_incarnation,
        "parts": parts,
    }
