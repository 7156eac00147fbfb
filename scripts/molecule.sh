#!/usr/bin/env bash
# Run Molecule scenarios against Docker: molecule.sh [SCENARIO…], without names all of them.
# Sets up Docker and the images, shows the journal of a failed scenario, and removes the containers whatever happens.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${INSIDE_DOCKER_UP:-}" != 1 ]; then
  code=0
  INSIDE_DOCKER_UP=1 scripts/docker-up.sh run scripts/molecule.sh "$@" || code=$?
  if [ "$code" -eq 75 ]; then
    echo "molecule: SKIPPED, nothing was tested: see the reason above" >&2
    exit 0
  fi
  exit "$code"
fi

export PATH="$PWD/.venv/bin:$PATH" ANSIBLE_NOCOLOR=1
scenarios=("$@")
[ ${#scenarios[@]} -gt 0 ] || mapfile -t scenarios < <(ls molecule)

containers() {
  docker ps --all --quiet --filter "label=sysops-remediation-scenario=$(pwd -P | tr -d '\n' | sha256sum | cut -c1-8)-$1"
}

show_journal() {
  local container
  for container in $(containers "$1"); do
    echo "--- journal of $(docker inspect --format '{{.Name}}' "$container")" >&2
    docker exec "$container" journalctl --no-pager --lines 150 --output short-precise >&2 || true
  done
}

current=
remove_containers() {
  if [ -n "$current" ]; then
    containers "$current" | xargs --no-run-if-empty docker rm --force --volumes > /dev/null
  fi
}
trap remove_containers EXIT

for release in $(cat molecule/*/inventory.yml | sed -n 's/.*container_release: *\([a-z]*\).*/\1/p' | sort -u) bookworm; do
  scripts/build-image.sh "$release"
done
for scenario in "${scenarios[@]}"; do
  current=$scenario
  started=$SECONDS
  if ! molecule test --scenario-name "$scenario" --destroy=never; then
    show_journal "$scenario"
    echo "molecule: scenario $scenario failed after $((SECONDS - started)) s" >&2
    exit 1
  fi
  remove_containers
  echo "molecule: scenario $scenario passed in $((SECONDS - started)) s"
done
