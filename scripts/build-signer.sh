#!/bin/bash
# Builds the signer: Embedded Swift without a heap, one static position-independent executable in build/. Then it
# holds the result against what is promised: no shared library, 3 MB, no symbol in our objects but those allowed.
# With --lines it stops after linking, line tables included: that is what scripts/signer-lines.py measures.
. "$(dirname "$0")/lib.sh"

SCRATCH="${SIGNER_SCRATCH:-Core/.build-embedded}"
BYTES_MAX=3000000
case "$SCRATCH" in /*) ;; *) SCRATCH="$PWD/$SCRATCH" ;; esac

lines=()
if [ "${1:-}" = --lines ]; then lines=(-Xswiftc -gline-tables-only -Xcc -gline-tables-only); fi

# Function sections let the linker drop what nobody calls: the hashing of enums with its random seed, and of our C shims
# what only the others use, such as fork and exec.
swift build --package-path Core -c release --product portcullis-signer --scratch-path "$SCRATCH" \
    --disable-local-rpath -j "$JOBS" --explicit-target-dependency-import-check error \
    -Xswiftc -enable-experimental-feature -Xswiftc Embedded -Xswiftc -wmo -Xswiftc -no-allocations \
    -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections \
    -Xswiftc -use-ld=bfd -Xswiftc -Xclang-linker -Xswiftc -static-pie \
    "${lines[@]}"

linked="$SCRATCH/release/portcullis-signer"
[ -x "$linked" ] || die "build-signer: $linked is missing"
if [ ${#lines[@]} != 0 ]; then exit 0; fi

# What our Swift objects ask of others: our C shims, the two libraries, and these few of the runtime. An allocator here
# would mean that the promise of no heap is broken.
runtime='memcpy|memmove|memset|memcmp|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
ours='linux_[a-z_]*|pc_[a-z0-9_]*|capabilities_[a-z]*|sandbox_[a-z_]*'
libraries='crypto_[a-z0-9_]*|sodium_[a-z_]*|secp256k1_[a-z0-9_]*'
swift='\$[es].*|portcullis_signer_main'
# Asked for by code that nobody calls; that it is gone is checked below.
dead='arc4random_buf|swift_once'
objects=()
for module in Bytes BitcoinCrypto Bitcoin Policy Transparency Wire SecretMemory Confinement LocalSocket Signer \
    portcullis_signer; do
    for object in "$SCRATCH/release/$module.build/"*.o; do objects+=("$object"); done
done
strange=$(nm -u "${objects[@]}" | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u |
    grep -vxE "$runtime|$ours|$libraries|$swift|$dead" || true)
[ -z "$strange" ] || die "build-signer: our objects ask for symbols that are not allowed:"$'\n'"$strange"
alive=$(nm "$linked" | awk '{ print $NF }' | grep -E "^($dead)$|6Hasher" || true)
[ -z "$alive" ] || die "build-signer: the linker kept what nobody should call:"$'\n'"$alive"

binary="$SCRATCH/release/portcullis-signer.stripped"
strip -s -o "$binary" "$linked"

# A static PIE: the kernel loads it, and nothing else is loaded with it.
header=$(readelf -hlW "$binary")
grep -q 'Type:.*DYN' <<< "$header" || die "build-signer: not position-independent"
if grep -q 'INTERP' <<< "$header"; then die "build-signer: asks for a loader, so it is not static"; fi
if readelf -dW "$binary" | grep -q NEEDED; then die "build-signer: needs a shared library"; fi
size=$(stat -c %s "$binary")
[ "$size" -le "$BYTES_MAX" ] || die "build-signer: $size bytes, more than $BYTES_MAX"

mkdir -p "$BUILD"
cp "$binary" "$BUILD/.portcullis-signer.new"
mv -f "$BUILD/.portcullis-signer.new" "$BUILD/portcullis-signer"
say "  signer: $size bytes, static, position-independent"
