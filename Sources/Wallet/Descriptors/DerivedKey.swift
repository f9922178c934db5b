package import BitcoinCrypto
package import Bytes

/// A key of an output, with the ways to it.
package struct DerivedKey: Equatable, Sendable {
    /// 33 bytes, or 65 of an uncompressed key.
    package let bytes: [UInt8]
    /// The way from a master key, or from the extended key where its origin is not known.
    package let derivation: KeyDerivation?
    /// The keys of an aggregate in the order of their bytes, in which they are aggregated.
    package let participants: [DerivedKey]

    /// The x coordinate.
    package var xOnly: Bytes32 {
        let coordinate = Array(bytes[1..<33])
        return Bytes32(copying: coordinate.span)
    }
}

extension KeyExpression {
    /// The key at a place of `<a;b;…>` and an index.
    package func derive(
        place: Int,
        index: UInt32,
        curve: borrowing Curve
    ) throws(DescriptorError) -> DerivedKey {
        let path = try path(place: place, index: index)
        switch source {
        case .own: throw .ownKeyUnknown
        case .fixed(let key):
            return DerivedKey(bytes: key.bytes, derivation: origin, participants: [])
        case .secret(let key): return try derive(key, path, curve: curve)
        case .extended(let key):
            return DerivedKey(
                bytes: try Self.child(of: key, path, curve: curve).key.array,
                derivation: derivation(path, below: key.fingerprint),
                participants: []
            )
        case .aggregate(let participants):
            var keys: [DerivedKey] = []
            for participant in participants {
                keys.append(try participant.derive(place: place, index: index, curve: curve))
            }
            let sum = try DerivedKey(sumOf: keys, curve: curve)
            guard !steps.isEmpty || wildcard != .none else { return sum }
            let parent = KeyAggregation.extendedKey(Bytes33(copying: sum.bytes.span))
            return DerivedKey(
                bytes: try Self.child(of: parent, path, curve: curve).key.array,
                derivation: derivation(path, below: parent.fingerprint),
                participants: sum.participants
            )
        }
    }

    private func derivation(_ path: [UInt32], below fingerprint: Bytes4) -> KeyDerivation {
        KeyDerivation(
            fingerprint: origin?.fingerprint ?? fingerprint,
            path: (origin?.path ?? []) + path
        )
    }

    static func child(
        of key: ExtendedPublicKey,
        _ path: [UInt32],
        curve: borrowing Curve
    ) throws(DescriptorError) -> ExtendedPublicKey {
        var key = key
        for step in path {
            do throws(CryptoError) {
                key = try key.child(step, curve: curve)
            } catch {
                if error == .hardenedFromPublic { throw .hardenedFromPublic }
                throw .derivation(error)
            }
        }
        return key
    }

    private func derive(
        _ key: PrivateKey,
        _ path: [UInt32],
        curve: borrowing Curve
    ) throws(DescriptorError) -> DerivedKey {
        do throws(CryptoError) {
            guard let chainCode = key.chainCode else {
                let short = try curve.publicKey(ofSecret: key.secret.span)
                let bytes = key.isCompressed ? short.array : try curve.uncompress(short).array
                return DerivedKey(bytes: bytes, derivation: origin, participants: [])
            }
            var node = key.secret + chainCode.array
            var scratch = [UInt8](repeating: 0, count: HD.nodeCount)
            let parent = try curve.publicKey(ofSecret: key.secret.span)
            for step in path {
                var room = node.mutableSpan
                var other = scratch.mutableSpan
                try HD.descend(&room, index: step, scratch: &other, curve: curve)
            }
            let secret = Array(node[..<32])
            return DerivedKey(
                bytes: try curve.publicKey(ofSecret: secret.span).array,
                derivation: derivation(
                    path,
                    below: Bytes4(copying: hash160(parent.span).span.extracting(0..<4))
                ),
                participants: []
            )
        } catch {
            throw .derivation(error)
        }
    }
}
