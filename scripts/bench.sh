#!/bin/bash
# The rows of the design's table of numbers that exist by now, as ratios. Builds what it measures first.
. "$(dirname "$0")/lib.sh"

scripts/build.sh
export PORTCULLIS_BUILD="$PWD/$BUILD" PORTCULLIS_PEERS="$PEERS"
case "$BUILD" in /*) PORTCULLIS_BUILD="$BUILD" ;; esac
# What only code from inside can measure: a benchmark of its own, which no other build makes.
build_core_bench() {
    WITH_BENCHMARKS=1 swift build --package-path Core -c release --static-swift-stdlib \
        "${SWIFT_FLAGS[@]}" --product core-bench
}
step build-core-bench "benchmark of policy and log" build_core_bench ||
    { tail -n 40 "$BUILD/logs/build-core-bench.log" >&2; exit 1; }
export PORTCULLIS_CORE_BENCH="$PWD/Core/.build/release/core-bench"
[ -x Benchmarks/run.sh ] || die "bench: Benchmarks/run.sh is missing"
exec Benchmarks/run.sh
