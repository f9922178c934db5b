import Bytes
import Policy
import TestSupport

/// Checks the bytes and writes the bundle again from what the accessors say.
func rewritten(_ bytes: [UInt8]) throws -> [UInt8] {
    let bundle = try CheckedBundle(checking: bytes.span)
    var room = [UInt8](repeating: 0, count: bytes.count)
    let count = try rewrite(bundle, into: room.mutableSpan)
    return Array(room.prefix(count))
}

private func rewrite(
    _ bundle: CheckedBundle,
    into room: consuming MutableSpan<UInt8>
) throws -> Int {
    var writer = BundleWriter(room)
    try writer.writeHeader(
        BundleHeaderFields(
            networkCode: bundle.networkCode,
            epoch: bundle.epoch,
            parentHash: bundle.parentHash,
            sourceHash: bundle.sourceHash,
            allowance: bundle.allowance,
            adminThreshold: UInt8(bundle.adminThreshold),
            adminCount: UInt8(bundle.adminCount),
            version: bundle.version
        )
    )
    for index in 0..<bundle.adminCount {
        try writer.writeAdminKey(bundle.adminKey(at: index))
    }
    try writer.beginSection(count: UInt16(bundle.walletCount))
    for index in 0..<bundle.walletCount {
        let wallet = bundle.wallet(at: index)
        let template = WalletTemplate(wallet).bytes
        try writer.writeWallet(
            name: wallet.name,
            template: template.span,
            descriptor: wallet.descriptor
        )
    }
    try writer.beginSection(count: UInt16(bundle.listCount))
    for index in 0..<bundle.listCount {
        try writer.writeListName(bundle.listName(at: index))
    }
    try writer.beginDestinations(count: UInt32(bundle.destinationCount))
    for index in 0..<bundle.destinationCount {
        try writer.writeDestination(
            script: bundle.destinationScript(at: index),
            lists: bundle.destinationLists(at: index)
        )
    }
    try writeLimitsAndRules(of: bundle, into: &writer)
    try writer.writeExtensions(bundle.extensionBytes)
    try writer.finish(source: bundle.source)
    return writer.count
}

private func writeLimitsAndRules(
    of bundle: CheckedBundle,
    into writer: inout BundleWriter
) throws {
    try writer.beginSection(count: UInt16(bundle.limitCount))
    for index in 0..<bundle.limitCount {
        let limit = bundle.limit(at: index)
        try writer.writeLimit(
            name: limit.name,
            scope: limit.scope,
            windowSeconds: limit.windowSeconds,
            amountMax: limit.amountMax,
            countMax: limit.countMax
        )
    }
    try writer.beginSection(count: UInt16(bundle.ruleCount))
    for index in 0..<bundle.ruleCount {
        let rule = bundle.rule(at: index)
        if rule.isAboutMessages {
            try writer.writeMessageRule(
                name: rule.name,
                wallets: rule.wallets,
                formats: rule.message.formats,
                branches: rule.message.branches,
                indexes: rule.message.indexMin...rule.message.indexMax,
                pattern: rule.message.pattern
            )
            continue
        }
        if rule.hasConditions {
            try writer.writeConditionRule(
                name: rule.name,
                effect: rule.effect,
                wallets: rule.wallets,
                conditions: rule.conditionBytes
            )
            continue
        }
        let fields = RuleFields(
            effect: rule.effect,
            wallets: rule.wallets,
            outflowMax: rule.outflowMax,
            feeMax: rule.feeMax,
            feerateMax: rule.feerateMax,
            lists: rule.lists,
            sighashes: rule.sighashes
        )
        try writer.writeRule(name: rule.name, fields)
    }
}
