import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import TestSupport
import Testing

/// One way to spoil a wallet, and the error that names it.
struct SpoiledWallet: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let expected: BundleError?
    let spoil: @Sendable (inout WalletTemplate) -> Void

    init(
        _ description: String,
        _ expected: BundleError?,
        _ spoil: @escaping @Sendable (inout WalletTemplate) -> Void
    ) {
        testDescription = description
        self.expected = expected
        self.spoil = spoil
    }
}

@Suite("A wallet of several keys and scripts")
struct WalletTemplateTests {
    /// P2SH of an opcode and the hash of the own key, which is what `sh(wpkh)` is for opcode 0.
    private static func witnessProgram(_ template: inout WalletTemplate, first: UInt8) {
        template.kind = .p2shScript
        template.keys = [Sampled.own()]
        template.leaves = [
            WalletTemplate.Leaf(
                satisfactionWeight: 1_000,
                script: [first, 20] + [UInt8](repeating: 0, count: 20),
                holes: [TemplateHole(offset: 2, key: 0, form: .hash)]
            )
        ]
    }

    private static func hole(
        _ template: inout WalletTemplate,
        _ place: Int = 0,
        offset: Int? = nil,
        key: Int? = nil,
        form: KeyForm? = nil
    ) {
        let old = template.leaves[0].holes[place]
        template.leaves[0].holes[place] = TemplateHole(
            offset: offset ?? old.offset,
            key: key ?? old.key,
            form: form ?? old.form
        )
    }

    static let keys: [SpoiledWallet] = [
        .init("untouched", nil) { _ in },
        .init("no key", .wrongKeyCount(item: 0, found: 0)) { $0.keys = [] },
        .init("33 keys", .wrongKeyCount(item: 0, found: 33)) {
            $0.keys += (0..<30).map { Sampled.other($0) }
        },
        .init("the 32nd key unused", .unusedKey(item: 0, key: 3)) {
            $0.keys += (0..<29).map { Sampled.other($0) }
        },
        .init("no own key", .nothingToSignWith(item: 0)) { $0.keys[0] = Sampled.other(1) },
        .init("an own key", nil) { $0.keys[1] = Sampled.own(5) },
        .init("path of none", .wrongPath(item: 0)) { $0.keys[0] = .own(path: [], .index) },
        .init("path of one", nil) { $0.keys[0] = .own(path: [0x8000_0000], .index) },
        .init("open path", .wrongPath(item: 0)) { $0.keys[0] = .own(path: [1], .index) },
        .init("open steps behind", nil) { $0.keys[0] = .own(path: [0x8000_0001, 1, 2], .index) },
        .init("hardened behind open", .wrongPath(item: 0)) {
            $0.keys[0] = .own(path: [0x8000_0001, 1, 0x8000_0000], .index)
        },
        .init("path of 8", nil) {
            $0.keys[0] = .own(path: [UInt32](repeating: 0x8000_0000, count: 8), .itself)
        },
        .init("path of 9", .wrongPath(item: 0)) {
            $0.keys[0] = .own(path: [UInt32](repeating: 0x8000_0000, count: 9), .itself)
        },
        .init("coin of main", .wrongPath(item: 0)) {
            $0.keys[0] = .own(path: [0x8000_0030, 0x8000_0000], .index)
        },
        .init("no coin: open", nil) { $0.keys[0] = .own(path: [0x8000_0030, 0], .index) },
        .init("no coin: other purpose", nil) {
            $0.keys[0] = .own(path: [0x8000_002d, 0x8000_0000], .index)
        },
        .init("hybrid key", .badKey(item: 0, key: 2)) {
            $0.keys[2] = .fixed(Bytes33(repeating: 4))
        },
        .init("key of zeros", .badKey(item: 0, key: 1)) {
            $0.keys[1] = .extended(chainCode: .zero, key: .zero, .index)
        },
        .init("16 branches everywhere", nil) { template in
            let many = WalletTemplate.Children.branches(Array(0..<16))
            template.keys = [Sampled.own(0, many), Sampled.other(2, many), Sampled.other(3, many)]
        },
        .init("17 branches", .wrongBranches(item: 0)) {
            $0.keys[0] = Sampled.own(0, .branches(Array(0..<17)))
        },
        .init("2 branches and 3", .wrongBranches(item: 0)) {
            $0.keys[2] = Sampled.other(3, .branches([0, 1, 2]))
        },
        .init("2 branches, 1, and the index alone", nil) {
            $0.keys[1] = Sampled.other(2, .branches([9]))
            $0.keys[2] = Sampled.other(3, .index)
        },
        .init("branch twice", .wrongBranches(item: 0)) {
            $0.keys[2] = Sampled.other(3, .branches([1, 1]))
        },
        .init("hardened branch", .wrongBranches(item: 0)) {
            $0.keys[2] = Sampled.other(3, .branches([0, 0x8000_0000]))
        },
        .init("indexes that no key takes", .indexMaxUnused(item: 0, found: 1_000)) {
            $0.keys = [Sampled.own(0, .itself), .fixed(Sampled.key(2)), Sampled.other(3, .itself)]
        },
        .init("one index that no key takes", nil) {
            $0.keys = [Sampled.own(0, .itself), .fixed(Sampled.key(2)), Sampled.other(3, .itself)]
            $0.indexMax = 0
        },
    ]

    static let scripts: [SpoiledWallet] = [
        .init("no leaf", .wrongLeafCount(item: 0, found: 0)) { $0.leaves = [] },
        .init("two leaves", .wrongLeafCount(item: 0, found: 2)) { $0.leaves += $0.leaves },
        .init("depth 1", .wrongTree(item: 0)) { $0.leaves[0].depth = 1 },
        .init("leaf version", .unknownLeafVersion(item: 0, leaf: 0, found: 0xc0)) {
            $0.leaves[0].version = 0xc0
        },
        .init("no weight", .wrongWeight(item: 0, leaf: 0, found: 0)) {
            $0.leaves[0].satisfactionWeight = 0
        },
        .init("all the weight", nil) { $0.leaves[0].satisfactionWeight = 400_000 },
        .init("more weight", .wrongWeight(item: 0, leaf: 0, found: 400_001)) {
            $0.leaves[0].satisfactionWeight = 400_001
        },
        // wsh: 1 for the count of items, 1 + 71 for a signature, 1 + 105 for the script.
        .init("the least weight", nil) { $0.leaves[0].satisfactionWeight = 179 },
        .init("less weight", .wrongWeight(item: 0, leaf: 0, found: 178)) {
            $0.leaves[0].satisfactionWeight = 178
        },
        .init("the least weight in sh(wsh)", nil) {
            $0.kind = .p2shP2WSHScript
            $0.leaves[0].satisfactionWeight = 179 + 4 * 35
        },
        .init("less weight in sh(wsh)", .wrongWeight(item: 0, leaf: 0, found: 318)) {
            $0.kind = .p2shP2WSHScript
            $0.leaves[0].satisfactionWeight = 318
        },
        // sh: four times 1 + 71 for a signature and 2 + 105 for the script.
        .init("the least weight in sh", nil) {
            $0.kind = .p2shScript
            $0.leaves[0].satisfactionWeight = 716
        },
        .init("less weight in sh", .wrongWeight(item: 0, leaf: 0, found: 715)) {
            $0.kind = .p2shScript
            $0.leaves[0].satisfactionWeight = 715
        },
        .init("sh of wpkh", .witnessProgram(item: 0)) { witnessProgram(&$0, first: 0) },
        .init("sh of a later program", .witnessProgram(item: 0)) {
            witnessProgram(&$0, first: 0x60)
        },
        .init("sh of a hash behind another opcode", nil) { witnessProgram(&$0, first: 0x61) },
        .init("3,600 bytes", nil) {
            $0.leaves[0].script += [UInt8](repeating: 0x61, count: 3_495)
            $0.leaves[0].satisfactionWeight = 4_000
        },
        .init("3,601 bytes", .wrongScriptLength(item: 0, leaf: 0, found: 3_601)) {
            $0.leaves[0].script += [UInt8](repeating: 1, count: 3_496)
        },
        .init("sh of 520 bytes", nil) {
            $0.kind = .p2shScript
            $0.leaves[0].satisfactionWeight = 4_000
            $0.leaves[0].script += [UInt8](repeating: 0x61, count: 415)
        },
        .init("sh of 521 bytes", .wrongScriptLength(item: 0, leaf: 0, found: 521)) {
            $0.kind = .p2shScript
            $0.leaves[0].script += [UInt8](repeating: 1, count: 416)
        },
        .init("sh(wsh)", nil) {
            $0.kind = .p2shP2WSHScript
            $0.leaves[0].satisfactionWeight += 4 * 35
        },
        .init("no hole", .wrongHole(item: 0, leaf: 0, hole: 0)) { $0.leaves[0].holes = [] },
        .init("holes swapped", .wrongHole(item: 0, leaf: 0, hole: 1)) {
            $0.leaves[0].holes.swapAt(0, 1)
        },
        .init("holes overlap", .wrongHole(item: 0, leaf: 0, hole: 1)) {
            hole(&$0, 1, offset: 34)
        },
        .init("hole behind the end", .wrongHole(item: 0, leaf: 0, hole: 2)) {
            hole(&$0, 2, offset: 73)
        },
        .init("hole over an opcode", .wrongHole(item: 0, leaf: 0, hole: 2)) {
            hole(&$0, 2, offset: 71)
        },
        .init("hole of key 3 of 3", .wrongHole(item: 0, leaf: 0, hole: 0)) { hole(&$0, key: 3) },
        .init("x-only outside of tr", .wrongHole(item: 0, leaf: 0, hole: 0)) {
            hole(&$0, form: .xOnly)
        },
        .init("x-only hash outside of tr", .wrongHole(item: 0, leaf: 0, hole: 0)) {
            hole(&$0, form: .xOnlyHash)
        },
        .init("a hash in a group", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            hole(&$0, 2, form: .hash)
        },
        .init("a hash alone", nil) {
            hole(&$0, 2, form: .hash)
            $0.leaves[0].groups = [0..<2]
            $0.leaves[0].script[69] = 20
            $0.leaves[0].script.removeSubrange(70..<83)
        },
        .init("hashes in a group", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            for place in 0..<3 { hole(&$0, place, form: .hash) }
        },
        .init("a key never used", .unusedKey(item: 0, key: 2)) { hole(&$0, 2, key: 1) },
        .init("group of one", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            $0.leaves[0].groups = [0..<1]
        },
        .init("group over the end", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            $0.leaves[0].groups = [1..<4]
        },
        .init("groups overlap", .wrongGroup(item: 0, leaf: 0, group: 1)) {
            $0.leaves[0].groups = [0..<2, 1..<3]
        },
        .init("no group", nil) { $0.leaves[0].groups = [] },
        .init("40 holes", nil) { Self.setHoles(40, &$0) },
        .init("41 holes", .wrongHole(item: 0, leaf: 0, hole: 41)) { Self.setHoles(41, &$0) },
        .init("group of 32", nil) {
            Self.setHoles(32, &$0)
            $0.leaves[0].groups = [0..<32]
        },
        .init("group of 33", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            Self.setHoles(33, &$0)
            $0.leaves[0].groups = [0..<33]
        },
    ]

    /// What stands where a key could, with the three holes of the multisig before it.
    private static func behind(_ bytes: [UInt8], _ template: inout WalletTemplate) {
        template.leaves[0].script += bytes
        template.leaves[0].satisfactionWeight += UInt32(bytes.count)
    }

    private static func refused(_ offset: Int) -> BundleError {
        .wrongPush(item: 0, leaf: 0, offset: offset)
    }

    private static func lock(_ opcode: UInt8, _ count: UInt8, _ end: UInt8 = 0x88) -> [UInt8] {
        let hash = [UInt8](repeating: 7, count: Int(count))
        return [0x82, 1, 32, 0x88, opcode, count] + hash + [end]
    }

    /// Keys are the wallet's own, and stand in holes: a key among the bytes of a script would be
    /// one that nobody compares with those of other wallets and cosigners.
    static let pushes: [SpoiledWallet] = [
        .init("a key beside the holes", refused(105)) {
            behind([33] + Sampled.key(9).array + [0xac], &$0)
        },
        .init("an uncompressed key", refused(105)) {
            behind([65, 4] + [UInt8](repeating: 9, count: 64) + [0xac], &$0)
        },
        .init("a key in a longer spelling", refused(105)) {
            behind([0x4c, 33] + Sampled.key(9).array + [0xac], &$0)
        },
        .init("in a spelling of two bytes", refused(105)) {
            behind([0x4d, 33, 0] + Sampled.key(9).array + [0xac], &$0)
        },
        .init("in a spelling of four bytes", refused(105)) {
            behind([0x4e, 33, 0, 0, 0] + Sampled.key(9).array + [0xac], &$0)
        },
        .init("the hash of a key", refused(107)) {
            behind([0x76, 0xa9, 20] + [UInt8](repeating: 9, count: 20) + [0x88, 0xac], &$0)
        },
        .init("hash locks", nil) {
            behind(lock(0xa6, 20) + lock(0xa8, 32) + lock(0xa9, 20) + lock(0xaa, 32, 0x87), &$0)
        },
        .init("a lock whose value stays", refused(110)) { behind(lock(0xa8, 32, 0xac), &$0) },
        .init("a lock at the end", refused(110)) {
            behind([UInt8](lock(0xa8, 32).dropLast()), &$0)
        },
        .init("a lock of any length", refused(109)) {
            behind([UInt8](lock(0xa8, 32).dropFirst()), &$0)
        },
        .init("a lock of another length", refused(110)) { behind(lock(0xa8, 20), &$0) },
        .init("a lock of no hash function", refused(110)) { behind(lock(0xa7, 20), &$0) },
        .init("a number of four bytes", nil) { behind([4, 9, 9, 9, 9], &$0) },
        .init("a number of five", refused(105)) { behind([5, 9, 9, 9, 9, 9], &$0) },
        .init("a push over the end", refused(105)) { behind([4, 9, 9, 9], &$0) },
        .init("a hole in a hash lock", refused(110)) {
            let lock = lock(0xa9, 20, 0x87)
            behind([UInt8](lock.prefix(6)) + [UInt8](repeating: 0, count: 20) + [0x87], &$0)
            $0.leaves[0].holes.append(TemplateHole(offset: 111, key: 2, form: .hash))
        },
        .init("a hole in a longer push", refused(69)) {
            $0.leaves[0].script[69] = 34
            $0.leaves[0].groups = [0..<2]
        },
        .init("a hole behind the push", refused(69)) {
            $0.leaves[0].script.insert(0, at: 70)
            hole(&$0, 2, offset: 71)
            $0.leaves[0].groups = [0..<2]
        },
        .init("a hole that nothing pushes", .wrongHole(item: 0, leaf: 0, hole: 2)) {
            $0.leaves[0].script[69] = 0x61
            $0.leaves[0].groups = [0..<2]
        },
        .init("a hash where a key stands", refused(69)) {
            hole(&$0, 2, form: .hash)
            $0.leaves[0].groups = [0..<2]
        },
        .init("a group apart", .wrongGroup(item: 0, leaf: 0, group: 0)) {
            $0.leaves[0].script.insert(0x61, at: 69)
            hole(&$0, 2, offset: 71)
        },
        .init("the same without the group", nil) {
            $0.leaves[0].script.insert(0x61, at: 69)
            hole(&$0, 2, offset: 71)
            $0.leaves[0].groups = [0..<2]
            $0.leaves[0].satisfactionWeight += 1
        },
    ]

    private static func setHoles(_ count: Int, _ template: inout WalletTemplate) {
        let push = [33] + [UInt8](repeating: 0, count: 33)
        template.leaves[0].script = (0..<count).flatMap { _ in push }
        template.leaves[0].satisfactionWeight = 2_000
        template.leaves[0].holes = (0..<count).map {
            TemplateHole(offset: 34 * $0 + 1, key: $0 % 3, form: .compressed)
        }
        template.leaves[0].groups = []
    }

    @Test("Each spoiled key or script is named", arguments: keys + scripts + pushes)
    func multi(spoiled: SpoiledWallet) {
        var template = Sampled.multi
        spoiled.spoil(&template)
        #expect(fault(of: Sampled.bundle(template).bytes) == spoiled.expected)
    }
}
