# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it: bad input, and real services of a real supervisord that leak in every way."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from action_lab import COLLECTIONS, PATIENCE, wait_until
from ansible_collections.sysops.remediation.plugins.doc_fragments.service import ModuleDocFragment
from ansible_collections.sysops.remediation.plugins.module_utils import _run, _spec
from ansible_collections.sysops.remediation.plugins.module_utils._managers.supervisord import Supervisord
from ansible_collections.sysops.remediation.plugins.module_utils._runtimes.probes import PROBES
from ansible_collections.sysops.remediation.plugins.modules import memory_leak_info

MODULE = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sysops.remediation.plugins.modules import memory_leak_info
with patch_module_args(json.loads(sys.argv[1])):
    memory_leak_info.main()
"""

# Every program does one step each tenth of a second and stops growing by itself after a few minutes.
PROGRAMS = {
    "calm": "kept = bytearray(5_000_000)\nstep = lambda number: None",
    "anon": "kept = []\nstep = lambda number: kept.append(bytearray(b'x') * 300_000)",
    "fds": "kept = []\nstep = lambda number: kept.append(os.pipe())",
    "threads": "step = lambda number: threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()",
    "children": "def step(number):\n    if number % 2 == 0 and not os.fork():\n        time.sleep(3600)",
    "zombies": "def step(number):\n    if not os.fork():\n        os._exit(0)",
    "shmem": "def step(number):\n    os.write(os.memfd_create('lost'), b'x' * 200_000)",
    "workers": "kept = []\nfor worker in range(2):\n    if os.fork() == 0:\n        break\nelse:\n    while True:\n        os.wait()\n"
    "step = lambda number: kept.append(bytearray(b'x') * 200_000)",
}
SKELETON = "import os, threading, time\n%s\nfor number in range(2000):\n    step(number)\n    time.sleep(0.1)\ntime.sleep(3600)\n"
LEAKS = [name for name in PROGRAMS if name != "calm"]
LOOKS_LIKE_A_LEAK = ("leak_suspected", "leak_confirmed")


def call(check=False, python=sys.executable, **params):
    """Run the module to its end; return its result."""
    arguments = json.dumps(dict(params, _ansible_check_mode=check))
    process = subprocess.run(
        [python, "-c", MODULE, arguments], capture_output=True, env=dict(os.environ, PYTHONPATH=str(COLLECTIONS)), timeout=5 * PATIENCE, check=False
    )
    assert process.stdout.strip(), process.stderr.decode()
    return json.loads(process.stdout)


class TestBadInput:
    """Each: one clear line, nothing done."""

    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"window": "3s"}, "window 3s at interval 1s gives 4 samples and a diagnosis needs 10: use a window of at least 9s"),
            ({"window": "-20s"}, "window: '-20s' is negative"),
            ({"interval": "-1"}, "interval: '-1' is negative"),
            ({"interval": "0"}, "interval 0s is too short"),
            ({"window": "soon"}, "window: 'soon' is not a duration"),
            ({"max_points": -1}, "max_points: -1 is negative"),
            ({"services": [{"name": "x", "manager": "upstart"}]}, "value of manager must be one of: auto, systemd"),
            ({"services": [{"manager": "systemd"}]}, "missing required arguments: name"),
            ({"services": [{"name": "x", "colour": "red"}]}, "colour"),
            ({"services": [{"name": "x", "manager": "supervisord", "server": "unix:///nowhere/s.sock"}]}, "/nowhere/s.sock"),
        ],
    )
    def test_is_one_clear_line(self, params, says):
        result = call(**params)
        assert result["failed"] is True
        assert says in result["msg"]
        assert "\n" not in result["msg"]
        assert "Traceback" not in json.dumps(result)


class TestDocumentation:
    def test_says_what_the_spec_says(self):
        documented = yaml.safe_load(memory_leak_info.DOCUMENTATION)["options"]["services"]["suboptions"]
        spec = _spec.service_spec()
        assert set(documented) == set(spec)
        for name, option in spec.items():
            assert documented[name]["type"] == option["type"]
            assert documented[name].get("default") == option.get("default")
            assert documented[name].get("choices") == option.get("choices")

    def test_offers_every_probe_that_there_is(self):
        assert set(yaml.safe_load(memory_leak_info.DOCUMENTATION)["options"]["probes"]["choices"]) == set(PROBES)

    def test_the_fragment_pairs_with_the_spec(self):
        documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
        for name, option in _spec.service_spec().items():
            assert {key: documented[name].get(key) for key in ("type", "default", "choices")} == {
                key: option.get(key) for key in ("type", "default", "choices")
            }
        assert set(yaml.safe_load(ModuleDocFragment.STATE_DIR)["options"]) == set(_spec.state_dir_spec())

    def test_every_returned_field_of_a_diagnosis_is_documented(self):
        documented = yaml.safe_load(memory_leak_info.RETURN)["diagnoses"]["contains"]
        assert set(documented) >= {"service", "verdict", "urgency", "resources", "sources", "post_mortem", "incarnation"}


class Lab:
    """A supervisord whose programs leak, each in its own way."""

    def __init__(self, folder):
        self.folder = folder
        self.server = "unix://%s/s.sock" % folder
        self.process = None
        programs = {name: SKELETON % code for name, code in PROGRAMS.items()}
        programs["crash"] = "import sys, time; time.sleep(1); sys.exit(3)"
        programs["flaky"] = "import time; time.sleep(4)"
        programs["loop"] = "import sys, time; time.sleep(1); sys.exit(3)"
        sections = []
        for name, code in programs.items():
            (folder / ("%s.py" % name)).write_text(code)
            sections.append(
                "[program:%s]\ncommand=%s %s/%s.py\nstartsecs=0\nautorestart=%s\nstopasgroup=true\nkillasgroup=true\n"
                % (name, sys.executable, folder, name, "true" if name in ("flaky", "loop") else "false")
            )
        (folder / "supervisord.conf").write_text(
            "[unix_http_server]\nfile=%s/s.sock\n" % folder
            + "[supervisord]\nlogfile=%s/log\npidfile=%s/pid\nnodaemon=true\nminfds=1024\nuser=root\n" % (folder, folder)
            + "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            + "".join(sections)
        )

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.folder / "supervisord.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._is_up, "supervisord")

    def _is_up(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(Exception):
            return self.manager().inspect("calm").active == "running"
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait(2 * PATIENCE)

    def manager(self):
        return Supervisord(_run.run, server=self.server)

    def service(self, name):
        return {"name": name, "manager": "supervisord", "server": self.server}

    def pids(self):
        return {name: self.manager().inspect(name).main_pid for name in PROGRAMS}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        if lab.process:
            lab.stop()


@pytest.fixture(scope="module")
def diagnoses(lab):
    """One call for all services, once they are old enough not to be warming up: {name: diagnosis}."""

    def age():
        return min(time.time() - lab.manager().inspect(name).incarnation.started_at for name in PROGRAMS)

    wait_until(lambda: age() > 25, "services that are 25 s old")
    result = call(services=[lab.service(name) for name in [*PROGRAMS, "crash", "flaky"]], window="15s", interval="0.5s", use_history=False)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    return {one["name"]: one for one in result["diagnoses"]}


@pytest.mark.slow
class TestRealServices:
    def test_a_calm_service_is_healthy(self, diagnoses):
        assert (diagnoses["calm"]["verdict"], diagnoses["calm"]["urgency"]) == ("healthy", "none")
        assert diagnoses["calm"]["resources"]["anon"]["now"] >= 5_000_000

    @pytest.mark.parametrize("resource", [name for name in LEAKS if name != "workers"])
    def test_each_kind_of_leak_is_found_in_its_own_resource(self, diagnoses, resource):
        found = diagnoses[resource]
        assert found["resources"][resource]["verdict"] in LOOKS_LIKE_A_LEAK, found["resources"][resource]["gates"]
        assert found["resources"][resource]["slope"]["low"] > 0

    @pytest.mark.parametrize("resource", ["anon", "fds", "shmem"])
    def test_the_service_gets_the_verdict_of_what_leaks(self, diagnoses, resource):
        assert diagnoses[resource]["verdict"] in LOOKS_LIKE_A_LEAK

    def test_workers_leak_while_their_parent_is_flat(self, diagnoses):
        found = diagnoses["workers"]
        assert found["resource"] == "anon"
        assert found["verdict"] in LOOKS_LIKE_A_LEAK
        assert found["process"]["count"] == 3
        grown = {process["pid"]: process["grown"] for process in found["process"]["top"]}
        assert grown[found["incarnation"]["main_pid"]] < 1_000_000
        assert sum(growth > 1_000_000 for growth in grown.values()) == 2
        assert all(process["pss"] for process in found["process"]["top"])

    def test_descriptors_are_told_by_kind(self, diagnoses):
        assert diagnoses["fds"]["process"]["fds"]["pipe"] > 200
        assert diagnoses["shmem"]["process"]["fds"]["memfd"] > 100

    def test_the_nearest_limit_of_descriptors_is_its_rlimit(self, diagnoses):
        end = diagnoses["fds"]["exhaustion"]
        assert (end["limit_name"], end["resource"], end["unit"]) == ("RLIMIT_NOFILE", "fds", "count")

    def test_a_crashed_service_is_diagnosed_post_mortem(self, diagnoses):
        found = diagnoses["crash"]
        assert (found["verdict"], found["incarnation"]) == ("crashed", None)
        assert found["state"]["exit_code"] == 3
        assert found["post_mortem"]["cause"] == "other"

    def test_a_service_that_restarts_by_itself_is_noticed(self, diagnoses):
        assert any("during the window" in sentence for sentence in diagnoses["flaky"]["explanation"])
        assert diagnoses["flaky"]["verdict"] not in LOOKS_LIKE_A_LEAK

    def test_results_stay_small(self, diagnoses):
        assert max(len(json.dumps(one)) for one in diagnoses.values()) < 48 * 1024
        assert len(json.dumps(diagnoses["calm"])) < 8 * 1024

    def test_the_runtime_is_recognised(self, diagnoses):
        assert diagnoses["calm"]["process"]["runtime"]["kind"] == "cpython"


@pytest.mark.slow
class TestChangesNothing:
    def take(self, lab, tmp_path, **more):
        return call(services=[lab.service("calm")], window="1s", interval="0.1s", record=True, state_dir=str(tmp_path / "state"), **more)

    def test_check_mode_gives_the_diagnosis_and_writes_nothing(self, lab, tmp_path):
        before = lab.pids()
        result = self.take(lab, tmp_path, check=True)
        assert (result["changed"], result["diagnoses"][0]["name"]) == (False, "calm")
        assert not (tmp_path / "state").exists()
        assert lab.pids() == before

    def test_recording_is_bookkeeping_and_the_next_call_uses_it(self, lab, tmp_path):
        first, second = self.take(lab, tmp_path), self.take(lab, tmp_path)
        assert (first["changed"], second["changed"]) == (False, False)
        assert [source["name"] for source in second["diagnoses"][0]["sources"]] == ["live", "history"]

    def test_a_state_directory_that_cannot_be_written_is_a_warning(self, lab, tmp_path):
        (tmp_path / "state").write_text("a file")
        result = self.take(lab, tmp_path)
        assert result["diagnoses"][0]["name"] == "calm"
        assert any("history was not recorded" in str(warning) for warning in result["warnings"])

    def test_damaged_history_is_reported_and_moved_aside(self, lab, tmp_path):
        self.take(lab, tmp_path)
        (segment,) = (tmp_path / "state").rglob("*.jsonl")
        segment.write_bytes(b"\0garbage\n" + segment.read_bytes())
        told = [any("1 damaged lines" in str(warning) for warning in self.take(lab, tmp_path).get("warnings", [])) for _call in range(2)]
        assert told == [True, False]
        assert (segment.parent / "damaged.txt").exists()

    def test_an_unknown_service_names_the_nearest(self, lab):
        result = call(services=[lab.service("clam")])
        assert result["failed"] is True
        assert "did you mean 'calm'" in result["msg"]


@pytest.mark.slow
def test_one_that_crashes_again_and_again_is_crashed_although_it_runs_at_the_moment(lab):
    (found,) = call(services=[lab.service("loop")], window="8s", interval="0.25s")["diagnoses"]
    assert (found["verdict"], found["urgency"], found["post_mortem"]["kind"]) == ("crashed", "now", "crashed")
    assert found["post_mortem"]["cause"] in ("loop", "other")  # other: it was just between two lives
    assert not found["gates"][0]["passed"]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_unprivileged_user_gets_what_is_readable_and_the_reasons(lab):
    """Without root the descriptors of somebody else's process are closed to us; the rest is not."""
    pid = lab.pids()["calm"]
    script = (
        "import json, os, sys; sys.path.insert(0, %r)\n"
        "from module_utils._sampling.window import observe\nfrom module_utils._sampling import procfs\nfrom module_utils._sampling.sampler import Target\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "target = Target('calm', %d, procfs.read_process('/', %d).start_ticks)\n"
        "taken = observe([target], 0, 1).segments['calm'][0].last\n"
        "print(json.dumps([taken.values, taken.unreadable]))\n"
    ) % (str(Path(_spec.__file__).parents[1]), pid, pid)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=PATIENCE)
    values, unreadable = json.loads(done.stdout)
    assert values["anon"] > 5_000_000
    assert values["threads"] == 1
    assert unreadable["fds"] == unreadable["sockets"] == "/proc/%d/fd: permission denied; run with become: true" % pid
