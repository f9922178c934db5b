/// What the key and the value of each known field must look like. Fields that are not known, and
/// proprietary ones, may look like anything: they are kept as they are and never interpreted.
enum PSBTFieldRules {
    static func check(
        _ field: PSBTField,
        _ scope: PSBTScope,
        _ version: PSBTVersion,
        place: PSBTPlace
    ) throws(PSBTError) {
        let rule = PSBTFieldRule(field, PSBTFieldName(scope, field.type), place)
        // Which version a field belongs to comes first: the other may give it no form at all.
        if version == .v0, onlyInVersion2(scope).contains(field.type) {
            // With more behind the type the key is none of BIP-370: version 0 does not know it.
            guard !field.keyData.isEmpty else {
                throw PSBTError(place, .onlyInVersion2(rule.name))
            }
            return
        }
        if version == .v2, scope == .global, field.type == PSBTFieldType.unsignedTransaction {
            throw PSBTError(place, .onlyInVersion0(rule.name))
        }
        switch scope {
        case .global: try checkGlobal(rule)
        case .input: try checkInput(rule)
        case .output: try checkOutput(rule)
        }
    }

    /// The fields that came with BIP-370 and that version 0 may not have.
    static func onlyInVersion2(_ scope: PSBTScope) -> ClosedRange<UInt64> {
        switch scope {
        case .global: PSBTFieldType.transactionVersion...PSBTFieldType.modifiable
        case .input: PSBTFieldType.previousTransactionID...PSBTFieldType.requiredHeight
        case .output: PSBTFieldType.amount...PSBTFieldType.script
        }
    }

    /// The fields that a map cannot be without.
    static func required(_ scope: PSBTScope, _ version: PSBTVersion) -> [UInt64] {
        switch (scope, version) {
        case (.global, .v0): [PSBTFieldType.unsignedTransaction]
        case (.input, .v0), (.output, .v0): []
        case (.global, .v2):
            [
                PSBTFieldType.transactionVersion, PSBTFieldType.inputCount,
                PSBTFieldType.outputCount,
            ]
        case (.input, .v2): [PSBTFieldType.previousTransactionID, PSBTFieldType.outputIndex]
        case (.output, .v2): [PSBTFieldType.amount, PSBTFieldType.script]
        }
    }

    private static func checkGlobal(_ rule: PSBTFieldRule) throws(PSBTError) {
        switch rule.field.type {
        case PSBTFieldType.unsignedTransaction:
            try rule.keyAlone()
        case PSBTFieldType.extendedPublicKey:
            try rule.key(78)
            // The fingerprint of the master key and as many steps as the key is deep.
            try rule.value(4 + 4 * Int(rule.field.keyData[4]))
        case 0x02, 0x03, PSBTFieldType.version:
            try rule.keyAlone()
            try rule.value(4)
        case 0x04, 0x05:
            try rule.keyAlone()
            try rule.compactSize()
        case 0x06:
            try rule.keyAlone()
            try rule.value(1)
        case _: break
        }
    }

    private static func checkInput(_ rule: PSBTFieldRule) throws(PSBTError) {
        switch rule.field.type {
        case 0x00, 0x01, 0x04, 0x05, 0x07, 0x08, 0x09:
            try rule.keyAlone()
        case 0x02:
            try rule.publicKey()
            try rule.ecdsaSignature()
        case 0x03:
            try rule.keyAlone()
            try rule.value(4)
        case 0x06:
            try rule.publicKey()
            try rule.derivation(from: 0)
        case 0x0a...0x0d:
            try rule.preimage()
        case 0x0e, 0x17, 0x18:
            try rule.keyAlone()
            try rule.value(32)
        case 0x0f, 0x10:
            try rule.keyAlone()
            try rule.value(4)
        case 0x11, 0x12:
            try rule.keyAlone()
            try rule.requiredLockTime()
        case 0x13:
            try rule.keyAlone()
            try rule.schnorrSignature()
        case 0x14:
            try rule.key(64)
            try rule.schnorrSignature()
        case 0x15:
            try rule.controlBlock()
        case 0x16:
            try rule.tapDerivation()
        case 0x1a:
            try rule.musigParticipants()
        case 0x1b:
            try rule.key(66, 98)
            try rule.compressedKeys(in: rule.field.keyData, count: 2)
            try rule.value(66)
        case 0x1c:
            try rule.key(66, 98)
            try rule.compressedKeys(in: rule.field.keyData, count: 2)
            try rule.value(32)
        case _: break
        }
    }

    private static func checkOutput(_ rule: PSBTFieldRule) throws(PSBTError) {
        switch rule.field.type {
        case 0x00, 0x01:
            try rule.keyAlone()
        case 0x02:
            try rule.publicKey()
            try rule.derivation(from: 0)
        case 0x03:
            try rule.keyAlone()
            try rule.amount()
        case 0x04:
            try rule.keyAlone()
        case 0x05:
            try rule.keyAlone()
            try rule.value(32)
        case 0x06:
            try rule.keyAlone()
            try rule.tapTree()
        case 0x07:
            try rule.tapDerivation()
        case 0x08:
            try rule.musigParticipants()
        case _: break
        }
    }
}
