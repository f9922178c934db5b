package import Bytes

/// The repeated parts of a checked bundle.
extension CheckedBundle {
    /// The number of wallets, at most 64.
    package var walletCount: Int { layout.walletCount }

    /// Wallet `index`, in the order of names.
    @_lifetime(copy self)
    package func wallet(at index: Int) -> WalletRecord {
        precondition(index >= 0 && index < walletCount, "no such wallet")
        return WalletRecord(bytes, at: Int(layout.wallets[index]))
    }

    /// The id of wallet `index` (protocol.md, section 4).
    package func walletID(at index: Int) -> Bytes32 { wallet(at: index).id }
}
