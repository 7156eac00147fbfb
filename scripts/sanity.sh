#!/usr/bin/env bash
# ansible-test sanity for the collection, without Galaxy and without fetching get-pip from anywhere.
set -euo pipefail
cd "$(dirname "$0")/.."
# ansible-test wants get-pip in its cache; a few lines around the pip that ships with Python do the same.
cache=${HOME:-/root}/.ansible/test/cache
mkdir -p "$cache"
cp scripts/get_pip_24_2.py "$cache/get_pip_24_2.py"
# ansible-test looks at tracked files only and needs the collection below a folder named ansible_collections.
cd collections/ansible_collections/sysops/remediation
minor=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! ansible-test sanity --python "$minor" --color no "$@" > "$log" 2>&1; then
  grep -E '^(ERROR|FATAL|See|WARNING: [^L])' -A 20 "$log" | tail -n 80
  exit 1
fi
echo "sanity: $(grep -c '^Running sanity test' "$log") tests of ansible-test passed"
