#!/usr/bin/env bash
# Build the collection and the wheel into dist/ and check what is inside.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf dist && mkdir dist
ansible-galaxy collection build --output-path dist collections/ansible_collections/sysops/remediation > /dev/null
python -m hatchling build -t wheel -d dist > /dev/null
python scripts/look_inside.py dist/*.tar.gz dist/*.whl
