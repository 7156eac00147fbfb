#!/usr/bin/env bash
# Build the image that the Molecule scenarios run systemd in, and tag it sysops-remediation-test:RELEASE.
#
#   build-image.sh RELEASE [PACKAGE…]   RELEASE: bookworm or trixie; PACKAGEs are added to .config/molecule/images/RELEASE.packages
#
# On Debian as root it comes from Debian packages alone (mmdebstrap, from the mirror this machine's apt uses), elsewhere
# from images/Dockerfile and a registry; IMAGE_SOURCE=dockerfile asks for the latter. What was built is kept twice,
# named by a hash of its inputs: as an image, and as an archive below ~/.cache that outlives the Docker daemon.
set -euo pipefail
cd "$(dirname "$0")/../.config/molecule/images"

repository=sysops-remediation-test
release=${1:?usage: build-image.sh RELEASE [PACKAGE…]}
shift
if [ ! -f "$release.packages" ]; then
  echo "image: unknown release '$release'; known: $(ls -- *.packages | sed 's/\.packages$//' | tr '\n' ' ')" >&2
  exit 64
fi
read -r -d '' -a packages < <(grep -hv '^#' "$release.packages"; printf '%s\n' "$@") || true

inputs=$(cat finish.sh Dockerfile; printf '%s\n' "$release" "${packages[@]}")
hash=$(sha256sum <<< "$inputs" | cut -c1-12)
image=$repository:$release-$hash
archive=${XDG_CACHE_HOME:-$HOME/.cache}/sysops-remediation/images/$release-$hash.tar
init_cmd='CMD ["/sbin/init"]'

apt_mirror() {
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' \
    | awk '$1 == "Debian" && $2 !~ /security/ {print $2; exit}'
}

build_archive() {
  local partial
  partial=$(mktemp "$archive.XXXX")
  # shellcheck disable=SC2064
  trap "rm -f '$partial'" EXIT
  # shellcheck disable=SC2016 # $1 is for the shell of the hook
  mmdebstrap --quiet --variant=apt --format=tar --include="$(IFS=,; echo "${packages[*]}")" \
    --customize-hook='cp finish.sh "$1/tmp/" && chroot "$1" sh /tmp/finish.sh && rm "$1/tmp/finish.sh"' \
    "$release" "$partial" "$(apt_mirror)"
  mv "$partial" "$archive"
}

can_mmdebstrap() {
  [ "${IMAGE_SOURCE:-}" != dockerfile ] && [ "$(id -u)" -eq 0 ] && command -v mmdebstrap > /dev/null
}

if docker image inspect "$image" > /dev/null 2>&1; then
  :
elif [ -f "$archive" ] || can_mmdebstrap; then
  mkdir -p "$(dirname "$archive")"
  # One build at a time; whoever waited finds it done.
  exec 9> "$(dirname "$archive")/lock"
  flock 9
  if [ ! -f "$archive" ]; then
    echo "image: building $image from Debian packages (once; a minute or two)" >&2
    build_archive
  fi
  docker import --change "$init_cmd" "$archive" "$image" > /dev/null
else
  echo "image: building $image with docker build (needs a registry)" >&2
  docker build --quiet --network host --build-arg RELEASE="$release" --build-arg PACKAGES="${packages[*]}" --tag "$image" . > /dev/null
fi
docker tag "$image" "$repository:$release"
echo "image: $image" >&2
