# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service is dead: recorded kernel lines and facts of managers in, a cause out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis import kernel_log
from ansible_collections.sysops.remediation.plugins.module_utils._diagnosis.post_mortem import examine, find_culprit, is_ours
from ansible_collections.sysops.remediation.plugins.module_utils._leaks import summarise
from ansible_collections.sysops.remediation.plugins.module_utils._managers._base import FAILED, STARTING, STOPPED, ServiceState

RECORDED = Path(__file__).parent.parent / "fixtures" / "kernel_log"
MIB = 1024 * 1024
BOOTED = 1_000_000.0


def recorded(name, boot_time=0.0):
    return kernel_log.parse((RECORDED / name).read_text(), boot_time)


@pytest.fixture
def memcg_v1():
    return recorded("memcg_v1.txt", BOOTED)


def state(active=FAILED, name="leaky.service", **facts):
    return ServiceState("systemd", name, active=active, **facts)


class TestKernelLog:
    def test_a_group_at_its_limit_v1(self, memcg_v1):
        (kill,) = memcg_v1
        assert (kill.scope, kill.pid, kill.comm, kill.rss) == ("unit", 11546, "python3", 32364 * 1024)
        assert kill.group == kill.limited == "/sampling-helper/system.slice/leaky.service"
        assert kill.when == BOOTED + 1235.208639
        assert kill.tasks == [(11546, "python3", 9710 * 4096)]

    def test_a_group_at_its_limit_v2_from_the_journal(self):
        (kill,) = recorded("memcg_v2_journal.txt")
        assert (kill.scope, kill.pid, kill.group) == ("unit", 182, "/system.slice/leaky.service")
        assert kill.when == 1795628067.340053

    def test_lines_of_older_kernels(self):
        text = (
            "[  100.000000] java invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null),  order=0, oom_score_adj=0\n"
            "[  100.100000] Task in /system.slice/app.service killed as a result of limit of /system.slice/app.service\n"
            "[  100.200000] [ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name\n"
            "[  100.300000] [ 4242]  1000  4242   600000   262144    1100       5        0             0 java\n"
            "[  100.400000] Memory cgroup out of memory: Kill process 4242 (java) score 1001 or sacrifice child\n"
            "[  100.500000] Killed process 4242 (java) total-vm:2400000kB, anon-rss:1048576kB, file-rss:0kB, shmem-rss:0kB\n"
        )
        (kill,) = kernel_log.parse(text)
        assert (kill.pid, kill.comm, kill.group, kill.rss) == (4242, "java", "/system.slice/app.service", 1024 * MIB)
        assert kill.scope == "unit"

    @pytest.mark.parametrize("caller", ["[ T4242] ", "[    C1] ", "[T7]"])
    def test_lines_that_name_their_caller(self, memcg_v1, caller):
        """As kernels with CONFIG_PRINTK_CALLER write them."""
        text = (RECORDED / "memcg_v1.txt").read_text()
        assert kernel_log.parse(re.sub(r"^(\[ *\d+\.\d+\]) ?", lambda found: found.group(1) + " " + caller, text, flags=re.MULTILINE), BOOTED) == memcg_v1

    @pytest.mark.parametrize("name", ["Web Content", "(sd-pam)", "tokio (w) 3", "4711", "7z x", "a,b"])
    def test_any_name_of_a_process_is_told_whole(self, name):
        text = (
            "[  100.300000] [   4242]  1000  4242   600000   262144    1100       5        0         -1000 %s\n"
            "[  100.500000] Out of memory: Killed process 4242 (%s) total-vm:2400000kB, anon-rss:1048576kB, file-rss:0kB, shmem-rss:0kB, UID:0\n"
        ) % (name, name)
        (kill,) = kernel_log.parse(text)
        assert kill.comm == name
        assert kill.tasks == [(4242, name, 1024 * MIB)]

    @pytest.mark.parametrize("text", ["", "\n\n", "garbage", "[abc] Killed process", "[ 1.0] Killed process x (y)", "\0" * 100])
    def test_other_text_holds_no_kill(self, text):
        assert kernel_log.parse(text) == []

    def test_the_journal_is_asked_first_and_the_buffer_where_it_knows_nothing(self):
        asked = []

        def run(argv, timeout):
            asked.append(argv[0])
            return (0, "", "") if argv[0] == "journalctl" else (0, (RECORDED / "memcg_v1.txt").read_text(), "")

        kills, warning = kernel_log.read_oom_kills(run)
        assert (asked, len(kills), warning) == (["journalctl", "dmesg"], 1, None)

    def test_a_kernel_log_that_may_not_be_read_is_said(self):
        kills, warning = kernel_log.read_oom_kills(lambda argv, timeout: (1, "", "dmesg: read kernel buffer failed: Operation not permitted\n"))
        assert kills == []
        assert warning == "the kernel's log cannot be read (dmesg: read kernel buffer failed: Operation not permitted): an OOM kill may go unseen"


class TestWhoseKill:
    @pytest.mark.parametrize(
        ("group", "base", "ours"),
        [
            ("/system.slice/leaky.service", "/", True),
            ("/system.slice/leaky.service/worker", "/", True),
            ("/system.slice/not-leaky.service", "/", False),
            ("/system.slice/leaky.service2", "/", False),
            ("/docker/aaa/system.slice/leaky.service", "/docker/aaa", True),
            ("/docker/bbb/system.slice/leaky.service", "/docker/aaa", False),  # the same unit in the container next door
        ],
    )
    def test_by_control_group(self, memcg_v1, group, base, ours):
        assert is_ours(memcg_v1[0]._replace(group=group), "/leaky.service", base, ()) is ours

    def test_without_a_control_group_by_pid(self, memcg_v1):
        assert is_ours(memcg_v1[0], None, "/", {11546})
        assert not is_ours(memcg_v1[0], None, "/", {4711})


class TestExamine:
    def test_memory_max_on_cgroup_v1_is_told_as_a_mere_signal(self, memcg_v1):
        """systemd on v1 says Result=signal, status 9: the kernel's line is the proof."""
        dead = state(result="signal", exit_signal=9, stopped_at=BOOTED + 1236)
        found = examine(dead, memcg_v1, "/leaky.service", "/sampling-helper")
        assert (found["kind"], found["cause"], found["culprit"]) == ("oom_killed", "unit_limit", None)
        assert found["evidence"][0] == "systemd: its main process was ended by SIGKILL (9)"
        assert "Memory cgroup out of memory: Killed process 11546" in found["evidence"][1]

    def test_memory_max_on_cgroup_v2(self):
        dead = state(result="oom-kill", exit_signal=9, stopped_at=1795628066.967338)
        found = examine(dead, recorded("memcg_v2_journal.txt"), "/leaky.service")
        assert (found["kind"], found["cause"]) == ("oom_killed", "unit_limit")

    def test_a_kill_of_yesterday_explains_nothing(self, memcg_v1):
        dead = state(result="signal", exit_signal=9, stopped_at=BOOTED + 90000)
        assert examine(dead, memcg_v1, "/leaky.service", "/sampling-helper")["kind"] == "crashed"

    def test_the_host_ran_out_because_of_somebody_else(self):
        kills = recorded("host_v2_journal.txt")
        victim = state(name="prefork.service", result="oom-kill", exit_signal=9, stopped_at=kills[-1].when)
        found = examine(victim, kills, "/prefork.service")
        assert (found["kind"], found["cause"]) == ("oom_killed", "host_oom")
        assert found["culprit"]["comm"] == "hog"
        assert found["culprit"]["rss"] > 500 * MIB
        assert "restarting the victim does not cure that" in found["evidence"][-1]

    @pytest.mark.parametrize(
        ("group", "suffix"),
        [
            ("/docker/aaa/system.slice/leaky.service", "/leaky.service"),  # a unit in a container
            ("/docker/aaa", None),  # a program of a supervisord in one
        ],
    )
    def test_the_container_ran_out_because_of_somebody_else(self, memcg_v1, group, suffix):
        tasks = [(11546, "python3", 30 * MIB), (77, "hog", 900 * MIB)]
        kill = memcg_v1[0]._replace(limited="/docker/aaa", group=group, tasks=tasks, rss=30 * MIB)
        dead = state(result="signal", exit_signal=9, stopped_at=kill.when)
        found = examine(dead, [kill], suffix, "/docker/aaa", {11546})
        assert (found["kind"], found["cause"]) == ("oom_killed", "group_limit")
        assert found["culprit"] == {"comm": "hog", "pid": 77, "rss": 900 * MIB}
        assert found["evidence"][-1].startswith("the control group /docker/aaa ran out of memory; the biggest process was hog (pid 77)")
        summary = summarise({}, found, {})["summary"]
        assert summary.startswith("killed by the kernel because the container or slice that it shares with others ran out of memory; the largest eater was hog")

    def test_the_host_ran_out_because_of_the_victim_itself(self, memcg_v1):
        kill = memcg_v1[0]._replace(scope="host", tasks=[(11546, "python3", 900 * MIB), (2, "sshd", 5 * MIB)], rss=900 * MIB)
        assert find_culprit(kill) is None

    def test_the_log_is_gone_but_the_history_saw_it_full(self):
        dead = state(result="signal", exit_signal=9, stopped_at=BOOTED, limits={"memory_max": 100 * MIB})
        found = examine(dead, [], "/leaky.service", peak=(98 * MIB, BOOTED - 30))
        assert (found["kind"], found["cause"]) == ("oom_killed", "unit_limit")
        assert "history: it used 98.0 MiB of MemoryMax 100 MiB when it was last seen" in found["evidence"]

    def test_whose_limit_it_was_is_not_guessed(self):
        found = examine(state(result="oom-kill", stopped_at=BOOTED), [], "/leaky.service")
        assert (found["kind"], found["cause"]) == ("oom_killed", "other")

    def test_killed_by_hand_far_below_its_limit(self):
        dead = state(result="signal", exit_signal=9, stopped_at=BOOTED, limits={"memory_max": 100 * MIB})
        assert examine(dead, [], "/leaky.service", peak=(20 * MIB, BOOTED - 30))["kind"] == "crashed"

    @pytest.mark.parametrize(
        ("facts", "kind", "says"),
        [
            ({"result": "exit-code", "exit_code": 3}, "crashed", "systemd: its main process failed with exit code 3"),
            ({"result": "signal", "exit_signal": 11}, "crashed", "systemd: its main process was ended by SIGSEGV (11)"),
            ({"result": "core-dump", "exit_signal": 6}, "crashed", "crashed with SIGABRT (6) and dumped core"),
            ({"result": "watchdog", "exit_signal": 6}, "crashed", "did not answer its watchdog"),
            ({"result": "start-limit-hit", "n_restarts": 5}, "crashed", "(start-limit-hit) (restarted 5 times)"),
            ({"result": "timeout"}, "crashed", "did not start or stop in the time"),
            ({"result": "oom-kill"}, "oom_killed", "killed for lack of memory (oom-kill)"),
            ({"result": "success", "active": STOPPED}, "stopped", "it was stopped in order"),
            ({"result": "success", "active": STOPPED, "exit_code": 0}, "stopped", "it was stopped in order"),
            ({"result": None, "active": STOPPED}, "stopped", "it was stopped in order"),
            ({"result": None, "active": FAILED}, "crashed", "it failed"),
            ({"result": None, "active": STARTING, "sub": "BACKOFF"}, "crashed", "it failed"),
            ({"result": "exit-code", "exit_code": 1, "active": STARTING, "sub": "auto-restart", "n_restarts": 7}, "crashed", "(restarted 7 times)"),
            ({"result": "signal", "exit_signal": 77}, "crashed", "signal 77"),
        ],
    )
    def test_what_the_manager_says(self, facts, kind, says):
        found = examine(state(**facts), [], "/leaky.service")
        assert found["kind"] == kind
        assert says in found["evidence"][0]
