# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and limits of control groups: recorded trees of both versions."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._sampling import cgroup, host
from tree_fixtures import lay_out, write

CONTAINER = "/docker/a3f34944bf30ba46a8bc6e9c269965effd47853aee2ce7b4fda9c8d31fcfc7dc"
PREFORK_V1 = {"v1": {name: "/sys/fs/cgroup/%s%s/system.slice/prefork.service" % (name, CONTAINER) for name in ("memory", "pids", "systemd")}}


class TestHybrid:
    @pytest.fixture
    def root(self, tmp_path):
        return lay_out(tmp_path, "hybrid_prefork.tree")

    def test_version(self, root):
        assert cgroup.version(root) == "hybrid"

    def test_memory_without_page_cache(self, root):
        assert cgroup.read_memory(root, PREFORK_V1) == {"anon": 39440384, "swap": 0, "shmem": 5005312, "file": 8192}

    def test_pids(self, root):
        assert cgroup.read_pids(root, PREFORK_V1) == {87, 89, 90}

    def test_where_a_process_is(self, root):
        assert cgroup.locate(root, 87)["v1"] == {name: PREFORK_V1["v1"][name] for name in ("memory", "pids")}

    def test_its_own_limits_are_named_plainly(self, root):
        found = {limit["name"]: limit for limit in cgroup.limits(root, cgroup.locate(root, 87), set(PREFORK_V1["v1"].values()))}
        assert found["MemoryMax"]["value"] == 256 * 1024 * 1024
        assert found["MemoryMax"]["used"] == 39440384 + 5005312
        assert found["TasksMax"]["value"] == 64
        assert found["TasksMax"]["used"] == 4  # the zombie counts

    def test_limits_of_somebody_else_say_whose_they_are(self, root):
        names = {limit["name"] for limit in cgroup.limits(root, cgroup.locate(root, 87), own=())}
        assert "MemoryMax of prefork.service" in names

    def test_nobody_was_killed(self, root):
        assert cgroup.read_oom_kills(root, PREFORK_V1) == 0

    def test_without_a_control_group_of_its_own_there_is_nothing(self, root):
        for none in (None, {}, {"v1": {"systemd": "/sys/fs/cgroup/systemd/x"}}):
            assert cgroup.read_memory(root, none) is None

    def test_a_limit_above_what_a_container_sees(self, tmp_path, root):
        """Without the outer groups mounted, only hierarchical_memory_limit knows of them."""
        folder = "sys/fs/cgroup/memory%s/system.slice/prefork.service" % CONTAINER
        stat = (tmp_path / folder / "memory.stat").read_text()
        write(tmp_path, folder + "/memory.stat", stat.replace("hierarchical_memory_limit 268435456", "hierarchical_memory_limit 100000000"))
        found = [limit for limit in cgroup.limits(root, PREFORK_V1) if limit["name"] == "container limit"]
        assert [limit["value"] for limit in found] == [100000000]

    def test_host_facts(self, root):
        facts = host.read_host(root, now=1.0)
        assert facts["cgroup"] == "hybrid"
        assert facts["time"] == 1.0
        assert 0 < facts["mem_available"] < facts["mem_total"]
        assert facts["swap_total"] == 0
        assert len(facts["boot_id"]) == 36
