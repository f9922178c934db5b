import Bitcoin
package import BitcoinCrypto
package import Bytes
package import Policy
import SecretMemory
import Wire

/// The wallets of the bundle: what is public of them, ready to check claims against.
package struct WalletTable: ~Copyable {
    /// `fingerprint[4] | depth | parentFingerprint[4] | u32 childNumber | chainCode[32] | key[33]`:
    /// the answer to xpub.
    static let accountByteCount = 78

    private var wallets: InlineArray<64, OwnWallet>
    private let count: Int
    private var accounts: Arena
    var keys: PublicKeys
    /// The fingerprint of the master key.
    package private(set) var fingerprint = Bytes4.zero
}

extension WalletTable {
    /// Lists the wallets of a bundle; their keys come with `derive`.
    package init(_ bundle: borrowing CheckedBundle) throws(SignerStop) {
        var wallets = InlineArray<64, OwnWallet>(repeating: .none)
        var firstBranch = 0
        for place in 0..<bundle.walletCount {
            let record = bundle.wallet(at: place)
            let kind = record.outputKind
            // The other kinds are not signed yet.
            guard kind == .p2wpkh || kind == .p2tr else { throw .home(.damagedBundle) }
            wallets[place] = OwnWallet(
                place: place,
                id: record.id,
                kind: kind,
                indexMax: record.indexMax,
                branchCount: record.branchCount,
                firstBranch: firstBranch
            )
            firstBranch += record.branchCount
        }
        self.init(
            wallets: wallets,
            count: bundle.walletCount,
            accounts: try Arena(needing: 64 * Self.accountByteCount),
            keys: try PublicKeys(branchCount: firstBranch)
        )
    }

    /// How many branches the wallets of a bundle have in all.
    package static func branchCount(of bundle: borrowing CheckedBundle) -> Int {
        var sum = 0
        for place in 0..<bundle.walletCount {
            sum += bundle.wallet(at: place).branchCount
        }
        return sum
    }

    /// The wallet with an id, if it is one of ours.
    package func wallet(id: Bytes32) -> OwnWallet? {
        for place in 0..<count where wallets[place].id == id {
            return wallets[place]
        }
        return nil
    }

    /// The answer to xpub for the wallet at a place.
    @_lifetime(borrow self)
    package func account(_ place: Int) -> Span<UInt8> {
        let start = place * Self.accountByteCount
        return accounts.bytes.extracting(start..<start + Self.accountByteCount)
    }

    /// Derives every wallet from the seed: its account, and the private and public node of each
    /// branch.
    package mutating func derive(
        _ policy: borrowing BundleFile,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let bundle = policy.bundle
        for place in 0..<count {
            let account = try deriveAccount(bundle.wallet(at: place).key(at: 0), &secrets, curve)
            setAccount(account, place)
            for branch in 0..<wallets[place].branchCount {
                let number = bundle.wallet(at: place).key(at: 0).branch(branch)
                try deriveBranch(
                    number,
                    of: account,
                    wallets[place].firstBranch + branch,
                    &secrets,
                    curve
                )
            }
            secrets.node.wipe()
            secrets.scratch.wipe()
            wipeStack()
        }
    }

    /// Leaves the private account node in `secrets.node` and gives the public one.
    private mutating func deriveAccount(
        _ wallet: KeyRecord,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> ExtendedPublicKey {
        try Self.begin(secrets.plain, &secrets.node, curve)
        var parent = Bytes4.zero
        for step in 0..<wallet.stepCount {
            parent = try Self.fingerprint(secrets.node.bytes, curve)
            if step == 0 { fingerprint = parent }
            try Self.descend(&secrets.node, &secrets.scratch, wallet.step(step), curve)
        }
        let node = secrets.node.bytes
        return ExtendedPublicKey(
            depth: UInt8(wallet.stepCount),
            parentFingerprint: parent,
            childNumber: wallet.step(wallet.stepCount - 1),
            chainCode: Bytes32(copying: node.extracting(32..<64)),
            key: try curve.publicKey(ofSecret: node.extracting(0..<32))
        )
    }

    /// Derives a branch on both sides, which must agree.
    private mutating func deriveBranch(
        _ number: UInt32,
        of account: ExtendedPublicKey,
        _ branch: Int,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let start = 64 * branch
        try Self.derive(number, of: secrets.node, account.key, &secrets.branches, start, curve)
        let node = try account.child(number, curve: curve)
        let secret = secrets.branches.bytes.extracting(start..<start + 32)
        guard try curve.publicKey(ofSecret: secret) == node.key else { throw .invalidPublicKey }
        keys.set(node, branch: branch)
    }

    private mutating func setAccount(_ account: ExtendedPublicKey, _ place: Int) {
        let start = place * Self.accountByteCount
        let fingerprint = fingerprint
        var room = accounts.mutableBytes._consumingExtracting(start..<start + Self.accountByteCount)
        _ = room.write { writer throws(ByteError) in
            try writer.write(fingerprint)
            try writer.writeUInt8(account.depth)
            try writer.write(account.parentFingerprint)
            try writer.writeUInt32(account.childNumber)
            try writer.write(account.chainCode)
            try writer.write(account.key)
        }
    }

    private static func begin(
        _ plain: borrowing SecretBytes,
        _ master: inout SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        var node = master.mutableBytes
        let seed = plain.bytes.extracting(HomeSecrets.seedRange)
        try HD.master(seed: seed, into: &node, curve: curve)
    }

    private static func descend(
        _ parent: inout SecretBytes,
        _ room: inout SecretBytes,
        _ index: UInt32,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        var node = parent.mutableBytes
        var scratch = room.mutableBytes
        try HD.descend(&node, index: index, scratch: &scratch, curve: curve)
    }

    /// Derives an unhardened child into the 64 bytes of `room` from `start` on.
    static func derive(
        _ index: UInt32,
        of parent: borrowing SecretBytes,
        _ parentKey: Bytes33,
        _ room: inout SecretBytes,
        _ start: Int,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        var child = room.mutableBytes._consumingExtracting(start..<start + HD.nodeCount)
        try HD.deriveChild(
            of: parent.bytes,
            parentPublicKey: parentKey,
            index: index,
            into: &child,
            curve: curve
        )
    }

    private static func fingerprint(
        _ node: Span<UInt8>,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes4 {
        let key = try curve.publicKey(ofSecret: node.extracting(0..<32))
        return Bytes4(copying: hash160(key.span).span.extracting(0..<4))
    }
}
