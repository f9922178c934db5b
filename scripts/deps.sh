#!/bin/bash
# Installs the system packages that building and testing need. Does nothing when all are there.
. "$(dirname "$0")/lib.sh"

packages=(
    # the libraries of the appliance, and what links them
    libseccomp-dev libsecp256k1-dev libsodium-dev libcap-dev binutils gcc libc6-dev
    # the line table of the signer (scripts/signer-lines.py)
    llvm
    # admin signatures; the independent programs of demo and tests
    openssh-client python3 python3-venv
    # judges that Debian has
    electrum golang-go golang-golang-x-mod-dev
    
)

missing=()
if command -v dpkg-query > /dev/null; then
    for package in "${packages[@]}"; do
        status="$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)"
        [ "$status" = installed ] || missing+=("$package")
    done
else
    die "deps: no dpkg here. Install what corresponds to: ${packages[*]}"
fi

command -v swift > /dev/null || die "deps: no swift in PATH. Install the Swift 6.3 toolchain for Linux from swift.org."
if [ ${#missing[@]} = 0 ]; then
    say "  system packages: all there"
    exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || die "deps: not root and no sudo. As root: apt-get install ${missing[*]}"
    as_root=(sudo)
fi
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}
refresh_and_install() { "${as_root[@]}" apt-get update && install; }
say "  system packages to install: ${missing[*]}"
step deps "installing system packages" refresh_and_install ||
    { tail -n 20 "$BUILD/logs/deps.log" >&2; exit 1; }
