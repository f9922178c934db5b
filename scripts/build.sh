#!/bin/bash
# Builds the four release executables into build/.
. "$(dirname "$0")/lib.sh"

say "Building the release executables (the first time takes some minutes)"
failed() {
    say "---- end of $BUILD/logs/$1.log"
    tail -n 40 "$BUILD/logs/$1.log" >&2
    exit 1
}

# The gate comes from the manifest without dependencies; its Swift runtime is linked in.
build_gate() {
    swift build --package-path Core -c release --static-swift-stdlib "${SWIFT_FLAGS[@]}" \
        --product portcullis-gate
}
build_product() {
    swift build -c release --static-swift-stdlib "${SWIFT_FLAGS[@]}" --product "$1"
}
# place FOLDER NAME: puts an executable into build/ in one step, so that a running one is not torn.
place() {
    cp "$1/$2" "$BUILD/.$2.new"
    strip --strip-unneeded "$BUILD/.$2.new"
    mv -f "$BUILD/.$2.new" "$BUILD/$2"
}

mkdir -p "$BUILD"
step build-signer "signer (Embedded Swift, static)" scripts/build-signer.sh || failed build-signer
step build-gate "gate" build_gate || failed build-gate
step build-front "front" build_product portcullis-front || failed build-front
step build-cli "portcullis (command line)" build_product portcullis || failed build-cli
place Core/.build/release portcullis-gate
place .build/release portcullis-front
place .build/release portcullis
for name in portcullis portcullis-signer portcullis-gate portcullis-front; do
    [ -x "$BUILD/$name" ] || die "build: $BUILD/$name is missing"
done
