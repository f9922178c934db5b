private import Bitcoin
package import Bytes
private import Policy

/// How an input of ours is signed: by which path, and with which of our keys.
package struct InputPlan: Equatable, Sendable {
    package enum Selector: Equatable, Sendable {
        /// The key path of taproot, or the only script or key.
        case only
        /// The place of a leaf in the tree.
        case leaf(Int, hash: Bytes32)
    }

    package let owned: OwnOutput
    package let selector: Selector
    /// The public keys of the signatures, 33 bytes each, in the order of the signatures: that in
    /// which they stand in the script.
    package let keys: [Bytes33]

    /// Nothing of ours can sign where a leaf has no key of ours.
    init(_ owned: OwnOutput, _ wallet: RegisteredWallet, leaf: Int?) {
        self.owned = owned
        let output = owned.output
        if let leaf {
            guard let tree = output.taproot?.tree else {
                preconditionFailure("only a tree has leaves")
            }
            selector = .leaf(leaf, hash: tree.leafHashes[leaf])
            keys = wallet.ownKeys(of: leaf, in: output)
        } else {
            selector = .only
            if wallet.kind.isOfOneKey || wallet.kind == .p2trTree {
                let bytes = output.keys[wallet.internalKey].bytes
                keys = [Bytes33(copying: bytes.span)]
            } else {
                keys = wallet.ownKeys(of: 0, in: output)
            }
        }
    }

    var isLeaf: Bool { leafHash != nil }

    /// Of the leaf that is signed for.
    var leafHash: Bytes32? {
        switch selector {
        case .only: nil
        case .leaf(_, let hash): hash
        }
    }
}

extension RegisteredWallet {
    /// The place of the only key, or of the internal one.
    var internalKey: Int {
        switch descriptor.form {
        case .taproot(let key, _), .witnessKeyHash(let key), .nestedWitnessKeyHash(let key): key
        case .bare(let script): script.keys[0]
        case .scriptHash, .witnessScriptHash, .nestedWitnessScriptHash, .rawTaproot, .combo, .raw,
            .address:
            preconditionFailure("a form with a key of its own")
        }
    }

    /// Our keys in a script of an output, in the order in which they stand there.
    fileprivate func ownKeys(of script: Int, in output: ExpandedOutput) -> [Bytes33] {
        let piece = descriptor.scripts[script].piece(publicKeys: output.keys.map(\.bytes))
        return piece.holes.filter { isOwn($0.key) }.map { hole in
            let bytes = output.keys[hole.key].bytes
            return Bytes33(copying: bytes.span)
        }
    }

    /// The leaves that a key of ours stands in.
    fileprivate var ownLeaves: [Int] {
        guard case .taproot(_, let leaves) = descriptor.form else { return [] }
        return leaves.indices.filter { leaves[$0].script.keys.contains(where: isOwn) }
    }
}

/// Chooses the path of a taproot spend.
struct PathChoice {
    let input: PSBTInput
    let version: UInt32
    let lockTime: UInt32
    let sequence: UInt32

    init(_ psbt: PSBT, input index: Int) {
        input = psbt.inputs[index]
        version = psbt.transaction.version
        lockTime = psbt.transaction.lockTime
        sequence = psbt.transaction.inputs[index].sequence
    }

    /// The key path where its key is ours, unless a leaf was begun or is all that is offered. Else,
    /// of the leaves with a key of ours, one that was begun, then one that time, locks and
    /// preimages let through, then the cheapest; of those that the PSBT gives, if it gives any.
    ///
    /// Nothing where there is no such leaf.
    func leaf(_ owned: OwnOutput, _ wallet: RegisteredWallet) -> (leaf: Int?, isPossible: Bool) {
        guard wallet.kind == .p2trTree, let tree = owned.output.taproot?.tree else {
            return (nil, true)
        }
        let isKeyOurs = wallet.isOwn(wallet.internalKey)
        let given = given(tree)
        let begun = begun(tree)
        var candidates = wallet.ownLeaves
        if isKeyOurs, !candidates.contains(where: begun.contains) {
            let isLeafAsked =
                given.count == 1 && candidates.contains(where: given.contains)
                && !input.map.has(PSBTFieldType.inputTapInternalKey)
            guard isLeafAsked else { return (nil, true) }
        }
        if !given.isEmpty { candidates.removeAll { !given.contains($0) && !begun.contains($0) } }
        let ranked = candidates.map { leaf in
            let cost = cost(of: leaf, owned, wallet)
            return (isBegun: begun.contains(leaf), cost: cost, leaf: leaf)
        }
        let best = ranked.min { one, other in
            if one.isBegun != other.isBegun { return one.isBegun }
            return (one.cost, one.leaf) < (other.cost, other.leaf)
        }
        return (best?.leaf, best != nil)
    }

    /// The leaves whose scripts the PSBT gives.
    private func given(_ tree: TaprootTree) -> Set<Int> {
        var hashes: Set<[UInt8]> = []
        for field in input.map.all(PSBTFieldType.tapLeafScript) {
            guard let version = field.value.last else { continue }
            let hash = PSBTSpend.leafHash(Array(field.value.dropLast()), version: version)
            hashes.insert(hash.array)
        }
        return Set(tree.leafHashes.indices.filter { hashes.contains(tree.leafHashes[$0].array) })
    }

    /// The leaves that others have signed for.
    private func begun(_ tree: TaprootTree) -> Set<Int> {
        let hashes = input.map.all(PSBTFieldType.tapScriptSignature).map {
            Array($0.keyData.dropFirst(32))
        }
        return Set(tree.leafHashes.indices.filter { hashes.contains(tree.leafHashes[$0].array) })
    }

    /// Bytes of the witness if every key signs; more than any where that is not enough.
    private func cost(of leaf: Int, _ owned: OwnOutput, _ wallet: RegisteredWallet) -> Int {
        let script = wallet.descriptor.scripts[leaf]
        var material = SpendingMaterial(publicKeys: owned.output.keys.map(\.bytes))
        (material.version, material.lockTime) = (version, lockTime)
        material.sequence = sequence
        for key in script.keys {
            material.signatures[key] = [UInt8](repeating: 0, count: 64)
        }
        let known = SpendKnowledge(
            input: input,
            transactionVersion: version,
            lockTime: lockTime,
            sequence: sequence
        )
        material.addPreimages(of: script, known)
        let size = 33 + 32 * (owned.output.taproot?.tree.leaves[leaf].depth ?? 0)
        do throws(SatisfactionError) {
            let items = try script.witness(material)
            return size + script.scriptByteCount + Transaction.serializedWitness(items).count
        } catch {
            return 1 << 32 + Int(wallet.template.leaves[leaf].satisfactionWeight)
        }
    }
}
