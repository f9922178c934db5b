/// One key and its value, exactly as they were read.
package struct PSBTField: Equatable, Sendable {
    package let type: UInt64
    /// What follows the type in the key.
    package let keyData: [UInt8]
    package var value: [UInt8]

    package init(_ type: UInt64, keyData: [UInt8] = [], value: [UInt8]) {
        self.type = type
        self.keyData = keyData
        self.value = value
    }

    /// The key as it is serialized: the type, then its data.
    package var key: [UInt8] {
        var key: [UInt8] = []
        key.append(compactSize: type)
        key += keyData
        return key
    }
}

/// The three kinds of maps.
package enum PSBTScope: Sendable {
    case global, input, output
}

/// The fields this program knows, by scope; the numbers are those of BIP-174, 370, 371 and 373.
package enum PSBTFieldType {
    package static let unsignedTransaction: UInt64 = 0x00
    /// PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE (BIP-322): the text.
    package static let signedMessage: UInt64 = 0x09
    package static let extendedPublicKey: UInt64 = 0x01
    package static let transactionVersion: UInt64 = 0x02
    package static let fallbackLockTime: UInt64 = 0x03
    package static let inputCount: UInt64 = 0x04
    package static let outputCount: UInt64 = 0x05
    package static let modifiable: UInt64 = 0x06
    package static let version: UInt64 = 0xfb
    package static let proprietary: UInt64 = 0xfc

    package static let nonWitnessUTXO: UInt64 = 0x00
    package static let witnessUTXO: UInt64 = 0x01
    package static let partialSignature: UInt64 = 0x02
    package static let sighashType: UInt64 = 0x03
    package static let redeemScript: UInt64 = 0x04
    package static let witnessScript: UInt64 = 0x05
    package static let inputDerivation: UInt64 = 0x06
    package static let finalScriptSig: UInt64 = 0x07
    package static let finalScriptWitness: UInt64 = 0x08
    package static let ripemd160Preimage: UInt64 = 0x0a
    package static let sha256Preimage: UInt64 = 0x0b
    package static let hash160Preimage: UInt64 = 0x0c
    package static let hash256Preimage: UInt64 = 0x0d
    package static let previousTransactionID: UInt64 = 0x0e
    package static let outputIndex: UInt64 = 0x0f
    package static let sequence: UInt64 = 0x10
    package static let requiredTime: UInt64 = 0x11
    package static let requiredHeight: UInt64 = 0x12
    package static let tapKeySignature: UInt64 = 0x13
    package static let tapScriptSignature: UInt64 = 0x14
    package static let tapLeafScript: UInt64 = 0x15
    package static let inputTapDerivation: UInt64 = 0x16
    package static let inputTapInternalKey: UInt64 = 0x17
    package static let tapMerkleRoot: UInt64 = 0x18
    package static let inputMusigParticipants: UInt64 = 0x1a
    package static let musigPublicNonce: UInt64 = 0x1b
    package static let musigPartialSignature: UInt64 = 0x1c

    package static let outputRedeemScript: UInt64 = 0x00
    package static let outputWitnessScript: UInt64 = 0x01
    package static let outputDerivation: UInt64 = 0x02
    package static let amount: UInt64 = 0x03
    package static let script: UInt64 = 0x04
    package static let outputTapInternalKey: UInt64 = 0x05
    package static let outputTapTree: UInt64 = 0x06
    package static let outputTapDerivation: UInt64 = 0x07
    package static let outputMusigParticipants: UInt64 = 0x08
}

/// A field as messages call it.
package struct PSBTFieldName: Equatable, Sendable, CustomStringConvertible {
    package let scope: PSBTScope
    package let type: UInt64

    package init(_ scope: PSBTScope, _ type: UInt64) {
        self.scope = scope
        self.type = type
    }

    package var description: String {
        let known =
            switch scope {
            case .global: Self.global
            case .input: Self.input
            case .output: Self.output
            }
        let number = (type < 16 ? "0x0" : "0x") + String(type, radix: 16)
        return known[type].map { "\($0) (\(number))" } ?? "the unknown field \(number)"
    }

    private static let global: [UInt64: String] = [
        0x00: "PSBT_GLOBAL_UNSIGNED_TX", 0x01: "PSBT_GLOBAL_XPUB",
        0x02: "PSBT_GLOBAL_TX_VERSION", 0x03: "PSBT_GLOBAL_FALLBACK_LOCKTIME",
        0x04: "PSBT_GLOBAL_INPUT_COUNT", 0x05: "PSBT_GLOBAL_OUTPUT_COUNT",
        0x06: "PSBT_GLOBAL_TX_MODIFIABLE", 0xfb: "PSBT_GLOBAL_VERSION",
        0xfc: "PSBT_GLOBAL_PROPRIETARY",
    ]

    private static let input: [UInt64: String] = [
        0x00: "PSBT_IN_NON_WITNESS_UTXO", 0x01: "PSBT_IN_WITNESS_UTXO",
        0x02: "PSBT_IN_PARTIAL_SIG", 0x03: "PSBT_IN_SIGHASH_TYPE",
        0x04: "PSBT_IN_REDEEM_SCRIPT", 0x05: "PSBT_IN_WITNESS_SCRIPT",
        0x06: "PSBT_IN_BIP32_DERIVATION", 0x07: "PSBT_IN_FINAL_SCRIPTSIG",
        0x08: "PSBT_IN_FINAL_SCRIPTWITNESS", 0x09: "PSBT_IN_POR_COMMITMENT",
        0x0a: "PSBT_IN_RIPEMD160", 0x0b: "PSBT_IN_SHA256", 0x0c: "PSBT_IN_HASH160",
        0x0d: "PSBT_IN_HASH256", 0x0e: "PSBT_IN_PREVIOUS_TXID", 0x0f: "PSBT_IN_OUTPUT_INDEX",
        0x10: "PSBT_IN_SEQUENCE", 0x11: "PSBT_IN_REQUIRED_TIME_LOCKTIME",
        0x12: "PSBT_IN_REQUIRED_HEIGHT_LOCKTIME", 0x13: "PSBT_IN_TAP_KEY_SIG",
        0x14: "PSBT_IN_TAP_SCRIPT_SIG", 0x15: "PSBT_IN_TAP_LEAF_SCRIPT",
        0x16: "PSBT_IN_TAP_BIP32_DERIVATION", 0x17: "PSBT_IN_TAP_INTERNAL_KEY",
        0x18: "PSBT_IN_TAP_MERKLE_ROOT", 0x1a: "PSBT_IN_MUSIG2_PARTICIPANT_PUBKEYS",
        0x1b: "PSBT_IN_MUSIG2_PUB_NONCE", 0x1c: "PSBT_IN_MUSIG2_PARTIAL_SIG",
        0xfc: "PSBT_IN_PROPRIETARY",
    ]

    private static let output: [UInt64: String] = [
        0x00: "PSBT_OUT_REDEEM_SCRIPT", 0x01: "PSBT_OUT_WITNESS_SCRIPT",
        0x02: "PSBT_OUT_BIP32_DERIVATION", 0x03: "PSBT_OUT_AMOUNT", 0x04: "PSBT_OUT_SCRIPT",
        0x05: "PSBT_OUT_TAP_INTERNAL_KEY", 0x06: "PSBT_OUT_TAP_TREE",
        0x07: "PSBT_OUT_TAP_BIP32_DERIVATION", 0x08: "PSBT_OUT_MUSIG2_PARTICIPANT_PUBKEYS",
        0xfc: "PSBT_OUT_PROPRIETARY",
    ]
}
