private import Bitcoin
private import Bytes
package import Policy
private import Wallet

/// A bundle in plain words.
package enum BundleText {
    /// What the policy says, a line for each thing, then the worst case.
    package static func describe(_ bundle: CheckedBundle) -> [String] {
        var lines = header(bundle)
        for index in 0..<bundle.walletCount { lines.append(wallet(bundle.wallet(at: index))) }
        for index in 0..<bundle.listCount { lines.append(list(index, bundle)) }
        bundle.forEachLimit { _, limit in lines.append(text(of: limit, bundle)) }
        lines += ApprovalWords.groups(of: bundle)
        bundle.forEachRule { _, rule in lines.append(text(of: rule, bundle)) }
        lines.append("Anything else is denied.")
        return lines + WorstCase(of: bundle).lines
    }

    /// What signer and gate of this version do not enforce, and so refuse to open.
    package static func unenforced(
        in bundle: CheckedBundle,
        by enforced: BundleNeeds = .enforced
    ) -> [String] {
        let names: [(BundleNeeds, String)] = [
            (.conditions, "rules with conditions beside caps, destinations and sighash types"),
            (.eachDestination, "limits of each destination"),
            (.extensions, "times of day and shapes of data"),
            (.approvals, "approvals"),
        ]
        return names.filter {
            bundle.layout.needs.contains($0.0) && !$0.0.isSubset(of: enforced)
        }.map(\.1)
    }

    private static func header(_ bundle: CheckedBundle) -> [String] {
        let quorum = "\(bundle.adminThreshold) of \(bundle.adminCount) admins"
        let admins = "\(bundle.adminCount == 0 ? "nobody" : quorum) can refill it"
        let hash = hexText(bytes(bundle.hash.span))
        return [
            "Policy for \(bundle.network.name), epoch \(bundle.epoch), hash \(hash).",
            "The signer releases \(Written.amount(bundle.allowance)) in all; \(admins).",
        ]
    }

    private static func wallet(_ wallet: WalletRecord) -> String {
        "Wallet \(text(wallet.name)): \(text(wallet.descriptor)), "
            + "addresses 0 to \(wallet.indexMax)."
    }

    private static func list(_ index: Int, _ bundle: CheckedBundle) -> String {
        var addresses: [String] = []
        for place in 0..<bundle.destinationCount
        where bundle.destinationLists(at: place) >> UInt64(index) & 1 == 1 {
            let script = bytes(bundle.destinationScript(at: place))
            let address = AddressText.write(script, network: bundle.network)
            addresses.append(address ?? "script \(hexText(script))")
        }
        bundle.forEachShape { shape in
            guard shape.lists >> UInt64(index) & 1 == 1 else { return }
            let prefix = hexText(bytes(shape.prefix))
            let begin = prefix.isEmpty ? "" : " that begins with \(prefix)"
            addresses.append("data\(begin), \(shape.lengthMin) to \(shape.lengthMax) bytes")
        }
        let shown = addresses.prefix(10).joined(separator: ", ")
        let more = addresses.count > 10 ? " and \(addresses.count - 10) more" : ""
        let name = text(bundle.listName(at: index))
        return "Destinations \(name): \(shown.isEmpty ? "none" : shown)\(more)."
    }

    private static func text(of limit: LimitRecord, _ bundle: CheckedBundle) -> String {
        let whole =
            switch limit.scope {
            case .global: "all wallets together"
            case .wallet(let wallet): "wallet \(text(bundle.wallet(at: wallet).name))"
            case .rule(let rule): "what rule \(text(bundle.rule(at: rule).name)) allows"
            case .list(let list): "payments to \(text(bundle.listName(at: list)))"
            case .each(let list):
                "payments to each of \(text(bundle.listName(at: list))) for itself"
            case .fees: "the fees of all wallets together"
            case .feesOfWallet(let wallet):
                "the fees of wallet \(text(bundle.wallet(at: wallet).name))"
            case .feesOfRule(let rule):
                "the fees of what rule \(text(bundle.rule(at: rule).name)) allows"
            }
        let amount = limit.amountMax.map { "at most \(Written.amount($0))" }
        let count = limit.countMax.map { "at most \($0) transaction\($0 == 1 ? "" : "s")" }
        let caps = [amount, count].compactMap { $0 }.joined(separator: " and ")
        let window = Written.duration(limit.windowSeconds)
        return "Limit \(text(limit.name)): \(whole), \(caps) in any \(window)."
    }

    private static func text(of rule: RuleRecord, _ bundle: CheckedBundle) -> String {
        let wallets = (0..<bundle.walletCount).filter { rule.wallets >> UInt64($0) & 1 == 1 }
            .map { text(bundle.wallet(at: $0).name) }
            .joined(separator: " or ")
        let lists = (0..<bundle.listCount).filter { rule.lists >> UInt64($0) & 1 == 1 }
            .map { text(bundle.listName(at: $0)) }
            .joined(separator: " or ")
        let name = "Rule \(text(rule.name))"
        switch rule.effect {
        case .allowMessages:
            return
                "\(name) allows \(wallets) to sign messages: "
                + "\(MessageRuleText(rule.message).words)."
        case .allowConditions, .denyConditions:
            return ConditionText(rule, bundle).sentence(name, wallets: wallets, lists: lists)
        case .deny:
            let what = lists.isEmpty ? "every payment" : "payments with an output to \(lists)"
            return "\(name) denies \(what) from \(wallets)."
        case .allow, .allowSighashes:
            let whom = lists.isEmpty ? "anyone" : "\(lists) only"
            let caps = [
                cap(rule.outflowMax, "leaves, fee included", Written.amount),
                cap(rule.feeMax, "of fee", Written.amount),
                cap(rule.feerateMax, "of fee rate", Written.feerate),
            ].compactMap { $0 }
            let bounds = caps.isEmpty ? "without a cap" : caps.joined(separator: ", ")
            return "\(name) allows payments from \(wallets) to \(whom): \(bounds).\(open(rule))"
        }
    }

    /// What it means that others may change what a signature leaves open.
    private static func open(_ rule: RuleRecord) -> String {
        let names = SighashPermission.names(rule.sighashes)
        guard !names.isEmpty else { return "" }
        let types = names.joined(separator: ", ")
        return " It permits the sighash types \(types) too: others may then change the payment, "
            + "so all that its coins hold counts as leaving and as fee."
    }

    private static func cap(
        _ value: UInt64,
        _ what: String,
        _ write: (UInt64) -> String
    ) -> String? {
        value == RuleRecord.noCap ? nil : "at most \(write(value)) \(what)"
    }

    private static func text(_ span: Span<UInt8>) -> String {
        String(decoding: bytes(span), as: UTF8.self)
    }

    private static func bytes(_ span: Span<UInt8>) -> [UInt8] { [UInt8](copying: span) }
}
