package import Bitcoin
package import Bytes

/// A wallet of the bundle, as the signer needs it to check a claim.
package struct OwnWallet: Sendable {
    /// Its place in the bundle.
    package let place: Int
    package let id: Bytes32
    package let kind: OutputKind
    /// No coin of ours lies at a higher index.
    package let indexMax: UInt32
    package let branchCount: Int
    /// The place of its first branch among the branches of all wallets.
    package let firstBranch: Int

    /// Stands where there is no wallet.
    static let none = OwnWallet(
        place: 0,
        id: .zero,
        kind: .p2wpkh,
        indexMax: 0,
        branchCount: 0,
        firstBranch: 0
    )
}
