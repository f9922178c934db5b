private import Bitcoin
package import Bytes
package import Policy

/// The home that a text is for, since no approval counts in another.
package struct ApprovalHome: Equatable, Sendable {
    package let homeID: Bytes32
    package let logNumber: UInt32

    package init(homeID: Bytes32, logNumber: UInt32) {
        (self.homeID, self.logNumber) = (homeID, logNumber)
    }
}

/// What people sign to approve or reject a payment (protocol.md, section 8): made of the decision
/// that awaits approval and the policy alone, so whoever has both makes the same text.
///
/// A line says one thing; names, data and scripts are letters, digits, `-`, `_` and `\x..` there,
/// so nothing that somebody chose makes a line or a field of its own.
package struct ApprovalText: ~Escapable {
    private let leaf: DecisionLeaf
    private let facts: DecisionFacts
    private let asked: AskedFacts
    private let home: ApprovalHome
    private let bundle: CheckedBundle
    private let wallet: Int
    private let network: Network

    /// The text; nothing if the leaf is not of a payment that awaits approval under the bundle with
    /// that hash.
    @_lifetime(copy leaf, copy bundle)
    package init?(
        _ leaf: DecisionLeaf,
        _ home: ApprovalHome,
        _ bundle: CheckedBundle,
        hash: Bytes32
    ) {
        guard leaf.head.verdict == .needsApproval, leaf.head.bundleHash == hash,
            let facts = leaf.facts, let asked = leaf.asked,
            let wallet = bundle.walletIndex(id: facts.walletID),
            let network = Network(rawValue: leaf.head.network),
            leaf.head.network == bundle.networkCode
        else { return nil }
        var rules = leaf.rules
        while let rule = rules.next() {
            guard rule.rule < bundle.ruleCount else { return nil }
        }
        self.leaf = leaf
        self.facts = facts
        self.asked = asked
        self.home = home
        self.bundle = bundle
        self.wallet = wallet
        self.network = network
    }

    /// The hashes of the text, which signatures are of.
    package func hashes(_ kind: ApprovalKind) -> MessageHashes {
        var hasher = MessageHasher()
        write(kind, to: &hasher)
        return hasher.finalize()
    }

    /// Writes the text, each line with its newline.
    package func write<Sink: TextSink & ~Copyable>(_ kind: ApprovalKind, to sink: inout Sink) {
        switch kind {
        case .approval: sink.put("portcullis approval\n")
        case .rejection: sink.put("portcullis rejection\n")
        }
        writePlace(to: &sink)
        writePayment(to: &sink)
        var rules = leaf.rules
        while let rule = rules.next() {
            writeRule(bundle.rule(at: Int(rule.rule)), to: &sink)
        }
    }

    private func writePlace<Sink: TextSink & ~Copyable>(to sink: inout Sink) {
        sink.put("network ")
        sink.put(network.name)
        sink.put("\nhome ")
        sink.put(hex: home.homeID)
        sink.put(" log ")
        sink.put(decimal: UInt64(home.logNumber))
        sink.put("\npolicy ")
        sink.put(hex: leaf.head.bundleHash)
        sink.put(" epoch ")
        sink.put(decimal: bundle.epoch)
        sink.put("\nrequest ")
        sink.put(hex: leaf.head.digest)
        sink.put("\nasked ")
        sink.put(utc: asked.time)
        sink.put(" by uid ")
        sink.put(decimal: UInt64(asked.requester))
        sink.put("\n")
    }

    private func writePayment<Sink: TextSink & ~Copyable>(to sink: inout Sink) {
        sink.put("wallet ")
        sink.put(name: bundle.wallet(at: wallet).name)
        sink.put("\n")
        var destinations = leaf.destinations
        while let destination = destinations.next() {
            write(destination, to: &sink)
        }
        sink.put("fee ")
        sink.put(satoshi: facts.fee)
        let rate = Facts.feerate(fee: facts.fee, virtualSize: facts.vsize)
        sink.put(", ")
        sink.put(decimal: rate / 1_000)
        sink.put(".")
        sink.put(decimal: rate % 1_000, digits: 3)
        sink.put(" sat/vB\nleaves the wallet ")
        sink.put(satoshi: facts.outflow)
        sink.put("\nreturns to us ")
        sink.put(decimal: UInt64(facts.ownOutputCount))
        sink.put(" outputs, ")
        sink.put(satoshi: facts.ownOutputAmount)
        sink.put("\n")
        if let replaced = leaf.replaced {
            sink.put("replaces ")
            sink.put(hex: replaced.digest)
            sink.put("\n")
        }
        guard leaf.sighashes != 0 else { return }
        var separator: StaticString = "others can change it by "
        for place in 0..<5 where leaf.sighashes >> UInt8(place) & 1 == 1 {
            sink.put(separator)
            sink.put(Self.sighashName(place))
            separator = ", "
        }
        sink.put(": fee and what leaves are the most there can be\n")
    }

    /// Of the type whose bit stands at a place (`SighashPermission`).
    private static func sighashName(_ place: Int) -> StaticString {
        switch place {
        case 0: "NONE"
        case 1: "SINGLE"
        case 2: "ALL|ANYONECANPAY"
        case 3: "NONE|ANYONECANPAY"
        case _: "SINGLE|ANYONECANPAY"
        }
    }

    private func write<Sink: TextSink & ~Copyable>(
        _ destination: LeafDestination,
        to sink: inout Sink
    ) {
        sink.put("pays ")
        sink.put(satoshi: destination.amount)
        sink.put(" to ")
        let script = destination.script
        if !sink.put(addressOf: script, network) {
            if let data = DataShape.data(in: script), !data.isEmpty {
                sink.put("data ")
                sink.put(hex: data)
            } else {
                sink.put("script ")
                sink.put(hex: script)
            }
        }
        var lists = bundle.outputLists(of: script).certain
        var separator: StaticString = " in "
        while lists != 0 {
            sink.put(separator)
            sink.put(name: bundle.listName(at: lists.trailingZeroBitCount))
            separator = ", "
            lists &= lists - 1
        }
        sink.put("\n")
    }

    private func writeRule<Sink: TextSink & ~Copyable>(_ rule: RuleRecord, to sink: inout Sink) {
        guard let approvals = rule.approvals else { return }
        sink.put("rule ")
        sink.put(name: rule.name)
        for index in 0..<approvals.count {
            let (group, threshold) = approvals.quorum(at: index)
            sink.put(index == 0 ? " needs " : " and ")
            sink.put(decimal: UInt64(threshold))
            sink.put(" of ")
            sink.put(name: bundle.group(at: group).name)
        }
        if let group = approvals.vetoGroup {
            sink.put(", veto ")
            sink.put(name: bundle.group(at: group).name)
        }
        sink.put(", waits ")
        sink.put(duration: approvals.waitSeconds)
        let (end, over) = asked.time.addingReportingOverflow(
            UInt64(approvals.expirySeconds) * 1_000_000_000
        )
        sink.put(", expires ")
        sink.put(utc: over ? .max : end)
        sink.put("\n")
    }
}

extension TextSink where Self: ~Copyable {
    fileprivate mutating func put(satoshi amount: UInt64) {
        put(decimal: amount / 100_000_000)
        put(".")
        put(decimal: amount % 100_000_000, digits: 8)
        put(" BTC")
    }
}
