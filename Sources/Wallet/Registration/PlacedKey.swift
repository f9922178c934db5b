import BitcoinCrypto
private import Bytes

/// A key at one place of `<a;b>`, as far as it is the same for every index.
struct PlacedKey: Equatable, Sendable {
    enum Source: Equatable, Sendable {
        /// The same for every index.
        case constant(DerivedKey)
        /// The child with the index.
        case parent(ExtendedPublicKey)
        /// Aggregated anew for each index.
        indirect case sum([PlacedKey])
    }

    let source: Source
    /// The way to the parent.
    var derivation: KeyDerivation?
    /// The keys of an aggregate that is derived from.
    var participants: [DerivedKey] = []

    func derive(_ index: UInt32, curve: borrowing Curve) throws(DescriptorError) -> DerivedKey {
        switch source {
        case .constant(let key): return key
        case .parent(let parent):
            let way = derivation.map {
                KeyDerivation(fingerprint: $0.fingerprint, path: $0.path + [index])
            }
            do throws(CryptoError) {
                let bytes = try parent.childKey(index, curve: curve).array
                return DerivedKey(bytes: bytes, derivation: way, participants: participants)
            } catch {
                throw .derivation(error)
            }
        case .sum(let parts):
            var keys: [DerivedKey] = []
            for part in parts { keys.append(try part.derive(index, curve: curve)) }
            return try DerivedKey(sumOf: keys, curve: curve)
        }
    }
}

extension KeyExpression {
    func placed(_ place: Int, curve: borrowing Curve) throws(DescriptorError) -> PlacedKey {
        guard isRanged else {
            return PlacedKey(source: .constant(try derive(place: place, index: 0, curve: curve)))
        }
        let steps = Array(try path(place: place, index: 0).dropLast())
        switch source {
        case .extended(let root):
            let way = KeyDerivation(
                fingerprint: origin?.fingerprint ?? root.fingerprint,
                path: (origin?.path ?? []) + steps
            )
            let parent = try Self.child(of: root, steps, curve: curve)
            return PlacedKey(source: .parent(parent), derivation: way)
        case .aggregate(let parts) where wildcard == .none:
            var placed: [PlacedKey] = []
            for part in parts { placed.append(try part.placed(place, curve: curve)) }
            return PlacedKey(source: .sum(placed))
        case .aggregate(let parts):
            var keys: [DerivedKey] = []
            for part in parts {
                keys.append(try part.derive(place: place, index: 0, curve: curve))
            }
            let sum = try DerivedKey(sumOf: keys, curve: curve)
            let root = KeyAggregation.extendedKey(Bytes33(copying: sum.bytes.span))
            return PlacedKey(
                source: .parent(try Self.child(of: root, steps, curve: curve)),
                derivation: KeyDerivation(fingerprint: root.fingerprint, path: steps),
                participants: sum.participants
            )
        case .own: throw .ownKeyUnknown
        case .fixed, .secret: throw .privateKey
        }
    }
}

extension DerivedKey {
    /// The aggregate of keys, which stand in the order of their bytes then (BIP-327, 390).
    init(sumOf keys: [DerivedKey], curve: borrowing Curve) throws(DescriptorError) {
        let sorted = keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        let bytes = sorted.flatMap(\.bytes)
        do throws(CryptoError) {
            let sum = try KeyAggregation.aggregate(bytes.span, curve: curve)
            self.init(bytes: sum.array, derivation: nil, participants: sorted)
        } catch {
            throw .derivation(error)
        }
    }
}
