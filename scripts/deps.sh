#!/bin/bash
# usage: deps.sh [run]
# Installs the system packages that building and testing need; with `run`, only those of `make run`.
# Does nothing when all are there. Where it may not install, it says what is missing.
. "$(dirname "$0")/lib.sh"

packages=(
    # the libraries of the appliance, and what links them
    libseccomp-dev libsecp256k1-dev libsodium-dev libcap-dev binutils gcc libc6-dev
    # admin signatures; reading JSON in the demonstration
    openssh-client python3
)
if [ "${1:-}" != run ]; then
    packages+=(
        # the line table of the signer (scripts/signer-lines.py)
        llvm
        # the independent programs of the tests
        python3-venv
        # judges that Debian has
        electrum golang-go golang-golang-x-mod-dev
    )
fi

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

# ask WHY: ends here; somebody who may has to do it.
ask() {
    say "deps: these packages are missing: ${missing[*]}"
    say "deps: $1. Let root run this, then try again:"
    die "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
}
command -v apt-get > /dev/null || ask "there is no apt-get here"
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || ask "you are not root, and there is no sudo"
    # Without a terminal nobody could type a password. The question comes now, not into a log.
    if [ -t 0 ]; then sudo -v || ask "sudo does not let you"; else
        sudo -n true 2> /dev/null || ask "sudo asks for a password, and there is no terminal"
    fi
    as_root=(sudo)
fi
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}
refresh_and_install() { "${as_root[@]}" apt-get update && install; }
say "  system packages to install: ${missing[*]}"
step deps "installing system packages" refresh_and_install && exit 0
tail -n 20 "$BUILD/logs/deps.log" >&2
ask "apt-get could not do it"
