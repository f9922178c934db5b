import Policy
private import Wallet

/// The names that a policy gives to its parts, by their places.
struct PolicyNaming {
    let wallets: [String]
    let lists: [String]
    let rules: [String]
    let limits: [String]
    /// What the policy was compiled from.
    let source: String

    init(_ bundle: CheckedBundle) {
        func text(_ span: Span<UInt8>) -> String {
            String(decoding: [UInt8](copying: span), as: UTF8.self)
        }
        wallets = (0..<bundle.walletCount).map { text(bundle.wallet(at: $0).name) }
        lists = (0..<bundle.listCount).map { text(bundle.listName(at: $0)) }
        var rules: [String] = []
        bundle.forEachRule { _, rule in rules.append(text(rule.name)) }
        self.rules = rules
        var limits: [String] = []
        bundle.forEachLimit { _, limit in limits.append(text(limit.name)) }
        self.limits = limits
        source = text(bundle.source)
    }

    /// `limit daily of all payments`.
    func limit(_ name: String, _ scope: LimitScope) -> String {
        "limit \(name) \(self.scope(scope))"
    }

    func scope(_ scope: LimitScope) -> String {
        switch scope {
        case .global: "of all payments"
        case .wallet(let wallet): "of wallet \(wallets[wallet])"
        case .rule(let rule): "of rule \(rules[rule])"
        case .list(let list): "of destinations \(lists[list])"
        case .each(let list): "of each of \(lists[list])"
        case .fees: "of all fees"
        case .feesOfWallet(let wallet): "of the fees of wallet \(wallets[wallet])"
        case .feesOfRule(let rule): "of the fees of rule \(rules[rule])"
        }
    }
}
