import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import SecretMemory
import Wire

/// The public half of the wallets' keys, and what is derived of it for one address at a time.
///
/// Derived keys are remembered, for a request that was assessed comes back to be signed. What is
/// remembered is a pure function of the keys, so forgetting it costs time and nothing else.
struct PublicKeys: ~Copyable {
    /// `key[33] | chainCode[32]`
    private static let nodeByteCount = 65
    /// `u64 node and index | key[33]`
    private static let entryByteCount = 48
    private static let entryCount = 1 << 15

    /// The `WalletKey`s of all wallets.
    private var keys: Arena
    private var nodes: Arena
    private var entries: Arena
    /// The keys of one wallet at one address, 33 bytes each.
    private var derived: Arena
    /// Wallet, branch and index of `derived`; 0 where that is nobody's.
    private var derivedName: UInt64 = 0
    /// `u8 kind of the wallet | x[32]` of the keys that are the same in every script.
    private var constants: Arena
    private var constantCount = 0
}

extension PublicKeys {
    init(keyCount: Int, nodeCount: Int) throws(SignerStop) {
        self.init(
            keys: try Arena(needing: max(keyCount, 1) * WalletKey.byteCount),
            nodes: try Arena(needing: max(nodeCount, 1) * Self.nodeByteCount),
            entries: try Arena(needing: Self.entryCount * Self.entryByteCount),
            derived: try Arena(needing: WalletRecord.keyCountMax * 33),
            constants: try Arena(needing: max(keyCount, 1) * 33)
        )
    }

    mutating func set(_ key: WalletKey, at place: Int) {
        var room = keys.mutableBytes
        key.store(in: &room, at: place * WalletKey.byteCount)
    }

    /// A key by its place among those of all wallets.
    func key(at place: Int) -> WalletKey {
        let start = place * WalletKey.byteCount
        return WalletKey(keys.bytes.extracting(start..<start + WalletKey.byteCount))
    }

    /// Sets the nodes of a key from the one above them.
    mutating func set(
        _ parent: ExtendedPublicKey,
        _ record: KeyRecord,
        _ key: WalletKey,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        if key.branchCount == 0 {
            // Deriving is what finds a key that is not on the curve.
            _ = try parent.childKey(0, curve: curve)
            set(parent, at: key.firstNode)
        }
        for branch in 0..<key.branchCount {
            let node = try parent.child(record.branch(branch), curve: curve)
            set(node, at: key.firstNode + branch)
        }
    }

    private mutating func set(_ node: ExtendedPublicKey, at place: Int) {
        nodes.store(node.key.span, at: place * Self.nodeByteCount)
        nodes.store(node.chainCode.span, at: place * Self.nodeByteCount + 33)
    }

    /// The public key of a node.
    func key(ofNode place: Int) -> Bytes33 {
        let start = place * Self.nodeByteCount
        return Bytes33(copying: nodes.bytes.extracting(start..<start + 33))
    }

    /// The keys that `derive` found last, 33 bytes each, in the order of the wallet.
    var derivedKeys: Span<UInt8> {
        @_lifetime(borrow self) get { derived.bytes }
    }

    func derivedKey(_ place: Int) -> Bytes33 {
        Bytes33(copying: derived.bytes.extracting(33 * place..<33 * place + 33))
    }

    /// Derives the keys of a wallet for a claim whose branch and index were checked, unless they
    /// are those that were derived last.
    mutating func derive(
        _ claim: OwnerClaim,
        _ wallet: OwnWallet,
        _ record: WalletRecord,
        _ curve: borrowing Curve
    ) throws(CryptoError) {
        let name = wallet.name(claim)
        guard name != derivedName else { return }
        derivedName = 0
        for place in 0..<wallet.keyCount {
            let key = key(at: wallet.firstKey + place)
            guard key.nodeCount > 0 else { continue }
            derived.store(try at(claim, key, wallet.kind, curve).span, at: 33 * place)
        }
        for place in 0..<wallet.keyCount where key(at: wallet.firstKey + place).nodeCount == 0 {
            let sum = try aggregate(record.key(at: place), curve)
            derived.store(sum.span, at: 33 * place)
        }
        derivedName = name
    }

    /// Finds the keys of a wallet that are the same in every script. Once those of all wallets were
    /// found, no key is derived that is one of them.
    mutating func deriveConstants(_ wallet: OwnWallet) {
        if wallet.place == 0 { constantCount = 0 }
        derivedName = 0
        for place in 0..<wallet.keyCount {
            let key = key(at: wallet.firstKey + place)
            guard key.kind != .aggregate, !key.takesIndex else { continue }
            let bytes = self.key(ofNode: key.firstNode)
            derived.store(bytes.span, at: 33 * place)
            constants.store(bytes.span, at: 33 * constantCount)
            let kind = UInt64(wallet.kind.rawValue)
            constants.store(kind, at: 33 * constantCount, byteCount: 1)
            constantCount += 1
        }
    }

    /// Whether a key stands by itself in a wallet of that kind. By its x coordinate, since a
    /// tapscript knows no other.
    private func isConstant(_ key: Bytes33, _ kind: OutputKind) -> Bool {
        for place in 0..<constantCount where constants.bytes[33 * place] == kind.rawValue {
            let end = 33 * (place + 1)
            let other = constants.bytes.extracting(end - 32..<end)
            if key.span.extracting(1...).equals(other) { return true }
        }
        return false
    }

    /// Whether the keys that were derived, aggregates left out, are all different.
    func areDistinct(in wallet: OwnWallet) -> Bool {
        for place in 0..<wallet.keyCount where key(at: wallet.firstKey + place).kind != .aggregate {
            for other in 0..<place
            where key(at: wallet.firstKey + other).kind != .aggregate
                && xOnly(other).equals(xOnly(place))
            {
                return false
            }
        }
        return true
    }

    @_lifetime(borrow self)
    private func xOnly(_ place: Int) -> Span<UInt8> {
        derived.bytes.extracting(33 * place + 1..<33 * place + 33)
    }

    /// The first eight bytes of the x coordinate of a key that was derived.
    func number(_ place: Int) -> UInt64 { derived.bytes.number(at: 33 * place + 1, byteCount: 8) }

    /// The aggregate of keys that were derived.
    func aggregate(
        _ record: KeyRecord,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        try KeyAggregation.aggregate(record.participants, of: derived.bytes, curve: curve)
    }

    private mutating func at(
        _ claim: OwnerClaim,
        _ key: WalletKey,
        _ kind: OutputKind,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        let node = key.node(claim.branch)
        guard key.takesIndex else { return self.key(ofNode: node) }
        return try child(claim.index, ofNode: node, kind, curve)
    }

    /// Derives the key at an index below a node (BIP-32 CKDpub), or recalls it. A key that stands
    /// by itself in a wallet of this kind is refused: the address could be that wallet's as well,
    /// or the key stand for two.
    private mutating func child(
        _ index: UInt32,
        ofNode node: Int,
        _ kind: OutputKind,
        _ curve: borrowing Curve
    ) throws(CryptoError) -> Bytes33 {
        let name = UInt64(node + 1) << 32 | UInt64(index)
        let start = (Int(index) + 2_531 * node) % Self.entryCount * Self.entryByteCount
        if entries.number(at: start, byteCount: 8) == name {
            return Bytes33(copying: entries.bytes.extracting(start + 8..<start + 41))
        }
        let key = try self.node(at: node).childKey(index, curve: curve)
        guard !isConstant(key, kind) else { throw .invalidPublicKey }
        entries.store(name, at: start, byteCount: 8)
        entries.store(key.span, at: start + 8)
        return key
    }

    /// Depth and parent, which do not enter the derivation of a child's key, are zero.
    private func node(at place: Int) -> ExtendedPublicKey {
        let start = place * Self.nodeByteCount + 33
        return ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: Bytes32(copying: nodes.bytes.extracting(start..<start + 32)),
            key: key(ofNode: place)
        )
    }
}

extension KeyRecord {
    /// A key of others as a node; of a fixed key nothing is derived, so any chain code will do.
    var publicNode: ExtendedPublicKey {
        ExtendedPublicKey(
            depth: 0,
            parentFingerprint: .zero,
            childNumber: 0,
            chainCode: kind == .extended ? chainCode : .zero,
            key: key
        )
    }
}
