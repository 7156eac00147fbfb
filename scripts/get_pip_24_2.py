"""Stand-in for get-pip: install pip with the one bundled in ensurepip. Used by scripts/sanity.sh."""

from __future__ import annotations

import ensurepip
import pathlib
import runpy
import sys

bundled = next(pathlib.Path(ensurepip.__file__).parent.joinpath("_bundled").glob("pip-*.whl"))
sys.path.insert(0, str(bundled))
options = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.argv = ["pip", "install", *options]
runpy.run_module("pip", run_name="__main__")
