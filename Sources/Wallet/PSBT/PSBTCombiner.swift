private import Bitcoin
private import BitcoinCrypto
private import Bytes

extension PSBT {
    /// What makes two PSBTs ones of the same payment: of version 0 the unsigned transaction's id,
    /// of version 2 its id with every sequence as 0, because updaters may change those (BIP-370).
    package var paymentID: TransactionID {
        guard version == .v2 else { return transaction.id }
        var same = transaction
        same.inputs = transaction.inputs.map {
            Transaction.Input(previous: $0.previous, sequence: 0)
        }
        return same.id
    }

    /// Adds what another PSBT knows about the same payment, with the keys of each map in
    /// lexicographic order (BIP-174, Combiner).
    ///
    /// In whatever order PSBTs are combined, the same comes out. Where two have different values of
    /// a field that says what is spent, or how, they are refused: one of the two is wrong. Of
    /// signatures, and of fields that are not known, the smaller value stays.
    package mutating func combine(with other: PSBT) throws(PSBTError) {
        guard other.version == version else {
            throw PSBTError(.whole, .otherVersion(other.version, expected: version))
        }
        guard other.inputs.count == inputs.count, other.outputs.count == outputs.count,
            other.paymentID == paymentID
        else { throw PSBTError(.whole, .otherTransaction) }
        var bytes = PSBT.magic
        var map = try global.combined(with: other.global, .global, .global)
        map.combineModifiable(global.modifiable, other.global.modifiable)
        map.write(to: &bytes)
        for (index, pair) in zip(inputs, other.inputs).enumerated() {
            try pair.0.map.combined(with: pair.1.map, .input, .input(index)).write(to: &bytes)
        }
        for (index, pair) in zip(outputs, other.outputs).enumerated() {
            try pair.0.map.combined(with: pair.1.map, .output, .output(index)).write(to: &bytes)
        }
        // Read anew, so that what came in is held to every rule and known to the typed parts.
        self = try PSBT(binary: bytes)
    }
}

extension PSBTMap {
    fileprivate func combined(
        with other: PSBTMap,
        _ scope: PSBTScope,
        _ place: PSBTPlace
    ) throws(PSBTError) -> PSBTMap {
        var values: [[UInt8]: PSBTField] = [:]
        for field in fields {
            values[field.key] = field
        }
        for field in other.fields {
            let key = field.key
            guard let mine = values[key], mine.value != field.value else {
                values[key] = field
                continue
            }
            guard scope.leavesChoice(field.type) else {
                throw PSBTError(place, .valuesDiffer(PSBTFieldName(scope, field.type)))
            }
            if field.value.lexicographicallyPrecedes(mine.value) { values[key] = field }
        }
        var map = PSBTMap()
        for key in values.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            if let field = values[key] { map.append(field) }
        }
        return map
    }

    /// Something may be added only where both sides allow it; a pair is bound where one says so.
    fileprivate mutating func combineModifiable(_ one: PSBTModifiable?, _ two: PSBTModifiable?) {
        guard one != nil || two != nil else { return }
        let (one, two): (PSBTModifiable, PSBTModifiable) = (one ?? [], two ?? [])
        let open: PSBTModifiable = [.inputs, .outputs]
        let flags = one.union(two).subtracting(open).union(one.intersection(two))
        set(PSBTField(PSBTFieldType.modifiable, value: [flags.rawValue]))
    }
}

extension PSBTScope {
    /// Whether two values of one key can both be right.
    fileprivate func leavesChoice(_ type: UInt64) -> Bool {
        switch self {
        case .global:
            switch type {
            // Combined by itself.
            case PSBTFieldType.modifiable: true
            // The lock time that comes of it is the same, or the payments would not be.
            case PSBTFieldType.fallbackLockTime: true
            case _: type > PSBTFieldType.modifiable && type != PSBTFieldType.version
            }
        case .input:
            switch type {
            // With its witness or without; its id was compared.
            case PSBTFieldType.nonWitnessUTXO: true
            case PSBTFieldType.partialSignature, PSBTFieldType.tapKeySignature,
                PSBTFieldType.tapScriptSignature, PSBTFieldType.finalScriptSig,
                PSBTFieldType.finalScriptWitness, PSBTFieldType.musigPartialSignature:
                true
            // Public nonces leave none: two of one key mean that one signer signed twice.
            case 0x09: true
            case _: type > PSBTFieldType.musigPartialSignature || type == 0x19
            }
        case .output: type > PSBTFieldType.outputMusigParticipants
        }
    }
}
