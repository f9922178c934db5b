import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing

@Suite("Trees, aggregates, and wallets beside one another")
struct WalletTreeTests {
    static let trees: [SpoiledWallet] = [
        .init("untouched", nil) { _ in },
        .init("outside of tr", .wrongLeafCount(item: 0, found: 4)) { $0.kind = .p2wshScript },
        .init("no leaf", .wrongLeafCount(item: 0, found: 0)) { $0.leaves = [] },
        .init("one leaf too few", .wrongTree(item: 0)) { $0.leaves.removeLast() },
        .init("one leaf too many", .wrongTree(item: 0)) { $0.leaves.append($0.leaves[0]) },
        .init("deep before flat", nil) {
            $0.leaves.swapAt(0, 3)
            $0.leaves.swapAt(1, 2)
        },
        .init("not a walk", .wrongTree(item: 0)) { $0.leaves.swapAt(1, 2) },
        .init("depth 0 of two", .wrongTree(item: 0)) { $0.leaves[0].depth = 0 },
        .init("leaf version", .unknownLeafVersion(item: 0, leaf: 1, found: 0xc2)) {
            $0.leaves[1].version = 0xc2
        },
        .init("10,000 bytes", nil) {
            $0.leaves[1].script += [UInt8](repeating: 1, count: 9_966)
            $0.leaves[1].satisfactionWeight = 10_500
        },
        // A signature 1 + 65, the script 1 + 34, the control block 1 + 33 + 32 a level.
        .init("the least weight", nil) { $0.leaves[2].satisfactionWeight = 232 },
        .init("less weight", .wrongWeight(item: 0, leaf: 2, found: 231)) {
            $0.leaves[2].satisfactionWeight = 231
        },
        .init("10,001 bytes", .wrongScriptLength(item: 0, leaf: 1, found: 10_001)) {
            $0.leaves[1].script += [UInt8](repeating: 1, count: 9_967)
        },
        .init("compressed in tr", .wrongHole(item: 0, leaf: 0, hole: 0)) {
            $0.leaves[0].holes[0] = TemplateHole(offset: 1, key: 3, form: .compressed)
        },
        .init("hash of compressed in tr", .wrongHole(item: 0, leaf: 0, hole: 0)) {
            $0.leaves[0].holes[0] = TemplateHole(offset: 1, key: 3, form: .hash)
        },
        .init("hash of x-only in tr", nil) {
            $0.leaves[0].holes[0] = TemplateHole(offset: 1, key: 3, form: .xOnlyHash)
            $0.leaves[0].script = [20] + [UInt8](repeating: 0, count: 20) + [0xac]
        },
        .init("an x coordinate beside the holes", .wrongPush(item: 0, leaf: 2, offset: 34)) {
            $0.leaves[2].script += [32] + [UInt8](repeating: 9, count: 32) + [0xba]
        },
        .init("the own key nowhere", .unusedKey(item: 0, key: 3)) {
            $0.leaves[0] = Sampled.pk(4, depth: 1)
        },
        .init("the own key in the aggregate alone", .nothingToSignWith(item: 0)) {
            $0.leaves[0] = Sampled.pk(5, depth: 1)
            $0.keys[3] = Sampled.own(0, .itself)
            $0.keys[4] = .aggregate(of: [1, 2, 3], .branches([0, 1]))
        },
        .init("the own key as internal key", nil) {
            $0.leaves[0] = Sampled.pk(5, depth: 1)
            $0.keys[3] = Sampled.own(0, .itself)
            $0.keys[4] = .aggregate(of: [1, 2, 3], .branches([0, 1]))
            $0.keys[0] = Sampled.own(1)
        },
        .init("aggregate of one", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[4] = .aggregate(of: [1], .itself)
        },
        .init("aggregate of itself", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[4] = .aggregate(of: [1, 4], .itself)
        },
        .init("aggregate of a later key", nil) {
            $0.keys[4] = .aggregate(of: [1, 2, 5], .itself)
        },
        .init("aggregate of a key that is not there", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[4] = .aggregate(of: [1, 2, 7], .itself)
        },
        .init("an aggregate as internal key", nil) {
            $0.keys[0] = .aggregate(of: [1, 2], .itself)
        },
        .init("aggregate descending", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[4] = .aggregate(of: [2, 1], .itself)
        },
        .init("aggregate of one key twice", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[4] = .aggregate(of: [1, 1], .itself)
        },
        .init("derived from, of keys that are", .wrongParticipants(item: 0, key: 4)) {
            $0.keys[1] = Sampled.other(4)
        },
        .init("of keys that are derived from", nil) {
            $0.keys[1] = Sampled.other(4)
            $0.keys[4] = .aggregate(of: [1, 2], .itself)
        },
        .init("aggregate of an aggregate", .wrongParticipants(item: 0, key: 5)) {
            $0.keys[5] = .aggregate(of: [1, 4], .itself)
        },
        .init("aggregate with two branches more", .wrongBranches(item: 0)) {
            $0.keys[4] = .aggregate(of: [1, 2], .branches([0, 1, 2, 3]))
        },
    ]

    @Test("Each spoiled tree or aggregate is named", arguments: trees)
    func tree(spoiled: SpoiledWallet) {
        var template = Sampled.tree
        spoiled.spoil(&template)
        #expect(fault(of: Sampled.bundle(template).bytes) == spoiled.expected)
    }

    @Test("16 keys are aggregated, not 17")
    func participants() {
        for (count, expected) in [(16, nil), (17, BundleError.wrongParticipants(item: 0, key: 18))]
        {
            var template = Sampled.tree
            template.keys = [Sampled.own()] + (0..<17).map { Sampled.other($0) }
            template.keys.append(.aggregate(of: (1...UInt8(count)).map { $0 }, .itself))
            let holes = [17, 18].enumerated().map { place, key in
                TemplateHole(offset: 34 * place + 1, key: key, form: .xOnly)
            }
            template.leaves = [Sampled.pk(0, depth: 0)]
            template.leaves[0].script += template.leaves[0].script
            template.leaves[0].holes = holes
            #expect(fault(of: Sampled.bundle(template).bytes) == expected)
        }
    }

    @Test("64 leaves to a depth of 63, not 65 leaves")
    func deepest() {
        var template = Sampled.tree
        template.keys = [Sampled.own()]
        template.leaves = (1...63).map { Sampled.pk(0, depth: $0) } + [Sampled.pk(0, depth: 63)]
        #expect(fault(of: Sampled.bundle(template).bytes) == nil)
        template.leaves[63].depth = 64
        #expect(fault(of: Sampled.bundle(template).bytes) == .wrongTree(item: 0))
        template.leaves[62].depth = 64
        template.leaves.append(Sampled.pk(0, depth: 64))
        #expect(fault(of: Sampled.bundle(template).bytes) == .wrongLeafCount(item: 0, found: 65))
    }

    @Test("Random trees are taken, and no longer when a leaf moves up or down", arguments: 1...200)
    func randomTrees(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        var depths: [UInt8] = [0]
        for _ in 0..<dice.below(63) {
            let place = dice.below(depths.count)
            depths[place] += 1
            depths.insert(depths[place], at: place)
        }
        var template = Sampled.tree
        template.keys = [Sampled.own()]
        template.leaves = depths.map { Sampled.pk(0, depth: $0) }
        #expect(fault(of: Sampled.bundle(template).bytes) == nil)
        let place = dice.below(depths.count)
        if depths[place] > 0, dice.chance(1, of: 2) {
            template.leaves[place].depth -= 1
        } else {
            template.leaves[place].depth += 1
        }
        #expect(fault(of: Sampled.bundle(template).bytes) == .wrongTree(item: 0))
    }

    @Test(
        "Kinds of one key have one own account, and nothing behind it",
        arguments: [OutputKind.p2wpkh, .p2tr, .p2pkh, .p2shP2WPKH]
    )
    func oneKey(kind: OutputKind) {
        let path: [UInt32] = [0x8000_002c, 0x8000_0001, 0x8000_0000]
        func fault(_ keys: [WalletTemplate.Key]) -> BundleError? {
            let template = WalletTemplate(kind: kind, indexMax: 9, keys: keys)
            return PolicyTests.fault(of: Sampled.bundle(template).bytes)
        }
        #expect(fault([.own(path: path, .branches([0, 1]))]) == nil)
        #expect(fault([.own(path: path, .index)]) == .wrongBranches(item: 0))
        #expect(fault([.own(path: path, .itself)]) == .wrongBranches(item: 0))
        #expect(fault([.own(path: path + [0], .branches([0]))]) == .wrongPath(item: 0))
        #expect(fault([Sampled.other(2)]) == .unknownKeyKind(item: 0, found: 2))
        #expect(fault([.fixed(Sampled.key(2))]) == .unknownKeyKind(item: 0, found: 3))
        let two = [WalletTemplate.Key.own(path: path, .branches([0])), Sampled.other(2)]
        #expect(fault(two) == .wrongKeyCount(item: 0, found: 2))
    }

    @Test("No second wallet of the same kind, keys and scripts, whatever branches and indexes")
    func twins() {
        func fault(_ change: (inout WalletTemplate) -> Void) -> BundleError? {
            var sample = Sampled.bundle(Sampled.multi)
            var other = Sampled.multi
            change(&other)
            sample.wallets.append(sample.wallets[0])
            sample.wallets[1].name = "twin"
            sample.wallets[1].template = other.bytes
            return PolicyTests.fault(of: sample.bytes)
        }
        let twin = BundleError.duplicateWallet(item: 1, of: 0)
        #expect(fault { _ in } == twin)
        #expect(fault { $0.indexMax += 1 } == twin)
        #expect(fault { $0.keys[1] = Sampled.other(2, .branches([4])) } == twin)
        #expect(
            fault {
                $0.kind = .p2shP2WSHScript
                $0.leaves[0].satisfactionWeight = 400
            } == nil
        )
        #expect(fault { $0.keys.swapAt(1, 2) } == nil)
        #expect(fault { $0.leaves[0].satisfactionWeight += 1 } == nil)
        #expect(fault { $0.leaves[0].script[0] = 0x51 } == nil)
        #expect(fault { $0.leaves[0].groups = [] } == nil)
    }

    @Test("Own keys of all wallets need 1,024 nodes at most")
    func nodes() {
        func fault(_ last: WalletTemplate.Children) -> BundleError? {
            var sample = SampleBundle()
            sample.wallets = (0..<33).map { number in
                var template = Sampled.multi
                let keyCount: UInt32 = number == 32 ? 1 : 2
                template.keys = (0..<keyCount).map { key in
                    Sampled.own(UInt32(2 * number) + key, .branches(Array(0..<16)))
                }
                if number == 32 { template.keys[0] = Sampled.own(64, last) }
                template.leaves[0].holes = (0..<3).map {
                    TemplateHole(offset: 2 + 34 * $0, key: $0 % Int(keyCount), form: .compressed)
                }
                var wallet = SampleBundle.Wallet()
                wallet.name = "wallet-\(10 + number)"
                wallet.template = template.bytes
                return wallet
            }
            if case .branches(let none) = last, none.isEmpty { sample.wallets.removeLast() }
            return PolicyTests.fault(of: sample.bytes)
        }
        #expect(fault(.branches([])) == nil)
        #expect(fault(.branches([0])) == .tooManyNodes(found: 1_025, limit: 1_024))
        #expect(fault(.index) == .tooManyNodes(found: 1_025, limit: 1_024))
        #expect(fault(.itself) == .tooManyNodes(found: 1_025, limit: 1_024))
    }
}
