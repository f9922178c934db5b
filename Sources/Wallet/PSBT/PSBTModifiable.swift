import Bitcoin

/// What may still be added to the transaction of a PSBT of version 2 (BIP-370). The other five bits
/// mean nothing yet, and are kept.
package struct PSBTModifiable: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let inputs = PSBTModifiable(rawValue: 1)
    package static let outputs = PSBTModifiable(rawValue: 2)
    /// Some signature fixes the output at its own place, so inputs and outputs keep their pairs.
    package static let hasSingle = PSBTModifiable(rawValue: 4)
}

extension PSBT {
    /// What may still be added; nothing to a PSBT of version 0.
    package var modifiable: PSBTModifiable { global.modifiable ?? [] }

    /// Lets others add to a transaction of version 2.
    package mutating func open(_ flags: PSBTModifiable) {
        precondition(version == .v2, "version 0 has no place for it")
        global.set(PSBTField(PSBTFieldType.modifiable, value: [flags.rawValue]))
    }

    /// Notes that there is now a signature of this type: what it fixes is modifiable no more.
    mutating func noteSignature(_ type: SighashType) {
        guard version == .v2 else { return }
        let old = global.modifiable
        var new = old ?? []
        if !type.anyoneCanPay { new.remove(.inputs) }
        if !type.signsNoOutput { new.remove(.outputs) }
        if type.signsSingleOutput { new.insert(.hasSingle) }
        guard new != old ?? [] else { return }
        global.set(PSBTField(PSBTFieldType.modifiable, value: [new.rawValue]))
    }
}

extension PSBTMap {
    /// The flags of a global map, if it has any.
    var modifiable: PSBTModifiable? {
        value(PSBTFieldType.modifiable)?.first.map(PSBTModifiable.init(rawValue:))
    }
}
