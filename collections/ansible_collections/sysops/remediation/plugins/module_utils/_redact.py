# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take secrets out of texts: the one function for evidence, reports, notifications and error messages.

It hides too much rather than too little: where the end of a secret is uncertain, the rest of the word or of the line goes.
Every pattern is linear in the length of the text, because log lines of any length come through here.
"""

from __future__ import annotations

import functools
import re

HIDDEN = "***"

_SECRET_NAME = re.compile(
    r"passw(?:or)?d|passphrase|passcode|pass$|pwd|(?:^|[-_.])pw$|secret|token|credential|(?:^|[-_.])auth(?:orization)?$|cookie"
    r"|(?:api|access|private|encryption|signing|shared|account|auth)[-_.]?key",
    re.IGNORECASE,
)
# "password_file" names a place, not a secret; the working directory is no password either.
_HARMLESS_NAME = re.compile(r"[-_.]?(?:file|path|dir)$|^(?:OLD)?PWD$", re.IGNORECASE)

# A value: quoted, quoted with escaped quotes (JSON in JSON), quoted without an end (rest of the line), or one word.
_VALUE = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"[^\s,;)\]}]*|'(?:[^'\\\n]|\\.)*'[^\s,;)\]}]*|\\+[\"'].*?\\+[\"']|\\*[\"'].*|\S+")
_QUOTE = re.compile(r"(?:\\*[\"'])?")
# What introduces a value. name=value, name: value, "name": "value", --name=value ...
_ASSIGNMENT = re.compile(r"(?<![\w.-])([\w.-]+)\\*[\"']?[ \t]{0,8}(?::=|=>|[=:])[ \t]{0,8}")
# ... and --name value; a secret may begin with a dash, so the next word goes whatever it is.
_OPTION = re.compile(r"(?<![\w.-])(--?[\w.-]+)[ \t]+")
# What follows these goes up to the end of the line: schemes, several parameters and quotes may be in it.
_HEADER = re.compile(r"((?:authorization|x-api-key|x-auth-token|cookie)\\*[\"']?[ \t]{0,8}[=:]).*", re.IGNORECASE)
_BEARER = re.compile(r"(?<![\w-])(bearer|basic)([ \t]+)[\w.~+/=-]{6,}", re.IGNORECASE)
_SQL = re.compile(r"(?<!\w)(identified by|password)([ \t]+)('[^'\n]*'?|\"[^\"\n]*\"?)", re.IGNORECASE)
_REDIS_CONF = re.compile(r"(?<!\w)(requirepass|masterauth)([ \t]+)\S+", re.IGNORECASE)
_URL = re.compile(r"://[^\s\"<>]+")
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_PORT_AND_PATH = re.compile(r"\d{1,5}[/?#]")
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"
    r"|sk-[\w-]{20,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
# Programs that take a password in a short option.
_TOOLS = (
    (re.compile(r"(?<![\w-])(?:mysql\w*|mariadb[\w-]*|sshpass)(?=\s)"), re.compile(r"(?<=\s)(-p ?)\S+")),
    (re.compile(r"(?<![\w-])redis-cli(?=\s)"), re.compile(r"(?<=\s)(-a ?)\S+")),
    (re.compile(r"(?<![\w-])ldap\w+(?=\s)"), re.compile(r"(?<=\s)(-w ?)\S+")),
    (re.compile(r"(?<![\w-])(?:curl|smbclient)(?=\s)"), re.compile(r"(?<=\s)(-[uU] ?|--(?:proxy-)?user[= ])\S+")),
)
_KEY_BEGIN = "-----BEGIN "
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)", re.DOTALL)
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[A-Za-z0-9+/]{40}")
_KEY_GONE = HIDDEN + "private key" + HIDDEN
# Each pattern above needs one of these. Most texts of a plan hold none, and finding that out is ten times cheaper than trying all patterns.
_SIGN = re.compile(
    r"pass|pw|secret|token|credential|auth|cookie|key|bearer|basic|identified by|://"
    r"|akia|asia|gh[pousr]_|github_pat_|glpat-|xox|sk-|aiza|eyj|mysql|mariadb|redis-cli|ldap|curl|smbclient"
)


def redact(text):
    """Return ``text`` without secrets. Applying it twice changes nothing more."""
    if not isinstance(text, str):
        text = str(text)
    return _redacted(text) if _may_hold_a_secret(text) else text


def _may_hold_a_secret(text):
    """Outside of ASCII some letters match others when case is ignored, as a long s does: there the patterns decide."""
    return not text.isascii() or bool(_SIGN.search(text.lower()))


def _redacted(text):
    text = _without_private_keys(text)
    text = _without_short_options(text)  # first: the name of the program may be taken for the value of an option before it
    text = _URL.sub(_hide_url_credentials, text)
    text = _HEADER.sub(r"\1 " + HIDDEN, text)
    text = _hide_values(text, _ASSIGNMENT)
    text = _hide_values(text, _OPTION)
    text = _SQL.sub(r"\1\2" + HIDDEN, text)
    text = _REDIS_CONF.sub(r"\1\2" + HIDDEN, text)
    text = _BEARER.sub(r"\1\2" + HIDDEN, text)
    return _SHAPES.sub(HIDDEN, text)


def redact_argv(argv):
    """Return a command line as one text without secrets; the borders of the arguments help to find where a secret ends."""
    words = []
    hide_next = False
    for word in argv:
        name, assigned, _value = word.partition("=")
        if hide_next:
            words.append(HIDDEN)
        elif assigned and is_secret_name(name):
            words.append(name + "=" + HIDDEN)
        else:
            words.append(word)
        hide_next = not hide_next and word.startswith("-") and not assigned and is_secret_name(word)
    return redact(" ".join(words))


def redact_data(data):
    """Return JSON-like data without secrets: texts are redacted, texts below a secret's name are hidden whole."""
    if isinstance(data, dict):
        return {key: _hide_texts(value) if is_secret_name(str(key)) else redact_data(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [redact_data(value) for value in data]
    return redact(data) if isinstance(data, str) else data


@functools.lru_cache(maxsize=4096)
def is_secret_name(name):
    """Does a variable, option or field of this name hold a secret?"""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def _hide_texts(data):
    """Numbers stay: a fencing token or a password's age is a number, a secret is a text."""
    if isinstance(data, dict):
        return {key: _hide_texts(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_hide_texts(value) for value in data]
    return HIDDEN if isinstance(data, str) and data else data


def _hide_values(text, introduction):
    """Hide the value after each introduction with a secret's name. The value of any other may itself hold one: ``error: "token=x"``."""
    pieces, place = [], 0
    for match in introduction.finditer(text):
        value = _VALUE.match(text, match.end()) if match.start() >= place and is_secret_name(match.group(1)) else None
        if value:
            pieces += [text[place : match.end()], _hidden(value.group(0))]
            place = value.end()
    return "".join([*pieces, text[place:]])


def _hidden(value):
    """Keep the quotes, so that JSON stays JSON and a second pass finds the same borders."""
    quote = _QUOTE.match(value).group(0)
    closed = quote and len(value) > len(quote) and quote in value[len(quote) :]
    return quote + HIDDEN + (quote if closed else "")


def _hide_url_credentials(match):
    parts = match.group(0).split("://")  # one word may hold several URLs: "http://a@b,http://c:d@e"
    return "://".join([parts[0]] + [_hide_authority(part) for part in parts[1:]])


def _hide_authority(part):
    before, at, _after = part.rpartition("@")
    if not at:
        return part
    user, colon, password = before.partition(":")
    if colon and not _END_OF_AUTHORITY.search(user) and not _PORT_AND_PATH.match(password):
        return HIDDEN + part[len(before) :]  # up to the last @, because a password may hold a slash or another @
    authority = _END_OF_AUTHORITY.split(part, maxsplit=1)[0]
    return HIDDEN + part[authority.rindex("@") :] if "@" in authority else part


def _without_short_options(text):
    for tool, option in _TOOLS:
        if tool.search(text):
            text = "\n".join(_hide_short_option(line, tool, option) for line in text.split("\n"))
    return text


def _hide_short_option(line, tool, option):
    found = tool.search(line)
    if not found:
        return line
    return line[: found.end()] + option.sub(r"\1" + HIDDEN, line[found.end() :])


def _without_private_keys(text):
    if _KEY_BEGIN in text:
        text = _KEY_BLOCK.sub(_KEY_GONE, text)
    if not _KEY_END.search(text):
        return text
    # The beginning of a key was cut off, as at the start of a log tail: its lines stand before the END.
    kept = []
    for line in text.split("\n"):
        end = _KEY_END.search(line)
        if end:
            kept = kept[:-1] if kept and not _KEY_LINE.search(kept[-1]) and len(kept) > 1 and _KEY_LINE.search(kept[-2]) else kept
            while kept and _KEY_LINE.search(kept[-1]):
                kept.pop()
            line = _KEY_GONE + line[end.end() :]
        kept.append(line)
    return "\n".join(kept)
