/// What the command line asks of the front: one JSON document a frame (docs/cli.md, front.sock).
/// A PSBT is the frame's attachment.
package enum FrontRequest: Codable, Equatable, Sendable {
    case status
    case wallets
    case address(wallet: String, branch: UInt8, index: UInt32)
    case inspect
    case sign(finalize: Bool, replaces: [ReplacedPSBT]? = nil)
    case message(MessageQuestion)
    /// The points of the nonces that the signatures will start from, if the host contributes what
    /// it commits to here (hexadecimal).
    case open(commitment: String, replaces: [ReplacedPSBT]? = nil)
    /// Signatures that hold what the host contributes (hexadecimal).
    case signOpened(finalize: Bool, hostNonce: String, replaces: [ReplacedPSBT]? = nil)
}

/// What the front answers. What was signed is the frame's attachment.
package enum FrontReply: Codable, Equatable, Sendable {
    case status(GateStatusFacts)
    case wallets([WalletFacts])
    case address(AddressFacts)
    case inspected(Inspection)
    case signed(SignedFacts)
    case message(MessageSignedFacts)
    /// 33 bytes each, hexadecimal, in the order of the signatures.
    case opened([String])
    case usage(message: String)
    case refused(RefusalReport)
    case waiting(RefusalReport)
    case silent(RefusalReport)
    case failed(message: String)

    /// The reply that says how an operation failed.
    package init(_ error: FrontError) {
        switch error {
        case .usage(let message): self = .usage(message: message)
        case .refused(let report): self = .refused(report)
        case .waiting(let report): self = .waiting(report)
        case .silent(let report): self = .silent(report)
        case .failed(let message): self = .failed(message: message)
        }
    }

    /// The failure that the reply stands for, if it is one.
    package var error: FrontError? {
        switch self {
        case .status, .wallets, .address, .inspected, .signed, .message, .opened: nil
        case .usage(let message): .usage(message)
        case .refused(let report): .refused(report)
        case .waiting(let report): .waiting(report)
        case .silent(let report): .silent(report)
        case .failed(let message): .failed(message)
        }
    }
}

/// A wallet of the policy with the keys that `init` derived for it. Nothing in it is secret.
package struct WalletFacts: Codable, Equatable, Sendable {
    package var name: String
    /// The wallet's id, hexadecimal.
    package var id: String
    /// `wpkh`, `sh(wsh)` and so on: the functions of the descriptor around its keys or scripts.
    package var kind: String
    /// The master key's fingerprint, hexadecimal.
    package var fingerprint: String
    /// The path of the own key, the first where there are several, such as `m/84h/1h/0h`.
    package var account: String
    /// That key as text, in the version bytes of the network.
    package var xpub: String
    /// Output descriptors with checksums.
    package var receive: String
    package var change: String
    /// The steps below that key, receive first.
    package var branches: [UInt32]
    /// No index beyond it is signed for.
    package var indexMax: UInt32
    /// The whole descriptor with its checksum, branches as `<0;1>`. Homes of the first release,
    /// with wallets of one key only, do not have it.
    package var descriptor: String?
    /// The paths of all own keys.
    package var ownKeys: [String]?

    package init(
        name: String,
        id: String,
        kind: String,
        fingerprint: String,
        account: String,
        xpub: String,
        receive: String,
        change: String,
        branches: [UInt32],
        indexMax: UInt32,
        descriptor: String? = nil,
        ownKeys: [String]? = nil
    ) {
        self.name = name
        self.id = id
        self.kind = kind
        self.fingerprint = fingerprint
        self.account = account
        self.xpub = xpub
        self.receive = receive
        self.change = change
        self.branches = branches
        self.indexMax = indexMax
        self.descriptor = descriptor
        self.ownKeys = ownKeys
    }
}

/// Where a script of ours stands in a wallet.
package struct Ownership: Codable, Equatable, Sendable {
    package var wallet: String
    /// 0 receive, 1 change.
    package var branch: UInt8
    package var index: UInt32

    package init(wallet: String, branch: UInt8, index: UInt32) {
        self.wallet = wallet
        self.branch = branch
        self.index = index
    }
}

/// An address, and whether the signer itself gave the same.
package struct AddressFacts: Codable, Equatable, Sendable {
    package var address: String
    /// The output script, hexadecimal.
    package var script: String
    package var wallet: String
    package var branch: UInt8
    package var index: UInt32
    package var verified: Bool

    package init(address: String, script: String, place: Ownership, verified: Bool) {
        self.address = address
        self.script = script
        wallet = place.wallet
        branch = place.branch
        index = place.index
        self.verified = verified
    }
}

/// What came of a request to sign.
package struct SignedFacts: Codable, Equatable, Sendable {
    /// Whether the attachment is the final transaction, which was asked for, not the signed PSBT.
    package var finalized: Bool
    /// As explorers print it.
    package var txid: String
    package var fee: UInt64
    /// The same request was signed before: nothing was charged for it now.
    package var seenBefore: Bool
    /// The receipt's text (C2SP tlog-proof).
    package var receipt: String
    /// The signatures of our keys in their order, 64 bytes each, hexadecimal: only where the host
    /// contributed to their nonces.
    package var signatures: [String]?

    package init(
        finalized: Bool,
        txid: String,
        fee: UInt64,
        seenBefore: Bool,
        receipt: String,
        signatures: [String]? = nil
    ) {
        self.finalized = finalized
        self.txid = txid
        self.fee = fee
        self.seenBefore = seenBefore
        self.receipt = receipt
        self.signatures = signatures
    }
}
