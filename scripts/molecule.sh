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
    docker exec "$container" journalctl --no-pager --lines 400 --output short-precise | grep -v ansible-ansible | tail -60 >&2 || true
  done
}

current=
remove_containers() {
  [ -z "$current" ] || molecule destroy --scenario-name "$current" > /dev/null 2>&1 || echo "molecule: destroying $current failed" >&2
}
trap remove_containers EXIT

for packages in .config/molecule/images/*.packages; do
  scripts/build-image.sh "$(basename "$packages" .packages)"
done
for current in "${scenarios[@]}"; do
  started=$SECONDS
  # --destroy=never leaves out the first destroy too.
  remove_containers
  if ! molecule test --scenario-name "$current" --destroy=never; then
    show_journal "$current"
    echo "molecule: scenario $current failed after $((SECONDS - started)) s" >&2
    exit 1
  fi
  remove_containers
  echo "molecule: scenario $current passed in $((SECONDS - started)) s"
done
