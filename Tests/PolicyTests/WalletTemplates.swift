import Bitcoin
import Bytes
import Policy
import TestSupport

/// Wallets of several keys and scripts, to be spoiled.
enum Sampled {
    /// A generator multiple or not: the bundle's reader looks at the first byte alone.
    static func key(_ number: UInt8) -> Bytes33 {
        var key = Bytes33(repeating: number)
        key[0] = 2 + number % 2
        return key
    }

    static func own(
        _ account: UInt32 = 0,
        _ children: WalletTemplate.Children = .branches([0, 1])
    ) -> WalletTemplate.Key {
        .own(path: [0x8000_0030, 0x8000_0001, 0x8000_0000 | account, 0x8000_0002], children)
    }

    static func other(
        _ number: UInt8,
        _ children: WalletTemplate.Children = .branches([0, 1])
    ) -> WalletTemplate.Key {
        .extended(chainCode: Bytes32(repeating: number), key: key(number), children)
    }

    /// `wsh(sortedmulti(2, own, other, other))`
    static var multi: WalletTemplate {
        let script = [UInt8](repeating: 0, count: 105).enumerated().map { place, _ -> UInt8 in
            switch place {
            case 0: 0x52
            case 1, 35, 69: 33
            case 103: 0x53
            case 104: 0xae
            default: 0
            }
        }
        let leaf = WalletTemplate.Leaf(
            satisfactionWeight: 254,
            script: script,
            holes: [0, 1, 2].map {
                TemplateHole(offset: 2 + 34 * $0, key: $0, form: .compressed)
            },
            groups: [0..<3]
        )
        return WalletTemplate(
            kind: .p2wshScript,
            indexMax: 1_000,
            keys: [own(), other(2), other(3)],
            leaves: [leaf]
        )
    }

    /// `pk(key)` as a tapscript.
    static func pk(_ key: Int, depth: UInt8) -> WalletTemplate.Leaf {
        WalletTemplate.Leaf(
            depth: depth,
            version: 0xc0,
            satisfactionWeight: 2_500,
            script: [32] + [UInt8](repeating: 0, count: 32) + [0xac],
            holes: [TemplateHole(offset: 1, key: key, form: .xOnly)]
        )
    }

    /// `tr(musig(itself, fixed)/<0;1>/*, {pk(own), {pk(other), pk(own)}})`
    static var tree: WalletTemplate {
        var tree = WalletTemplate(
            kind: .p2trTree,
            indexMax: 7,
            keys: [
                other(9, .itself), other(4, .itself), .fixed(key(5)), own(),
                .aggregate(of: [1, 2], .branches([0, 1])), other(6, .branches([7])),
                other(7, .index),
            ],
            leaves: [pk(3, depth: 1), pk(4, depth: 2), pk(5, depth: 3), pk(6, depth: 3)]
        )
        tree.leaves[0].script += [0x75, 0x76]
        return tree
    }

    /// A bundle with one wallet, which says no more than the template.
    static func bundle(_ template: WalletTemplate, network: UInt8 = 4) -> SampleBundle {
        var sample = SampleBundle()
        sample.network = network
        sample.wallets = [SampleBundle.Wallet()]
        sample.wallets[0].template = template.bytes
        return sample
    }
}
