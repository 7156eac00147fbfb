# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory and limits of control groups: recorded trees of both versions."""

from __future__ import annotations

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._kernel import group_pids
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
        assert group_pids(root, PREFORK_V1) == {87, 89, 90}

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

    @pytest.mark.parametrize(("failcnt", "count"), [("0", 0), ("17", 3)])
    def test_kills_count_where_its_own_limit_was_reached(self, tmp_path, root, failcnt, count):
        folder = PREFORK_V1["v1"]["memory"]
        write(tmp_path, folder.lstrip("/") + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
        write(tmp_path, folder.lstrip("/") + "/memory.failcnt", failcnt + "\n")
        assert cgroup.read_oom_kills(root, PREFORK_V1) == count

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


class TestV2:
    OWN = "/sys/fs/cgroup/system.slice/prefork.service"

    @pytest.fixture
    def root(self, tmp_path):
        return lay_out(tmp_path, "v2_prefork.tree")

    def test_version(self, root):
        assert cgroup.version(root) == "v2"

    def test_memory_without_page_cache_and_reclaimable_slab(self, root):
        assert cgroup.read_memory(root, {"v2": self.OWN}) == {"anon": 39419904, "swap": 0, "shmem": 5005312, "file": 0, "kernel": 540672 - 17344}

    def test_kernels_before_5_18_have_no_total_of_kernel_memory(self, tmp_path, root):
        stat = (tmp_path / self.OWN.lstrip("/") / "memory.stat").read_text()
        write(tmp_path, self.OWN.lstrip("/") + "/memory.stat", stat.replace("kernel 540672\n", ""))
        assert cgroup.read_memory(root, {"v2": self.OWN})["kernel"] == 32768 + 331776 + 94344  # stacks, page tables, slab

    def test_where_a_process_is(self, root):
        assert cgroup.locate(root, 127)["v2"] == self.OWN

    def test_limits(self, root):
        found = {limit["name"]: limit for limit in cgroup.limits(root, cgroup.locate(root, 127), {self.OWN})}
        assert found["MemoryMax"]["value"] == 256 * 1024 * 1024
        assert found["MemoryMax"]["used"] == 39419904 + 5005312 + 540672 - 17344
        assert "MemoryHigh" not in found  # "max" is no limit
        assert found["TasksMax"]["value"] == 64

    def test_the_limit_of_a_slice_holds_for_its_services(self, tmp_path, root):
        write(tmp_path, "sys/fs/cgroup/system.slice/memory.max", "100000000\n")
        found = {limit["name"]: limit["value"] for limit in cgroup.limits(root, cgroup.locate(root, 127), {self.OWN})}
        assert found["MemoryMax of system.slice"] == 100000000

    def test_kills_are_counted(self, tmp_path, root):
        write(tmp_path, self.OWN.lstrip("/") + "/memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 2\noom_group_kill 0\n")
        assert cgroup.read_oom_kills(root, {"v2": self.OWN}) == 2

    def test_kills_at_the_limit_of_somebody_else_do_not_count(self, tmp_path, root):
        write(tmp_path, self.OWN.lstrip("/") + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 2\noom_group_kill 0\n")
        assert cgroup.read_oom_kills(root, {"v2": self.OWN}) == 0

    def test_a_process_that_hides_is_nowhere(self, monkeypatch, root):
        """Where /proc is mounted with hidepid=1 its directory is seen, and what is in it is not."""
        read_text = cgroup.read_text

        def hidden(path):
            if path.endswith("proc/127/cgroup"):
                raise PermissionError
            return read_text(path)

        monkeypatch.setattr(cgroup, "read_text", hidden)
        assert cgroup.limits(root, cgroup.locate(root, 127)) == []

    def test_a_group_that_is_gone(self, root):
        gone = {"v2": "/sys/fs/cgroup/system.slice/gone.service"}
        assert cgroup.read_memory(root, gone) is None
        assert group_pids(root, gone) == set()
        assert cgroup.limits(root, gone) == []

    def test_the_memory_controller_may_be_off(self, tmp_path, root):
        """Then there is a group, which names the processes, and nothing that counts."""
        (tmp_path / self.OWN.lstrip("/") / "memory.stat").unlink()
        assert cgroup.read_memory(root, {"v2": self.OWN}) is None
        assert group_pids(root, {"v2": self.OWN}) == {127, 133, 134}

    def test_a_container_with_its_own_view_sees_its_limit_at_the_top(self, tmp_path):
        """Its cgroup namespace makes "/" of its own group."""
        write(tmp_path, "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
        write(tmp_path, "proc/5/cgroup", "0::/\n")
        write(tmp_path, "sys/fs/cgroup/cgroup.procs", "5\n")
        write(tmp_path, "sys/fs/cgroup/memory.max", "536870912\n")
        write(tmp_path, "sys/fs/cgroup/memory.stat", "anon 1000\nfile 500\nshmem 0\nkernel 100\n")
        root = str(tmp_path)
        (limit,) = cgroup.limits(root, cgroup.locate(root, 5))
        assert (limit["name"], limit["value"], limit["used"]) == ("MemoryMax of the container", 536870912, 1100)

    def test_a_container_with_the_hosts_view(self, tmp_path):
        """Only its own part of the tree is mounted: the path that /proc tells begins above it."""
        write(tmp_path, "proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
        write(tmp_path, "proc/5/cgroup", "0::/docker/abc/app\n")
        write(tmp_path, "sys/fs/cgroup/app/cgroup.procs", "5\n")
        assert cgroup.locate(str(tmp_path), 5)["v2"] == "/sys/fs/cgroup/app"


class TestHidden:
    LINE = "25 23 0:23 / /proc rw,nosuid - proc proc rw%s\n"

    @pytest.mark.parametrize(("options", "told"), [(",hidepid=2", "hidepid=2"), (",hidepid=invisible", "hidepid=invisible"), (",hidepid=0", None), ("", None)])
    def test_hidepid_is_told(self, tmp_path, monkeypatch, options, told):
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        write(tmp_path, "proc/self/mountinfo", self.LINE % options)
        assert host.hides_processes(str(tmp_path)) == told

    def test_nothing_is_hidden_from_root(self, tmp_path, monkeypatch):
        monkeypatch.setattr("os.geteuid", lambda: 0)
        write(tmp_path, "proc/self/mountinfo", self.LINE % ",hidepid=2")
        assert host.hides_processes(str(tmp_path)) is None
