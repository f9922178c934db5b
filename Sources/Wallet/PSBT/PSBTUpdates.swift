package import Bitcoin
package import Bytes

/// A key, and the way to it from its master.
package struct PSBTKeyOrigin: Equatable, Sendable {
    /// 33 or 65 bytes; of taproot 32, without the sign.
    package var key: [UInt8]
    package var derivation: KeyDerivation
    /// Of taproot: the leaves that the key stands in.
    package var leafHashes: [Bytes32]

    package init(key: [UInt8], derivation: KeyDerivation, leafHashes: [Bytes32] = []) {
        self.key = key
        self.derivation = derivation
        self.leafHashes = leafHashes
    }

    fileprivate func field(_ type: UInt64, isTaproot: Bool) -> PSBTField {
        guard isTaproot else {
            return PSBTField(type, keyData: key, value: derivation.psbtBytes)
        }
        var value: [UInt8] = []
        value.append(compactSize: UInt64(leafHashes.count))
        for hash in leafHashes {
            value.append(fixed: hash)
        }
        return PSBTField(type, keyData: key, value: value + derivation.psbtBytes)
    }
}

/// A key that several keys make together (BIP-327), and those.
package struct PSBTParticipants: Equatable, Sendable {
    package var aggregate: Bytes33
    package var keys: [Bytes33]

    package init(aggregate: Bytes33, keys: [Bytes33]) {
        self.aggregate = aggregate
        self.keys = keys
    }

    fileprivate func field(_ type: UInt64) -> PSBTField {
        PSBTField(type, keyData: aggregate.array, value: keys.flatMap(\.array))
    }
}

/// What both an input and an output can tell about their script.
package struct PSBTScriptFacts: Equatable, Sendable {
    package var redeemScript: [UInt8]?
    package var witnessScript: [UInt8]?
    package var origins: [PSBTKeyOrigin] = []
    package var tapInternalKey: Bytes32?
    package var tapOrigins: [PSBTKeyOrigin] = []
    package var participants: [PSBTParticipants] = []

    package init() {}

    fileprivate var inputFields: [PSBTField] {
        var fields: [PSBTField] = []
        if let redeemScript {
            fields.append(PSBTField(PSBTFieldType.redeemScript, value: redeemScript))
        }
        if let witnessScript {
            fields.append(PSBTField(PSBTFieldType.witnessScript, value: witnessScript))
        }
        if let tapInternalKey {
            let type = PSBTFieldType.inputTapInternalKey
            fields.append(PSBTField(type, value: tapInternalKey.array))
        }
        fields += origins.map { $0.field(PSBTFieldType.inputDerivation, isTaproot: false) }
        fields += tapOrigins.map { $0.field(PSBTFieldType.inputTapDerivation, isTaproot: true) }
        return fields + participants.map { $0.field(PSBTFieldType.inputMusigParticipants) }
    }

    fileprivate var outputFields: [PSBTField] {
        var fields: [PSBTField] = []
        if let redeemScript {
            fields.append(PSBTField(PSBTFieldType.outputRedeemScript, value: redeemScript))
        }
        if let witnessScript {
            fields.append(PSBTField(PSBTFieldType.outputWitnessScript, value: witnessScript))
        }
        if let tapInternalKey {
            let type = PSBTFieldType.outputTapInternalKey
            fields.append(PSBTField(type, value: tapInternalKey.array))
        }
        fields += origins.map { $0.field(PSBTFieldType.outputDerivation, isTaproot: false) }
        fields += tapOrigins.map { $0.field(PSBTFieldType.outputTapDerivation, isTaproot: true) }
        return fields + participants.map { $0.field(PSBTFieldType.outputMusigParticipants) }
    }
}

/// A leaf of a taproot tree with the way to it; its version is the control block's.
package struct PSBTTapLeaf: Equatable, Sendable {
    package var controlBlock: [UInt8]
    package var script: [UInt8]

    package init(controlBlock: [UInt8], script: [UInt8]) {
        self.controlBlock = controlBlock
        self.script = script
    }
}

/// What an updater adds to an input; nothing of it comes from a descriptor here.
package struct PSBTInputUpdate: Equatable, Sendable {
    /// The whole previous transaction.
    package var parent: [UInt8]?
    /// The spent output alone: enough for segwit.
    package var coin: Coin?
    package var sighashType: SighashType?
    package var facts = PSBTScriptFacts()
    package var tapMerkleRoot: Bytes32?
    package var tapLeaves: [PSBTTapLeaf] = []

    package init() {}

    var fields: [PSBTField] {
        var fields = facts.inputFields
        if let parent {
            fields.append(PSBTField(PSBTFieldType.nonWitnessUTXO, value: parent))
        }
        if let coin {
            var value: [UInt8] = []
            value.append(number: coin.amount.satoshis)
            value.append(vector: coin.script)
            fields.append(PSBTField(PSBTFieldType.witnessUTXO, value: value))
        }
        if let sighashType {
            var value: [UInt8] = []
            value.append(number: sighashType.rawValue)
            fields.append(PSBTField(PSBTFieldType.sighashType, value: value))
        }
        if let tapMerkleRoot {
            fields.append(PSBTField(PSBTFieldType.tapMerkleRoot, value: tapMerkleRoot.array))
        }
        for leaf in tapLeaves {
            let version = (leaf.controlBlock.first ?? 0) & 0xfe
            let type = PSBTFieldType.tapLeafScript
            let value = leaf.script + [version]
            fields.append(PSBTField(type, keyData: leaf.controlBlock, value: value))
        }
        return fields
    }
}

/// What an updater adds to an output.
package struct PSBTOutputUpdate: Equatable, Sendable {
    package var facts = PSBTScriptFacts()
    /// Depth, leaf version and script of each leaf as BIP-371 has them.
    package var tapTree: [UInt8]?

    package init() {}

    var fields: [PSBTField] {
        let tree = tapTree.map { [PSBTField(PSBTFieldType.outputTapTree, value: $0)] }
        return facts.outputFields + (tree ?? [])
    }
}
