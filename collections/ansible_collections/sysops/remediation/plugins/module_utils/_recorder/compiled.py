# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the zipapp with byte code beside each source: zipimport takes it when it fits the running Python, else the source."""

from __future__ import annotations

import importlib.util
import marshal
import os
import zipfile

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552: the byte code belongs to the source in the same archive, so nothing needs comparing


def write_compiled(source, destination):
    """Write ``destination`` from the zipapp ``source``; return False if it is there already, made from this source for this Python."""
    with zipfile.ZipFile(source) as original:
        sources = {name: original.read(name) for name in original.namelist()}
    if _fits(destination, sources):
        return False
    beside = destination + ".new"
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as copy:
        for name, text in sources.items():
            copy.writestr(name, text)
            copy.writestr(name + "c", _header(text) + marshal.dumps(compile(text, name, "exec")))
    os.chmod(beside, 0o755)
    os.replace(beside, destination)  # a recorder that starts now finds the old file or the new one
    return True


def _fits(path, sources):
    try:
        with zipfile.ZipFile(path) as copy:
            return len(copy.namelist()) == 2 * len(sources) and all(
                copy.read(name) == text and copy.read(name + "c").startswith(_header(text)) for name, text in sources.items()
            )
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


def _header(text):
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(text)
