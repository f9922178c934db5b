/// A message that the command line asks the front to have signed. With a PSBT of BIP-322 as the
/// attachment only `full` and `onlyPSBT` count.
package struct MessageQuestion: Codable, Equatable, Sendable {
    /// A coin that a proof of funds shows.
    package struct Coin: Codable, Equatable, Sendable {
        /// As explorers print it.
        package var txid: String
        package var vout: UInt32
        package var amount: UInt64
        package var branch: UInt8
        package var index: UInt32

        package init(txid: String, vout: UInt32, amount: UInt64, branch: UInt8, index: UInt32) {
            self.txid = txid
            self.vout = vout
            self.amount = amount
            self.branch = branch
            self.index = index
        }
    }

    package var place: Ownership
    package var text: String
    /// In the legacy format.
    package var legacy = false
    /// The whole transaction, even where the witness alone would do.
    package var full = false
    /// The signed PSBT, even where we can finish it.
    package var onlyPSBT = false
    package var transactionVersion: UInt32 = 0
    package var lockTime: UInt32 = 0
    package var sequence: UInt32 = 0
    package var coins: [Coin] = []

    package init(place: Ownership, text: String) {
        self.place = place
        self.text = text
    }
}

/// What came of a message. Where others have to sign as well, the signed PSBT is the attachment.
package struct MessageSignedFacts: Codable, Equatable, Sendable {
    /// The signature as people pass it on; nothing where others have to sign.
    package var signature: String?
    /// `simple`, `full`, `proof`, `legacy` or `psbt`.
    package var format: String
    /// The same was signed before: nothing was charged for it now.
    package var seenBefore: Bool
    /// The receipt's text (C2SP tlog-proof).
    package var receipt: String
    /// What is still missing, in words.
    package var missing: String?
}
