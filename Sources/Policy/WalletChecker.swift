import Bitcoin
private import Bytes

/// The wallets of a bundle: sorted, each a template the signer can fill in, no two the same.
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
            try requireDifferent(item)
        }
    }

    private mutating func checkTemplate(_ item: Int) throws(BundleError) {
        let code = try cursor.readUInt8()
        guard let kind = OutputKind(rawValue: code) else {
            throw .unknownOutputKind(item: item, found: code)
        }
        let indexMax = try cursor.readUInt32()
        guard indexMax < WalletRecord.hardened else {
            throw .indexMaxHardened(item: item, found: indexMax)
        }
        var form = WalletForm(item: item, kind: kind)
        try checkKeys(&form)
        if !kind.isOfOneKey { try checkLeaves(&form) }
        guard form.takesIndex || indexMax == 0 else {
            throw .indexMaxUnused(item: item, found: indexMax)
        }
    }

    /// Refuses a second wallet of one output kind, keys and scripts: the limits of a wallet would
    /// count only half of what leaves it.
    private func requireDifferent(_ item: Int) throws(BundleError) {
        let added = WalletRecord(cursor.bytes, at: Int(layout.wallets[item]))
        for earlier in 0..<item {
            let other = WalletRecord(cursor.bytes, at: Int(layout.wallets[earlier]))
            guard !added.hasKeysAndScripts(of: other) else {
                throw .duplicateWallet(item: item, of: earlier)
            }
        }
    }
}

extension WalletRecord {
    /// Whether kind, keys and scripts are the other's, whatever the branches below the keys.
    fileprivate func hasKeysAndScripts(of other: WalletRecord) -> Bool {
        guard outputKindCode == other.outputKindCode, keyCount == other.keyCount else {
            return false
        }
        var (mine, theirs) = (firstKey, other.firstKey)
        for _ in 0..<keyCount {
            let key = KeyRecord(bytes, at: mine)
            let otherKey = KeyRecord(bytes, at: theirs)
            guard key.body.equals(otherKey.body) else { return false }
            (mine, theirs) = (key.end, otherKey.end)
        }
        let scripts = bytes.extracting(mine..<templateEnd)
        return scripts.equals(bytes.extracting(theirs..<other.templateEnd))
    }
}

/// What is known of a wallet while it is checked. A set of keys has a bit for each place.
struct WalletForm {
    let item: Int
    let kind: OutputKind
    var keyCount = 0
    var ownKeys: UInt32 = 0
    var aggregates: UInt32 = 0
    /// What each aggregate is made of.
    var participants = InlineArray<32, UInt32>(repeating: 0)
    /// Keys that are the same at every index.
    var constantKeys: UInt32 = 0
    /// Keys that a script, an aggregate or the output itself names.
    var usedKeys: UInt32 = 0
    /// Whether a signature of an own key can spend.
    var signs = false
    /// The most branches of any key; every key with more than one has this many.
    var branchCount = 1

    init(item: Int, kind: OutputKind) {
        self.item = item
        self.kind = kind
    }

    var allKeys: UInt32 { UInt32(CheckedBundle.mask(ofLowest: keyCount)) }
    var takesIndex: Bool { constantKeys != allKeys }

    func has(_ place: Int, in keys: UInt32) -> Bool { keys >> UInt32(place) & 1 == 1 }

    /// A script, or the output itself, names a key and can be spent by its signature.
    mutating func use(_ key: Int) {
        usedKeys |= 1 << UInt32(key)
        if has(key, in: ownKeys) { signs = true }
    }
}
