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

    var wallets: InlineArray<64, OwnWallet>
    let count: Int
    private var accounts: Arena
    private var scripts: AddressScripts
    var keys: PublicKeys
    /// One for each branch of each wallet.
    var prints: Arena
    /// The fingerprint of the master key.
    package private(set) var fingerprint = Bytes4.zero
}

extension WalletTable {
    /// Lists the wallets of a bundle and derives the keys of others, which must be on the curve;
    /// our own come with `derive`.
    package init(
        _ bundle: borrowing CheckedBundle,
        _ curve: borrowing Curve
    ) throws(SignerStop) {
        var wallets = InlineArray<64, OwnWallet>(repeating: .none)
        let counts = NodeCounts(bundle)
        var keys = try PublicKeys(keyCount: counts.keys, nodeCount: counts.own + counts.others)
        var (place, own, others) = (0, 0, counts.own)
        for number in 0..<bundle.walletCount {
            let record = bundle.wallet(at: number)
            wallets[number] = OwnWallet(record, place: number, firstKey: place)
            for inside in 0..<record.keyCount {
                let keyRecord = record.key(at: inside)
                let key = WalletKey(keyRecord, firstNode: keyRecord.kind == .own ? own : others)
                keys.set(key, at: place)
                if key.isOwn { own += key.nodeCount } else { others += key.nodeCount }
                place += 1
                guard key.kind == .extended || key.kind == .fixed else { continue }
                do throws(CryptoError) {
                    try keys.set(keyRecord.publicNode, keyRecord, key, curve)
                } catch {
                    throw .home(.damagedBundle)
                }
            }
        }
        self.init(
            wallets: wallets,
            count: bundle.walletCount,
            accounts: try Arena(needing: max(counts.keys, 1) * Self.accountByteCount),
            scripts: try AddressScripts(),
            keys: keys,
            prints: try Arena(needing: 64 * WalletRecord.branchCountMax * AddressPrint.byteCount)
        )
    }

    /// The wallet with an id, if it is one of ours.
    package func wallet(id: Bytes32) -> OwnWallet? {
        for place in 0..<count where wallets[place].id == id {
            return wallets[place]
        }
        return nil
    }

    /// The answer to xpub for a key of a wallet, if it is one of our own.
    @_lifetime(borrow self)
    package func account(_ wallet: OwnWallet, key: Int) -> Span<UInt8>? {
        guard key < wallet.keyCount, keys.key(at: wallet.firstKey + key).isOwn else { return nil }
        let start = (wallet.firstKey + key) * Self.accountByteCount
        return accounts.bytes.extracting(start..<start + Self.accountByteCount)
    }

    /// The script that a claim leads to; its branch and index were checked.
    mutating func script(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> AddressScript {
        try scripts.script(claim, wallet, record, &keys, curve)
    }

    /// Derives our keys of every wallet from the seed, the private and public node of each branch;
    /// then the aggregates of keys that are derived from.
    package mutating func derive(
        _ policy: borrowing BundleFile,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let bundle = policy.bundle
        for number in 0..<count {
            let (wallet, record) = (wallets[number], bundle.wallet(at: number))
            for inside in 0..<wallet.keyCount {
                let place = wallet.firstKey + inside
                let key = keys.key(at: place)
                guard key.isOwn else { continue }
                try deriveOwn(record.key(at: inside), key, place, &secrets, curve)
            }
            keys.deriveConstants(wallet)
            for inside in 0..<wallet.keyCount {
                let key = keys.key(at: wallet.firstKey + inside)
                guard key.kind == .aggregate, key.nodeCount > 0 else { continue }
                let aggregate = try keys.aggregate(record.key(at: inside), curve)
                let node = KeyAggregation.extendedKey(aggregate)
                try keys.set(node, record.key(at: inside), key, curve)
            }
        }
    }

    /// Derives an own key and what is below it on both sides, which must agree.
    private mutating func deriveOwn(
        _ record: KeyRecord,
        _ key: WalletKey,
        _ place: Int,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let account = try deriveAccount(record, &secrets, curve)
        setAccount(account, place)
        try keys.set(account, record, key, curve)
        for branch in 0..<key.nodeCount {
            let node = key.firstNode + branch
            let start = HD.nodeCount * node
            if key.branchCount == 0 {
                Self.copy(secrets.node, &secrets.branches, start)
            } else {
                let number = record.branch(branch)
                try Self.derive(
                    number,
                    of: secrets.node,
                    account.key,
                    &secrets.branches,
                    start,
                    curve
                )
            }
            let secret = secrets.branches.bytes.extracting(start..<start + 32)
            guard try curve.publicKey(ofSecret: secret) == keys.key(ofNode: node) else {
                throw .invalidPublicKey
            }
        }
        secrets.node.wipe()
        secrets.scratch.wipe()
        wipeStack()
    }

    /// Leaves the private account node in `secrets.node` and gives the public one.
    private mutating func deriveAccount(
        _ key: KeyRecord,
        _ secrets: inout HomeSecrets,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> ExtendedPublicKey {
        try Self.begin(secrets.plain, &secrets.node, curve)
        var parent = Bytes4.zero
        for step in 0..<key.stepCount {
            parent = try Self.fingerprint(secrets.node.bytes, curve)
            if step == 0 { fingerprint = parent }
            try Self.descend(&secrets.node, &secrets.scratch, key.step(step), curve)
        }
        let node = secrets.node.bytes
        return ExtendedPublicKey(
            depth: UInt8(key.stepCount),
            parentFingerprint: parent,
            childNumber: key.step(key.stepCount - 1),
            chainCode: Bytes32(copying: node.extracting(32..<64)),
            key: try curve.publicKey(ofSecret: node.extracting(0..<32))
        )
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

    private static func copy(
        _ node: borrowing SecretBytes,
        _ room: inout SecretBytes,
        _ start: Int
    ) {
        var bytes = room.mutableBytes
        bytes.store(node.bytes, at: start)
    }

    static func begin(
        _ plain: borrowing SecretBytes,
        _ master: inout SecretBytes,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        var node = master.mutableBytes
        let seed = plain.bytes.extracting(HomeSecrets.seedRange)
        try HD.master(seed: seed, into: &node, curve: curve)
    }

    static func descend(
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

    static func fingerprint(
        _ node: Span<UInt8>,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes4 {
        let key = try curve.publicKey(ofSecret: node.extracting(0..<32))
        return Bytes4(copying: hash160(key.span).span.extracting(0..<4))
    }
}
