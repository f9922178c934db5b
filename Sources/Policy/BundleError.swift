/// Why bytes are not a bundle in canonical form; every case names the first thing found wrong.
///
/// `item` is the place in its section, from 0; offsets count bytes from the start of the bundle.
package enum BundleError: Error, Equatable, Sendable {
    case truncated(offset: Int, needed: Int, left: Int)
    case trailing(count: Int)
    case tooLong(count: Int, limit: Int)
    case wrongMagic
    case unknownVersion(UInt16)
    case unknownNetwork(UInt8)
    case wrongEpoch(UInt64)
    case wrongParent(epoch: UInt64)
    case wrongSourceHash
    case sourceNotText(offset: Int)
    case amountOverMaximum(offset: Int, found: UInt64)
    case adminThreshold(threshold: UInt8, keys: UInt8)
    case adminKeyNotEd25519(item: Int)
    case adminKeysOutOfOrder(item: Int)
    case tooMany(section: BundleSection, found: Int, limit: Int)
    case badName(section: BundleSection, item: Int)
    case outOfOrder(section: BundleSection, item: Int)
    case unknownOutputKind(item: Int, found: UInt8)
    case unknownKeyKind(item: Int, found: UInt8)
    case wrongKeyCount(item: Int, found: UInt8)
    case indexMaxHardened(item: Int, found: UInt32)
    case wrongPath(item: Int)
    case wrongBranches(item: Int)
    case badKey(item: Int, key: Int)
    case wrongParticipants(item: Int, key: Int)
    case tooManyNodes(found: Int, limit: Int)
    case indexMaxUnused(item: Int, found: UInt32)
    case wrongLeafCount(item: Int, found: UInt8)
    case wrongTree(item: Int)
    case unknownLeafVersion(item: Int, leaf: Int, found: UInt8)
    case wrongWeight(item: Int, leaf: Int, found: UInt32)
    case wrongScriptLength(item: Int, leaf: Int, found: Int)
    case wrongHole(item: Int, leaf: Int, hole: Int)
    case wrongGroup(item: Int, leaf: Int, group: Int)
    case unusedKey(item: Int, key: Int)
    case nothingToSignWith(item: Int)
    case badDescriptor(item: Int)
    case duplicateWallet(item: Int, of: Int)
    case emptyScript(item: Int)
    case unknownLists(section: BundleSection, item: Int, found: UInt64)
    case unknownWallets(item: Int, found: UInt64)
    case unknownScope(item: Int, found: UInt8)
    case wrongScopeIndex(item: Int, found: UInt16)
    case limitWithoutCap(item: Int)
    case limitWithoutWindow(item: Int)
    case unknownEffect(item: Int, found: UInt8)
    case unknownSighashes(item: Int, found: UInt8)
    case unknownDestinations(item: Int, found: UInt8)
    case capOnDeny(item: Int)
    case tooManyMessageRules(item: Int, limit: Int)
    case unknownFormats(item: Int, found: UInt8)
    case noBranches(item: Int)
    case wrongIndexes(item: Int)
    case badPattern(item: Int)
}

/// The repeated parts of a bundle, for messages.
package enum BundleSection: UInt8, Equatable, Sendable {
    case wallets, lists, destinations, scriptLengths, limits, rules
}
