import Bytes

/// Satisfies the scripts of known descriptors by what miniscript says of them, and any other as
/// one of keys alone.
package struct OutputSatisfier: ScriptSatisfier {
    private struct Known: Sendable {
        let script: Miniscript
        let publicKeys: [[UInt8]]
    }

    private var known: [[UInt8]: Known] = [:]

    package init() {}

    /// Makes the scripts of a descriptor known, with its keys as they are for one output.
    package mutating func add(_ descriptor: OutputDescriptor, keys: [DerivedKey]) {
        let publicKeys = keys.map(\.bytes)
        for script in descriptor.scripts {
            let bytes = script.script(publicKeys: publicKeys)
            known[bytes] = Known(script: script, publicKeys: publicKeys)
        }
    }

    package func items(
        for script: [UInt8],
        in context: SpendContext,
        knowing facts: SpendKnowledge
    ) -> [[UInt8]]? {
        guard let found = known[script] else {
            return KeySatisfier().items(for: script, in: context, knowing: facts)
        }
        do throws(SatisfactionError) {
            return try found.script.witness(Self.material(found, context, facts))
        } catch {
            return nil
        }
    }

    private static func material(
        _ found: Known,
        _ context: SpendContext,
        _ facts: SpendKnowledge
    ) -> SpendingMaterial {
        var material = SpendingMaterial(publicKeys: found.publicKeys)
        material.version = facts.transactionVersion
        material.lockTime = facts.lockTime
        material.sequence = facts.sequence
        for number in Set(found.script.keys) {
            let key = found.publicKeys[number]
            switch context {
            case .bare, .scriptHash, .witness:
                material.signatures[number] = facts.ecdsaSignature(of: key)
            case .tapscript(let leafHash):
                let coordinate = Array(key[1..<33])
                let signature = facts.schnorrSignature(of: coordinate, leafHash: leafHash)
                material.signatures[number] = signature
            }
        }
        material.addPreimages(of: found.script, facts)
        return material
    }
}

extension SpendingMaterial {
    /// Adds what is known of the hash locks of a script.
    mutating func addPreimages(of script: Miniscript, _ facts: SpendKnowledge) {
        for node in script.nodes {
            guard case .hash(let kind, let digest) = node.fragment else { continue }
            preimages[HashLock(kind, digest)] = facts.preimage(kind.preimageField, of: digest)
        }
    }
}

extension Miniscript.HashKind {
    /// The field of an input that holds its preimages.
    fileprivate var preimageField: UInt64 {
        switch self {
        case .ripemd160: PSBTFieldType.ripemd160Preimage
        case .sha256: PSBTFieldType.sha256Preimage
        case .hash160: PSBTFieldType.hash160Preimage
        case .hash256: PSBTFieldType.hash256Preimage
        }
    }
}
