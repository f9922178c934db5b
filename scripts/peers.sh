#!/bin/bash
# Makes the virtual environment with the judges, once for each list of versions.
# With PORTCULLIS_PEERS set, that environment is taken as it is.
. "$(dirname "$0")/lib.sh"

if [ -n "${PORTCULLIS_PEERS:-}" ]; then
    [ -x "$PEERS/bin/python" ] || die "peers: PORTCULLIS_PEERS=$PEERS has no bin/python"
    say "  judges of the tests: those in $PEERS"
    exit 0
fi
if cmp -s scripts/peers.txt "$PEERS/peers.txt"; then
    say "  judges of the tests: all there"
    exit 0
fi

make_environment() {
    python3 -m venv "$PEERS" &&
        "$PEERS/bin/pip" install --quiet --prefer-binary --requirement scripts/peers.txt &&
        cp scripts/peers.txt "$PEERS/peers.txt"
}
step peers "fetching the judges of the tests" make_environment && exit 0
tail -n 20 "$BUILD/logs/peers.log" >&2
say "  The tests that need a judge will report themselves as skipped."
