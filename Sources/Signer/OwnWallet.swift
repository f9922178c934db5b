package import Bitcoin
package import Bytes
import Policy
import Wire

/// A wallet of the bundle, as the signer needs it to check a claim.
package struct OwnWallet: Sendable {
    /// Its place in the bundle.
    package let place: Int
    package let id: Bytes32
    package let kind: OutputKind
    /// No coin of ours lies at a higher index.
    package let indexMax: UInt32
    package let branchCount: Int
    /// The place of its first key among those of all wallets.
    let firstKey: Int
    let keyCount: Int

    /// Stands where there is no wallet.
    static let none = OwnWallet()

    private init() {
        (place, id, kind, indexMax) = (0, .zero, .p2wpkh, 0)
        (branchCount, firstKey, keyCount) = (0, 0, 0)
    }

    init(_ record: WalletRecord, place: Int, firstKey: Int) {
        self.place = place
        id = record.id
        kind = record.outputKind
        indexMax = record.indexMax
        branchCount = record.branchCount
        self.firstKey = firstKey
        keyCount = record.keyCount
    }

    /// Whether a signature of ours without its parents known signs every amount (BIP-341).
    var isTaproot: Bool { kind == .p2tr || kind == .p2trTree }

    /// Whether the work to sign grows with the square of the inputs.
    var isLegacy: Bool { kind == .p2pkh || kind == .p2shScript }
}

extension OwnWallet {
    /// Wallet, branch and index in one number, never 0.
    func name(_ claim: OwnerClaim) -> UInt64 {
        let place = UInt64(self.place + 1) << 8 | UInt64(claim.branch)
        return place << 32 | UInt64(claim.index)
    }

    /// Whether an input is spent by a signature alone: there is no script, or not in this way.
    func isSpentByKey(_ input: RequestInput) -> Bool {
        kind.isOfOneKey || (kind == .p2trTree && input.selector == 0)
    }
}

/// How many keys and nodes the wallets of a bundle have.
struct NodeCounts {
    private(set) var keys = 0
    private(set) var ownKeys = 0
    /// The nodes of our own keys, and those of the others.
    private(set) var own = 0
    private(set) var others = 0

    init(_ bundle: borrowing CheckedBundle) {
        for number in 0..<bundle.walletCount {
            let record = bundle.wallet(at: number)
            keys += record.keyCount
            for place in 0..<record.keyCount {
                let key = WalletKey(record.key(at: place), firstNode: 0)
                if key.isOwn { own += key.nodeCount } else { others += key.nodeCount }
                ownKeys += key.isOwn ? 1 : 0
            }
        }
    }
}

/// A key of a wallet, and where its nodes stand.
struct WalletKey: Sendable {
    static let byteCount = 8

    let kind: KeyKind
    /// Whether the key is another at each index of its own accord.
    let takesIndex: Bool
    let branchCount: Int
    /// The place of its first node among those of all wallets. The nodes of own keys come first, so
    /// that those are at the same places among the private ones.
    let firstNode: Int

    init(_ record: KeyRecord, firstNode: Int) {
        kind = record.kind
        takesIndex = record.takesIndex
        branchCount = record.branchCount
        self.firstNode = firstNode
    }

    /// Reads what `store` left.
    init(_ bytes: Span<UInt8>) {
        guard let kind = KeyKind(rawValue: bytes[0]) else { preconditionFailure("a stored key") }
        self.kind = kind
        takesIndex = bytes[1] == 1
        branchCount = Int(bytes[2])
        firstNode = Int(bytes.number(at: 4, byteCount: 4))
    }

    func store(in bytes: inout MutableSpan<UInt8>, at place: Int) {
        bytes.store(UInt64(kind.rawValue), at: place, byteCount: 1)
        bytes.store(takesIndex ? 1 : 0, at: place + 1, byteCount: 1)
        bytes.store(UInt64(branchCount), at: place + 2, byteCount: 1)
        bytes.store(UInt64(firstNode), at: place + 4, byteCount: 4)
    }

    var isOwn: Bool { kind == .own }

    /// The nodes it has: one for each branch, or for itself. An aggregate that is made anew at each
    /// address has none.
    var nodeCount: Int { kind == .aggregate && !takesIndex ? 0 : max(branchCount, 1) }

    /// The node for a branch of the wallet; a key with one branch has the same for all.
    func node(_ branch: UInt8) -> Int { firstNode + (branchCount > 1 ? Int(branch) : 0) }
}
