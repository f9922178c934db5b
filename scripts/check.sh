#!/bin/bash
# usage: check.sh STAGE...   with the stages lint core release lines root system tidy fuzz, or all
# Runs each stage into a log of its own, goes on after a failure, shows the logs that failed,
# and ends with one line: N passed, N failed, N skipped.
. "$(dirname "$0")/lib.sh"

# make exports the name even where it is empty.
export PORTCULLIS_PEERS="$PEERS"

stage_lint() {
    # shellcheck disable=SC2046
    swift format lint --strict --recursive --parallel $(scripts/swift-files.sh)
}
stage_core() {
    swift build --package-path Core --build-tests "${SWIFT_FLAGS[@]}" &&
        swift test --package-path Core --skip-build
}
stage_root() {
    swift build --build-tests "${SWIFT_FLAGS[@]}" && swift test --skip-build --skip SystemTests
}
# With the evaluator alone, which Tests/SystemTests/test_policy_model.py asks a million times.
stage_release() {
    scripts/build.sh &&
        swift build --package-path Core -c release --static-swift-stdlib "${SWIFT_FLAGS[@]}" --product policy-driver
}
stage_tidy() { swift test --package-path Core --filter TidyTests "${SWIFT_FLAGS[@]}"; }
# A build of the signer with its line table, measured.
stage_lines() { scripts/signer-lines.py --check; }
stage_fuzz() { scripts/fuzz-smoke.sh; }
stage_system() {
    local status=0
    export PORTCULLIS_BUILD="$PWD/$BUILD"
    case "$BUILD" in /*) PORTCULLIS_BUILD="$BUILD" ;; esac
    if compgen -G 'Tests/SystemTests/*.swift' > /dev/null; then
        swift build --build-tests "${SWIFT_FLAGS[@]}" &&
            swift test --skip-build --filter SystemTests || status=1
    fi
    if [ -n "$(find Tests/SystemTests -name 'test_*.py' -print -quit)" ]; then
        if "$PEERS/bin/python" -c 'import pytest' 2> /dev/null; then
            "$PEERS/bin/python" -m pytest -ra -p no:cacheprovider Tests/SystemTests || status=1
        else
            echo '➜ Test "System tests in Python" skipped: no pytest (make peers)'
        fi
    fi
    return "$status"
}

words() {
    case "$1" in
    lint) echo "formatting" ;;
    core) echo "build and tests of the trusted part" ;;
    root) echo "build and tests of the rest" ;;
    release) echo "release executables" ;;
    system) echo "system tests" ;;
    tidy) echo "tidy tests" ;;
    lines) echo "lines in the signer" ;;
    fuzz) echo "fuzz smoke" ;;
    *) die "check: no stage named $1" ;;
    esac
}

# The lines of Swift Testing and of pytest, counted. Tests of a skipped suite each have a line of their own.
count() {
    awk '
        /^[^ ]+ Test .* passed after / { passed++ }
        /^[^ ]+ Test .* failed after / && !/^[^ ]+ Test run/ { failed++ }
        /^[^ ]+ Test run with / && / passed after / { passed-- }
        /^[^ ]+ Test .* skipped(:|\.)/ { skipped++ }
        /^=+ .* in [0-9.:hms ]+.*=+$/ {
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^passed/) passed += $(i - 1)
                if ($i ~ /^failed/ || $i ~ /^errors?/) failed += $(i - 1)
                if ($i ~ /^skipped/) skipped += $(i - 1)
            }
        }
        END { print passed + 0, failed + 0, skipped + 0 }' "$@"
}

[ $# -gt 0 ] || die "usage: scripts/check.sh all | STAGE..."
stages=("$@")
[ "$1" = all ] && stages=(lint core release lines root system fuzz)
bad=()
logs=()
for stage in "${stages[@]}"; do
    label="$(words "$stage")"
    step "check-$stage" "$label" "stage_$stage" || bad+=("$stage")
    logs+=("$BUILD/logs/check-$stage.log")
done

read -r passed failed skipped < <(count "${logs[@]}")
skips="$(grep -hE '^[^ ]+ (Test|Suite) .* skipped(:|\.)|^SKIPPED ' "${logs[@]}" | sort | uniq -c || true)"
[ -z "$skips" ] || printf 'Skipped:\n%s\n' "$skips" >&2
figures="$(sed -n '/^-* figures -*$/,/^=/{//!p}' "${logs[@]}")"
[ -z "$figures" ] || printf 'Measured:\n%s\n' "$figures" >&2
suites="$(sed -n 's/^.*\(vectors [a-z0-9_/-]*: .*\)$/\1/p' "${logs[@]}" | sort -u || true)"
[ -z "$suites" ] || printf 'Vectors:\n%s\n' "$suites" >&2
for stage in "${bad[@]}"; do
    say
    say "==== $(words "$stage") failed; from $BUILD/logs/check-$stage.log:"
    grep -nE 'error:|✘|FAILED|^E  ' "$BUILD/logs/check-$stage.log" | head -n 80 >&2 || true
    say "---- its end:"
    tail -n 60 "$BUILD/logs/check-$stage.log" >&2
    # A stage that fails without a failed test, such as a build, counts as one.
    read -r _ own _ < <(count "$BUILD/logs/check-$stage.log")
    [ "$own" != 0 ] || failed=$((failed + 1))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ ${#bad[@]} = 0 ] && [ "$failed" = 0 ]
