#!/usr/bin/env bash
# Create or refresh .venv. Usage: venv.sh PYTHON REQUIREMENT
set -euo pipefail
cd "$(dirname "$0")/.."
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }
# A name on the PATH may be a shim that leads nowhere, so each candidate has to run.
python=
for candidate in ${1:-python3 python3.11 python3.12 python3.13 python3.14}; do
  new_enough "$candidate" && python=$candidate && break
done
if [ -z "$python" ]; then
  echo "setup: Python 3.11 or newer is needed, and '${1:-python3}' is not; install it or call: make PYTHON=/path/to/python3.11 …" >&2
  exit 2
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  echo "setup: $python has no venv module; on Debian: apt-get install python3-venv" >&2
  exit 2
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "setup: installing $2 into .venv (versions from constraints.txt)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable "$2" 2> >(grep -v '^WARNING: Location' >&2)
