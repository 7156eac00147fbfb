# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests of the controller have in common: they follow no redirects."""

from __future__ import annotations

import ssl
import typing as t
import urllib.request
from urllib.parse import urlsplit


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET, and secret headers would go to whoever is named in the answer."""

    def redirect_request(self, *_args: t.Any, **_options: t.Any) -> None:
        return None


def opener(url: str, trust: t.Callable[[], ssl.SSLContext]) -> urllib.request.OpenerDirector:
    """Return what opens the URL; ``trust`` is only asked if that wants TLS."""
    handlers: list[t.Any] = [_NoRedirect]
    if urlsplit(url).scheme == "https":
        handlers.append(urllib.request.HTTPSHandler(context=trust()))
    return urllib.request.build_opener(*handlers)


def refusal(code: int, reason: str) -> str:
    """Return what a status says to people."""
    return f"HTTP {code} {reason}" + ("; redirects are not followed, give the final URL" if 300 <= code < 400 else "")
