private import BitcoinCrypto
package import Bytes

/// Where a script stands that must be satisfied: it decides what counts as a signature, and how
/// the items reach the stack.
package enum SpendContext: Equatable, Sendable {
    case bare
    case scriptHash
    case witness
    case tapscript(leafHash: Bytes32)
}

/// What is known to spend one input with.
package struct SpendKnowledge: Sendable {
    package let input: PSBTInput
    package let transactionVersion: UInt32
    package let lockTime: UInt32
    package let sequence: UInt32

    /// The signature of a key, with its sighash byte.
    package func ecdsaSignature(of key: [UInt8]) -> [UInt8]? {
        input.partialSignatures.first { $0.keyData == key }?.value
    }

    /// The key behind a hash, with its signature, if it has signed.
    package func ecdsaSignature(
        ofKeyHash hash: [UInt8]
    ) -> (key: [UInt8], signature: [UInt8])? {
        for field in input.partialSignatures where hash160(field.keyData.span).array == hash {
            return (field.keyData, field.value)
        }
        return nil
    }

    /// The signature of a key without its sign, for one leaf.
    package func schnorrSignature(of key: [UInt8], leafHash: Bytes32) -> [UInt8]? {
        let signatures = input.map.all(PSBTFieldType.tapScriptSignature)
        return signatures.first { $0.keyData == key + leafHash.array }?.value
    }

    /// What hashes to `hash`; `type` is one of the four preimage fields of an input.
    package func preimage(_ type: UInt64, of hash: [UInt8]) -> [UInt8]? {
        input.map.all(type).first { $0.keyData == hash }?.value
    }
}

/// The seam for everything that is not signed by key alone: a finalizer asks it for each script.
package protocol ScriptSatisfier: Sendable {
    /// The items that the script wants to find on the stack, the lowest first, without the script;
    /// nothing if what is known does not spend it.
    func items(
        for script: [UInt8],
        in context: SpendContext,
        knowing known: SpendKnowledge
    ) -> [[UInt8]]?
}

/// Satisfies scripts of keys alone: one key, the hash of one key, m of n keys.
package struct KeySatisfier: ScriptSatisfier {
    package init() {}

    package func items(
        for script: [UInt8],
        in context: SpendContext,
        knowing known: SpendKnowledge
    ) -> [[UInt8]]? {
        switch context {
        case .bare, .scriptHash, .witness: break
        case .tapscript: return nil
        }
        if let hash = Self.keyHash(script) {
            return known.ecdsaSignature(ofKeyHash: hash).map { [$0.signature, $0.key] }
        }
        if let key = Self.singleKey(script) {
            return known.ecdsaSignature(of: key).map { [$0] }
        }
        guard let multisig = MultisigScript(script) else { return nil }
        // In the order of the keys, or OP_CHECKMULTISIG will not find them.
        let signatures = multisig.keys.compactMap { known.ecdsaSignature(of: $0) }
        guard signatures.count >= multisig.threshold else { return nil }
        // OP_CHECKMULTISIG takes one item more than it uses.
        return [[]] + signatures.prefix(multisig.threshold)
    }

    /// The hash in `OP_DUP OP_HASH160 <20> OP_EQUALVERIFY OP_CHECKSIG`.
    private static func keyHash(_ script: [UInt8]) -> [UInt8]? {
        guard script.count == 25, script.starts(with: [0x76, 0xa9, 0x14]),
            script[23...] == [0x88, 0xac]
        else { return nil }
        return Array(script[3..<23])
    }

    /// The key in `<key> OP_CHECKSIG`.
    private static func singleKey(_ script: [UInt8]) -> [UInt8]? {
        guard script.count == 35 || script.count == 67, Int(script[0]) == script.count - 2,
            script.last == 0xac
        else { return nil }
        return Array(script[1..<(script.count - 1)])
    }
}

/// `m <key>… n OP_CHECKMULTISIG`.
package struct MultisigScript: Equatable, Sendable {
    package let threshold: Int
    package let keys: [[UInt8]]

    /// The most keys that OP_CHECKMULTISIG takes.
    package static let keyCountMax = 20

    package init?(_ script: [UInt8]) {
        var place = 0
        guard let threshold = Self.number(script, &place) else { return nil }
        var keys: [[UInt8]] = []
        while place < script.count, script[place] == 33 || script[place] == 65 {
            let end = place + 1 + Int(script[place])
            guard end <= script.count else { return nil }
            keys.append(Array(script[(place + 1)..<end]))
            place = end
        }
        guard let count = Self.number(script, &place), count == keys.count,
            (1...count).contains(threshold), count <= Self.keyCountMax,
            script[place...] == [0xae]
        else { return nil }
        self.threshold = threshold
        self.keys = keys
    }

    /// A number from 1 to 20 as a script pushes it.
    private static func number(_ script: [UInt8], _ place: inout Int) -> Int? {
        guard place < script.count else { return nil }
        if (0x51...0x60).contains(script[place]) {
            place += 1
            return Int(script[place - 1]) - 0x50
        }
        guard script[place] == 1, place + 1 < script.count, (17...20).contains(script[place + 1])
        else { return nil }
        place += 2
        return Int(script[place - 1])
    }
}
