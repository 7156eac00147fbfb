"""Say what the built collection and wheel hold, and fail when something is missing or does not belong there."""

from __future__ import annotations

import sys
import tarfile
import zipfile

MUST = ["plugins/modules/memory_leak_info.py", "plugins/modules/service_restart.py", "playbooks/remediate.yml", "roles/diagnose/tasks/main.yml"]
MUST_NOT = ["tests/", "__pycache__", "changelogs/.plugin-cache", ".venv"]


def names(path: str) -> list[str]:
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            return wheel.namelist()
    with tarfile.open(path) as tar:
        return tar.getnames()


def main(paths: list[str]) -> int:
    bad = 0
    for path in paths:
        inside = names(path)
        missing = [must for must in MUST if not any(name.endswith(must) for name in inside)]
        foreign = [name for name in inside if any(part in name for part in MUST_NOT)]
        print(f"{path}: {len(inside)} files")
        for name in missing:
            print(f"  missing: {name}")
        for name in foreign[:10]:
            print(f"  does not belong there: {name}")
        bad += len(missing) + len(foreign)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
