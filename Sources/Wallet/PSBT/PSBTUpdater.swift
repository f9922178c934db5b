/// Updater (BIP-174): what is known about inputs and outputs goes in, checked like what is read.
extension PSBT {
    package mutating func update(
        input index: Int,
        with update: PSBTInputUpdate
    ) throws(PSBTError) {
        let place = PSBTPlace.input(index)
        guard inputs.indices.contains(index) else {
            throw PSBTError(place, .noSuchMap(count: inputs.count))
        }
        guard !inputs[index].isFinal else { throw PSBTError(place, .alreadyFinal) }
        var input = inputs[index]
        for field in update.fields {
            try PSBTFieldRules.check(field, .input, version, place: place)
            input.map.set(field)
        }
        try input.readCoins(spending: transaction.inputs[index].previous, place, &parents)
        try input.checkForSigning(place: place)
        inputs[index] = input
    }

    package mutating func update(
        output index: Int,
        with update: PSBTOutputUpdate
    ) throws(PSBTError) {
        let place = PSBTPlace.output(index)
        guard outputs.indices.contains(index) else {
            throw PSBTError(place, .noSuchMap(count: outputs.count))
        }
        var output = outputs[index]
        for field in update.fields {
            try PSBTFieldRules.check(field, .output, version, place: place)
            output.map.set(field)
        }
        outputs[index] = output
    }

    /// Sets the sequence of an input, which only version 2 lets an updater do, and only before
    /// there are signatures.
    package mutating func update(input index: Int, sequence: UInt32) throws(PSBTError) {
        let place = PSBTPlace.input(index)
        guard inputs.indices.contains(index) else {
            throw PSBTError(place, .noSuchMap(count: inputs.count))
        }
        guard version == .v2, !inputs.contains(where: \.hasSignature) else {
            throw PSBTError(place, .notModifiable)
        }
        inputs[index].map.set(PSBTFieldType.sequence, number: sequence)
        transaction.inputs[index] = Transaction.Input(
            previous: transaction.inputs[index].previous,
            sequence: sequence
        )
    }
}
