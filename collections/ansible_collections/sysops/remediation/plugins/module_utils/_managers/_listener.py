# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose process answers at an address. Who owns it decides where its services are guarded, not who calls.

A Unix socket tells by itself who listens behind it. Of a TCP port the kernel tells the listening sockets and their owners, and the process
that says it listens there has to hold one of them: what is forwarded to another host or container cannot be guarded from here.
"""

from __future__ import annotations

import os
import re
import socket
import struct

from .._kernel import below, read_text

_LISTENS = "0A"  # state of a socket in /proc/net/tcp
_ACCEPTS = "00010000"  # flags of a listening socket in /proc/net/unix
_INODE = re.compile(r"socket:\[(\d+)\]")


class NotHere(Exception):
    """No process of this host, as far as can be seen; the message says what was seen."""


def owner_of_unix(path, timeout):
    """Return the uid of the process that listens on a Unix socket; raises OSError as connecting does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", credentials)[1]


def owner_of_tcp(host, port, pid, timeout, root="/"):
    """Return ``(uid, path)`` of the process that answers at host and port and says that its PID is ``pid``.

    ``path`` is the Unix socket on which it listens as well, or None: one address by which it is known whichever way it is reached.
    Raises NotHere when it is not seen to be a process of this host, and OSError as connecting does.
    """
    if not _is_address_of_ours(host, port, timeout):
        raise NotHere("%s is no address of this host" % host)
    owners = _listening(root, port)
    uid = _uid(root, pid)
    try:
        held = _sockets(root, pid)
    except PermissionError:
        return _owner_behind_closed_doors(owners, uid, pid, port)
    if uid is None or not held & set(owners):
        raise NotHere("process %d, as which it answers, does not listen on port %d of this host" % (pid, port))
    return uid, _unix_path(root, held)


def _owner_behind_closed_doors(owners, uid, pid, port):
    """We are not allowed to see its sockets; then the owners have to agree, and that is enough to know that it is not ours."""
    if uid not in owners.values():
        raise NotHere("process %d, as which it answers, does not listen on port %d of this host" % (pid, port))
    if uid == os.geteuid():
        raise NotHere("the sockets of process %d cannot be seen: run the task as root, or give its Unix socket as server" % pid)
    return uid, None


def _is_address_of_ours(host, port, timeout):
    """Only an address of this host can be bound."""
    with socket.create_connection((host, port), timeout) as connection:
        family, address = connection.family, connection.getpeername()
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address[0], 0, *address[2:]))
        except OSError:
            return False
    return True


def _listening(root, port):
    """Return {inode: uid} of the sockets that listen on a TCP port."""
    owners = {}
    for name in ("tcp", "tcp6"):
        for line in (read_text(below(root, "proc/net", name)) or "").splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                owners[fields[9]] = int(fields[7])
    return owners


def _uid(root, pid):
    """Return the effective uid of a process, None when it is gone."""
    text = read_text(below(root, "proc/%d/status" % pid)) or ""
    return next((int(line.split()[2]) for line in text.splitlines() if line.startswith("Uid:")), None)


def _sockets(root, pid):
    """Return the inodes of all sockets that a process holds."""
    folder, inodes = below(root, "proc/%d/fd" % pid), set()
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return inodes
    for name in names:
        try:
            found = _INODE.match(os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:
            continue  # closed meanwhile
        inodes.update(found.groups() if found else ())
    return inodes


def _unix_path(root, inodes):
    """Return the Unix socket that is listened on. supervisord binds ``PATH.PID`` and then gives it its name."""
    for line in (read_text(below(root, "proc/net/unix")) or "").splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[3] == _ACCEPTS and fields[6] in inodes:
            return re.sub(r"\.\d+$", "", fields[7])
    return None
