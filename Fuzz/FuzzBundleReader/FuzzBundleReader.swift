import Bitcoin
import Bytes
import Policy

/// Property: checking a bundle never traps, whatever the bytes; a bundle that was taken can be read
/// in every part, filled, evaluated, and written again as the same bytes.
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let bytes = unsafe Span(_unsafeStart: start, count: count)
    do throws(BundleError) {
        let bundle = try CheckedBundle(checking: bytes)
        evaluate(bundle)
        fill(bundle)
        expectSame(bundle)
    } catch {
        // Refused, which is as good as taken: only a trap is a finding.
    }
    return 0
}

/// Asks for a verdict on a payment from every wallet to every destination and to one unknown.
private func evaluate(_ bundle: borrowing CheckedBundle) {
    for wallet in 0..<bundle.walletCount {
        var facts = Facts(wallet: wallet, outflow: 60_000, fee: 500, virtualSize: 141)
        for index in 0..<bundle.destinationCount {
            let script = bundle.destinationScript(at: index)
            precondition(bundle.lists(of: script) == bundle.destinationLists(at: index))
            facts.pay(1_000, to: script, output: UInt32(index), under: copy bundle)
        }
        let data: [UInt8] = [0x6a, 2, 1, 2]
        facts.pay(0, to: data.span, output: 0, under: copy bundle)
        facts.count(inputs: 2, outputs: 3, ownAmount: 1, outputAmount: 3)
        var sequences = Sequences()
        sequences.add(5)
        facts.lock(time: 800_000, version: 2, sequences)
        facts.replace(false)
        facts.ask(Asking(requester: 1_001, seconds: 1_800_000_000, under: copy bundle))
        _ = bundle.verdict(on: facts)
        facts.ask(.unknown)
        facts.pay(1_000, lists: 0, output: 0)
        facts.count(inputs: 2, outputs: 4, ownAmount: 1, outputAmount: 1_003)
        _ = bundle.verdict(on: facts)
        precondition(bundle.walletIndex(id: bundle.walletID(at: wallet)) != nil)
    }
}

/// Fills every script with keys that are no points, and hashes the trees.
private func fill(_ bundle: borrowing CheckedBundle) {
    var keys = [UInt8](repeating: 2, count: 33 * WalletRecord.keyCountMax)
    for place in keys.indices { keys[place] = UInt8(truncatingIfNeeded: 7 &* place) }
    for index in 0..<bundle.walletCount {
        let wallet = bundle.wallet(at: index)
        precondition(wallet.signaturesPerInputMax >= 1)
        var tree = TapTree()
        var leaves = wallet.leaves
        var count = 0
        while let leaf = leaves.next() {
            let filled = FilledLeaf(leaf.template, keys: keys.span)
            for hole in 0..<filled.holeCount {
                precondition(filled.key(inHole: hole) < wallet.keyCount, "a key that is not there")
            }
            tree.add(filled.tapLeafHash(version: leaf.version), depth: leaf.depth)
            count += 1
        }
        precondition(wallet.outputKind.isOfOneKey == (count == 0), "scripts and kind differ")
        if count > 0 { _ = tree.root }
    }
}

private func expectSame(_ bundle: borrowing CheckedBundle) {
    var room = [UInt8](repeating: 0, count: bundle.bytes.count)
    let span = room.mutableSpan
    var writer = BundleWriter(span)
    do throws(ByteError) {
        try writeHeader(bundle, to: &writer)
        try writeWallets(bundle, to: &writer)
        try writeDestinations(bundle, to: &writer)
        try writeLimitsAndRules(bundle, to: &writer)
        try writer.writeExtensions(bundle.extensionBytes)
        try writer.finish(source: bundle.source)
    } catch {
        preconditionFailure("a bundle that does not fit its own length")
    }
    precondition(writer.count == bundle.bytes.count, "written shorter")
    _ = consume writer
    precondition(room.span.equals(bundle.bytes), "written differently")
}

private func writeHeader(
    _ bundle: borrowing CheckedBundle,
    to writer: inout BundleWriter
) throws(ByteError) {
    let header = BundleHeaderFields(
        networkCode: bundle.networkCode,
        epoch: bundle.epoch,
        parentHash: bundle.parentHash,
        sourceHash: bundle.sourceHash,
        allowance: bundle.allowance,
        adminThreshold: UInt8(bundle.adminThreshold),
        adminCount: UInt8(bundle.adminCount),
        version: bundle.version
    )
    try writer.writeHeader(header)
    for index in 0..<bundle.adminCount {
        try writer.writeAdminKey(bundle.adminKey(at: index))
    }
}

private func writeWallets(
    _ bundle: borrowing CheckedBundle,
    to writer: inout BundleWriter
) throws(ByteError) {
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
}

private func writeDestinations(
    _ bundle: borrowing CheckedBundle,
    to writer: inout BundleWriter
) throws(ByteError) {
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
}

private func writeLimitsAndRules(
    _ bundle: borrowing CheckedBundle,
    to writer: inout BundleWriter
) throws(ByteError) {
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
