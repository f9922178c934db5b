package import BitcoinCrypto
package import Bytes

/// An output of a descriptor and all that is needed to spend it.
package struct ExpandedOutput: Equatable, Sendable {
    /// The keys and scripts of a taproot output.
    package struct Taproot: Equatable, Sendable {
        package let internalKey: Bytes32
        package let output: TaprootOutput
        package let tree: TaprootTree

        /// The proof that a leaf belongs to the output.
        package func controlBlock(of leaf: Int) -> [UInt8] {
            tree.controlBlock(of: leaf, internalKey: internalKey, output: output)
        }
    }

    package let script: [UInt8]
    package var redeemScript: [UInt8]?
    package var witnessScript: [UInt8]?
    package var taproot: Taproot?
    /// As `OutputDescriptor.keys`.
    package let keys: [DerivedKey]
}

extension OutputDescriptor {
    /// The outputs at a place of `<a;b;…>` and an index: one, or for `combo` two or four.
    package func outputs(
        place: Int,
        index: UInt32,
        curve: borrowing Curve
    ) throws(DescriptorError) -> [ExpandedOutput] {
        precondition(index < KeyPath.hardened, "an index has 31 bits")
        var derived: [DerivedKey] = []
        derived.reserveCapacity(keys.count)
        for key in keys {
            derived.append(try key.derive(place: place, index: index, curve: curve))
        }
        if case .combo(let key) = form { return Self.combo(derived[key]) }
        return [try output(derived, curve: curve)]
    }

    /// The first output of each branch.
    package func firstScripts(curve: borrowing Curve) throws(DescriptorError) -> [[UInt8]] {
        var scripts: [[UInt8]] = []
        for place in 0..<placeCount {
            scripts += try outputs(place: place, index: 0, curve: curve).map(\.script)
        }
        return scripts
    }

    /// The output of given keys; not of `combo`, which has several.
    func output(
        _ keys: [DerivedKey],
        curve: borrowing Curve
    ) throws(DescriptorError) -> ExpandedOutput {
        let bytes = keys.map(\.bytes)
        switch form {
        case .raw(let script), .address(let script):
            return ExpandedOutput(script: script, keys: [])
        case .bare(let script):
            return ExpandedOutput(script: script.script(publicKeys: bytes), keys: keys)
        case .scriptHash(let script):
            return Self.nested(script.script(publicKeys: bytes), keys)
        case .witnessKeyHash(let key):
            return ExpandedOutput(script: Self.witnessKeyHash(bytes[key]), keys: keys)
        case .nestedWitnessKeyHash(let key):
            return Self.nested(Self.witnessKeyHash(bytes[key]), keys)
        case .witnessScriptHash(let script):
            let witnessScript = script.script(publicKeys: bytes)
            let program = Self.witnessScriptHash(witnessScript)
            return ExpandedOutput(script: program, witnessScript: witnessScript, keys: keys)
        case .nestedWitnessScriptHash(let script):
            let witnessScript = script.script(publicKeys: bytes)
            var output = Self.nested(Self.witnessScriptHash(witnessScript), keys)
            output.witnessScript = witnessScript
            return output
        case .taproot(let key, let leaves):
            let tree = TaprootTree(
                leaves.map { leaf in
                    TaprootTree.Leaf(
                        depth: leaf.depth,
                        script: leaf.script.script(publicKeys: bytes)
                    )
                }
            )
            return try Self.taproot(keys[key].xOnly, tree, keys, curve: curve)
        case .rawTaproot(let key):
            return ExpandedOutput(script: [0x51, 0x20] + keys[key].xOnly.array, keys: keys)
        case .combo: preconditionFailure("it has several outputs")
        }
    }

    private static func taproot(
        _ internalKey: Bytes32,
        _ tree: TaprootTree,
        _ keys: [DerivedKey],
        curve: borrowing Curve
    ) throws(DescriptorError) -> ExpandedOutput {
        do throws(CryptoError) {
            let output = try curve.taprootOutput(internalKey: internalKey, merkleRoot: tree.root)
            return ExpandedOutput(
                script: [0x51, 0x20] + output.key.array,
                taproot: ExpandedOutput.Taproot(
                    internalKey: internalKey,
                    output: output,
                    tree: tree
                ),
                keys: keys
            )
        } catch {
            throw .derivation(error)
        }
    }

    /// BIP-384: the segwit forms only for a compressed key.
    private static func combo(_ key: DerivedKey) -> [ExpandedOutput] {
        var script: [UInt8] = []
        script.append(push: key.bytes)
        script.append(.checkSignature)
        var keyHash: [UInt8] = [0x76, 0xa9]
        keyHash.append(push: hash160(key.bytes.span).array)
        keyHash += [0x88, 0xac]
        let legacy = [script, keyHash].map { ExpandedOutput(script: $0, keys: [key]) }
        guard key.bytes.count == 33 else { return legacy }
        let program = witnessKeyHash(key.bytes)
        return legacy + [ExpandedOutput(script: program, keys: [key]), nested(program, [key])]
    }

    private static func witnessKeyHash(_ key: [UInt8]) -> [UInt8] {
        [0, 20] + hash160(key.span).array
    }

    private static func witnessScriptHash(_ script: [UInt8]) -> [UInt8] {
        [0, 32] + SHA256.hash(script.span).array
    }

    private static func nested(_ redeemScript: [UInt8], _ keys: [DerivedKey]) -> ExpandedOutput {
        let script = [0xa9, 20] + hash160(redeemScript.span).array + [0x87]
        return ExpandedOutput(script: script, redeemScript: redeemScript, keys: keys)
    }
}
