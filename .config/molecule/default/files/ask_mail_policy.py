#!/usr/bin/python3
# Copyright: (c) 2026, sysops.remediation contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health probe: asks the policy service as Postfix does, and fails unless it answers."""

from __future__ import annotations

import socket
import sys

with socket.create_connection(("127.0.0.1", 10040), timeout=3) as connection:
    connection.sendall(b"request=smtpd_access_policy\nprotocol_state=CONNECT\n\n")
    sys.exit(0 if connection.recv(100).startswith(b"action=") else 1)
