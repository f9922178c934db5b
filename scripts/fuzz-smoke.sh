#!/bin/bash
# usage: fuzz-smoke.sh [SECONDS]   (10 unless said)
# Builds every fuzz target, runs each for that time from its corpus in Fuzz/Corpus, and prints one
# line for each. The canary must fail: a fuzzer that finds nothing in it would find nothing at all.
. "$(dirname "$0")/lib.sh"

seconds="${1:-10}"
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || die "usage: scripts/fuzz-smoke.sh [SECONDS]"
export WITH_FUZZERS=1
# libFuzzer reports the crash and keeps its input; Swift's own report would come in between.
export SWIFT_BACKTRACE=enable=no

# build PACKAGE SCRATCH TARGET: what needs no third-party package is in Core, the rest in the root.
build() {
    swift build --package-path "$1" -c release --sanitize=fuzzer --scratch-path "$2" \
        -j "$JOBS" --product "$3" > "$work/$3.build" 2>&1 || {
        tail -n 30 "$work/$3.build" >&2
        die "$3: does not build"
    }
}

# fuzz: runs $target; its status is the fuzzer's.
fuzz() {
    local corpus="$work/corpus-$target"
    mkdir -p "$corpus" "$work/artifacts-$target"
    [ ! -d "Fuzz/Corpus/$target" ] || cp "Fuzz/Corpus/$target"/* "$corpus"
    timeout $((seconds + 120)) "$scratch/release/$target" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -artifact_prefix="$work/artifacts-$target/" "$corpus" \
        > "$work/$target.log" 2>&1
}

# runs: how many inputs were tried, as libFuzzer says at its end.
runs() { sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$work/$target.log"; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
for folder in Fuzz/Fuzz*/; do
    target="$(basename "$folder")"
    package=Core scratch=.build-fuzz
    grep -q "\"$target\"" Core/Package.swift || package=. scratch=.build-fuzz/root
    build "$package" "$scratch" "$target"
    status=0
    fuzz "$target" || status=$?
    if [ "$target" = FuzzCanary ]; then
        if grep -q 'SUMMARY: libFuzzer: deadly signal' "$work/$target.log"; then
            echo "$target: found, as it must be"
        else
            echo "$target: FAILED, the planted trap was not found in $seconds s"
            failed=1
        fi
    elif [ "$status" = 0 ]; then
        echo "$target: nothing found in $(runs) runs, $seconds s"
    else
        mkdir -p "$BUILD/fuzz/$target"
        cp "$work/artifacts-$target"/* "$BUILD/fuzz/$target" 2> /dev/null || true
        echo "$target: FAILED (exit $status), input in $BUILD/fuzz/$target"
        tail -n 30 "$work/$target.log" >&2
        failed=1
    fi
done
exit "$failed"
