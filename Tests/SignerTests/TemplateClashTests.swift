import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

/// A hostile author of a policy: limits count for a wallet, and signatures for a key, so neither
/// may be two.
@Suite("Addresses and keys that would be two wallets' or two cosigners'")
struct TemplateClashTests {
    private static let account: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000, 0x8000_0002]

    private static func own(
        _ children: WalletTemplate.Children = .branches([0, 1]),
        below steps: [UInt32] = []
    ) -> WalletTemplate.Key {
        .own(path: account + steps, children)
    }

    private static func cosigner(
        _ number: UInt8,
        _ children: WalletTemplate.Children = .branches([0, 1])
    ) throws -> WalletTemplate.Key {
        let node = try TestTemplate.extended([1] + [UInt8](repeating: number, count: 63))
        return .extended(chainCode: node.chainCode, key: node.key, children)
    }

    /// Our own account's public key, as a cosigner's would be written.
    private static func disguised(
        _ children: WalletTemplate.Children
    ) throws -> WalletTemplate.Key {
        let node = try TestTemplate.extended(TestTemplate.node(account))
        return .extended(chainCode: node.chainCode, key: node.key, children)
    }

    /// The public key at steps below our account.
    private static func point(_ steps: [UInt32]) throws -> Bytes33 {
        try TestTemplate.extended(TestTemplate.node(account + steps)).key
    }

    private static func multi(
        _ keys: [WalletTemplate.Key],
        _ kind: OutputKind = .p2wshScript,
        isSorted: Bool = false,
        groups: [Range<Int>] = []
    ) -> TestTemplate {
        let isTree = kind == .p2trTree
        let (form, push): (KeyForm, UInt8) = isTree ? (.xOnly, 32) : (.compressed, 33)
        var script: [UInt8] = isTree ? [] : [0x50 + UInt8(keys.count)]
        var holes: [TemplateHole] = []
        for place in keys.indices {
            script.append(push)
            holes.append(TemplateHole(offset: script.count, key: place, form: form))
            script += [UInt8](repeating: 0, count: form.byteCount)
            if isTree { script.append(place == 0 ? 0xac : 0xba) }
        }
        let count = 0x50 + UInt8(keys.count)
        let leaf = WalletTemplate.Leaf(
            version: isTree ? 0xc0 : 0,
            satisfactionWeight: 1_000,
            script: script + [count, isTree ? 0x9c : 0xae],
            holes: holes,
            groups: isSorted ? [0..<keys.count] : groups
        )
        let indexMax: UInt32 = keys.contains(where: \.takesIndex) ? 1_000 : 0
        return TestTemplate(
            template: WalletTemplate(kind: kind, indexMax: indexMax, keys: keys, leaves: [leaf])
        )
    }

    /// `tr(internal, {pk(1), pk(2)})`, or with the two the other way round.
    private static func tree(_ keys: [WalletTemplate.Key], isTurned: Bool = false) -> TestTemplate {
        let leaves = (isTurned ? [2, 1] : [1, 2]).map { key in
            WalletTemplate.Leaf(
                depth: 1,
                version: 0xc0,
                satisfactionWeight: 200,
                script: [32] + [UInt8](repeating: 0, count: 32) + [0xac, UInt8(0x50 + key), 0x75],
                holes: [TemplateHole(offset: 1, key: key, form: .xOnly)]
            )
        }
        return TestTemplate(
            template: WalletTemplate(kind: .p2trTree, indexMax: 1_000, keys: keys, leaves: leaves)
        )
    }

    /// What the signer says of an address.
    private func address(
        _ signer: TestSigner,
        _ wallet: TestTemplate,
        _ branch: UInt8,
        _ index: UInt32
    ) throws -> Refusal? {
        try signer.ask(.address, wallet.id + [branch] + little(index)).name
    }

    @Test("An address of a range that is another wallet's own fixed one belongs to that one alone")
    func fixedInsideRange() throws {
        let wide = Self.multi([Self.own()])
        let narrow = Self.multi([Self.own(.itself, below: [0, 5])])
        #expect(try wide.script(0, 5) == narrow.script(0, 0))
        let (signer, log) = try TestTemplate.home([wide, narrow]).ready()
        #expect(try address(signer, wide, 0, 5) == .ambiguousAddress)
        let stolen = try TemplatePayment(wide, [(0, 5), (0, 4)])
        let answer = try signer.assess(stolen.request)
        #expect(answer.name == .ambiguousAddress)
        #expect(answer.refusal.index == 0)
        var change = try TemplatePayment(wide, [(0, 4)]).request
        change.outputs[1].script = try wide.script(0, 5)
        change.outputs[1].owner = (0, 0, 5)
        #expect(try signer.assess(change).name == .fraudulentChange)
        // The control: the other wallet has it, and this one what is around it.
        for payment in [
            try TemplatePayment(narrow, [(0, 0)]), try TemplatePayment(wide, [(0, 4), (0, 6)]),
            try TemplatePayment(wide, [(1, 5)]),
        ] {
            let released = try signer.pay(payment.request, log)
            #expect(try payment.check(released.signatures[0]) == payment.claims.count)
        }
    }

    @Test("So it is where a cosigner's fixed key hides at an index that nobody is told")
    func hiddenIndex() throws {
        let hidden: UInt32 = 777
        let node = try TestTemplate.extended([1] + [UInt8](repeating: 7, count: 63))
        let child = try node.child(0, curve: Curve()).child(hidden, curve: Curve()).key
        let wide = Self.multi([Self.own(), try Self.cosigner(7)])
        let narrow = Self.multi([Self.own(), .fixed(child)])
        #expect(try wide.script(0, hidden) == narrow.script(0, hidden))
        let (signer, _) = try TestTemplate.home([wide, narrow]).ready()
        #expect(try address(signer, wide, 0, hidden) == .ambiguousAddress)
        #expect(try address(signer, narrow, 0, hidden) == nil)
        #expect(try address(signer, wide, 0, hidden + 1) == nil)
        // Two wallets, each a range and a key out of the other's range.
        let crossed = [
            Self.multi([Self.own(.branches([0])), Self.own(.itself, below: [0, 9])]),
            Self.multi([Self.own(.branches([0])), Self.own(.itself, below: [0, 3])]),
        ]
        let (other, _) = try TestTemplate.home(crossed).ready()
        #expect(try address(other, crossed[0], 0, 3) == .ambiguousAddress)
        #expect(try address(other, crossed[1], 0, 9) == .ambiguousAddress)
        #expect(try address(other, crossed[1], 0, 4) == nil)
    }

    @Test("No home is made for two wallets that share addresses, however differently written")
    func sharedAddresses() throws {
        let (one, two, three) = (Self.own(), try Self.cosigner(2), try Self.cosigner(3))
        let four = try Self.cosigner(4)
        let pairs: [(String, TestTemplate, TestTemplate)] = [
            (
                "sortedmulti beside multi", Self.multi([one, two, three], isSorted: true),
                Self.multi([one, two, three])
            ),
            (
                "another order in sortedmulti", Self.multi([one, two, three], isSorted: true),
                Self.multi([three, one, two], isSorted: true)
            ),
            (
                "another order, sorted by chance", Self.multi([one, two, three], isSorted: true),
                Self.multi([three, two, one])
            ),
            (
                "a group that begins inside a multi",
                Self.multi([one, two, three], groups: [1..<3]),
                Self.multi([one, three, two])
            ),
            (
                "a group that ends inside a sortedmulti",
                Self.multi([one, two, three], groups: [0..<2]),
                Self.multi([one, two, three], isSorted: true)
            ),
            (
                "two groups of one multi_a",
                Self.multi([one, two, three, four], .p2trTree, groups: [0..<2, 2..<4]),
                Self.multi([one, three, two, four], .p2trTree, groups: [1..<3])
            ),
            (
                "sortedmulti_a beside multi_a", Self.multi([one, two], .p2trTree, isSorted: true),
                Self.multi([one, two], .p2trTree)
            ),
            (
                "a tree turned round", Self.tree([three, one, two]),
                Self.tree([three, one, two], isTurned: true)
            ),
            (
                "other branches, one in common",
                Self.multi([Self.own(.branches([0, 7])), try Self.cosigner(2, .branches([0, 7]))]),
                Self.multi([try Self.cosigner(2, .branches([8, 7])), Self.own(.branches([8, 7]))])
            ),
            (
                "the branch in the path", Self.multi([Self.own(), two]),
                Self.multi([Self.own(.index, below: [1]), try Self.cosigner(2, .branches([1]))])
            ),
            (
                "a disguised own key",
                Self.multi([Self.own(), try Self.disguised(.branches([5]))]),
                Self.multi([try Self.disguised(.branches([0])), Self.own(.branches([5]))])
            ),
        ]
        for (name, first, second) in pairs {
            _ = try first.home()
            _ = try second.home()
            #expect(throws: SignerStop.ambiguousWallets, "\(name)") {
                try TestTemplate.home([first, second])
            }
        }
    }

    @Test("Wallets that only look alike stay two")
    func distinct() throws {
        let (one, two, three) = (Self.own(), try Self.cosigner(2), try Self.cosigner(3))
        let wallets = [
            Self.multi([one, two]), Self.multi([one, three]), Self.multi([one, two, three]),
            Self.multi([one, two], .p2shScript), Self.multi([one, two], .p2shP2WSHScript),
            Self.multi([try Self.cosigner(2, .branches([2, 3])), Self.own(.branches([2, 3]))]),
            Self.tree([three, one, two]), Self.tree([three, two, one]),
            Self.tree([two, one, three]),
            TestTemplate.oneKey(.p2wpkh), TestTemplate.oneKey(.p2tr), TestTemplate.oneKey(.p2pkh),
            TestTemplate.oneKey(.p2shP2WPKH),
        ]
        let (signer, _) = try TestTemplate.home(wallets).ready()
        for wallet in wallets {
            #expect(try signer.script(wallet.id, branch: 1, index: 6) == wallet.script(1, 6))
        }
    }

    @Test("Nor for one whose receiving addresses are its change")
    func crossedBranches() throws {
        let crossed = [Self.own(), try Self.disguised(.branches([1, 0]))]
        #expect(throws: SignerStop.ambiguousWallets) {
            try Self.multi(crossed, isSorted: true).home()
        }
        let straight = [Self.own(), try Self.disguised(.branches([2, 3]))]
        _ = try Self.multi(straight, isSorted: true).home()
    }

    @Test("A key stands for one cosigner at every address, not only at the first")
    func twins() throws {
        // The same key on the change branch alone.
        #expect(throws: SignerStop.ambiguousWallets) {
            try Self.multi([Self.own(), try Self.disguised(.branches([2, 1]))]).home()
        }
        // The same x coordinate is the same key in a tapscript.
        var negative = try Self.point([9])
        let own = Self.own(.itself, below: [9])
        negative[0] ^= 1
        #expect(throws: SignerStop.ambiguousWallets) {
            try Self.multi([own, .fixed(negative), Self.own()], .p2trTree).home()
        }
        // The same key at one index alone.
        let wallet = Self.multi([Self.own(), .fixed(try Self.point([1, 40]))])
        let (signer, _) = try wallet.home().ready()
        var bad = try TemplatePayment(wallet, [(1, 40)]).request
        #expect(try signer.assess(bad).name == .fraudulentChange)
        bad.outputs.removeLast()
        #expect(try signer.assess(bad).name == .ambiguousAddress)
        for good in [(0, 40), (1, 41)] as [(UInt8, UInt32)] {
            let payment = try TemplatePayment(wallet, [good])
            #expect(try signer.assess(payment.request).verdict == .allow)
        }
    }

    @Test("A home made before these checks does not open with such a policy")
    func olderHome() throws {
        let (one, two) = (Self.own(), try Self.cosigner(2))
        let wallets = [Self.multi([one, two]), Self.multi([one, two], isSorted: true)]
        let home = try TestTemplate.home(wallets, keepsAmbiguous: true)
        let answer = try home.seal().unlock()
        #expect(answer.name == .ambiguousAddress)
        #expect(answer.refusal?.index == 1)
    }
}

extension WalletTemplate.Key {
    fileprivate var takesIndex: Bool {
        switch self {
        case .own(_, let children), .extended(_, _, let children), .aggregate(_, let children):
            children != .itself
        case .fixed: false
        }
    }
}
