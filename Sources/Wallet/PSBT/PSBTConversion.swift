private import Bitcoin

extension PSBT {
    /// The same PSBT in another version: the same transaction, and every other field as it was, in
    /// its order.
    ///
    /// Version 0 has no place for what only a constructor needs (flags that leave the transaction
    /// open, lock times that inputs require). Such a PSBT is refused, unless `dropping` says that
    /// these may go: the transaction stays as it is then, but nobody can build on it.
    package func converted(
        to version: PSBTVersion,
        dropping: Bool = false
    ) throws(PSBTError) -> PSBT {
        guard version != self.version else { return self }
        switch version {
        case .v0: if !dropping { try checkNothingIsLost() }
        case .v2: try checkNothingIsReserved()
        }
        var made = PSBT(unsigned: transaction, version: version)
        for field in global.fields where !Self.isOfVersion(field, .global) {
            made.global.append(field)
        }
        for index in inputs.indices {
            for field in inputs[index].map.fields where !Self.isOfVersion(field, .input) {
                made.inputs[index].map.append(field)
            }
            made.inputs[index].provenCoin = inputs[index].provenCoin
            made.inputs[index].claimedCoin = inputs[index].claimedCoin
        }
        for index in outputs.indices {
            for field in outputs[index].map.fields where !Self.isOfVersion(field, .output) {
                made.outputs[index].map.append(field)
            }
        }
        made.parents = parents
        return made
    }

    /// Whether a field says what the other version says otherwise.
    private static func isOfVersion(_ field: PSBTField, _ scope: PSBTScope) -> Bool {
        let isNew = PSBTFieldRules.onlyInVersion2(scope).contains(field.type)
        if isNew, field.keyData.isEmpty { return true }
        guard scope == .global else { return false }
        return field.type == PSBTFieldType.unsignedTransaction
            || field.type == PSBTFieldType.version
    }

    private func checkNothingIsLost() throws(PSBTError) {
        if !modifiable.isEmpty {
            let name = PSBTFieldName(.global, PSBTFieldType.modifiable)
            throw PSBTError(.global, .conversionLoses(name))
        }
        for (index, input) in inputs.enumerated() {
            for type in [PSBTFieldType.requiredTime, PSBTFieldType.requiredHeight]
            where input.map.has(type) {
                let name = PSBTFieldName(.input, type)
                throw PSBTError(.input(index), .conversionLoses(name))
            }
        }
    }

    /// An unknown field of version 0 may have a type that means something else in version 2.
    private func checkNothingIsReserved() throws(PSBTError) {
        let maps =
            [(global, PSBTScope.global, PSBTPlace.global)]
            + inputs.enumerated().map { ($1.map, .input, .input($0)) }
            + outputs.enumerated().map { ($1.map, .output, .output($0)) }
        for (map, scope, place) in maps {
            let reserved = PSBTFieldRules.onlyInVersion2(scope)
            for field in map.fields where reserved.contains(field.type) {
                throw PSBTError(place, .conversionLoses(PSBTFieldName(scope, field.type)))
            }
        }
    }
}
