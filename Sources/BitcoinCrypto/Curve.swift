package import Bytes
private import CSecp256k1

/// The curve secp256k1: keys and both signature schemes of Bitcoin, through libsecp256k1.
///
/// Making one allocates; no other function does. Signatures are deterministic and verified before
/// they are returned. A secret is a span of 32 bytes. The library leaves traces of it on the stack:
/// who signs wipes the stack afterwards.
///
/// It is public only because Embedded Swift must see the `deinit` of a noncopyable type from other
/// modules ("deinit of non-copyable type not visible in the current module"); nothing in it is.
@safe public struct Curve: ~Copyable {
    let context: OpaquePointer

    /// The hash of BIP-341's tweaks after its tag.
    private let tapTweak = TaggedHash("TapTweak")

    /// Prepares the library. A seed of 32 secret random bytes blinds multiplications by secrets
    /// against side channels; a process that only verifies needs none.
    package init(blindingSeed: Span<UInt8>? = nil) throws(CryptoError) {
        if let seed = blindingSeed, seed.count != 32 {
            throw .wrongLength(expected: 32, found: seed.count)
        }
        // SAFETY: the context is checked for null and lives until `deinit`, its only owner.
        guard let made = unsafe secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
            throw .initializationFailed
        }
        if let seed = blindingSeed {
            // SAFETY: the seed has the 32 bytes that are read, as checked above.
            guard unsafe lend(seed, { unsafe secp256k1_context_randomize(made, $0) }) == 1 else {
                unsafe secp256k1_context_destroy(made)
                throw .initializationFailed
            }
        }
        // SAFETY: nothing else knows the context from here on.
        unsafe context = made
    }

    deinit {
        // SAFETY: the context was made by `init` and is destroyed once.
        unsafe secp256k1_context_destroy(context)
    }

    // MARK: Keys

    /// The compressed public key of a secret.
    package func publicKey(ofSecret secret: Span<UInt8>) throws(CryptoError) -> Bytes33 {
        precondition(secret.count == 32, "a secret is 32 bytes")
        var good: Int32 = 0
        // SAFETY: the function reads 32 bytes and writes 33, the lengths of secret and key.
        let key = unsafe Bytes33.filled { key in
            unsafe lend(secret) { good = unsafe pc_public_key(context, key, $0) }
        }
        guard good == 1 else { throw .invalidSecretKey }
        return key
    }

    /// Whether 32 bytes are a secret: neither zero nor the group order or more.
    package func isSecret(_ secret: Span<UInt8>) -> Bool {
        precondition(secret.count == 32, "a secret is 32 bytes")
        // SAFETY: the function reads 32 bytes, the length checked above.
        return unsafe lend(secret) { unsafe pc_secret_is_valid(context, $0) } == 1
    }

    /// The key plus `tweak` times the generator.
    func add(_ tweak: Span<UInt8>, to key: Bytes33) throws(CryptoError) -> Bytes33 {
        precondition(tweak.count == 32, "a tweak is 32 bytes")
        var good: Int32 = 0
        // SAFETY: 33 and 32 bytes are read and 33 written, the lengths of the three.
        let sum = unsafe Bytes33.filled { sum in
            unsafe lend(key.span, tweak) { key, tweak in
                good = unsafe pc_add_to_public(context, sum, key, tweak)
            }
        }
        guard good == 1 else { throw .invalidTweak }
        return sum
    }

    /// Replaces `tweak` by its sum with the secret, modulo the group order.
    func add(_ secret: Span<UInt8>, toTweak tweak: inout MutableSpan<UInt8>) throws(CryptoError) {
        precondition(secret.count == 32 && tweak.count == 32, "scalars are 32 bytes")
        // SAFETY: both have the 32 bytes that are read and written, and they do not overlap.
        let good = unsafe lend(&tweak) { tweak in
            unsafe lend(secret) { unsafe pc_add_secret(context, tweak, $0) }
        }
        guard good == 1 else { throw .invalidTweak }
    }

    // MARK: Taproot keys

    /// The output key of BIP-341 for an internal key and the root of the script tree; nil where
    /// there are no scripts, which is BIP-86.
    package func taprootOutput(
        internalKey: Bytes32,
        merkleRoot: Bytes32?
    ) throws(CryptoError) -> TaprootOutput {
        let tweak = taprootTweak(internalKey: internalKey, merkleRoot: merkleRoot)
        var (good, parity): (Int32, Int32) = (0, 0)
        // SAFETY: 32 bytes are read of each of the two and written to the result.
        let key = unsafe Bytes32.filled { key in
            unsafe lend(internalKey.span, tweak.span) { inner, tweak in
                good = unsafe pc_xonly_add(context, key, &parity, inner, tweak)
            }
        }
        guard good == 1 else { throw .invalidPublicKey }
        return TaprootOutput(key: key, isOdd: parity == 1)
    }

    /// The x-only output key for a compressed internal key.
    package func taprootOutputKey(
        internalKey: Bytes33,
        merkleRoot: Bytes32?
    ) throws(CryptoError) -> Bytes32 {
        try taprootOutput(internalKey: internalKey.xOnly, merkleRoot: merkleRoot).key
    }

    /// The tweak of BIP-341.
    func taprootTweak(internalKey: Bytes32, merkleRoot: Bytes32?) -> Bytes32 {
        var hasher = tapTweak
        hasher.update(internalKey)
        if let root = merkleRoot { hasher.update(root) }
        return hasher.finalize()
    }
}

/// An output key of BIP-341 and the parity that a control block states.
package struct TaprootOutput: Equatable, Sendable {
    /// The x coordinate.
    package let key: Bytes32
    /// Whether the y coordinate is odd.
    package let isOdd: Bool
}

extension Bytes33 {
    /// The x coordinate of a compressed public key, which is its x-only form (BIP-340).
    package var xOnly: Bytes32 { Bytes32(copying: span.extracting(1..<33)) }
}
