private import Bitcoin
package import BitcoinCrypto

/// The outputs of descriptors that nobody has registered, found by their scripts.
package struct DescriptorOutputs: Sendable {
    package struct Found: Sendable {
        package let descriptor: OutputDescriptor
        package let output: ExpandedOutput
    }

    private struct Place: Hashable {
        let descriptor: Int
        let branch: Int
        let index: UInt32
    }

    private let descriptors: [OutputDescriptor]
    private let indexCount: UInt32
    private var known: [[UInt8]: Found] = [:]
    private var derived: Set<Place> = []
    private var isSearched = false

    /// Indices below `indexCount` are searched for a script that comes without a derivation.
    package init(_ descriptors: [OutputDescriptor], indexCount: UInt32) throws(DescriptorError) {
        for key in descriptors.flatMap(\.keys).flatMap(\.participants) {
            switch key.source {
            case .secret: throw .privateKey
            case .own: throw .ownKeyUnknown
            case .fixed, .extended, .aggregate: break
            }
        }
        self.descriptors = descriptors
        self.indexCount = indexCount
    }

    /// The output with a script. The last step of each derivation is a hint at the index.
    package mutating func find(
        _ script: [UInt8],
        _ derivations: [KeyDerivation],
        curve: borrowing Curve
    ) throws(DescriptorError) -> Found? {
        if let found = known[script] { return found }
        for index in Set(derivations.compactMap(\.path.last)) where index < KeyPath.hardened {
            try derive(index, curve: curve)
            if let found = known[script] { return found }
        }
        if !isSearched {
            isSearched = true
            for index in 0..<indexCount { try derive(index, curve: curve) }
        }
        return known[script]
    }

    private mutating func derive(
        _ index: UInt32,
        curve: borrowing Curve
    ) throws(DescriptorError) {
        for (number, descriptor) in descriptors.enumerated() {
            let index = descriptor.isRanged ? index : 0
            for branch in 0..<descriptor.placeCount {
                let place = Place(descriptor: number, branch: branch, index: index)
                guard derived.insert(place).inserted else { continue }
                let outputs = try descriptor.outputs(place: branch, index: index, curve: curve)
                for output in outputs {
                    known[output.script] = Found(descriptor: descriptor, output: output)
                }
            }
        }
    }
}

/// Updater (BIP-174, 371, 373), for whoever knows the descriptors of the coins.
extension PSBT {
    /// What an update found: places of inputs and outputs.
    package struct Described: Equatable, Sendable {
        package var inputs: [Int] = []
        package var outputs: [Int] = []
    }

    /// Adds what the descriptors say of inputs that are not final, and of outputs.
    package mutating func update(
        from known: inout DescriptorOutputs,
        curve: borrowing Curve
    ) throws(RequestError) -> Described {
        var described = Described()
        for index in inputs.indices where !inputs[index].isFinal {
            guard let coin = inputs[index].coin else { continue }
            let ways = inputs[index].derivations
            let found = try known.found(coin.script, ways, curve: curve)
            guard let found else { continue }
            described.inputs.append(index)
            do throws(PSBTError) {
                try describe(input: index, found.facts, found.output.taproot)
            } catch {
                throw .psbt(error)
            }
        }
        for index in outputs.indices {
            let script = transaction.outputs[index].script
            let ways = outputs[index].derivations
            let found = try known.found(script, ways, curve: curve)
            guard let found else { continue }
            described.outputs.append(index)
            do throws(PSBTError) {
                try describe(output: index, found.facts, found.output.taproot)
            } catch {
                throw .psbt(error)
            }
        }
        return described
    }

    /// Adds to an input what it does not say itself: of taproot every leaf, for nobody knows here
    /// which one will be spent.
    private mutating func describe(
        input index: Int,
        _ facts: PSBTScriptFacts,
        _ taproot: ExpandedOutput.Taproot?
    ) throws(PSBTError) {
        let map = inputs[index].map
        var update = PSBTInputUpdate()
        update.facts = facts
        update.facts.leaveOut(map, .input)
        if let taproot {
            if !map.has(PSBTFieldType.tapMerkleRoot) { update.tapMerkleRoot = taproot.tree.root }
            let given = Set(map.all(PSBTFieldType.tapLeafScript).map(\.keyData))
            for (leaf, script) in taproot.tree.leaves.enumerated() {
                let block = taproot.controlBlock(of: leaf)
                guard !given.contains(block) else { continue }
                update.tapLeaves.append(PSBTTapLeaf(controlBlock: block, script: script.script))
            }
        }
        if !update.fields.isEmpty { try self.update(input: index, with: update) }
    }
}

extension DescriptorOutputs {
    /// What is said of an output in a PSBT.
    fileprivate mutating func found(
        _ script: [UInt8],
        _ derivations: [KeyDerivation],
        curve: borrowing Curve
    ) throws(RequestError) -> (output: ExpandedOutput, facts: PSBTScriptFacts)? {
        do throws(DescriptorError) {
            guard let found = try find(script, derivations, curve: curve) else { return nil }
            let facts = try PSBTScriptFacts(found.output, of: found.descriptor, curve: curve)
            return (found.output, facts)
        } catch {
            throw .key(error)
        }
    }
}

extension PSBT {
    /// Adds previous transactions to the inputs that spend them and do not have theirs; the places
    /// of those inputs.
    package mutating func update(parents given: [[UInt8]]) throws(PSBTError) -> [Int] {
        var byID: [TransactionID: [UInt8]] = [:]
        for bytes in given {
            do throws(BitcoinError) {
                byID[try ParentTransaction(bytes).id] = bytes
            } catch {
                throw PSBTError(.whole, .parent(error))
            }
        }
        var updated: [Int] = []
        for index in inputs.indices where !inputs[index].map.has(PSBTFieldType.nonWitnessUTXO) {
            let previous = transaction.inputs[index].previous
            guard let bytes = byID[previous.txid], !inputs[index].isFinal else { continue }
            var update = PSBTInputUpdate()
            update.parent = bytes
            try self.update(input: index, with: update)
            updated.append(index)
        }
        return updated
    }

    /// Says of inputs that spend a witness program, and whose previous transaction is there, what
    /// they spend once more, for programs that look only there (BIP-174).
    package mutating func repeatWitnessCoins() throws(PSBTError) {
        for index in inputs.indices where !inputs[index].isFinal {
            let input = inputs[index]
            guard let coin = input.provenCoin, input.claimedCoin == nil,
                PSBTInput.isWitnessProgram(input.redeemScript ?? coin.script)
            else { continue }
            var update = PSBTInputUpdate()
            update.coin = coin
            try self.update(input: index, with: update)
        }
    }
}

extension DescriptorOutputs {
    /// Satisfies the scripts of a PSBT's inputs, as far as the descriptors have them.
    package mutating func satisfier(
        for psbt: PSBT,
        curve: borrowing Curve
    ) throws(RequestError) -> OutputSatisfier {
        var satisfier = OutputSatisfier()
        for input in psbt.inputs where !input.isFinal {
            guard let coin = input.coin else { continue }
            do throws(DescriptorError) {
                let found = try find(coin.script, input.derivations, curve: curve)
                if let found { satisfier.add(found.descriptor, keys: found.output.keys) }
            } catch {
                throw .key(error)
            }
        }
        return satisfier
    }
}
