/// The types that the signer never signs with, so that foreign signatures can be understood and the
/// published vectors be run.
extension SighashType {
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
}
