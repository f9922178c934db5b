#!/bin/bash
# The rows of the design's table of numbers that exist by now, as ratios. Builds what it measures first.
. "$(dirname "$0")/lib.sh"

scripts/build.sh
export PORTCULLIS_BUILD="$PWD/$BUILD" PORTCULLIS_PEERS="$PEERS"
case "$BUILD" in /*) PORTCULLIS_BUILD="$BUILD" ;; esac
[ -x Benchmarks/run.sh ] || die "bench: Benchmarks/run.sh is missing"
exec Benchmarks/run.sh
