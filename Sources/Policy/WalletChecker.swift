private import Bitcoin
private import Bytes

/// The wallets of a bundle: sorted, each a template the signer can fill in, no two for one key.
extension BundleChecker {
    mutating func checkWallets() throws(BundleError) {
        let bytes = cursor.bytes
        let count = try readCount(of: .wallets, limit: BundleLayout.walletCountMax)
        layout.walletCount = count
        var previous: ByteRange?
        for item in 0..<count {
            layout.wallets[item] = UInt32(cursor.offset)
            let name = try cursor.readName(.wallets, item)
            try requireOrder(previous, name, .wallets, item)
            previous = name
            try checkTemplate(item)
            let descriptor = try cursor.readVec16()
            guard descriptor.count > 0, PrintableText.isName(descriptor.of(bytes)) else {
                throw .badDescriptor(item: item)
            }
            try requireOwnKey(item)
        }
    }

    private mutating func checkTemplate(_ item: Int) throws(BundleError) {
        let kind = try cursor.readUInt8()
        try require(OutputKind(rawValue: kind) != nil, .unknownOutputKind(item: item, found: kind))
        let indexMax = try cursor.readUInt32()
        guard indexMax < WalletRecord.hardened else {
            throw .indexMaxHardened(item: item, found: indexMax)
        }
        let keys = try cursor.readUInt8()
        guard keys == 1 else { throw .wrongKeyCount(item: item, found: keys) }
        let keyKind = try cursor.readUInt8()
        try require(keyKind == WalletRecord.ownKey, .unknownKeyKind(item: item, found: keyKind))
        try checkPath(item)
        try checkBranches(item)
    }

    /// The account path: purpose, the network's coin type, account, all steps hardened (BIP-44).
    private mutating func checkPath(_ item: Int) throws(BundleError) {
        let depth = Int(try cursor.readUInt8())
        guard (3...WalletRecord.depthMax).contains(depth) else { throw .wrongPath(item: item) }
        for place in 0..<depth {
            let step = try cursor.readUInt32()
            let coin = WalletRecord.hardened | (network == 0 ? 0 : 1)
            guard step >= WalletRecord.hardened, place != 1 || step == coin else {
                throw .wrongPath(item: item)
            }
        }
    }

    private mutating func checkBranches(_ item: Int) throws(BundleError) {
        let bytes = cursor.bytes
        let count = Int(try cursor.readUInt8())
        try require((1...WalletRecord.branchCountMax).contains(count), .wrongBranches(item: item))
        let start = try cursor.skip(4 * count)
        for place in 0..<count {
            let branch = bytes.littleEndian32(at: start + 4 * place)
            guard branch < WalletRecord.hardened else { throw .wrongBranches(item: item) }
            for earlier in 0..<place
            where bytes.littleEndian32(at: start + 4 * earlier) == branch {
                throw .wrongBranches(item: item)
            }
        }
    }

    /// Refuses a second wallet of one output kind and path: the limits of a wallet would count
    /// only half of what leaves it.
    private func requireOwnKey(_ item: Int) throws(BundleError) {
        let added = WalletRecord(cursor.bytes, at: Int(layout.wallets[item]))
        for earlier in 0..<item {
            let other = WalletRecord(cursor.bytes, at: Int(layout.wallets[earlier]))
            guard
                added.outputKindCode != other.outputKindCode
                    || !added.path.equals(other.path)
            else {
                throw .duplicateWallet(item: item, of: earlier)
            }
        }
    }
}
