import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

/// The public half of our wallets: the key of every branch, and the scripts below them.
///
/// Derived scripts are remembered, for a request that was assessed comes back to be signed. What is
/// remembered is a pure function of the keys, so forgetting it costs time and nothing else.
struct PublicKeys: ~Copyable {
    /// `key[33] | chainCode[32]` for each branch of each wallet.
    private static let branchByteCount = 65
    /// `u64 branch and index | DerivedKey`.
    private static let entryByteCount = 80
    private static let entryCount = 1 << 13

    private var branches: Arena
    private var entries: Arena
}

extension PublicKeys {
    init(branchCount: Int) throws(SignerStop) {
        self.init(
            branches: try Arena(needing: max(branchCount, 1) * Self.branchByteCount),
            entries: try Arena(needing: Self.entryCount * Self.entryByteCount)
        )
    }

    /// Sets the key of a branch, by its place among the branches of all wallets.
    mutating func set(_ node: ExtendedPublicKey, branch: Int) {
        branches.store(node.key.span, at: branch * Self.branchByteCount)
        branches.store(node.chainCode.span, at: branch * Self.branchByteCount + 33)
    }

    /// The public key of a branch.
    func key(ofBranch branch: Int) -> Bytes33 {
        let start = branch * Self.branchByteCount
        return Bytes33(copying: branches.bytes.extracting(start..<start + 33))
    }

    /// Derives the key and script that a claim leads to; its branch and index were checked.
    mutating func derive(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> DerivedKey {
        let branch = wallet.firstBranch + Int(claim.branch)
        return try derive(wallet.kind, branch: branch, index: claim.index, curve: curve)
    }

    /// Derives the key and script at an index of a branch (BIP-32 CKDpub), or recalls them.
    mutating func derive(
        _ kind: OutputKind,
        branch: Int,
        index: UInt32,
        curve: borrowing Curve
    ) throws(CryptoError) -> DerivedKey {
        let name = UInt64(branch + 1) << 32 | UInt64(index)
        let place = (Int(index) + 2_531 * branch) % Self.entryCount
        let start = place * Self.entryByteCount
        if entries.number(at: start, byteCount: 8) == name {
            let range = start + 8..<start + 8 + DerivedKey.byteCount
            return DerivedKey(entries.bytes.extracting(range))
        }
        let key = try node(ofBranch: branch).childKey(index, curve: curve)
        let derived = DerivedKey(
            key: key,
            script: try ScriptTemplate.script(kind, publicKey: key, curve: curve)
        )
        entries.store(name, at: start, byteCount: 8)
        derived.store(in: &entries, at: start + 8)
        return derived
    }

    private func node(ofBranch branch: Int) -> ExtendedPublicKey {
        let start = branch * Self.branchByteCount + 33
        // Depth and parent do not enter the derivation of a child's key.
        return ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: Bytes32(copying: branches.bytes.extracting(start..<start + 32)),
            key: key(ofBranch: branch)
        )
    }
}

/// A public key of ours and the script that pays to it.
struct DerivedKey: Sendable {
    static let byteCount = 68

    let key: Bytes33
    private let scriptByteCount: Int
    private let scriptBytes: FixedBytes<34>

    init(key: Bytes33, script: TemplateScript) {
        self.key = key
        scriptByteCount = script.count
        var bytes = FixedBytes<34>.zero
        var room = bytes.mutableSpan
        room.store(script.bytes, at: 0)
        scriptBytes = bytes
    }

    /// Reads `key[33] | u8 scriptByteCount | script[34]`, as `store` left it.
    init(_ record: Span<UInt8>) {
        key = Bytes33(copying: record.extracting(0..<33))
        scriptByteCount = Int(record[33])
        scriptBytes = FixedBytes<34>(copying: record.extracting(34..<68))
    }

    /// The scriptPubKey.
    var script: Span<UInt8> {
        @_lifetime(borrow self) get { scriptBytes.span.extracting(0..<scriptByteCount) }
    }

    func store(in bytes: inout Arena, at place: Int) {
        bytes.store(key.span, at: place)
        bytes.store(UInt64(scriptByteCount), at: place + 33, byteCount: 1)
        bytes.store(scriptBytes.span, at: place + 34)
    }
}
