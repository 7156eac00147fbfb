#!/usr/bin/env bash
# A Docker daemon for the tests. Uses the one that answers; otherwise starts one of its own and ends only that one.
#
#   docker-up.sh run COMMAND…   run COMMAND while a daemon answers, then stop what was started for it
#   docker-up.sh start | stop   start one that stays, and stop it again
#
# Exit code 75: there can be no Docker here (said on stderr). Under CI=true that is 1, a failure.
#
# A session may have been killed at any moment, daemon and containers included. So the daemon has its own data root
# (only caches live there: it may be thrown away), every start gets a fresh exec root without stale containerd state,
# and what a dead daemon left behind is ended first. The machine's own /var/lib/docker is never touched.
set -euo pipefail
cd "$(dirname "$0")/.."

run_dir=/run/sysops-remediation-docker
data_root=/var/lib/sysops-remediation-docker
pid_file=$run_dir/docker.pid
log=$run_dir/dockerd.log

say() { echo "docker: $*" >&2; }
answers() { timeout 20 docker info > /dev/null 2>&1; }

no_docker() {
  say "$1"
  if [ "${CI:-}" = true ]; then
    say "CI=true: tests against Docker must not be skipped"
    exit 1
  fi
  exit 75
}

# Processes of ours name one of our two directories in their arguments: dockerd, containerd and its shims.
our_daemons() { grep -lsa -e "$run_dir/exec" -e "$data_root" /proc/[0-9]*/cmdline | grep -o '[0-9]\+' | grep -vx "$$" || true; }

container_processes() {
  local container
  for container in "$data_root"/containers/*/; do
    [ -d "$container" ] && grep -ls "/docker/$(basename "$container")" /proc/[0-9]*/cgroup | grep -o '[0-9]\+'
  done || true
}

clear_leftovers() {
  local pid target
  for pid in $(our_daemons) $(container_processes); do
    kill -KILL "$pid" 2> /dev/null || true
  done
  for target in $(awk -v a="$data_root/" -v b="$run_dir/" 'index($2, a) == 1 || index($2, b) == 1 {print $2}' /proc/mounts | sort -r); do
    umount --lazy "$target" 2> /dev/null || true
  done
  rm -rf "$run_dir"/exec.* "$pid_file"
}

start_daemon() {
  clear_leftovers
  rm -f "$run_dir/keep"
  local exec_root
  exec_root=$(mktemp -d "$run_dir/exec.XXXX")
  # 8 and 9 are the locks of this script: the daemon must not hold them.
  setsid dockerd --data-root "$data_root" --exec-root "$exec_root" --pidfile "$pid_file" \
    > "$log" 2>&1 < /dev/null 8>&- 9>&- &
  local daemon=$!
  for _ in $(seq 120); do
    if answers; then
      # Whatever this daemon still knows belongs to a session that is gone.
      docker ps --all --quiet | xargs --no-run-if-empty docker rm --force > /dev/null
      return 0
    fi
    kill -0 "$daemon" 2> /dev/null || return 1
    sleep 0.5
  done
  return 1
}

bring_up() {
  answers && return 0
  if [ "$(id -u)" -ne 0 ]; then
    no_docker "no daemon answers and starting one needs root; start Docker, or give this user access to its socket"
  fi
  scripts/system-packages.sh
  command -v dockerd > /dev/null || no_docker "dockerd is missing; on Debian: apt-get install docker.io iptables"
  mkdir -p "$run_dir"
  exec 8> "$run_dir/start.lock"
  flock 8
  answers && return 0
  say "starting dockerd (log: $log)"
  if ! start_daemon; then
    say "it did not start; once more with an empty data root"
    clear_leftovers
    rm -rf "$data_root"
    start_daemon || {
      tail -20 "$log" >&2
      clear_leftovers
      no_docker "dockerd does not start here; the end of its log is above"
    }
  fi
  exec 8>&-
}

stop_daemon() {
  local pid
  pid=$(cat "$pid_file" 2> /dev/null) || return 0
  say "stopping dockerd"
  if [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = dockerd ]; then
    kill -TERM "$pid"
    timeout 40 tail --pid="$pid" -f /dev/null || say "dockerd did not stop in time and is killed"
  fi
  clear_leftovers
}

run() {
  bring_up
  if [ ! -e "$pid_file" ]; then
    exec "$@"
  fi
  # Every user of our daemon holds the lock in common; who can have it alone is the last one.
  exec 9> "$run_dir/users.lock"
  flock --shared 9
  trap 'flock --unlock 9; if flock --exclusive --nonblock 9 && [ ! -e "$run_dir/keep" ]; then stop_daemon; fi' EXIT
  "$@"
}

case "${1:-}" in
  run) shift && run "$@" ;;
  start)
    bring_up
    if [ -e "$pid_file" ]; then touch "$run_dir/keep"; fi
    ;;
  stop) stop_daemon ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
