private import Bitcoin

/// An input that a constructor adds.
package struct PSBTNewInput: Equatable, Sendable {
    package var previous: OutPoint
    package var sequence: UInt32
    /// The lowest lock times with which it can be spent, if it needs one. With both, either does.
    package var requiredTime: UInt32?
    package var requiredHeight: UInt32?

    package init(
        previous: OutPoint,
        sequence: UInt32 = 0xffff_fffd,
        requiredTime: UInt32? = nil,
        requiredHeight: UInt32? = nil
    ) {
        self.previous = previous
        self.sequence = sequence
        self.requiredTime = requiredTime
        self.requiredHeight = requiredHeight
    }

    fileprivate var map: PSBTMap {
        var map = PSBTMap()
        map.spread(Transaction.Input(previous: previous, sequence: sequence))
        if let requiredTime { map.set(PSBTFieldType.requiredTime, number: requiredTime) }
        if let requiredHeight { map.set(PSBTFieldType.requiredHeight, number: requiredHeight) }
        return map
    }
}

extension PSBT {
    /// Adds inputs and outputs at the end, as far as the PSBT is open for that (BIP-370,
    /// Constructor). Nothing is changed if anything of it is not permitted.
    package mutating func add(
        inputs newInputs: [PSBTNewInput] = [],
        outputs newOutputs: [Coin] = []
    ) throws(PSBTError) {
        guard version == .v2, newInputs.isEmpty || modifiable.contains(.inputs),
            newOutputs.isEmpty || modifiable.contains(.outputs)
        else { throw PSBTError(.global, .notModifiable) }
        var made = self
        var spent = Set(transaction.inputs.map(\.previous))
        for input in newInputs {
            let place = PSBTPlace.input(made.inputs.count)
            guard spent.insert(input.previous).inserted else {
                throw PSBTError(place, .spentTwice(input.previous))
            }
            let map = input.map
            try map.check(.input, version, place)
            made.inputs.append(PSBTInput(map: map))
        }
        // A SIGHASH_SINGLE signature without an output at its place would come to fix a new one.
        let firstNew = outputs.count
        for (offset, output) in newOutputs.enumerated() {
            let place = firstNew + offset
            if place < inputs.count, inputs[place].hasSignature {
                throw PSBTError(.output(place), .notModifiable)
            }
            var map = PSBTMap()
            map.spread(output)
            made.outputs.append(PSBTOutput(map: map))
        }
        made.global.set(PSBTFieldType.inputCount, count: made.inputs.count)
        made.global.set(PSBTFieldType.outputCount, count: made.outputs.count)
        made.transaction = try Self.transaction(made.global, made.inputs, made.outputs)
        let (old, new) = (transaction.lockTime, made.transaction.lockTime)
        guard old == new || !inputs.contains(where: \.hasSignature) else {
            throw PSBTError(.global, .lockTimeSigned(from: old, to: new))
        }
        self = made
    }

    /// Closes the transaction: nothing can be added any more (BIP-370, before the first signature).
    package mutating func close() {
        guard version == .v2, global.modifiable != nil else { return }
        let flags = modifiable.subtracting([.inputs, .outputs])
        global.set(PSBTField(PSBTFieldType.modifiable, value: [flags.rawValue]))
    }
}

extension PSBTMap {
    /// Holds every field to its rule.
    func check(
        _ scope: PSBTScope,
        _ version: PSBTVersion,
        _ place: PSBTPlace
    ) throws(PSBTError) {
        for field in fields {
            try PSBTFieldRules.check(field, scope, version, place: place)
        }
    }
}

extension PSBTInput {
    /// Whether anybody has signed it, in whatever way.
    package var hasSignature: Bool {
        isFinal || map.has(PSBTFieldType.partialSignature)
            || map.has(PSBTFieldType.tapKeySignature) || map.has(PSBTFieldType.tapScriptSignature)
            || map.has(PSBTFieldType.musigPartialSignature)
    }
}
