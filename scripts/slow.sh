#!/usr/bin/env bash
# Tests with real services and processes; those against Docker and systemd containers run where there can be a Docker.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${INSIDE_DOCKER_UP:-}" != 1 ]; then
  code=0
  INSIDE_DOCKER_UP=1 scripts/docker-up.sh run scripts/slow.sh "$@" || code=$?
  [ "$code" -eq 75 ] || exit "$code"
  echo "slow: NO DOCKER: tests against Docker and systemd are skipped, see the reason above" >&2
  exec pytest -m slow -n 2 --dist loadfile "$@"
fi

for packages in .config/molecule/images/*.packages; do
  scripts/build-image.sh "$(basename "$packages" .packages)"
done
pytest -m slow -n 2 --dist loadfile --durations 10 "$@"
