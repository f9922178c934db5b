/// A bundle laid out by hand from protocol.md, section 4, without the code under test.
///
/// Every part may be changed, into nonsense as well.
package struct SampleBundle {
    package struct Wallet {
        package var name = "segwit"
        package var outputKind: UInt8 = 1
        package var indexMax: UInt32 = 1_000_000
        package var keyCount: UInt8 = 1
        package var keyKind: UInt8 = 1
        package var path: [UInt32] = [0x8000_0054, 0x8000_0001, 0x8000_0000]
        package var branches: [UInt32] = [0, 1]
        package var descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"
        /// All from the output kind to the end of the scripts, in place of what is above.
        package var template: [UInt8]?

        package init() {}

        package static var taproot: Wallet {
            var wallet = Wallet()
            wallet.name = "taproot"
            wallet.outputKind = 2
            wallet.path[0] = 0x8000_0056
            wallet.descriptor = "tr(self/86h/1h/0h/<0;1>/*)"
            return wallet
        }
    }

    package struct Destination {
        package var script: [UInt8]
        package var lists: UInt64

        package init(script: [UInt8], lists: UInt64) {
            self.script = script
            self.lists = lists
        }
    }

    package struct Limit {
        package var name = "hourly"
        package var scope: UInt8 = 0
        package var index: UInt16 = 0
        package var window: UInt32 = 3_600
        package var amount: UInt64 = 1_000_000
        package var count: UInt32 = 10

        package init(_ name: String = "hourly", scope: UInt8 = 0, index: UInt16 = 0) {
            self.name = name
            self.scope = scope
            self.index = index
        }
    }

    package struct Rule {
        package var name = "everyday"
        package var effect: UInt8 = 1
        package var wallets: UInt64 = 1
        package var outflow = UInt64.max
        package var fee = UInt64.max
        package var feerate = UInt64.max
        package var destinations: UInt8 = 0
        package var lists: UInt64 = 0
        /// Of effect 3 alone.
        package var sighashes: UInt8 = 0
        /// All after the wallets, in place of what is above.
        package var tail: [UInt8]?
        /// Of effects 5 and 6, as the tail says them.
        package var conditions: [SampleCondition] = []

        /// A rule about messages.
        package static func messages(
            _ name: String,
            _ pattern: String,
            formats: UInt8 = 7,
            branches: UInt8 = 3,
            indexes: ClosedRange<UInt32> = 0...100
        ) -> Rule {
            var rule = Rule(name, effect: 4)
            var tail = [formats, branches]
            for number in [indexes.lowerBound, indexes.upperBound] {
                for place in 0..<4 as Range<UInt32> {
                    tail.append(UInt8(truncatingIfNeeded: number >> (8 * place)))
                }
            }
            rule.tail = tail + [UInt8(pattern.utf8.count)] + Array(pattern.utf8)
            return rule
        }

        package init(_ name: String = "everyday", effect: UInt8 = 1, lists: UInt64 = 0) {
            self.name = name
            self.effect = effect
            self.lists = lists
            destinations = lists == 0 ? 0 : 1
        }
    }

    package var magic = "PCBUNDL1"
    package var version: UInt16 = 1
    package var network: UInt8 = 4
    package var epoch: UInt64 = 1
    package var parentHash = [UInt8](repeating: 0, count: 32)
    package var sourceHash = [UInt8](hex: Self.hashOfSource)
    package var allowance: UInt64 = 100_000_000
    package var adminThreshold: UInt8 = 1
    package var adminKeys = [Self.adminKey([UInt8](repeating: 7, count: 32))]
    package var wallets = [Wallet(), Wallet.taproot]
    package var lists: [String] = []
    package var destinations: [Destination] = []
    package var limits: [Limit] = []
    package var rules = [Rule()]
    package var source = "version = 1\n"
    /// What stands behind the rules, of version 2.
    package var extensions: [UInt8] = []
    /// As the extensions say them.
    package var zones: [SampleZone] = []
    package var shapes: [SampleShape] = []

    /// SHA-256 of the source above, from `sha256sum`.
    private static let hashOfSource =
        "dbab12665d98aef021ba64953c61b0ed8a908cfb56a1c01e2fcb4b052b71a2a1"

    /// An allow-all bundle for regtest with the wallets `segwit` and `taproot`.
    package init() {}

    /// The SSH wire form of an Ed25519 public key.
    package static func adminKey(_ key: [UInt8]) -> [UInt8] {
        [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + key
    }

    package var bytes: [UInt8] {
        var out = Array(magic.utf8) + little(version) + [network] + little(epoch)
        out += parentHash + sourceHash + little(allowance)
        out += [adminThreshold, UInt8(adminKeys.count)]
        for key in adminKeys { out += little(UInt16(key.count)) + key }
        out += little(UInt16(wallets.count))
        for wallet in wallets { out += bytes(of: wallet) }
        out += little(UInt16(lists.count))
        for list in lists { out += name(list) }
        out += little(UInt32(destinations.count))
        for destination in destinations {
            out += little(UInt16(destination.script.count)) + destination.script
            out += little(destination.lists)
        }
        out += little(UInt16(limits.count))
        for limit in limits {
            out += name(limit.name) + [limit.scope] + little(limit.index) + little(limit.window)
            out += little(limit.amount) + little(limit.count)
        }
        out += little(UInt16(rules.count))
        for rule in rules { out += bytes(of: rule) }
        return out + extensions + little(UInt32(source.utf8.count)) + Array(source.utf8)
    }

    private func bytes(of wallet: Wallet) -> [UInt8] {
        let out = name(wallet.name) + (wallet.template ?? template(of: wallet))
        return out + little(UInt16(wallet.descriptor.utf8.count)) + Array(wallet.descriptor.utf8)
    }

    private func template(of wallet: Wallet) -> [UInt8] {
        var out = [wallet.outputKind] + little(wallet.indexMax)
        out += [wallet.keyCount, wallet.keyKind, UInt8(wallet.path.count)]
        for step in wallet.path { out += little(step) }
        out += [UInt8(wallet.branches.count)]
        for branch in wallet.branches { out += little(branch) }
        return out
    }

    private func bytes(of rule: Rule) -> [UInt8] {
        if let tail = rule.tail {
            return name(rule.name) + [rule.effect] + little(rule.wallets) + tail
        }
        return bytes(ofPayments: rule)
    }

    private func bytes(ofPayments rule: Rule) -> [UInt8] {
        name(rule.name) + [rule.effect] + little(rule.wallets) + little(rule.outflow)
            + little(rule.fee) + little(rule.feerate) + [rule.destinations] + little(rule.lists)
            + (rule.effect == 3 ? [rule.sighashes] : [])
    }

    private func name(_ text: String) -> [UInt8] {
        [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        var out: [UInt8] = []
        for index in 0..<(T.bitWidth / 8) {
            out.append(UInt8(truncatingIfNeeded: value >> T(8 * index)))
        }
        return out
    }
}
