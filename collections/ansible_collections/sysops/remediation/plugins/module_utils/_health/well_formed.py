# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a probe that could never be sent, found before anything is restarted. Values that may be secret are not shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_METHOD = re.compile(r"[A-Za-z]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def objection(probe):
    """Return what is wrong with a probe in a few words, None if nothing is."""
    for problem in (_of_names(probe), _of_page(probe), _of_texts(probe)):
        if problem:
            return problem
    return None


def _of_names(probe):
    url = str(probe.get("url") or "")
    for option, name in (("host", probe.get("host")), ("server_name", probe.get("server_name")), ("url", urlsplit(url).hostname if url else None)):
        try:
            usable = not name or (bool(str(name).encode("idna")) and not _CONTROL.search(str(name)))
        except UnicodeError:
            usable = False
        if not usable:
            return "%s: %s is no name of a host" % (option, ascii(name)[:80])
    return None if url.isascii() else "url: write characters beyond ASCII as %XX"


def _of_page(probe):
    if "method" in probe and not _METHOD.fullmatch(str(probe["method"])):
        return "method: %s is none" % ascii(probe["method"])[:40]
    for name, value in (probe.get("headers") or {}).items():
        if not _HEADER_NAME.fullmatch(str(name)):
            return "headers: %s is no name of a header" % ascii(name)[:40]
        if not isinstance(value, (str, int, float)) or _CONTROL.search(str(value)) or not _is_latin(str(value)):
            return "headers: the value of %s is no text that can be sent in one line" % name
    for status in probe.get("status") or []:
        if not 100 <= status <= 599:
            return "status: %d is not a number from 100 to 599" % status
    return None


def _of_texts(probe):
    for word in probe.get("argv") or []:
        if "\0" in str(word) or not _is_unicode(str(word)):
            return "argv: a word holds a character that no command can be given"
    for option in ("send", "expect"):
        if not _is_unicode(str(probe.get(option) or "")):
            return "%s: holds what is no character" % option
    return None


def _is_latin(text):
    try:
        return bool(text.encode("latin-1")) or not text
    except UnicodeError:
        return False


def _is_unicode(text):
    try:
        return bool(text.encode("utf-8")) or not text
    except UnicodeError:
        return False
