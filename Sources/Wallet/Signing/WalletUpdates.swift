private import Bitcoin
private import BitcoinCrypto
import Bytes

/// Updater (BIP-174, 371): what our wallets know of the inputs of a request, for cosigners and
/// finalizers.
extension PSBT {
    /// Adds what the PSBT does not say itself. Of a wallet of one key only what finalizing needs:
    /// nobody else signs it.
    package mutating func update(
        for request: SigningRequest,
        wallets: WalletSet
    ) throws(PSBTError) {
        for (index, plan) in request.plans.enumerated() {
            let wallet = wallets.wallets[plan.owned.owner.wallet]
            var facts = PSBTScriptFacts(plan.owned.output, wallet)
            facts.leaveOut(inputs[index].map)
            var update = PSBTInputUpdate()
            update.facts = facts
            if let taproot = plan.owned.output.taproot, !wallet.kind.isOfOneKey {
                let map = inputs[index].map
                if !map.has(PSBTFieldType.tapMerkleRoot) {
                    update.tapMerkleRoot = taproot.tree.root
                }
                update.tapLeaves = plan.leaves(of: taproot, besides: map)
            }
            if !update.fields.isEmpty { try self.update(input: index, with: update) }
        }
    }
}

extension PSBTScriptFacts {
    /// What there is to say of an output of a wallet.
    init(_ output: ExpandedOutput, _ wallet: RegisteredWallet) {
        self.init()
        redeemScript = output.redeemScript
        witnessScript = output.witnessScript
        guard !wallet.kind.isOfOneKey else { return }
        let known = output.keys.flatMap { [$0] + $0.participants }
        guard let taproot = output.taproot else {
            origins = known.compactMap { key in
                key.derivation.map { PSBTKeyOrigin(key: key.bytes, derivation: $0) }
            }
            return
        }
        tapInternalKey = taproot.internalKey
        for (place, key) in output.keys.enumerated() {
            let hashes = wallet.leaves(with: place).map { taproot.tree.leafHashes[$0] }
            for key in [key] + key.participants {
                guard let derivation = key.derivation else { continue }
                tapOrigins.append(
                    PSBTKeyOrigin(
                        key: key.xOnly.array,
                        derivation: derivation,
                        leafHashes: hashes
                    )
                )
            }
        }
    }

    /// Leaves out what a map says already, in whatever way.
    mutating func leaveOut(_ map: PSBTMap) {
        if map.has(PSBTFieldType.redeemScript) { redeemScript = nil }
        if map.has(PSBTFieldType.witnessScript) { witnessScript = nil }
        if map.has(PSBTFieldType.inputTapInternalKey) { tapInternalKey = nil }
        let keys = Set(map.all(PSBTFieldType.inputDerivation).map(\.keyData))
        origins.removeAll { keys.contains($0.key) }
        let tapKeys = Set(map.all(PSBTFieldType.inputTapDerivation).map(\.keyData))
        tapOrigins.removeAll { tapKeys.contains($0.key) }
    }
}

extension RegisteredWallet {
    /// The leaves that a key of the descriptor stands in.
    fileprivate func leaves(with key: Int) -> [Int] {
        let scripts = descriptor.scripts
        return scripts.indices.filter { scripts[$0].keys.contains(key) }
    }
}

extension InputPlan {
    /// The leaf that is signed for, with the way to it, if a map does not give it.
    fileprivate func leaves(
        of taproot: ExpandedOutput.Taproot,
        besides map: PSBTMap
    ) -> [PSBTTapLeaf] {
        guard case .leaf(let leaf, _) = selector else { return [] }
        let block = taproot.controlBlock(of: leaf)
        guard !map.all(PSBTFieldType.tapLeafScript).contains(where: { $0.keyData == block }) else {
            return []
        }
        return [PSBTTapLeaf(controlBlock: block, script: taproot.tree.leaves[leaf].script)]
    }
}

extension SigningRequest {
    /// Satisfies the scripts of the inputs.
    package func satisfier(_ wallets: WalletSet) -> OutputSatisfier {
        var satisfier = OutputSatisfier()
        for plan in plans {
            let descriptor = wallets.wallets[plan.owned.owner.wallet].descriptor
            satisfier.add(descriptor, keys: plan.owned.output.keys)
        }
        return satisfier
    }
}
