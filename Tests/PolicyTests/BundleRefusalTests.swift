import Bytes
import Policy
import TestSupport
import Testing

/// One way to spoil a bundle, and the error that names it.
struct Spoiled: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let expected: BundleError?
    let spoil: @Sendable (inout SampleBundle) -> Void

    init(
        _ description: String,
        _ expected: BundleError?,
        _ spoil: @escaping @Sendable (inout SampleBundle) -> Void
    ) {
        testDescription = description
        self.expected = expected
        self.spoil = spoil
    }
}

@Suite("A malformed bundle is refused by name")
struct BundleRefusalTests {
    static let money = CheckedBundle.moneyMax

    static let header: [Spoiled] = [
        .init("untouched", nil) { _ in },
        .init("magic", .wrongMagic) { $0.magic = "PCBUNDL2" },
        .init("version", .unknownVersion(3)) { $0.version = 3 },
        .init("version 2 without its sections", .wrongZone(item: 0)) {
            $0.version = 2
        },
        .init("network", .unknownNetwork(5)) { $0.network = 5 },
        .init("no epoch", .wrongEpoch(0)) { $0.epoch = 0 },
        .init("first with parent", .wrongParent(epoch: 1)) { $0.parentHash[31] = 1 },
        .init("second without parent", .wrongParent(epoch: 2)) { $0.epoch = 2 },
        .init("second with parent", nil) {
            $0.epoch = 2
            $0.parentHash[0] = 1
        },
        .init("all the money", nil) { $0.allowance = money },
        .init("more money", .amountOverMaximum(offset: 83, found: money + 1)) {
            $0.allowance = money + 1
        },
        .init("threshold 0 of 1", .adminThreshold(threshold: 0, keys: 1)) {
            $0.adminThreshold = 0
        },
        .init("threshold 2 of 1", .adminThreshold(threshold: 2, keys: 1)) {
            $0.adminThreshold = 2
        },
        .init("no admins on regtest", nil) {
            $0.adminThreshold = 0
            $0.adminKeys = []
        },
        .init("no admins on main", .adminThreshold(threshold: 0, keys: 0)) {
            $0.network = 0
            $0.adminThreshold = 0
            $0.adminKeys = []
        },
        .init("short key", .adminKeyNotEd25519(item: 0)) { $0.adminKeys[0].removeLast() },
        .init("long key", .adminKeyNotEd25519(item: 0)) { $0.adminKeys[0].append(0) },
        .init("kind of key", .adminKeyNotEd25519(item: 0)) { $0.adminKeys[0][14] ^= 1 },
        .init("length of kind", .adminKeyNotEd25519(item: 0)) { $0.adminKeys[0][3] = 10 },
        .init("length of key", .adminKeyNotEd25519(item: 0)) { $0.adminKeys[0][18] = 31 },
        .init("key twice", .adminKeysOutOfOrder(item: 1)) { $0.adminKeys += $0.adminKeys },
        .init("keys unsorted", .adminKeysOutOfOrder(item: 1)) {
            $0.adminKeys.append(SampleBundle.adminKey([UInt8](repeating: 6, count: 32)))
        },
        .init("source hash", .wrongSourceHash) { $0.sourceHash[0] ^= 1 },
        .init("source changed", .wrongSourceHash) { $0.source = "version = 2\n" },
        .init("source with a bell", .sourceNotText(offset: 1)) { $0.source = "v\u{7}" },
    ]

    static let wallets: [Spoiled] = [
        .init("no wallets, no rules", nil) {
            $0.wallets = []
            $0.rules = []
        },
        .init("unsorted", .outOfOrder(section: .wallets, item: 1)) { $0.wallets.reverse() },
        .init("same name", .outOfOrder(section: .wallets, item: 1)) {
            $0.wallets[1].name = "segwit"
        },
        .init("no name", .badName(section: .wallets, item: 0)) { $0.wallets[0].name = "" },
        .init("name with a line feed", .badName(section: .wallets, item: 0)) {
            $0.wallets[0].name = "a\nb"
        },
        .init("output kind", .unknownOutputKind(item: 0, found: 9)) {
            $0.wallets[0].outputKind = 9
        },
        .init("output kind 0", .unknownOutputKind(item: 1, found: 0)) {
            $0.wallets[1].outputKind = 0
        },
        .init("last index", nil) { $0.wallets[0].indexMax = 0x7FFF_FFFF },
        .init("hardened index", .indexMaxHardened(item: 0, found: 0x8000_0000)) {
            $0.wallets[0].indexMax = 0x8000_0000
        },
        .init("two keys", .wrongKeyCount(item: 0, found: 2)) { $0.wallets[0].keyCount = 2 },
        .init("foreign key", .unknownKeyKind(item: 0, found: 2)) { $0.wallets[0].keyKind = 2 },
        .init("short path", .wrongPath(item: 0)) { $0.wallets[0].path.removeLast() },
        .init("path of 8", nil) {
            $0.wallets[0].path += [UInt32](repeating: 0x8000_0000, count: 5)
        },
        .init("path of 9", .wrongPath(item: 0)) {
            $0.wallets[0].path += [UInt32](repeating: 0x8000_0000, count: 6)
        },
        .init("open account", .wrongPath(item: 0)) { $0.wallets[0].path[2] = 0 },
        .init("coin of main on regtest", .wrongPath(item: 0)) {
            $0.wallets[0].path[1] = 0x8000_0000
        },
        .init("coin of regtest on main", .wrongPath(item: 0)) { $0.network = 0 },
        .init("no branch", .wrongBranches(item: 0)) { $0.wallets[0].branches = [] },
        .init("16 branches", nil) { $0.wallets[0].branches = Array(0..<16) },
        .init("17 branches", .wrongBranches(item: 0)) { $0.wallets[0].branches = Array(0..<17) },
        .init("branch twice", .wrongBranches(item: 0)) { $0.wallets[0].branches = [1, 1] },
        .init("hardened branch", .wrongBranches(item: 0)) {
            $0.wallets[0].branches = [0, 0x8000_0001]
        },
        .init("no descriptor", .badDescriptor(item: 0)) { $0.wallets[0].descriptor = "" },
        .init("escape in descriptor", .badDescriptor(item: 0)) {
            $0.wallets[0].descriptor = "wpkh(\u{1B})"
        },
        .init("the same wallet twice", .duplicateWallet(item: 1, of: 0)) {
            $0.wallets[1] = $0.wallets[0]
            $0.wallets[1].name = "taproot"
            $0.wallets[1].indexMax = 5
        },
        .init("64 wallets", nil) { $0.wallets = many(64) },
        .init("65 wallets", .tooMany(section: .wallets, found: 65, limit: 64)) {
            $0.wallets = many(65)
        },
    ]

    static let lists: [Spoiled] = [
        .init("64 lists", nil) { $0.lists = names(64) },
        .init("65 lists", .tooMany(section: .lists, found: 65, limit: 64)) { $0.lists = names(65) },
        .init("unsorted", .outOfOrder(section: .lists, item: 1)) { $0.lists.swapAt(0, 1) },
        .init("unnamed", .badName(section: .lists, item: 0)) { $0.lists[0] = "" },
        .init("script twice", .outOfOrder(section: .destinations, item: 1)) {
            $0.destinations[1].script = $0.destinations[0].script
        },
        .init("longer first", .outOfOrder(section: .destinations, item: 1)) {
            $0.destinations[0].script.append(1)
        },
        .init("bytes unsorted", .outOfOrder(section: .destinations, item: 2)) {
            $0.destinations.swapAt(1, 2)
        },
        .init("empty script", .emptyScript(item: 0)) { $0.destinations[0].script = [] },
        .init("in no list", .unknownLists(section: .destinations, item: 0, found: 0)) {
            $0.destinations[0].lists = 0
        },
        .init("in list 3 of 3", .unknownLists(section: .destinations, item: 0, found: 8)) {
            $0.destinations[0].lists = 8
        },
        .init("64 lengths", nil) { $0.destinations = lengths(64) },
        .init("65 lengths", .tooMany(section: .scriptLengths, found: 65, limit: 64)) {
            $0.destinations = lengths(65)
        },
    ]

    static let limits: [Spoiled] = [
        .init("names unsorted", .outOfOrder(section: .limits, item: 1)) {
            $0.limits.swapAt(0, 1)
        },
        .init("name twice", .outOfOrder(section: .limits, item: 1)) { $0.limits[1].name = "daily" },
        .init("scopes unsorted", .outOfOrder(section: .limits, item: 2)) {
            $0.limits.swapAt(1, 2)
        },
        .init("unnamed", .badName(section: .limits, item: 0)) { $0.limits[0].name = "" },
        .init("scope 5", .unknownScope(item: 7, found: 5)) { $0.limits[7].scope = 5 },
        .init("scope 15", .unknownScope(item: 7, found: 15)) { $0.limits[7].scope = 15 },
        .init("scope 19", .unknownScope(item: 7, found: 19)) { $0.limits[7].scope = 19 },
        .init("global 1", .wrongScopeIndex(item: 1, found: 1)) { $0.limits[1].index = 1 },
        .init("wallet 2 of 2", .wrongScopeIndex(item: 3, found: 2)) { $0.limits[3].index = 2 },
        .init("rule 4 of 4", .wrongScopeIndex(item: 5, found: 4)) { $0.limits[5].index = 4 },
        .init("deny rule", .wrongScopeIndex(item: 5, found: 2)) { $0.limits[5].index = 2 },
        .init("list 3 of 3", .wrongScopeIndex(item: 7, found: 3)) { $0.limits[7].index = 3 },
        .init("no window", .limitWithoutWindow(item: 0)) { $0.limits[0].window = 0 },
        .init("no cap", .limitWithoutCap(item: 0)) { $0.limits[0].amount = .max },
        .init("1024 limits", nil) { sample in
            sample.limits = names(1_024).map { .init($0) }
        },
        .init("1025 limits", .tooMany(section: .limits, found: 1_025, limit: 1_024)) { sample in
            sample.limits = names(1_025).map { .init($0) }
        },
    ]

    static let rules: [Spoiled] = [
        .init("unnamed", .badName(section: .rules, item: 3)) { $0.rules[3].name = "" },
        .init("effect 9", .unknownEffect(item: 0, found: 9)) { $0.rules[0].effect = 9 },
        .init("no sighash types", .unknownSighashes(item: 0, found: 0)) { $0.rules[0].effect = 3 },
        .init("every sighash type", nil) {
            $0.rules[0].effect = 3
            $0.rules[0].sighashes = 31
        },
        .init("a sixth sighash type", .unknownSighashes(item: 1, found: 33)) {
            $0.rules[1].effect = 3
            $0.rules[1].sighashes = 33
        },
        .init("wallet 2 of 2 with types", .unknownWallets(item: 0, found: 5)) {
            $0.rules[0].effect = 3
            $0.rules[0].sighashes = 1
            $0.rules[0].wallets = 5
        },
        .init("a limit of a rule with types", nil) {
            let rule = Int($0.limits[5].index)
            $0.rules[rule].effect = 3
            $0.rules[rule].sighashes = 1
        },
        .init("caps beside types", nil) {
            $0.rules[3].effect = 3
            $0.rules[3].sighashes = 1
            $0.rules[3].outflow = 1
        },
        .init("effect 0", .unknownEffect(item: 0, found: 0)) { $0.rules[0].effect = 0 },
        .init("no wallet", .unknownWallets(item: 0, found: 0)) { $0.rules[0].wallets = 0 },
        .init("wallet 2 of 2", .unknownWallets(item: 0, found: 5)) { $0.rules[0].wallets = 5 },
        .init("destinations 2", .unknownDestinations(item: 0, found: 2)) {
            $0.rules[0].destinations = 2
        },
        .init("any with lists", .unknownLists(section: .rules, item: 0, found: 1)) {
            $0.rules[0].lists = 1
        },
        .init("listed without lists", .unknownLists(section: .rules, item: 0, found: 0)) {
            $0.rules[0].destinations = 1
        },
        .init("list 3 of 3", .unknownLists(section: .rules, item: 1, found: 8)) {
            $0.rules[1].lists = 8
        },
        .init("outflow cap on deny", .capOnDeny(item: 2)) { $0.rules[2].outflow = 1 },
        .init("fee cap on deny", .capOnDeny(item: 2)) { $0.rules[2].fee = 1 },
        .init("feerate cap on deny", .capOnDeny(item: 2)) { $0.rules[2].feerate = 1 },
    ]

    @Test("Each spoiled part is named", arguments: header + wallets)
    func simple(spoiled: Spoiled) {
        var sample = SampleBundle()
        spoiled.spoil(&sample)
        #expect(fault(of: sample.bytes) == spoiled.expected)
    }

    @Test("Each spoiled part of a full bundle is named", arguments: lists + limits + rules)
    func full(spoiled: Spoiled) {
        var sample = fullSample()
        spoiled.spoil(&sample)
        #expect(fault(of: sample.bytes) == spoiled.expected)
    }

    @Test("A bundle cut anywhere is refused, and so is one byte more", arguments: [false, true])
    func everyLength(hasConditions: Bool) {
        let bytes = (hasConditions ? conditionSample() : fullSample()).bytes
        #expect(fault(of: bytes) == nil)
        for count in 0..<bytes.count {
            #expect(fault(of: Array(bytes.prefix(count))) != nil, "\(count) bytes")
        }
        #expect(fault(of: bytes + [0]) == .trailing(count: 1))
        #expect(fault(of: []) == .truncated(offset: 0, needed: 93, left: 0))
    }

    @Test("A bundle over 32 MiB is refused before it is read")
    func tooLong() {
        let limit = BundleLayout.byteCountMax
        let bytes = [UInt8](repeating: 0, count: limit + 1)
        #expect(fault(of: bytes) == .tooLong(count: limit + 1, limit: limit))
        #expect(fault(of: Array(bytes.prefix(limit))) == .wrongMagic)
    }

    private static func names(_ count: Int) -> [String] {
        (0..<count).map { "n\(10_000 + $0)" }
    }

    private static func many(_ count: Int) -> [SampleBundle.Wallet] {
        (0..<count).map { number in
            var wallet = SampleBundle.Wallet()
            wallet.name = "wallet-\(100 + number)"
            wallet.path[2] = 0x8000_0000 | UInt32(number)
            return wallet
        }
    }

    private static func lengths(_ count: Int) -> [SampleBundle.Destination] {
        (1...count).map { .init(script: [UInt8](repeating: 5, count: $0), lists: 1) }
    }
}
