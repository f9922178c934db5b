import Bitcoin
import BitcoinCrypto
import Bytes

extension PSBTScriptFacts {
    /// All that there is to say of an output of a descriptor.
    init(
        _ output: ExpandedOutput,
        of descriptor: OutputDescriptor,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        self.init()
        redeemScript = output.redeemScript
        witnessScript = output.witnessScript
        participants = try output.participants(curve: curve)
        guard let taproot = output.taproot else {
            let known = output.keys.flatMap { [$0] + $0.participants }
            for key in known {
                guard let derivation = key.derivation else { continue }
                guard !origins.contains(where: { $0.key == key.bytes }) else { continue }
                origins.append(PSBTKeyOrigin(key: key.bytes, derivation: derivation))
            }
            return
        }
        tapInternalKey = taproot.internalKey
        let scripts = descriptor.scripts
        for (place, key) in output.keys.enumerated() {
            let leaves = scripts.indices.filter { scripts[$0].keys.contains(place) }
            let hashes = leaves.map { taproot.tree.leafHashes[$0] }
            for key in [key] + key.participants {
                add(tapKey: key, leafHashes: hashes)
            }
        }
    }

    /// Adds a key of a taproot output, or the leaves to one that is there.
    private mutating func add(tapKey key: DerivedKey, leafHashes hashes: [Bytes32]) {
        guard let derivation = key.derivation else { return }
        let bytes = key.xOnly.array
        guard let known = tapOrigins.firstIndex(where: { $0.key == bytes }) else {
            let origin = PSBTKeyOrigin(key: bytes, derivation: derivation, leafHashes: hashes)
            tapOrigins.append(origin)
            return
        }
        for hash in hashes where !tapOrigins[known].leafHashes.contains(hash) {
            tapOrigins[known].leafHashes.append(hash)
        }
    }

    /// Leaves out what an input or output says already, in whatever way.
    mutating func leaveOut(_ map: PSBTMap, _ scope: PSBTScope) {
        let isInput = scope == .input
        let redeem = isInput ? PSBTFieldType.redeemScript : PSBTFieldType.outputRedeemScript
        let witness = isInput ? PSBTFieldType.witnessScript : PSBTFieldType.outputWitnessScript
        let inner =
            isInput ? PSBTFieldType.inputTapInternalKey : PSBTFieldType.outputTapInternalKey
        if map.has(redeem) { redeemScript = nil }
        if map.has(witness) { witnessScript = nil }
        if map.has(inner) { tapInternalKey = nil }
        let keys = Self.keys(
            map,
            isInput ? PSBTFieldType.inputDerivation : PSBTFieldType.outputDerivation
        )
        origins.removeAll { keys.contains($0.key) }
        let tapKeys = Self.keys(
            map,
            isInput ? PSBTFieldType.inputTapDerivation : PSBTFieldType.outputTapDerivation
        )
        tapOrigins.removeAll { tapKeys.contains($0.key) }
        let sums = Self.keys(
            map,
            isInput ? PSBTFieldType.inputMusigParticipants : PSBTFieldType.outputMusigParticipants
        )
        participants.removeAll { sums.contains($0.aggregate.array) }
    }

    private static func keys(_ map: PSBTMap, _ type: UInt64) -> Set<[UInt8]> {
        Set(map.all(type).map(\.keyData))
    }
}

extension ExpandedOutput {
    /// The aggregates among the keys with those they are made of (BIP-373): the aggregate itself,
    /// not what is derived from it.
    fileprivate func participants(
        curve: borrowing Curve
    ) throws(DescriptorError) -> [PSBTParticipants] {
        var found: [PSBTParticipants] = []
        for key in keys where !key.participants.isEmpty {
            let sum = try DerivedKey(sumOf: key.participants, curve: curve)
            let aggregate = Bytes33(copying: sum.bytes.span)
            guard !found.contains(where: { $0.aggregate == aggregate }) else { continue }
            found.append(
                PSBTParticipants(
                    aggregate: aggregate,
                    keys: sum.participants.map { Bytes33(copying: $0.bytes.span) }
                )
            )
        }
        return found
    }
}

extension ExpandedOutput.Taproot {
    /// PSBT_OUT_TAP_TREE: depth, leaf version and script of each leaf, in the order of the tree;
    /// nothing where there is none.
    var tapTreeField: [UInt8]? {
        guard !tree.leaves.isEmpty else { return nil }
        var bytes: [UInt8] = []
        for leaf in tree.leaves {
            bytes += [UInt8(leaf.depth), leaf.version]
            bytes.append(vector: leaf.script)
        }
        return bytes
    }
}
