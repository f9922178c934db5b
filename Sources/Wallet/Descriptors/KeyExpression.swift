package import BitcoinCrypto
import Bytes

/// A key of a descriptor (BIP-380, 389, 390): where it comes from and how keys derive from it.
package struct KeyExpression: Equatable, Sendable {
    package enum Source: Equatable, Sendable {
        /// One public key.
        case fixed(FixedKey)
        /// An extended public key.
        case extended(ExtendedPublicKey)
        /// The signer's own, by the hardened steps from its master key: `self/84h/1h/0h`.
        case own(path: [UInt32])
        /// A private key, which only vectors have.
        case secret(PrivateKey)
        /// `musig(…)`; none of its participants is an aggregate.
        indirect case aggregate([KeyExpression])
    }

    /// A public key as it was written.
    package struct FixedKey: Equatable, Sendable {
        /// 33 bytes, or 65 of an uncompressed key.
        package let bytes: [UInt8]
        /// Whether only the x coordinate was written, for taproot.
        package let isXOnly: Bool
    }

    /// A step below a key.
    package enum Step: Equatable, Sendable {
        case one(UInt32)
        /// `<0;1>`: a step for each place.
        case many([UInt32])
    }

    /// The last step, which takes the index.
    package enum Wildcard: Equatable, Sendable {
        case none
        case plain
        case hardened
    }

    package let origin: KeyDerivation?
    package let source: Source
    package let steps: [Step]
    package let wildcard: Wildcard

    package init(origin: KeyDerivation?, source: Source, steps: [Step], wildcard: Wildcard) {
        self.origin = origin
        self.source = source
        self.steps = steps
        self.wildcard = wildcard
    }

    /// The keys of an aggregate, or the key itself.
    package var participants: [KeyExpression] {
        if case .aggregate(let participants) = source { participants } else { [self] }
    }

    /// How many places `<a;b;…>` has here or in a participant; nothing where there is none.
    package var placeCounts: [Int] {
        var counts: [Int] = []
        for step in steps {
            if case .many(let numbers) = step { counts.append(numbers.count) }
        }
        if case .aggregate(let participants) = source {
            counts += participants.flatMap(\.placeCounts)
        }
        return counts
    }

    /// Whether each index has a key of its own.
    package var isRanged: Bool {
        if wildcard != .none { return true }
        guard case .aggregate(let participants) = source else { return false }
        return participants.contains(where: \.isRanged)
    }

    /// The steps at a place and an index; numbers of the other places are left out.
    package func path(place: Int, index: UInt32) throws(DescriptorError) -> [UInt32] {
        var path: [UInt32] = []
        for step in steps {
            switch step {
            case .one(let number): path.append(number)
            case .many(let numbers):
                guard numbers.indices.contains(place) else {
                    throw .noSuchPlace(place, count: numbers.count)
                }
                path.append(numbers[place])
            }
        }
        switch wildcard {
        case .none: break
        case .plain: path.append(index)
        case .hardened: path.append(index | KeyPath.hardened)
        }
        return path
    }
}

/// A private key of a descriptor. The vectors of the BIPs hold some; no wallet of ours may.
package struct PrivateKey: Equatable, Sendable {
    /// As it was written.
    package let text: String
    let secret: [UInt8]
    /// Of an extended key.
    let chainCode: Bytes32?
    let isCompressed: Bool
}
