private import Bitcoin
private import BitcoinCrypto
private import Bytes

/// Reads a bundle once from front to back, holding every byte against protocol.md, section 4.
struct BundleChecker: ~Escapable {
    var cursor: BundleCursor
    var layout = BundleLayout()
    private(set) var version: UInt16 = 0
    private(set) var network: UInt8 = 0
    /// The highest zone that a rule names, and the first rule that does.
    var zoneNeeded: (zone: Int, item: Int)?
    /// The private nodes that own keys of the wallets so far need.
    var ownNodeCount = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        cursor = BundleCursor(bytes)
    }

    mutating func check() throws(BundleError) {
        let bytes = cursor.bytes
        guard bytes.count <= BundleLayout.byteCountMax else {
            throw .tooLong(count: bytes.count, limit: BundleLayout.byteCountMax)
        }
        layout.byteCount = bytes.count
        try checkHeader()
        try checkAdminKeys()
        try checkWallets()
        try checkLists()
        try checkDestinations()
        try checkLimits()
        try checkRules()
        try checkRulesOfLimits()
        try checkExtensions()
        try checkSource()
        guard cursor.left == 0 else { throw .trailing(count: cursor.left) }
    }

    private mutating func checkHeader() throws(BundleError) {
        let bytes = cursor.bytes
        _ = try cursor.skip(BundleHeader.byteCount)
        for index in 0..<BundleHeader.magic.utf8CodeUnitCount
        where bytes[index] != BundleHeader.magic.byte(at: index) {
            throw .wrongMagic
        }
        version = bytes.littleEndian16(at: BundleHeader.versionOffset)
        guard version == BundleHeader.version || version == BundleHeader.versionWithExtensions
        else { throw .unknownVersion(version) }
        network = bytes[BundleHeader.networkOffset]
        guard Network(rawValue: network) != nil else { throw .unknownNetwork(network) }
        let epoch = bytes.littleEndian64(at: BundleHeader.epochOffset)
        guard epoch > 0 else { throw .wrongEpoch(epoch) }
        let parent = ByteRange(start: BundleHeader.parentOffset, count: 32)
        let orphan = Bytes32(copying: parent.of(bytes)).isZero
        guard orphan == (epoch == 1) else { throw .wrongParent(epoch: epoch) }
        let allowance = bytes.littleEndian64(at: BundleHeader.allowanceOffset)
        guard allowance <= CheckedBundle.moneyMax else {
            throw .amountOverMaximum(offset: BundleHeader.allowanceOffset, found: allowance)
        }
    }

    /// At least one admin on main; elsewhere there may be none, and then nothing can be refilled.
    private mutating func checkAdminKeys() throws(BundleError) {
        let bytes = cursor.bytes
        let threshold = bytes[BundleHeader.adminThresholdOffset]
        let count = bytes[BundleHeader.adminCountOffset]
        let none = threshold == 0 && count == 0 && network != 0
        guard none || (threshold > 0 && threshold <= count) else {
            throw .adminThreshold(threshold: threshold, keys: count)
        }
        layout.adminKeys = cursor.offset
        var previous: ByteRange?
        for item in 0..<Int(count) {
            let key = try cursor.readVec16()
            try require(SSHPublicKey.isEd25519(key.of(bytes)), .adminKeyNotEd25519(item: item))
            if let previous, !previous.of(bytes).precedes(key.of(bytes)) {
                throw .adminKeysOutOfOrder(item: item)
            }
            previous = key
        }
    }

    private mutating func checkLists() throws(BundleError) {
        let count = try readCount(of: .lists, limit: BundleLayout.listCountMax)
        layout.lists = cursor.offset
        layout.listCount = count
        var previous: ByteRange?
        for item in 0..<count {
            let name = try cursor.readName(.lists, item)
            try requireOrder(previous, name, .lists, item)
            previous = name
        }
    }

    private mutating func checkSource() throws(BundleError) {
        let bytes = cursor.bytes
        let count = Int(try cursor.readUInt32())
        let source = ByteRange(start: try cursor.skip(count), count: count)
        (layout.source, layout.sourceCount) = (source.start, count)
        if let fault = PrintableText.firstFault(in: source.of(bytes)) {
            throw .sourceNotText(offset: fault)
        }
        let claimed = ByteRange(start: BundleHeader.sourceHashOffset, count: 32)
        guard SHA256.hash(source.of(bytes)) == Bytes32(copying: claimed.of(bytes)) else {
            throw .wrongSourceHash
        }
    }

    mutating func readCount(of section: BundleSection, limit: Int) throws(BundleError) -> Int {
        let count = Int(try cursor.readUInt16())
        try require(count <= limit, .tooMany(section: section, found: count, limit: limit))
        return count
    }

    func requireOrder(
        _ previous: ByteRange?,
        _ name: ByteRange,
        _ section: BundleSection,
        _ item: Int
    ) throws(BundleError) {
        let bytes = cursor.bytes
        if let previous, !previous.of(bytes).precedes(name.of(bytes)) {
            throw .outOfOrder(section: section, item: item)
        }
    }
}
