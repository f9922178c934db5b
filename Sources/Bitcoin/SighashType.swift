/// Which parts of the transaction a signature fixes, and the byte that says so.
///
/// The signer signs only `all` and, for taproot, `default`; the others are here so that foreign
/// signatures can be understood and the published vectors be run.
package struct SighashType: Equatable, Sendable {
    /// The number as it enters the digest. For taproot one of seven values, for v0 any 32 bits.
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Taproot only: means `all`, and the signature carries no byte for it (BIP-341).
    package static let `default` = SighashType(rawValue: 0x00)
    package static let all = SighashType(rawValue: 0x01)
    package static let none = SighashType(rawValue: 0x02)
    package static let single = SighashType(rawValue: 0x03)

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

    /// Whether the signer may use it for this kind of output: everything signed, nothing left open.
    package func isSafe(for kind: OutputKind) -> Bool {
        switch kind {
        case .p2wpkh: self == .all
        case .p2tr: self == .default || self == .all
        }
    }
}
