#!/usr/bin/env bash
# Documentation of the collection: antsibull's checks. antsibull-docs can print errors and still exit 0, so its output decides.
set -euo pipefail
cd "$(dirname "$0")/../collections/ansible_collections/sysops/remediation"
antsibull-changelog lint
out=$(ANSIBLE_COLLECTIONS_PATH=../../.. antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck . 2>&1) || { echo "$out"; exit 1; }
if [ -n "$out" ]; then
  echo "$out"
  exit 1
fi
echo "docs: changelog fragments and plugin documentation are clean"
