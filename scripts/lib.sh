# shellcheck shell=bash
# What the scripts share. Source it; the repository's root becomes the current folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BUILD="${BUILD:-build}"
JOBS="${JOBS:-$(nproc)}"
PEERS="${PORTCULLIS_PEERS:-$PWD/.venv}"

# The import check fails a target that uses a module it does not declare.
SWIFT_FLAGS=(-j "$JOBS" --explicit-target-dependency-import-check error)

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# step NAME WORDS COMMAND...: runs the command with its output in a log, showing that time passes.
step() {
    local name="$1" words="$2" log started status=0 ticker=
    shift 2
    mkdir -p "$BUILD/logs"
    log="$BUILD/logs/$name.log"
    started=$SECONDS
    if [ -t 2 ]; then
        (while sleep 1; do printf '\r  %s … %d s ' "$words" $((SECONDS - started)) >&2; done) &
    else
        say "  $words …"
        (while sleep 60; do say "  $words … $((SECONDS - started)) s"; done) &
    fi
    ticker=$!
    "$@" > "$log" 2>&1 || status=$?
    kill "$ticker" 2> /dev/null || true
    wait "$ticker" 2> /dev/null || true
    [ -t 2 ] && printf '\r\033[K' >&2
    if [ "$status" = 0 ]; then
        say "  $words: done in $((SECONDS - started)) s"
    else
        say "  $words: FAILED after $((SECONDS - started)) s (exit $status), log in $log"
    fi
    return "$status"
}
