/// Which parts of the transaction a signature fixes, and the byte that says so.
///
/// The signer signs only `all` and, for taproot, `default`; the others stand in `Outside`.
package struct SighashType: Equatable, Sendable {
    /// The number as it enters the digest. For taproot one of seven values, for v0 any 32 bits.
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Taproot only: means `all`, and the signature carries no byte for it (BIP-341).
    package static let `default` = SighashType(rawValue: 0x00)
    package static let all = SighashType(rawValue: 0x01)

    /// Whether the signer may use it for this kind of output: everything signed, nothing left open.
    package func isSafe(for kind: OutputKind) -> Bool {
        switch kind {
        case .p2tr, .p2trTree: self == .default || self == .all
        case .p2wpkh, .p2pkh, .p2shP2WPKH, .p2shScript, .p2wshScript, .p2shP2WSHScript:
            self == .all
        }
    }
}
