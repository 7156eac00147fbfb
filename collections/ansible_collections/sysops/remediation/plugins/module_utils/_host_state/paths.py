# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host's state lives, and the checks that make it safe to trust what is found there.

Whoever can write here can make us restart a service again and again, or make root write through a symbolic link. So directories
belong to root or to us, nobody else may write to them, and no file is opened through a link.
"""

from __future__ import annotations

import os
import pwd
import stat

DEFAULT = "/var/lib/sysops-remediation"
PRIVATE = "sysops-remediation"  # below XDG_STATE_HOME
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~@:+,=")  # bytes that stand for themselves in a file name
_LONGEST_NAME = 180  # file names end at 255 bytes; leave room for suffixes


class StateError(Exception):
    """State cannot be read, written or trusted; the message is one line that names the path and the remedy."""


def state_directory(scope, owner, given=None):
    """Return the directory that guards the services of a manager that runs as uid ``owner``.

    One directory for all who can reach that manager, or two of them could both restart a service: it follows from the manager, never from
    who calls. Only the user units of a user (``scope`` user) are nobody else's affair.
    """
    if given and given != DEFAULT:
        path = os.path.expanduser(given)
        if "\0" in path or os.path.abspath(path) == "/":
            raise ValueError("state_dir: %s cannot be it: give a directory of its own, such as %s" % (ascii(given)[:100], DEFAULT))
        if not os.path.isabs(path):  # it would be another one for every way in which the host is reached
            raise ValueError("state_dir: '%s' must be an absolute path, such as %s" % (given, DEFAULT))
        return os.path.abspath(path)
    if scope == "user":
        return _private(os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state"))
    return DEFAULT if owner == 0 else _private(os.path.join(_home(owner), ".local", "state"))


def record_directory(scope, owner, given=None):
    """Return where what is seen of such services is kept: root keeps its own record, in a place that it can trust."""
    return state_directory(scope, 0 if os.geteuid() == 0 else owner, given)


def _private(state_home):
    return os.path.join(state_home, PRIVATE)


def _home(uid):
    """Return the home that everybody sees alike, whatever the caller's environment says; a uid without a name has only its environment."""
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        home = os.environ.get("HOME") if uid == os.geteuid() else None
    if not home:
        raise StateError("uid %d has no home directory to keep locks and limits in: give state_dir" % uid)
    return home


def demand_access(path, what, owner):
    """Raise StateError unless we could write below the directory, which may have to be made yet; nothing is written.

    :param what: what is guarded there, as "supervisord at /run/s.sock runs as root, so its services are".
    """
    if not os.access(_nearest(path), os.W_OK | os.X_OK):
        remedy = "run the task as root (become: true)" + ("" if owner == 0 else " or as %s (become_user)" % name_of(owner))
        raise StateError("%s guarded in %s, which %s may not write: %s" % (what, path, name_of(os.geteuid()), remedy))


def check_place(path):
    """Raise StateError if the directory is there and cannot be trusted, or is not there and could not be made; nothing is written."""
    nearest = _nearest(path)
    if nearest == path:
        check_directory(path)
    elif not os.path.isdir(nearest):
        raise StateError("cannot create the state directory %s: %s is not a directory" % (path, nearest))
    elif not os.access(nearest, os.W_OK | os.X_OK):
        raise StateError("cannot create the state directory %s: %s cannot be written" % (path, nearest))


def _nearest(path):
    """Return what exists of a path."""
    while not os.path.lexists(path) and path != "/":
        path = os.path.dirname(path)
    return path


def name_of(uid):
    """Return the user's name, or its number where nobody has given it one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "uid %d" % uid


def ensure_directory(path, mode=0o700):
    """Create the directory if it is missing, check it, and return its path."""
    try:
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.mkdir(path, 0o700)
            os.chmod(path, mode)  # whatever the umask
    except FileExistsError:
        if not os.path.isdir(path):
            raise StateError("%s is not a directory: remove it or choose another state_dir" % path) from None
    except OSError as error:
        raise StateError("cannot create the state directory %s: %s" % (path, error.strerror)) from error
    return check_directory(path)


def check_directory(path):
    """Return the path if the directory can be trusted, raise StateError if not."""
    try:
        facts = os.lstat(path)
    except OSError as error:
        raise StateError("cannot read the state directory %s: %s" % (path, error.strerror)) from error
    if stat.S_ISLNK(facts.st_mode):
        raise StateError("%s is a symbolic link: give the real directory as state_dir" % path)
    if not stat.S_ISDIR(facts.st_mode):
        raise StateError("%s is not a directory: remove it or choose another state_dir" % path)
    if facts.st_uid not in (0, os.geteuid()):
        raise StateError("%s belongs to uid %d, who could forge its content: chown it to root" % (path, facts.st_uid))
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError("%s is writable for others (mode %04o): chmod go-w %s" % (path, stat.S_IMODE(facts.st_mode), path))
    return path


def open_file(path, flags, mode=0o600):
    """Open a state file: never through a link, only a plain file that is ours or root's. Raises FileNotFoundError as open does."""
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, mode)  # a FIFO must not keep us waiting
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StateError("cannot open %s: %s" % (path, error.strerror)) from error
    facts = os.fstat(fd)
    if stat.S_ISREG(facts.st_mode) and facts.st_uid in (0, os.geteuid()) and not facts.st_mode & stat.S_IWOTH:
        return fd
    os.close(fd)
    raise StateError("%s is not a plain file of root or of this user that only they may write: look at it, then remove it" % path)


def read_file(path):
    """Return the bytes of a state file, or None when there is none."""
    try:
        fd = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as source:
        return source.read()


def replace_file(path, content, mode=0o600):
    """Write bytes so that a reader, or a power cut, finds the old content or the new, never a part."""
    beside = "%s.new" % path
    try:
        if os.path.lexists(beside):
            os.unlink(beside)  # of a writer that died; we hold the service's lock
        fd = open_file(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(fd, "wb") as target:
            target.write(content)
            os.fchmod(target.fileno(), mode)
            target.flush()
            os.fsync(target.fileno())
        os.rename(beside, path)
        sync_directory(os.path.dirname(path))
    except OSError as error:
        raise StateError("cannot write %s: %s" % (path, error.strerror)) from error


def sync_directory(path):
    """Make a new name in the directory survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def file_name(service, suffix):
    """Return a file name for a service key: readable, reversible where it fits, never a path."""
    # As urllib.parse.quote does it, whose import would cost the recorder 2 ms a minute.
    name = "".join(chr(byte) if byte in _PLAIN else "%%%02X" % byte for byte in service.encode("utf-8", "surrogateescape"))
    if len(name) > _LONGEST_NAME:
        import hashlib  # costs 4 MB, and names are hardly ever that long

        name = name[: _LONGEST_NAME - 17] + "-" + hashlib.sha256(service.encode()).hexdigest()[:16]
    return name + suffix
