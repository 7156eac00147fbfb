#!/usr/bin/env bash
# Renew constraints.txt in a throw-away environment. Usage: constraints.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$1" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet '.[demo,dev]'
{
  echo "# Versions for development and CI; no index addresses. Renew with: make constraints"
  "$scratch/venv/bin/python" -m pip freeze --exclude sysops-remediation
} > "$scratch/constraints.txt"
cp "$scratch/constraints.txt" constraints.txt
