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
    /// The most outputs and inputs that a request has (protocol.md, section 3).
    static let outputCountMax: UInt64 = 4_000
    static let inputCountMax: UInt64 = 5_000
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

    /// The least that leaves in one payment, and the least of it that is fee.
    let outflowMin: UInt64
    let feeMin: UInt64

    /// Why no payment from these wallets can match a rule, in words.
    struct Never: Error, Equatable {
        let reason: String
    }

    init(
        _ rule: RuleRecord,
        at index: Int,
        wallets: UInt64,
        _ caps: WalletCaps,
        _ payable: ListContents,
        allowance: UInt64
    ) throws(Never) {
        precondition(rule.allowsPayments && rule.wallets & wallets != 0, "a rule that may match")
        guard !caps.isClosed else { throw Never(reason: "a deny rule denies all of it") }
        let outflow = rule.range(of: .outflow)
        let fee = rule.range(of: .fee)
        let outflowCap = min(outflow.most, caps.outflowMax, allowance)
        let feeCap = min(fee.most, caps.feeMax, outflowCap)
        let paid = try Paid(rule, caps, payable)
        let most = min(outflowCap, Saturating.sum(feeCap, paid.most))
        let least = max(outflow.least, Saturating.sum(fee.least, paid.least))
        // All numbers of an open payment may be 0, so a rule with a minimum of them allows none.
        let isOpen = rule.sighashes != 0 && outflow.least == 0 && fee.least == 0
        if !isOpen {
            guard fee.least <= feeCap else {
                throw Never(reason: "its least fee is over the most that may be one")
            }
            guard paid.least <= paid.most else {
                throw Never(
                    reason: "an output that is not ours has to get at least "
                        + "\(Written.amount(paid.least)), and they can get at most "
                        + Written.amount(paid.most)
                )
            }
            guard least <= most else {
                throw Never(
                    reason: "at least \(Written.amount(least)) would have to leave, and at most "
                        + "\(Written.amount(most)) can"
                )
            }
            let rate = rule.range(of: .feerate)
            guard (rate.least == 0 || feeCap > 0) && (rate.most > 0 || fee.least == 0) else {
                throw Never(reason: "no fee has a fee rate that it permits")
            }
        }
        self.rule = index
        self.wallets = wallets & rule.wallets
        lists = rule.lists & ~caps.denied
        outflowMax = most
        feeMax = feeCap
        paidMax = min(paid.most, most)
        outflowMin = isOpen ? 0 : least
        feeMin = fee.least
        isListed = rule.lists != 0
        needsApprovals = rule.needsApprovals
    }

    /// What outputs that are not ours get, of a payment that is not open.
    private struct Paid {
        var most: UInt64
        var least: UInt64

        init(_ rule: RuleRecord, _ caps: WalletCaps, _ payable: ListContents) throws(Never) {
            let (largest, share) = (rule.range(of: .largest), rule.range(of: .ownShare))
            let (outputs, inputs) = (rule.range(of: .outputs), rule.range(of: .inputs))
            let count = min(outputs.most, caps.outputsMax, outputCountMax)
            guard outputs.least <= count, count > 0 else {
                throw Never(reason: "no payment has as many outputs")
            }
            guard inputs.least <= inputCountMax, inputs.most > 0 else {
                throw Never(reason: "no payment has as many inputs")
            }
            guard share.least <= RuleReach.whole else {
                throw Never(reason: "more than all of it would have to come back")
            }
            most = Saturating.product(min(largest.most, caps.largestMax), count)
            // An output must stand in a list of the rule, and in none that is denied.
            let lists = rule.lists & ~caps.denied
            if rule.lists != 0, payable.isEmpty(lists, kinds: rule.scripts) { most = 0 }
            if share.least > 0 {
                // What comes back is at least this share of all that the outputs hold.
                let rest = RuleReach.whole - share.least
                let product = CheckedBundle.moneyMax.multipliedFullWidth(by: rest)
                most = min(most, RuleReach.whole.dividingFullWidth(product).quotient)
            }
            // Where not all may come back, something is paid.
            least = max(largest.least, share.most < RuleReach.whole ? 1 : 0)
        }
    }

    /// Whether it may pay somebody in a list.
    func mayPay(_ list: Int) -> Bool {
        paidMax > 0 && (!isListed || lists >> UInt64(list) & 1 == 1)
    }
}

extension RuleReach {
    /// Those of all rules, for wallets that the deny rules treat alike; what can never match is
    /// left out.
    static func all(
        of bundle: CheckedBundle,
        _ contents: ListContents,
        allowance: UInt64
    ) -> [RuleReach] {
        let classes = WalletCaps.classes(bundle)
        var reaches: [RuleReach] = []
        bundle.forEachRule { index, rule in
            for (caps, wallets) in classes
            where rule.allowsPayments && rule.wallets & wallets != 0 {
                do throws(Never) {
                    reaches.append(
                        try RuleReach(
                            rule,
                            at: index,
                            wallets: wallets,
                            caps,
                            contents,
                            allowance: allowance
                        )
                    )
                } catch {
                    continue
                }
            }
        }
        return reaches
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
