# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder as one file: a zipapp of the collection's own sampling code, the same bytes whenever and wherever it is built."""

from __future__ import annotations

import io
import os
import zipfile

PACKAGE = "sysops_recorder"
SHEBANG = b"#!/usr/bin/env python3\n"
ROOMS = ("_host_state", "_managers", "_recorder", "_sampling")
FILES = ("_kernel.py", "_run.py", "_services.py")
MAIN = "import sys\n\nfrom %s._recorder.main import main\n\nsys.exit(main())\n" % PACKAGE

_ALWAYS = (1980, 1, 1, 0, 0, 0)  # zip's oldest date: the bytes must not depend on when it was built


def build(module_utils):
    """Return the bytes of the zipapp.

    :param module_utils: path of the collection's ``plugins/module_utils``.
    """
    inside = {"__main__.py": MAIN, PACKAGE + "/__init__.py": ""}
    for path in sorted(_sources(module_utils)):
        with open(os.path.join(module_utils, path), encoding="utf-8") as source:
            inside["%s/%s" % (PACKAGE, path)] = source.read()
    archive = io.BytesIO(SHEBANG)
    archive.seek(len(SHEBANG))
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as app:
        for name, text in inside.items():
            app.writestr(zipfile.ZipInfo(name, _ALWAYS), text)
    return archive.getvalue()


def _sources(module_utils):
    yield from FILES
    for room in ROOMS:
        for name in os.listdir(os.path.join(module_utils, room)):
            if name.endswith(".py"):
                yield os.path.join(room, name)
