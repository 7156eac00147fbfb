# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings for all unit tests, and the databases of the ledger."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A busy machine is no reason to fail: how long one example takes says nothing about its truth.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def postgresql():
    """A private PostgreSQL server."""
    from ledger_lab import PostgreSQL

    try:
        server = PostgreSQL()
    except FileNotFoundError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def ledger_url(request, tmp_path):
    """The URL of a new ledger: every test that takes it runs on both databases."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").new_database()
    return f"sqlite:///{tmp_path}/ledger/ledger.sqlite"


@pytest.fixture
def lab(ledger_url):
    from ledger_lab import Lab

    return Lab(ledger_url)
