# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the zipapp with byte code beside each source: zipimport takes it when it fits the running Python, else the source."""

from __future__ import annotations

import importlib.util
import marshal
import os
import zipfile

_UNCHECKED_HASH = 0b01  # PEP 552: the byte code belongs to the source in the same archive, so nothing needs comparing


def write_compiled(source, destination):
    """Write ``destination`` from the zipapp ``source``; readers find the old file or the new one."""
    beside = destination + ".new"
    with zipfile.ZipFile(source) as original, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as copy:
        for name in original.namelist():
            text = original.read(name)
            copy.writestr(name, text)
            if name.endswith(".py"):
                copy.writestr(name + "c", _byte_code(name, text))
    os.chmod(beside, 0o755)
    os.replace(beside, destination)


def _byte_code(name, text):
    flags = _UNCHECKED_HASH.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(text) + marshal.dumps(compile(text, name, "exec"))
