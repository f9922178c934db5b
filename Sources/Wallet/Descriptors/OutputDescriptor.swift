package import Bitcoin
package import BitcoinCrypto

/// A descriptor of outputs, in the language of BIP-380 to 390: what was written, read and typed but
/// not yet judged. `findings` judges whether it can be a wallet.
package struct OutputDescriptor: Equatable, Sendable {
    /// A script in the tree of a taproot output.
    package struct Leaf: Equatable, Sendable {
        /// 0 where it is the only one.
        package let depth: Int
        package let script: Miniscript
    }

    /// Keys are places in `keys`.
    package enum Form: Equatable, Sendable {
        /// `pk`, `pkh`, `multi` and `sortedmulti` alone.
        case bare(Miniscript)
        /// The same in `sh`.
        case scriptHash(Miniscript)
        case witnessKeyHash(Int)
        /// `sh(wpkh)`.
        case nestedWitnessKeyHash(Int)
        case witnessScriptHash(Miniscript)
        /// `sh(wsh)`.
        case nestedWitnessScriptHash(Miniscript)
        /// The leaves stand in the order of the text.
        case taproot(internalKey: Int, [Leaf])
        case rawTaproot(Int)
        case combo(Int)
        case raw([UInt8])
        /// The script of an address.
        case address([UInt8])
    }

    package let network: Network
    package let form: Form
    /// In the order of the text; a key that stands twice comes twice.
    package let keys: [KeyExpression]

    package init(
        network: Network,
        form: Form,
        keys: [KeyExpression]
    ) throws(DescriptorError) {
        let counts = Set(keys.flatMap(\.placeCounts)).sorted()
        guard counts.count <= 1 else { throw .multipathCounts(counts) }
        self.network = network
        self.form = form
        self.keys = keys
        placeCount = counts.first ?? 1
    }

    /// How many places `<a;b;…>` has; 1 where there is none.
    package let placeCount: Int

    /// Whether each index has outputs of its own.
    package var isRanged: Bool { keys.contains(where: \.isRanged) }

    /// The scripts, with the depth in a tree.
    package var scripts: [Miniscript] {
        switch form {
        case .bare(let script), .scriptHash(let script), .witnessScriptHash(let script),
            .nestedWitnessScriptHash(let script):
            [script]
        case .taproot(_, let leaves): leaves.map(\.script)
        case .witnessKeyHash, .nestedWitnessKeyHash, .rawTaproot, .combo, .raw, .address: []
        }
    }

    /// The descriptor at one place of `<a;b;…>` (BIP-389).
    package func atPlace(_ place: Int) throws(DescriptorError) -> OutputDescriptor {
        var keys: [KeyExpression] = []
        for key in self.keys { keys.append(try key.atPlace(place)) }
        return try OutputDescriptor(network: network, form: form, keys: keys)
    }

    /// The descriptor with the signer's own keys filled in, by the steps from its master key.
    package func filling(
        _ own: ([UInt32]) -> (key: ExtendedPublicKey, origin: KeyDerivation)?
    ) throws(DescriptorError) -> OutputDescriptor {
        var filled: [KeyExpression] = []
        for key in keys { filled.append(try key.filling(own)) }
        return try OutputDescriptor(network: network, form: form, keys: filled)
    }
}

extension KeyExpression {
    fileprivate func filling(
        _ own: ([UInt32]) -> (key: ExtendedPublicKey, origin: KeyDerivation)?
    ) throws(DescriptorError) -> KeyExpression {
        switch source {
        case .own(let path):
            guard let (key, origin) = own(path) else { throw .ownKeyUnknown }
            return KeyExpression(
                origin: origin,
                source: .extended(key),
                steps: steps,
                wildcard: wildcard
            )
        case .aggregate(let participants):
            var filled: [KeyExpression] = []
            for participant in participants { filled.append(try participant.filling(own)) }
            return KeyExpression(
                origin: origin,
                source: .aggregate(filled),
                steps: steps,
                wildcard: wildcard
            )
        case .fixed, .extended, .secret: return self
        }
    }
}
