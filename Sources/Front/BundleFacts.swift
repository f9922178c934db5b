private import Bytes
package import Policy

/// What a compiled policy says that people ask about.
package struct BundleFacts: Sendable {
    package struct Limit: Sendable {
        package var name: String
        /// What it counts, in words: `all payments`, `wallet savings`.
        package var scope: String
        package var windowSeconds: UInt32
        /// Satoshi; nothing where there is no such cap.
        package var amountMax: UInt64?
        package var countMax: UInt32?
    }

    package struct Wallet: Sendable {
        package var name: String
        /// What the signer fills in.
        package var template: WalletTemplate
        /// As the policy's source has it, without a checksum.
        package var descriptor: String

        /// 32 bytes, hexadecimal.
        package var id: String { template.id.hexDigits }
    }

    package var network: UInt8
    /// 32 bytes, hexadecimal.
    package var hash: String
    package var allowance: UInt64
    package var adminCount: Int
    package var limits: [Limit]
    package var wallets: [Wallet]
    /// The names of rules and destination lists, in the order of the bundle.
    package var rules: [String]
    package var lists: [String]

    /// Checks and reads a bundle.
    package init(reading bytes: [UInt8]) throws(FrontError) {
        do {
            let bundle = try CheckedBundle(checking: bytes.span)
            network = bundle.networkCode
            hash = bundle.hash.hexDigits
            allowance = bundle.allowance
            adminCount = bundle.adminCount
            wallets = (0..<bundle.walletCount).map { Self.wallet(bundle.wallet(at: $0)) }
            lists = (0..<bundle.listCount).map { Self.text(bundle.listName(at: $0)) }
            var rules: [String] = []
            bundle.forEachRule { _, rule in rules.append(Self.text(rule.name)) }
            self.rules = rules
            limits = []
            for place in 0..<bundle.limitCount {
                let limit = bundle.limit(at: place)
                limits.append(
                    Limit(
                        name: Self.text(limit.name),
                        scope: scopeWords(limit.scope),
                        windowSeconds: limit.windowSeconds,
                        amountMax: limit.amountMax,
                        countMax: limit.countMax
                    )
                )
            }
        } catch {
            throw .failed("public/bundle.bin is not a policy bundle: \(error)")
        }
    }

    private func scopeWords(_ scope: LimitScope) -> String {
        switch scope {
        case .global: "all payments"
        case .wallet(let place): "wallet \(wallets[place].name)"
        case .rule(let place): "rule \(rules[place])"
        case .list(let place): "destinations \(lists[place])"
        case .each(let place): "each destination of \(lists[place])"
        case .fees: "the fees of all payments"
        case .feesOfWallet(let place): "the fees of wallet \(wallets[place].name)"
        case .feesOfRule(let place): "the fees of rule \(rules[place])"
        }
    }

    private static func text(_ name: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: name), as: UTF8.self)
    }

    private static func wallet(_ record: WalletRecord) -> Wallet {
        Wallet(
            name: text(record.name),
            template: WalletTemplate(record),
            descriptor: text(record.descriptor)
        )
    }
}
