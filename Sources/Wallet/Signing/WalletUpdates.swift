private import Bitcoin
package import BitcoinCrypto

/// Updater (BIP-174, 371, 373): what our wallets know of the inputs and outputs of a request, for
/// cosigners, finalizers and whoever looks for the change.
extension PSBT {
    /// Adds what the PSBT does not say itself. Of an input of a wallet of one key only what
    /// finalizing needs: nobody else signs it.
    package mutating func update(
        for request: SigningRequest,
        wallets: WalletSet,
        curve: borrowing Curve
    ) throws(RequestError) {
        for (index, plan) in zip(request.part.inputs, request.plans) {
            let wallet = wallets.wallets[plan.owned.owner.wallet]
            let map = inputs[index].map
            var update = PSBTInputUpdate()
            if wallet.kind.isOfOneKey {
                update.facts.redeemScript = plan.owned.output.redeemScript
            } else {
                update.facts = try Self.facts(plan.owned.output, wallet, curve: curve)
            }
            update.facts.leaveOut(map, .input)
            if let taproot = plan.owned.output.taproot, !wallet.kind.isOfOneKey {
                if !map.has(PSBTFieldType.tapMerkleRoot) {
                    update.tapMerkleRoot = taproot.tree.root
                }
                update.tapLeaves = plan.leaves(of: taproot, besides: map)
            }
            do throws(PSBTError) {
                if !update.fields.isEmpty { try self.update(input: index, with: update) }
            } catch {
                throw .psbt(error)
            }
        }
        for (index, owner) in zip(request.part.outputs, request.outputOwners) {
            guard let owner else { continue }
            let output = try wallets.output(of: owner, curve: curve)
            let facts = try Self.facts(output, wallets.wallets[owner.wallet], curve: curve)
            do throws(PSBTError) {
                try describe(output: index, facts, output.taproot)
            } catch {
                throw .psbt(error)
            }
        }
    }

    private static func facts(
        _ output: ExpandedOutput,
        _ wallet: RegisteredWallet,
        curve: borrowing Curve
    ) throws(RequestError) -> PSBTScriptFacts {
        do throws(DescriptorError) {
            return try PSBTScriptFacts(output, of: wallet.descriptor, curve: curve)
        } catch {
            throw .key(error)
        }
    }

    /// Adds to an output what it does not say itself.
    mutating func describe(
        output index: Int,
        _ facts: PSBTScriptFacts,
        _ taproot: ExpandedOutput.Taproot?
    ) throws(PSBTError) {
        let map = outputs[index].map
        var update = PSBTOutputUpdate()
        update.facts = facts
        update.facts.leaveOut(map, .output)
        if !map.has(PSBTFieldType.outputTapTree) { update.tapTree = taproot?.tapTreeField }
        if !update.fields.isEmpty { try self.update(output: index, with: update) }
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
