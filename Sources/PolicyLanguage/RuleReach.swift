import Policy

/// How far one allow rule reaches in one payment, for wallets that the deny rules treat alike.
///
/// Of a payment signed with ALL or DEFAULT, what leaves is the fee and what the outputs that are
/// not ours get. Of one that uses another sighash type, all that its coins hold counts as leaving
/// and as fee. So in both cases
///
///     outflow <= fee + paid          paid: what the outputs not ours get, none more than `largest`
///     fee <= outflow
///
/// and each factor is at most what the rule, or a deny rule, says.
struct RuleReach {
    /// The most outputs that a request has (protocol.md, section 3).
    static let outputCountMax: UInt64 = 4_000
    private static let whole: UInt64 = 1_000_000

    let rule: Int
    /// The wallets it is about, those that a deny rule closes left out; not none.
    let wallets: UInt64
    /// The most satoshi in one payment: what leaves in all, of fee, to others.
    let outflowMax: UInt64
    let feeMax: UInt64
    let paidMax: UInt64
    /// Every output that is not ours stands in one of these; none: it may be anyone's.
    let lists: UInt64
    let isListed: Bool
    let needsApprovals: Bool

    /// Nil where the rule can allow nothing from these wallets.
    init?(
        _ rule: RuleRecord,
        at index: Int,
        wallets: UInt64,
        _ caps: WalletCaps,
        _ payable: ListContents,
        allowance: UInt64
    ) {
        let wallets = wallets & rule.wallets
        guard rule.allowsPayments, wallets != 0, !caps.isClosed else { return nil }
        let outflow = rule.range(of: .outflow)
        let fee = rule.range(of: .fee)
        let largest = rule.range(of: .largest)
        let share = rule.range(of: .ownShare)
        let outflowCap = min(outflow.most, caps.outflowMax, allowance)
        let feeCap = min(fee.most, caps.feeMax, outflowCap)
        let largestCap = min(largest.most, caps.largestMax)
        let outputs = min(rule.range(of: .outputs).most, caps.outputsMax, Self.outputCountMax)
        let lists = rule.lists & ~caps.denied
        var paid = Saturating.product(largestCap, outputs)
        // An output must stand in a list of the rule, and in none that is denied.
        if rule.lists != 0, payable.isEmpty(lists, kinds: rule.scripts) { paid = 0 }
        // What comes back is at least `share` of all that the outputs hold.
        if share.least > Self.whole { return nil }
        if share.least > 0 {
            let rest = CheckedBundle.moneyMax.multipliedFullWidth(by: Self.whole - share.least)
            paid = min(paid, Self.whole.dividingFullWidth(rest).quotient)
        }
        let most = min(outflowCap, Saturating.sum(feeCap, paid))
        // Every number of an open payment may be 0, so a rule with a minimum allows none.
        let least = max(outflow.least, Saturating.sum(fee.least, largest.least))
        let isPossible =
            least <= most && outflow.least <= outflow.most && fee.least <= feeCap
            && largest.least <= paid && outputs > 0 && rule.range(of: .inputs).most > 0
        let isOpenPossible =
            rule.sighashes != 0 && outflow.least == 0 && fee.least == 0 && outputs > 0
        guard isPossible || isOpenPossible else { return nil }
        self.rule = index
        self.wallets = wallets
        self.lists = lists
        outflowMax = most
        feeMax = feeCap
        paidMax = min(paid, most)
        isListed = rule.lists != 0
        needsApprovals = rule.needsApprovals
    }

    /// Whether it may pay somebody in a list.
    func mayPay(_ list: Int) -> Bool {
        paidMax > 0 && (!isListed || lists >> UInt64(list) & 1 == 1)
    }
}

/// What stands in the destination lists.
struct ListContents {
    /// By kind of script, the lists that have one of it.
    private var listsOfKind = [UInt64](repeating: 0, count: 16)
    /// How many destinations each list has; nil where data of a shape stands in it, which is many.
    private(set) var counts: [Int?]

    init(_ bundle: CheckedBundle) {
        counts = [Int?](repeating: 0, count: bundle.listCount)
        for place in 0..<bundle.destinationCount {
            let lists = bundle.destinationLists(at: place)
            let kind = ScriptKinds.bit(of: bundle.destinationScript(at: place))
            listsOfKind[kind.trailingZeroBitCount] |= lists
            for list in counts.indices where lists >> UInt64(list) & 1 == 1 {
                counts[list] = counts[list].map { $0 + 1 }
            }
        }
        var shaped: UInt64 = 0
        bundle.forEachShape { shaped |= $0.lists }
        listsOfKind[Self.opReturn] |= shaped
        for list in counts.indices where shaped >> UInt64(list) & 1 == 1 { counts[list] = nil }
    }

    private static let opReturn = 5

    /// Whether nothing of these kinds stands in any of the lists.
    func isEmpty(_ lists: UInt64, kinds: UInt16) -> Bool {
        listsOfKind.indices.allSatisfy { kind in
            kinds >> UInt16(kind) & 1 == 0 || listsOfKind[kind] & lists == 0
        }
    }
}
