/// Which parts of the transaction a signature fixes, and the byte that says so.
package struct SighashType: Equatable, Sendable {
    /// The number as it enters the digest. For taproot one of seven values, else any 32 bits.
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Taproot only: means `all`, and the signature carries no byte for it (BIP-341).
    package static let `default` = SighashType(rawValue: 0x00)
    package static let all = SighashType(rawValue: 0x01)

    /// Whether only this input is signed, so that others may add theirs.
    package var anyoneCanPay: Bool { rawValue & 0x80 != 0 }

    /// Whether no output is signed.
    package var signsNoOutput: Bool { rawValue & 0x1f == 0x02 }

    /// Whether only the output at the input's own place is signed.
    package var signsSingleOutput: Bool { rawValue & 0x1f == 0x03 }

    /// Whether every output is signed.
    package var signsAllOutputs: Bool { !signsNoOutput && !signsSingleOutput }

    /// Whether BIP-341 defines this type; any other makes a taproot signature invalid.
    package var isTaproot: Bool {
        switch rawValue {
        case 0x00...0x03, 0x81...0x83: true
        case _: false
        }
    }

    /// Whether the signer knows it for this kind of output: one of the seven of BIP-341, or
    /// elsewhere of the same without DEFAULT.
    package func isKnown(for kind: OutputKind) -> Bool {
        switch kind {
        case .p2tr, .p2trTree: isTaproot
        case .p2wpkh, .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript:
            isTaproot && self != .default
        }
    }

    /// Its bit among the types that a policy must permit, none for DEFAULT and ALL, which leave
    /// nothing open: 1 NONE, 2 SINGLE, and with ANYONECANPAY 4 ALL, 8 NONE, 16 SINGLE.
    package var permission: UInt8 {
        switch rawValue {
        case 0x02: SighashPermission.none
        case 0x03: SighashPermission.single
        case 0x81: SighashPermission.allAnyoneCanPay
        case 0x82: SighashPermission.noneAnyoneCanPay
        case 0x83: SighashPermission.singleAnyoneCanPay
        case _: 0
        }
    }
}

/// The types that a rule can permit, as bits of one byte (protocol.md, section 4).
package enum SighashPermission {
    package static let none: UInt8 = 1
    package static let single: UInt8 = 2
    package static let allAnyoneCanPay: UInt8 = 4
    package static let noneAnyoneCanPay: UInt8 = 8
    package static let singleAnyoneCanPay: UInt8 = 16

    /// All that there are.
    package static let every: UInt8 = 31
    /// Those with which somebody else may add outputs.
    package static let openOutputs: UInt8 = 27
    /// Those with which somebody else may add inputs.
    package static let openInputs: UInt8 = 28
}
