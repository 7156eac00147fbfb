# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder as one file: the same bytes each time, runnable by every Python of a managed host, and no traceback for a user's mistake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from action_lab import COLLECTIONS, PATIENCE
from ansible_collections.sysops.remediation.plugins.plugin_utils import _recorder_program
from old_python import OLD_PYTHON

MODULE_UTILS = COLLECTIONS / "ansible_collections/sysops/remediation/plugins/module_utils"
LEAN = ("-S", "-E", "-s")
EACH_PYTHON = [
    pytest.param(sys.executable, id="current"),
    pytest.param(OLD_PYTHON, id="3.8", marks=pytest.mark.skipif(not OLD_PYTHON, reason="no Python 3.8 on this machine")),
]


def run(program, *arguments, python=sys.executable):
    return subprocess.run([python, *LEAN, program, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "recorder.pyz"
    path.write_bytes(_recorder_program.build(MODULE_UTILS))
    return path


@pytest.fixture
def config(tmp_path):
    """Write a configuration and return its path."""

    def write(content):
        path = tmp_path / "recorder.json"
        path.write_text(content if isinstance(content, str) else json.dumps(dict({"state_dir": str(tmp_path / "state")}, **content)))
        return path

    return write


class TestBuild:
    def test_the_bytes_depend_on_the_sources_alone(self, tmp_path):
        """Not on when, where, by whom and in which order the files were written."""
        elsewhere = tmp_path / "module_utils"
        for path in sorted(MODULE_UTILS.rglob("*.py"), reverse=True):
            copy = elsewhere / path.relative_to(MODULE_UTILS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            os.utime(copy, (1e9, 1e9))
        assert _recorder_program.build(elsewhere) == _recorder_program.build(MODULE_UTILS)

    def test_a_changed_source_is_a_changed_program(self, tmp_path):
        elsewhere = shutil.copytree(MODULE_UTILS, tmp_path / "module_utils")
        (elsewhere / "_run.py").write_text("# other\n")
        assert _recorder_program.build(elsewhere) != _recorder_program.build(MODULE_UTILS)

    @pytest.mark.parametrize("python", EACH_PYTHON)
    def test_every_module_in_it_can_be_imported_without_ansible_and_site_packages(self, program, python):
        with zipfile.ZipFile(program) as archive:
            modules = [name[: -len(".py")].replace("/", ".") for name in archive.namelist() if not name.startswith("__main__")]
        code = "import importlib, sys; sys.path.insert(0, sys.argv[1]); [importlib.import_module(name) for name in sys.argv[2:]]; print(len(sys.argv) - 2)"
        done = subprocess.run([python, *LEAN, "-c", code, str(program), *modules], capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert (done.stdout, done.stderr) == ("%d\n" % len(modules), "")
        assert len(modules) > 30


class TestCompiledCopy:
    @pytest.fixture
    def compiled(self, program, tmp_path):
        path = tmp_path / "recorder-compiled.pyz"
        done = run(program, "--compile", path)
        assert (done.stdout, done.stderr, done.returncode) == ("written\n", "", 0)
        return path

    def test_does_what_the_program_does(self, program, compiled, config):
        path = config({"services": [{"name": "x", "manager": "upstart"}]})
        answers = [(done.returncode, done.stdout, done.stderr) for done in (run(one, path) for one in (program, compiled))]
        assert answers[0] == answers[1]
        assert "service 'x' not found" in answers[0][2]

    def test_runs_without_its_sources_so_the_byte_code_is_really_used(self, compiled, tmp_path, config):
        bare = tmp_path / "bare.pyz"
        with zipfile.ZipFile(compiled) as full, zipfile.ZipFile(bare, "w") as copy:
            for name in full.namelist():
                if name.endswith(".pyc"):
                    copy.writestr(name, full.read(name))
        done = run(bare, config({"services": []}))
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.skipif(not OLD_PYTHON, reason="no Python 3.8 on this machine")
    def test_another_python_takes_the_sources(self, program, compiled, tmp_path, config):
        path = config({"services": [{"name": "x", "manager": "upstart"}]})
        assert "service 'x' not found" in run(compiled, path, python=OLD_PYTHON).stderr
        run(program, "--compile", tmp_path / "old.pyz", python=OLD_PYTHON)
        assert "service 'x' not found" in run(tmp_path / "old.pyz", path).stderr

    def test_is_left_alone_when_it_fits(self, program, compiled):
        before = compiled.read_bytes(), compiled.stat().st_ino
        assert run(program, "--compile", compiled).stdout == "unchanged\n"
        assert (compiled.read_bytes(), compiled.stat().st_ino) == before

    @pytest.mark.skipif(not OLD_PYTHON, reason="no Python 3.8 on this machine")
    def test_is_made_anew_for_another_python(self, program, compiled):
        assert run(program, "--compile", compiled, python=OLD_PYTHON).stdout == "written\n"
        assert run(program, "--compile", compiled, python=OLD_PYTHON).stdout == "unchanged\n"

    @pytest.mark.parametrize("content", [b"", b"PK garbage", b"\0" * 100_000])
    def test_is_made_anew_from_garbage(self, program, tmp_path, content):
        path = tmp_path / "compiled.pyz"
        path.write_bytes(content)
        assert run(program, "--compile", path).stdout == "written\n"

    def test_where_it_cannot_be_written_one_line_says_so(self, program, tmp_path):
        done = run(program, "--compile", tmp_path / "missing" / "x.pyz")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "missing/x.pyz" in done.stderr


class TestMistakes:
    """Each: one line that names the file and what is wrong with it, exit code 2."""

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "Expecting value"),
            ("{", "Expecting property name"),
            ("\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "Expecting value"),
            ("[]", "a JSON object with a list 'services' is needed"),
            ("{}", "a JSON object with a list 'services' is needed"),
            ('{"services": "postfix"}', "a JSON object with a list 'services' is needed"),
            ('{"services": [{"name": "a"}, "postfix"]}', "services[1] is not a JSON object with the texts 'name'"),
            ('{"services": [{"manager": "systemd"}]}', "services[0] is not"),
            ('{"services": [{"name": "a", "server": 9001}]}', "services[0] is not"),
        ],
    )
    def test_in_the_configuration(self, program, config, content, says):
        path = config(content)
        done = run(program, path)
        assert done.returncode == 2 and done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("sysops-remediation-recorder: %s: " % path) and says in line

    def test_no_such_file(self, program, tmp_path):
        done = run(program, tmp_path / "nothing.json")
        assert done.returncode == 2 and "No such file" in done.stderr and len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("seconds", ["soon", "0", "-5", "nan", "inf", "1e9"])
    def test_in_the_seconds(self, program, config, seconds):
        done = run(program, config({"services": []}), seconds)
        assert done.returncode == 2 and seconds in done.stderr and len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("arguments", [(), ("a", "b", "c"), ("--help",), ("--compile",)])
    def test_in_the_arguments(self, program, arguments):
        done = run(program, *arguments)
        assert done.returncode == 2 and done.stderr.startswith("sysops-remediation-recorder: usage: ") and len(done.stderr.splitlines()) == 1
