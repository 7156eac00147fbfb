# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the recorder on the controller and copy it to the host. Documentation: plugins/modules/recorder_program.py"""

from __future__ import annotations

import os
import tempfile

from ansible.plugins.action import ActionBase

from ..plugin_utils._recorder_program import build

SPEC = {"dest": {"type": "path", "required": True}}
MODULE_UTILS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "module_utils")
RETURNED = ("changed", "failed", "msg", "diff", "dest", "checksum")  # of all that copy tells


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=SPEC)
        with tempfile.NamedTemporaryFile(suffix=".pyz") as program:
            program.write(build(MODULE_UTILS))
            program.flush()
            return self._copy(program.name, args["dest"], task_vars)

    def _copy(self, source, dest, task_vars):
        task = self._task.copy()
        task.args = {"src": source, "dest": dest, "mode": "0755"}
        copy = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        done = copy.run(task_vars=task_vars)
        return {key: done[key] for key in RETURNED if key in done}
