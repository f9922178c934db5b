import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport

extension TestTemplate {
    static let scriptKinds: [OutputKind] = [
        .p2shScript, .p2wshScript, .p2shP2WSHScript, .p2trTree,
    ]
    static let keyKinds: [OutputKind] = [.p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH]

    /// A wallet of one key.
    static func oneKey(_ kind: OutputKind, account: UInt32 = 0) -> TestTemplate {
        let path: [UInt32] = [0x8000_002c, 0x8000_0001, 0x8000_0000 | account]
        return TestTemplate(
            template: WalletTemplate(
                kind: kind,
                indexMax: 1_000,
                keys: [.own(path: path, .branches([0, 1]))]
            )
        )
    }

    /// A wallet of random keys of every kind and random scripts; the first key is an own one.
    static func random(_ kind: OutputKind, _ dice: inout Dice) throws -> TestTemplate {
        var keys: [WalletTemplate.Key] = []
        var aggregates: Set<Int> = []
        var constants: Set<Int> = []
        let branchCount = 1 + dice.below(3)
        // The push of a redeem script has room for few.
        let most = kind == .p2shScript ? 12 : 32
        for place in 0..<(1 + dice.below(dice.chance(1, of: 8) ? most : 6)) {
            let plain = (0..<place).filter { !aggregates.contains($0) }
            let children = Self.children(branchCount, &dice)
            let choice = place == 0 ? 0 : dice.below(plain.count >= 2 ? 5 : 4)
            switch choice {
            case 0, 1:
                // Not two of the same: the wallet would sign with one key twice.
                let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000 | UInt32(place)]
                keys.append(.own(path: path, children))
            case 2:
                let node = try extended(secretNode(&dice))
                keys.append(.extended(chainCode: node.chainCode, key: node.key, children))
            case 3: keys.append(.fixed(try extended(secretNode(&dice)).key))
            default:
                let count = 2 + dice.below(min(plain.count, 16) - 1)
                var chosen = plain
                dice.shuffle(&chosen)
                let places = chosen.prefix(count).sorted()
                aggregates.insert(place)
                let isConstant = constants.isSuperset(of: places)
                let below = isConstant ? children : .itself
                keys.append(.aggregate(of: places.map { UInt8($0) }, below))
                if isConstant, below == .itself { constants.insert(place) }
                continue
            }
            if choice == 3 || children == .itself { constants.insert(place) }
        }
        let takesIndex = constants.count < keys.count
        let depths = kind == .p2trTree ? Self.depths(&dice) : [0]
        let leaves = depths.enumerated().map { place, depth in
            Self.leaf(kind, depth, isFirst: place == 0, keyCount: keys.count, &dice)
        }
        return TestTemplate(
            template: WalletTemplate(
                kind: kind,
                indexMax: takesIndex ? 1_000 : 0,
                keys: keys,
                leaves: leaves
            )
        )
    }

    private static func secretNode(_ dice: inout Dice) -> [UInt8] {
        [1] + (0..<63).map { _ in UInt8(dice.below(256)) }
    }

    private static func children(
        _ branchCount: Int,
        _ dice: inout Dice
    ) -> WalletTemplate.Children {
        switch dice.below(4) {
        case 0: return .index
        case 1: return .itself
        case 2: return .branches([UInt32(dice.below(9))])
        default: return .branches((0..<UInt32(branchCount)).map { 3 * $0 + 1 })
        }
    }

    private static func depths(_ dice: inout Dice) -> [UInt8] {
        var depths: [UInt8] = [0]
        for _ in 0..<dice.below(dice.chance(1, of: 8) ? 64 : 5) {
            let place = dice.below(depths.count)
            depths[place] += 1
            depths.insert(depths[place], at: place)
        }
        return depths
    }

    private static func leaf(
        _ kind: OutputKind,
        _ depth: UInt8,
        isFirst: Bool,
        keyCount: Int,
        _ dice: inout Dice
    ) -> WalletTemplate.Leaf {
        let most = kind == .p2shScript ? 12 : 40
        let holeCount = isFirst ? max(keyCount, 1 + dice.below(8)) : 1 + dice.below(4)
        var leaf = NaiveLeaf.random(
            keyCount: keyCount,
            holeCount: min(holeCount, most),
            isTapscript: kind == .p2trTree
        ) { dice.below($0) }
        if isFirst {
            for place in leaf.holes.indices { leaf.holes[place].key = place % keyCount }
        }
        return WalletTemplate.Leaf(
            depth: depth,
            version: kind == .p2trTree ? 0xc0 : 0,
            satisfactionWeight: UInt32(50_000 + dice.below(2_000)),
            script: leaf.script,
            holes: leaf.holes.map {
                TemplateHole(
                    offset: $0.offset,
                    key: $0.key,
                    form: KeyForm(rawValue: $0.form) ?? .compressed
                )
            },
            groups: leaf.groups
        )
    }
}
