#!/usr/bin/env bash
# Debian packages that slow tests and Molecule use. Elsewhere, or without root: say what is missing and go on;
# the tests that need it skip with a reason (and fail under CI=true where the Makefile says so).
set -euo pipefail
packages=(docker.io iptables mmdebstrap prometheus prometheus-process-exporter gdb postgresql)
command -v javac > /dev/null || packages+=(default-jdk-headless)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get > /dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "system: these Debian packages are missing and cannot be installed here (root on Debian needed): ${missing[*]}" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
fi
echo "system: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Nothing that a package brings may start by itself on the developer's machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -q > /dev/null
apt-get install -y -q --no-install-recommends "${missing[@]}" > /dev/null
