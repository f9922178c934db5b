import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing

@Suite("A checked bundle says what was written")
struct BundleReadingTests {
    @Test("The header and the keys come back")
    func header() throws {
        var sample = fullSample()
        sample.epoch = 7
        sample.parentHash = Array(1...32)
        sample.adminThreshold = 2
        sample.adminKeys.append(SampleBundle.adminKey([UInt8](repeating: 8, count: 32)))
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.networkCode == 4)
        #expect(bundle.network == .regtest)
        #expect(bundle.epoch == 7)
        #expect(bundle.parentHash.array == sample.parentHash)
        #expect(bundle.sourceHash.array == sample.sourceHash)
        #expect(bundle.allowance == sample.allowance)
        #expect(bundle.adminThreshold == 2)
        #expect(bundle.adminCount == 2)
        #expect(bundle.adminKey(at: 0).array == sample.adminKeys[0])
        #expect(bundle.adminKey(at: 1).array == sample.adminKeys[1])
        #expect(bundle.source.array == Array(sample.source.utf8))
        #expect(bundle.hash == TaggedHash.hash(tag: "portcullis/bundle/1", bytes.span))
    }

    @Test("Wallets come back, and renaming one keeps its id while any change of key loses it")
    func wallets() throws {
        var sample = SampleBundle()
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        let wallet = bundle.wallet(at: 1)
        #expect(wallet.name.array == Array("taproot".utf8))
        #expect(wallet.outputKind == .p2tr)
        #expect(wallet.indexMax == 1_000_000)
        #expect(wallet.keyCount == 1)
        let key = wallet.key(at: 0)
        #expect((0..<key.stepCount).map { key.step($0) } == sample.wallets[1].path)
        #expect((0..<key.branchCount).map { key.branch($0) } == [0, 1])
        #expect(wallet.descriptor.array == Array(sample.wallets[1].descriptor.utf8))
        let template =
            "0240420f0001010356000080010000800000008002" + "0000000001000000"
        let templateBytes = [UInt8](hex: template)
        let id = TaggedHash.hash(tag: "portcullis/wallet/1", templateBytes.span)
        #expect(bundle.walletID(at: 1) == id)
        #expect(bundle.walletIndex(id: id) == 1)
        #expect(bundle.walletIndex(id: .zero) == nil)

        sample.wallets[1].name = "tube"
        #expect(try walletID(1, of: sample) == id)
        sample.wallets[1].indexMax += 1
        #expect(try walletID(1, of: sample) != id)
    }

    private func walletID(_ index: Int, of sample: SampleBundle) throws -> Bytes32 {
        let bytes = sample.bytes
        return try CheckedBundle(checking: bytes.span).walletID(at: index)
    }

    @Test("Lists, destinations, limits and rules come back in order")
    func sections() throws {
        let sample = fullSample()
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        #expect(bundle.listCount == 3)
        #expect(bundle.listName(at: 2).array == Array("taxes".utf8))
        #expect(bundle.destinationCount == 5)
        for (index, destination) in sample.destinations.enumerated() {
            #expect(bundle.destinationScript(at: index).array == destination.script)
            #expect(bundle.destinationLists(at: index) == destination.lists)
        }
        #expect(bundle.limitCount == 8)
        #expect(bundle.limit(at: 0).countMax == nil)
        #expect(bundle.limit(at: 0).amountMax == 1_000_000)
        #expect(bundle.limit(at: 1).amountMax == nil)
        #expect(bundle.limit(at: 1).countMax == 10)
        #expect(bundle.limit(at: 1).windowSeconds == 3_600)
        #expect(bundle.limit(at: 0).scope == .global)
        #expect(bundle.limit(at: 3).scope == .wallet(1))
        #expect(bundle.limit(at: 5).scope == .rule(3))
        #expect(bundle.limit(at: 7).scope == .list(2))
        #expect(bundle.limit(at: 7).name.array == Array("of-taxes".utf8))
        #expect(bundle.ruleCount == 4)
        #expect(bundle.rule(at: 1).name.array == Array("listed".utf8))
        #expect(bundle.rule(at: 1).lists == 3)
        #expect(bundle.rule(at: 1).feerateMax == 50_000)
        #expect(bundle.rule(at: 2).effect == .deny)
        #expect(bundle.rule(at: 0).outflowMax == 100_000)
    }

    @Test("Bytes that were checked once are read again by their layout")
    func rereading() throws {
        let bytes = fullSample().bytes
        let layout = try CheckedBundle(checking: bytes.span).layout
        let again = CheckedBundle(reading: bytes.span, layout: layout)
        #expect(again.ruleCount == 4)
        #expect(find([UInt8](repeating: 9, count: 34), in: again) == 0b010)
    }

    @Test("A script is found among 3,000 of four lengths, and its neighbours are not")
    func lookup() throws {
        var dice = Dice(seed: 11)
        var sample = SampleBundle()
        sample.lists = ["a", "b", "c"]
        var scripts: [[UInt8]: UInt64] = [:]
        while scripts.count < 3_000 {
            let count = dice.pick([22, 23, 25, 34])
            let script = (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            scripts[script] = UInt64(1 + dice.below(7))
        }
        sample.destinations = scripts.map { .init(script: $0.key, lists: $0.value) }
            .sorted {
                let (left, right) = ($0.script, $1.script)
                return left.count == right.count
                    ? left.lexicographicallyPrecedes(right) : left.count < right.count
            }
        let bytes = sample.bytes
        let bundle = try CheckedBundle(checking: bytes.span)
        for (script, lists) in scripts {
            var other = script
            other[dice.below(script.count)] ^= 1
            let shorter = Array(script.dropLast())
            #expect(lists == find(script, in: bundle))
            #expect(scripts[other, default: 0] == find(other, in: bundle))
            #expect(find(shorter, in: bundle) == 0)
        }
        #expect(find([], in: bundle) == 0)
    }

    private func find(_ script: [UInt8], in bundle: CheckedBundle) -> UInt64 {
        bundle.lists(of: script.span)
    }

    @Test("A writer fed from the accessors gives the same bytes")
    func writing() throws {
        let bytes = fullSample().bytes
        #expect(try rewritten(bytes) == bytes)
    }
}
