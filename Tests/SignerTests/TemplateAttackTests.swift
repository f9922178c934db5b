import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

/// A lie about a payment from a wallet of scripts, and the refusal that names it.
struct ScriptLie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let name: Refusal
    let change: @Sendable (inout TestRequest, TestTemplate) throws -> Void

    init(
        _ description: String,
        _ name: Refusal,
        _ change: @escaping @Sendable (inout TestRequest, TestTemplate) throws -> Void
    ) {
        testDescription = description
        self.name = name
        self.change = change
    }
}

@Suite("A front's lies about wallets of scripts")
struct TemplateAttackTests {
    private static func extended(_ number: UInt8) throws -> WalletTemplate.Key {
        let node = try TestTemplate.extended([1] + [UInt8](repeating: number, count: 63))
        return .extended(chainCode: node.chainCode, key: node.key, .branches([0, 1]))
    }

    private static func own(_ account: UInt32) -> WalletTemplate.Key {
        let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000 | account, 0x8000_0002]
        return .own(path: path, .branches([0, 1]))
    }

    /// `multi(2, …)` of three keys, sorted or not.
    static func multi(
        _ kind: OutputKind,
        isSorted: Bool = false,
        cosigners: (UInt8, UInt8) = (2, 3)
    ) throws -> TestTemplate {
        var script: [UInt8] = [0x52]
        for _ in 0..<3 { script += [33] + [UInt8](repeating: 0, count: 33) }
        let leaf = WalletTemplate.Leaf(
            satisfactionWeight: 800,
            script: script + [0x53, 0xae],
            holes: (0..<3).map {
                TemplateHole(offset: 2 + 34 * $0, key: $0, form: .compressed)
            },
            groups: isSorted ? [0..<3] : []
        )
        return TestTemplate(
            template: WalletTemplate(
                kind: kind,
                indexMax: 1_000,
                keys: [own(0), try extended(cosigners.0), try extended(cosigners.1)],
                leaves: [leaf]
            )
        )
    }

    /// `tr(internal, {pk(own), pk(cosigner)})`
    static func tree(_ internalKey: WalletTemplate.Key) throws -> TestTemplate {
        let leaves = (1...2).map { key in
            WalletTemplate.Leaf(
                depth: 1,
                version: 0xc0,
                satisfactionWeight: 200,
                script: [32] + [UInt8](repeating: 0, count: 32) + [0xac],
                holes: [TemplateHole(offset: 1, key: key, form: .xOnly)]
            )
        }
        let keys = [internalKey, own(0), try extended(9)]
        return TestTemplate(
            template: WalletTemplate(kind: .p2trTree, indexMax: 1_000, keys: keys, leaves: leaves)
        )
    }

    private func check(
        _ lies: [ScriptLie],
        _ wallet: TestTemplate,
        leaf: Int? = nil
    ) throws {
        let (signer, _) = try wallet.home().ready()
        let honest = try TemplatePayment(wallet, [(0, 3), (1, 4)], leaf: leaf).request
        for lie in lies {
            var request = honest
            try lie.change(&request, wallet)
            let answer = try signer.assess(request)
            #expect(answer.name == lie.name, "\(lie.testDescription)")
            #expect(answer.verdict == .refuse)
            #expect(try signer.assess(honest).verdict == .allow)
        }
    }

    static let aboutChange: [ScriptLie] = [
        .init("change of another cosigner set", .fraudulentChange) { request, wallet in
            let other = try multi(wallet.kind, cosigners: (2, 4))
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("change without a cosigner", .fraudulentChange) { request, wallet in
            var other = wallet
            other.template.keys[2] = own(1)
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("change with two keys swapped", .fraudulentChange) { request, wallet in
            var other = wallet
            other.template.keys.swapAt(1, 2)
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("change with one signature less", .fraudulentChange) { request, wallet in
            var other = wallet
            other.template.leaves[0].script[0] = 0x51
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("change to the own key alone", .fraudulentChange) { request, wallet in
            let key = try wallet.keys(1, 4)[0]
            request.outputs[1].script = [0, 20] + TestTemplate.shortHash(key)
        },
        .init("change at another index", .fraudulentChange) { request, wallet in
            request.outputs[1].script = try wallet.script(1, 5)
        },
        .init("change on another branch", .fraudulentChange) { request, wallet in
            request.outputs[1].script = try wallet.script(0, 4)
        },
        .init("change inside of P2SH, or outside", .fraudulentChange) { request, wallet in
            var other = wallet
            other.template.kind = wallet.kind == .p2wshScript ? .p2shP2WSHScript : .p2wshScript
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("change beyond the last index", .indexOutOfRange) { request, wallet in
            request.outputs[1].script = try wallet.script(1, 1_001)
            request.outputs[1].owner = (0, 1, 1_001)
        },
        .init("change on a third branch", .branchOutOfRange) { request, _ in
            request.outputs[1].owner?.1 = 2
        },
        .init("a coin of another cosigner set", .foreignInput) { request, wallet in
            let other = try multi(wallet.kind, cosigners: (2, 4))
            let parent = TestRequest.parent(
                salt: [7],
                outputs: [(1, [0x51]), (100_000, try other.script(0, 3))]
            )
            request.parents[0] = parent
            request.inputs[0].txid = SHA256.doubleHash(parent.span).array
        },
        .init("no parents", .missingParent) { request, _ in request.parents = [] },
        .init("a lie about an amount", .amountMismatch) { request, _ in
            request.inputs[0].amount += 1
        },
        .init("DEFAULT", .sighashNotPermitted) { request, _ in request.inputs[0].sighash = 0 },
        .init("SINGLE without its output", .sighashSingleWithoutOutput) { request, _ in
            request.inputs[1].sighash = 3
            request.outputs.removeLast()
        },
        .init("ALL of this input alone", .anyoneCanPayInputs) { request, _ in
            request.inputs[0].sighash = 0x81
        },
        .init("a leaf", .unsupportedSelector) { request, _ in
            for place in request.inputs.indices {
                request.inputs[place].selector = 1
                request.inputs[place].leafHash = [UInt8](repeating: 1, count: 32)
            }
        },
    ]

    @Test(
        "Change and coins of another wallet are refused, however near it is",
        arguments: [OutputKind.p2shScript, .p2wshScript, .p2shP2WSHScript]
    )
    func change(kind: OutputKind) throws {
        try check(Self.aboutChange, try Self.multi(kind))
    }

    @Test("In a sorted multi the order of the keys is no other wallet")
    func sorted() throws {
        let wallet = try Self.multi(.p2wshScript, isSorted: true)
        var other = wallet
        other.template.keys.swapAt(1, 2)
        let (signer, _) = try wallet.home().ready()
        var request = try TemplatePayment(wallet, [(0, 0)]).request
        request.outputs[1].script = try other.script(0, 0)
        #expect(try signer.assess(request).verdict == .allow)
    }

    static let aboutLeaves: [ScriptLie] = [
        .init("a leaf of another wallet", .unknownLeaf) { request, wallet in
            var stranger = wallet
            stranger.template.keys[1] = own(1)
            request.inputs[0].leafHash = stranger.leafHash(0, try stranger.keys(0, 3))
        },
        .init("the leaf of another index", .unknownLeaf) { request, _ in
            request.inputs[0].leafHash = request.inputs[1].leafHash
        },
        .init("the leaf of another version", .unknownLeaf) { request, wallet in
            let script = wallet.filled(0, try wallet.keys(0, 3))
            let tagged = [0xc2] + TestRequest.compact(script.count) + script
            request.inputs[0].leafHash = TaggedHash.hash(tag: "TapLeaf", tagged.span).array
        },
        .init("the root as a leaf", .unknownLeaf) { request, wallet in
            request.inputs[0].leafHash = wallet.root(try wallet.keys(0, 3))
        },
        .init("a leaf without a key of ours", .cannotSignLeaf) { request, wallet in
            request.inputs[1].leafHash = wallet.leafHash(1, try wallet.keys(1, 4))
        },
        .init("the key path for one input", .mixedSelectors) { request, _ in
            request.inputs[1].selector = 0
            request.inputs[1].leafHash = []
        },
        .init("the key path of others", .cannotSignKeyPath) { request, _ in
            for place in request.inputs.indices {
                request.inputs[place].selector = 0
                request.inputs[place].leafHash = []
            }
        },
        .init("selector 2", .unsupportedSelector) { request, _ in
            for place in request.inputs.indices {
                request.inputs[place].selector = 2
                request.inputs[place].leafHash = []
            }
        },
        .init("a hash that ends too early", .malformedRequest) { request, _ in
            request.inputs[1].leafHash = []
            request.outputs = []
        },
        .init("change without the tree", .fraudulentChange) { request, wallet in
            let bytes = try wallet.keys(1, 4)[0]
            let key = Bytes33(copying: bytes.span)
            let output = try Curve().taprootOutputKey(internalKey: key, merkleRoot: nil)
            request.outputs[1].script = [0x51, 32] + output.array
        },
        .init("change with another internal key", .fraudulentChange) { request, _ in
            request.outputs[1].script = try tree(extended(6)).script(1, 4)
        },
        .init("change with the leaves in one deeper tree", .fraudulentChange) { request, wallet in
            var other = wallet
            other.template.leaves[1].depth = 2
            other.template.leaves.append(other.template.leaves[1])
            request.outputs[1].script = try other.script(1, 4)
        },
        .init("ALL of this input alone", .anyoneCanPayInputs) { request, _ in
            request.inputs[0].sighash = 0x81
        },
    ]

    @Test("Leaves that are not the wallet's, or not ours to sign, are refused")
    func leaves() throws {
        try check(Self.aboutLeaves, try Self.tree(Self.extended(5)), leaf: 0)
    }

    @Test(
        "The key path of an aggregate is recognised, and never signed",
        arguments: [WalletTemplate.Children.itself, .branches([0, 1])]
    )
    func aggregate(children: WalletTemplate.Children) throws {
        // tr(musig(own, cosigner), {pk(own), pk(cosigner)})
        var wallet = try Self.tree(.aggregate(of: [1, 3], children))
        let fixed = try TestTemplate.extended([1] + [UInt8](repeating: 8, count: 63)).key
        wallet.template.keys.append(.fixed(fixed))
        if children != .itself {
            // What an aggregate that is derived from is made of is the same at every index.
            let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000]
            wallet.template.keys[1] = .own(path: path, .itself)
        }
        let (signer, log) = try wallet.home().ready()
        let script = try signer.script(wallet.id, branch: 1, index: 9)
        #expect(try script == wallet.script(1, 9))
        #expect(try script != wallet.script(1, 8))
        let own = try TemplatePayment(wallet, [(0, 3), (1, 4)], leaf: 0)
        #expect(try own.check(try signer.pay(own.request, log).signatures[0]) == 2)
        let others = try TemplatePayment(wallet, [(0, 3)], leaf: 1)
        #expect(try signer.assess(others.request).name == .cannotSignLeaf)
        let keyPath = try TemplatePayment(wallet, [(0, 3)])
        #expect(try signer.assess(keyPath.request).name == .cannotSignKeyPath)
        // The control: with a key of ours alone in the same place it is signed.
        wallet.template.keys[0] = Self.own(7)
        wallet.template.keys.removeLast()
        let (other, otherLog) = try wallet.home().ready()
        let good = try TemplatePayment(wallet, [(0, 3)])
        #expect(try good.check(try other.pay(good.request, otherLog).signatures[0]) == 1)
    }
}
