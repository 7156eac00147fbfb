# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a report: each whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import re
import tempfile
import typing as t

from .._plan import Data


class ReportError(Exception):
    """The report could not be written; the message is one line for people."""


def file_stem(incident: str) -> str:
    """Return the incident's id as a file name that cannot leave its directory."""
    return re.sub(r"[^A-Za-z0-9._@+-]", "_", incident).lstrip(".") or "incident"


def write_files(report_dir: str, run_id: str, files: dict[str, str], summary: Data, ending: t.Callable[[], dict[str, str]]) -> list[str]:
    """Write the files into the directory of the run and return their paths.

    :param ending: gives the files that tell of the others; called when the summary knows all paths.
    """
    folder = os.path.join(os.path.abspath(report_dir), file_stem(run_id))
    names = [*files, "summary.md", "summary.json"]
    for brief in summary["incidents"]:
        brief["report"] = os.path.join(folder, brief["report"])
    summary["paths"] = [os.path.join(folder, name) for name in names]
    try:
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o700)
        for name, text in {**files, **ending()}.items():
            write_whole(os.path.join(folder, name), text)
        for entry in os.scandir(folder):
            if entry.is_file(follow_symlinks=False):
                os.chmod(entry.path, 0o600)  # evidence that was fetched came with the mode of the umask
    except OSError as problem:
        summary["paths"] = []
        for brief in summary["incidents"]:
            brief["report"] = None
        raise ReportError(f"cannot write the report to {folder}: {problem.strerror}; set remediation_report_dir to a directory you may write to") from problem
    return summary["paths"]


def write_whole(path: str, text: str, durable: bool = False) -> None:
    """Write a file of mode 0600 so that a reader finds it complete or not at all.

    :param durable: also after a power cut; not for the hundreds of files of a mass event, where it would take minutes.
    """
    descriptor, beside = tempfile.mkstemp(prefix=".new-", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as target:
            target.write(text)
            target.flush()
            if durable:
                os.fsync(target.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
