package import Bytes
private import CSecp256k1

/// The aggregate of public keys (BIP-327) and what derives from it (BIP-328). Everything here is
/// public and takes variable time.
package enum KeyAggregation {
    /// More participants than any wallet has.
    package static let countMax = Int(PC_SUM_COUNT_MAX)

    /// KeyAgg of compressed keys in the given order, `count` times 33 bytes.
    package static func aggregate(
        _ keys: Span<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        let count = keys.count / 33
        precondition(keys.count == 33 * count, "keys are 33 bytes")
        guard (1...countMax).contains(count) else {
            throw .tooLong(count: count, limit: countMax)
        }
        let list = TaggedHash.hash(tag: "KeyAgg list", keys)
        let first = Bytes33(copying: keys.extracting(0..<33))
        var second: Bytes33?
        var scalars = InlineArray<2048, UInt8>(repeating: 0)
        for place in 0..<count {
            let key = Bytes33(copying: keys.extracting(33 * place..<33 * place + 33))
            if second == nil, key != first { second = key }
            // The first key that differs from the first of all counts once: the BIP saves a
            // multiplication by it.
            let scalar = key == second ? Bytes32.one : coefficient(of: key, in: list)
            for index in 0..<32 {
                scalars[32 * place + index] = scalar[index]
            }
        }
        return try curve.sum(keys, scalars.span.extracting(0..<32 * count))
    }

    /// KeyAgg over KeySort of some of the keys of 33 bytes, named by their places.
    package static func aggregate(
        _ places: Span<UInt8>,
        of keys: Span<UInt8>,
        curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        precondition(places.count <= 16, "a wallet has no larger aggregate")
        var sorted = InlineArray<16, Bytes33>(repeating: .zero)
        for end in places.indices {
            let start = 33 * Int(places[end])
            let key = Bytes33(copying: keys.extracting(start..<start + 33))
            var place = end
            while place > 0, key.precedes(sorted[place - 1]) {
                sorted[place] = sorted[place - 1]
                place -= 1
            }
            sorted[place] = key
        }
        var list = FixedBytes<528>.zero
        for place in places.indices {
            for index in 0..<33 {
                list[33 * place + index] = sorted[place][index]
            }
        }
        return try aggregate(list.span.extracting(0..<33 * places.count), curve: curve)
    }

    /// The extended key of depth 0 from which keys of an aggregate derive.
    package static func extendedKey(_ aggregate: Bytes33) -> ExtendedPublicKey {
        ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: chainCode,
            key: aggregate
        )
    }

    /// SHA-256 of "MuSig2MuSig2MuSig2".
    private static var chainCode: Bytes32 {
        var hasher = SHA256()
        for _ in 0..<3 { hasher.update("MuSig2") }
        return hasher.finalize()
    }

    private static func coefficient(of key: Bytes33, in list: Bytes32) -> Bytes32 {
        var hasher = TaggedHash("KeyAgg coefficient")
        hasher.update(list)
        hasher.update(key)
        return hasher.finalize()
    }
}

extension Bytes32 {
    fileprivate static var one: Bytes32 {
        var one = Bytes32.zero
        one[31] = 1
        return one
    }
}

extension Curve {
    /// The sum of compressed keys, each times its scalar of 32 bytes.
    func sum(_ keys: Span<UInt8>, _ scalars: Span<UInt8>) throws(CryptoError) -> Bytes33 {
        let count = keys.count / 33
        precondition(keys.count == 33 * count && scalars.count == 32 * count, "a scalar a key")
        var good: Int32 = 0
        // SAFETY: 33 and 32 times `count` bytes are read, as checked above, and 33 are written.
        let sum = unsafe Bytes33.filled { sum in
            unsafe lend(keys, scalars) { keys, scalars in
                good = unsafe pc_sum_public(context, sum, keys, scalars, count)
            }
        }
        guard good == 1 else { throw .invalidPublicKey }
        return sum
    }
}
