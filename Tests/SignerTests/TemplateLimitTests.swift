import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

@Suite("Limits of wallets of scripts")
struct TemplateLimitTests {
    /// A wallet whose only script holds the own key `count` times.
    private func many(_ kind: OutputKind, _ count: Int, weight: UInt32 = 10_000) -> TestTemplate {
        let form: KeyForm = kind == .p2trTree ? .xOnly : .compressed
        let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000]
        let leaf = WalletTemplate.Leaf(
            version: kind == .p2trTree ? 0xc0 : 0,
            satisfactionWeight: weight,
            script: (0..<count).flatMap { _ in
                [UInt8(form.byteCount)] + [UInt8](repeating: 0, count: form.byteCount)
            },
            holes: (0..<count).map {
                TemplateHole(offset: (form.byteCount + 1) * $0 + 1, key: 0, form: form)
            }
        )
        return TestTemplate(
            template: WalletTemplate(
                kind: kind,
                indexMax: 5_000,
                keys: [.own(path: path, .branches([0, 1]))],
                leaves: [leaf]
            )
        )
    }

    /// `count` inputs that spend one parent's outputs, all at one address.
    private func request(
        _ wallet: TestTemplate,
        _ count: Int,
        leafHash: [UInt8] = []
    ) throws -> TestRequest {
        let script = try wallet.script(0, 0)
        var request = TestRequest(wallet: wallet.id)
        let outputs = [(UInt64, [UInt8])](repeating: (10_000, script), count: count)
        let parent = TestRequest.parent(salt: [1], outputs: outputs)
        request.parents = [parent]
        let txid = SHA256.doubleHash(parent.span).array
        request.inputs = (0..<count).map { place in
            TestRequest.Input(
                txid: txid,
                vout: UInt32(place),
                amount: 10_000,
                index: 0,
                sighash: wallet.isTaproot ? 0 : 1,
                selector: leafHash.isEmpty ? 0 : 1,
                leafHash: leafHash
            )
        }
        let paid = UInt64(count) * 10_000 - 1_000
        request.outputs = [.init(amount: paid, script: TestRequest.foreignScript)]
        return request
    }

    @Test("16,384 signatures are made for one request, not one more", arguments: [16, 32])
    func signatures(keys: Int) throws {
        for kind in [OutputKind.p2wshScript, .p2trTree] {
            let wallet = many(kind, keys)
            let (signer, log) = try wallet.home().ready()
            let isTree = kind == .p2trTree
            let hash = isTree ? wallet.leafHash(0, try wallet.keys(0, 0)) : []
            let most = 16_384 / keys
            let over = try signer.assess(try request(wallet, most + 1, leafHash: hash))
            #expect(over.name == .tooManySignatures)
            #expect(over.refusal.index == UInt32(most))
            #expect(over.refusal.expected == 16_384)
            #expect(over.refusal.found == UInt64(16_384 + keys))
            let good = try request(wallet, most, leafHash: hash)
            #expect(try signer.assess(good).verdict == .allow)
            guard keys == 32, isTree else { continue }
            let released = try signer.pay(good, log)
            #expect(released.signatures[0].count == 16_384)
        }
    }

    @Test("What is too dear to derive is refused before anything is derived")
    func work() throws {
        // 32 keys and a script of 1,056 bytes: 12 for each key, 2 for each hole and each 1,000.
        var wallet = many(.p2wshScript, 32)
        for place in 1..<32 {
            let node = try TestTemplate.extended([1] + [UInt8](repeating: UInt8(place), count: 63))
            wallet.template.keys.append(
                .extended(chainCode: node.chainCode, key: node.key, .branches([0, 1]))
            )
            let offset = wallet.template.leaves[0].holes[place].offset
            let hole = TemplateHole(offset: offset, key: place, form: .compressed)
            wallet.template.leaves[0].holes[place] = hole
        }
        let perAddress: UInt64 = 12 * 32 + 2 * (1 + 32)
        let most = 600_000 / perAddress
        let (signer, _) = try wallet.home().ready()
        func coins(addresses: UInt64) throws -> TestRequest {
            var request = try self.request(wallet, 2 * Int(addresses))
            request.parents = []
            // Two coins of each address: the second costs nothing.
            for place in request.inputs.indices { request.inputs[place].index = UInt32(place / 2) }
            return request
        }
        #expect(try signer.assess(try coins(addresses: most)).name == .missingParent)
        let over = try signer.assess(try coins(addresses: most + 1))
        #expect(over.name == .tooMuchWork)
        #expect(over.refusal.expected == 600_000)
        #expect(over.refusal.found == (most + 1) * perAddress)
        // Change is counted as well.
        var change = try coins(addresses: most)
        change.outputs.append(
            .init(amount: 1, script: try wallet.script(0, 7), owner: (0, 0, 7))
        )
        change.outputs[0].amount -= 1
        #expect(try signer.assess(change).name == .tooMuchWork)
        // All coins of one address are one.
        #expect(try signer.assess(try self.request(wallet, 5_000)).name == nil)
    }

    @Test("The quadratic work of legacy inputs is bounded, and that of others is not")
    func legacy() throws {
        // 8 + 3 + 1 + 41 n + 31 bytes, times n, is within 64 MiB up to n = 1,278.
        for kind in [OutputKind.p2pkh, .p2shScript] {
            let wallet = kind == .p2pkh ? TestTemplate.oneKey(kind) : many(kind, 1)
            let (signer, _) = try wallet.home().ready()
            #expect(try signer.assess(try request(wallet, 1_278)).verdict == .allow)
            let over = try signer.assess(try request(wallet, 1_279))
            #expect(over.name == .legacyTooLarge)
            #expect(over.refusal.expected == 64 << 20)
            #expect(over.refusal.found == 1_279 * (43 + 41 * 1_279))
        }
        let wallet = many(.p2wshScript, 1)
        let (signer, _) = try wallet.home().ready()
        #expect(try signer.assess(try request(wallet, 1_279)).verdict == .allow)
    }

    @Test("A lock time that is a time is for scripts alone")
    func lockTime() throws {
        for kind in TestTemplate.keyKinds + [.p2wshScript] {
            let wallet = kind == .p2wshScript ? many(kind, 1) : TestTemplate.oneKey(kind)
            let (signer, _) = try wallet.home().ready()
            var payment = try TemplatePayment(wallet, [(0, 0)]).request
            payment.lockTime = 499_999_999
            #expect(try signer.assess(payment).verdict == .allow)
            payment.lockTime = 500_000_000
            #expect(try signer.assess(payment).name == (kind == .p2wshScript ? nil : .timeLock))
        }
    }

    @Test("Parents are mandatory unless the wallet is taproot")
    func parents() throws {
        for kind in TestTemplate.keyKinds + TestTemplate.scriptKinds {
            let isOneKey = TestTemplate.keyKinds.contains(kind)
            let wallet = isOneKey ? TestTemplate.oneKey(kind) : many(kind, 1)
            let (signer, _) = try wallet.home().ready()
            var payment = try TemplatePayment(wallet, [(0, 0)]).request
            payment.parents = []
            #expect(try signer.assess(payment).name == (wallet.isTaproot ? nil : .missingParent))
        }
    }

    @Test("The leaf's size is that of the signed transaction", arguments: TestTemplate.scriptKinds)
    func size(kind: OutputKind) throws {
        let wallet = many(kind, 2, weight: 1_003)
        let (signer, _) = try wallet.home().ready()
        let payment = try TemplatePayment(
            wallet,
            [(0, 0), (1, 1)],
            leaf: kind == .p2trTree ? 0 : nil
        )
        let leaf = try signer.assess(payment.request).leaf
        let found = try DecisionLeaf(reading: leaf.span).facts?.vsize
        let marker = kind == .p2shScript ? 0 : 2
        let outputs = payment.request.outputs.map { 9 + $0.script.count }.reduce(0, +)
        let weight = 4 * (10 + 2 * 41 + outputs) + 2 * 1_003 + marker
        #expect(found == UInt32((weight + 3) / 4))
    }

    @Test("Requests with different numbers of signatures are released together, and again")
    func together() throws {
        let wallets = [many(.p2wshScript, 3), many(.p2trTree, 5), TestTemplate.oneKey(.p2pkh)]
        let (signer, log) = try TestTemplate.home(wallets).ready()
        let payments = [
            try TemplatePayment(wallets[0], [(0, 0), (1, 1)]),
            try TemplatePayment(wallets[1], [(0, 0), (0, 9)], leaf: 0),
            try TemplatePayment(wallets[1], [(1, 7)]),
            try TemplatePayment(wallets[2], [(0, 0), (0, 1), (0, 2)]),
        ]
        var entries: [(TestRequest, UInt16)] = []
        for (slot, payment) in payments.enumerated() {
            log.charge(try signer.assess(payment.request, slot: UInt16(slot)).leaf)
            entries.append((payment.request, UInt16(slot)))
        }
        let released = try Released(try signer.ask(.release, try log.release(entries)))
        log.commit()
        #expect(
            try payments.enumerated().map { try $1.check(released.signatures[$0]) } == [
                6, 10, 1, 3,
            ]
        )
        let spent = signer.record.allowanceSpent
        let index = log.leaves.count - 8
        _ = try signer.assess(payments[0].request, slot: 9)
        let retry = log.retry(payments[0].request, slot: 9, index: index)
        let again = try Released(try signer.ask(.release, retry))
        #expect(again.signatures[0] == released.signatures[0])
        #expect(signer.record.allowanceSpent == spent)
    }

    @Test("A bundle with a key that is not on the curve does not start")
    func offCurve() throws {
        let wrong = [
            Bytes33(hex: "02" + String(repeating: "00", count: 31) + "05"),
            Bytes33(hex: "03" + String(repeating: "ff", count: 32)),
        ]
        for key in wrong {
            for children in [WalletTemplate.Children.branches([0, 1]), .index, .itself] {
                var wallet = try TemplateAttackTests.multi(.p2wshScript)
                wallet.template.keys[2] = .extended(chainCode: .zero, key: key, children)
                #expect(throws: SignerStop.home(.damagedBundle)) { try wallet.home() }
            }
            var wallet = try TemplateAttackTests.multi(.p2wshScript)
            wallet.template.keys[2] = .fixed(key)
            #expect(throws: SignerStop.home(.damagedBundle)) { try wallet.home() }
        }
        _ = try TemplateAttackTests.multi(.p2wshScript).home()
    }

    @Test("A home is not made for a wallet in which a cosigner's key is an own one, however spelt")
    func ownKeyAsCosigner() throws {
        let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000, 0x8000_0002]
        let account = try TestTemplate.extended(TestTemplate.node(path))
        let receive = try account.child(0, curve: Curve())
        var wallet = try TemplateAttackTests.multi(.p2wshScript)
        wallet.template.keys[0] = .own(path: path, .branches([0, 1]))
        _ = try wallet.home()
        let twins: [WalletTemplate.Key] = [
            .extended(chainCode: account.chainCode, key: account.key, .branches([0, 1])),
            .extended(chainCode: account.chainCode, key: account.key, .branches([0])),
            .extended(chainCode: receive.chainCode, key: receive.key, .index),
            .own(path: path + [0], .index),
        ]
        for twin in twins {
            wallet.template.keys[2] = twin
            #expect(throws: SignerStop.self) { try wallet.home() }
        }
        wallet.template.keys[2] = .extended(
            chainCode: account.chainCode,
            key: account.key,
            .branches([2, 3])
        )
        _ = try wallet.home()
    }

    @Test("The largest wallets that a bundle may hold are opened and signed for")
    func largest() throws {
        // 64 wallets, 1,024 own nodes; the last has 32 keys and 64 leaves to a depth of 63.
        var wallets = (0..<63).map { TestTemplate.oneKey(.p2wpkh, account: UInt32($0)) }
        for place in wallets.indices {
            let path: [UInt32] = [0x8000_0054, 0x8000_0001, 0x8000_0000 | UInt32(place)]
            let branches = (0..<UInt32(place < 62 ? 16 : 1)).map { $0 }
            wallets[place].template.keys = [.own(path: path, .branches(branches))]
        }
        var keys: [WalletTemplate.Key] = []
        for number in 0..<31 {
            let path: [UInt32] = [0x8000_0030, 0x8000_0001, 0x8000_0000 | UInt32(number)]
            keys.append(.own(path: path, number == 0 ? .index : .itself))
        }
        keys.append(.aggregate(of: (0..<16).map { $0 }, .itself))
        let holes = (0..<40).map { TemplateHole(offset: 34 * $0 + 1, key: $0 % 32, form: .xOnly) }
        let keyed = (0..<40).flatMap { _ in [32] + [UInt8](repeating: 0, count: 32) + [0xba] }
        let leaves = (Array(1...63) + [63]).map { depth in
            WalletTemplate.Leaf(
                depth: UInt8(depth),
                version: 0xc0,
                satisfactionWeight: 400_000,
                script: keyed + [UInt8](repeating: 0, count: 10_000 - keyed.count),
                holes: holes,
                groups: [0..<32]
            )
        }
        wallets.append(
            TestTemplate(
                template: WalletTemplate(
                    kind: .p2trTree,
                    indexMax: 0x7FFF_FFFF,
                    keys: keys,
                    leaves: leaves
                )
            )
        )
        let (signer, log) = try TestTemplate.home(wallets).ready()
        let payment = try TemplatePayment(wallets[63], [(0, 0), (0, 0x7FFF_FFFF)], leaf: 63)
        let released = try signer.pay(payment.request, log)
        #expect(try payment.check(released.signatures[0]) == 2 * 39)
        let first = try TemplatePayment(wallets[0], [(15, 0)])
        #expect(try first.check(try signer.pay(first.request, log).signatures[0]) == 1)
    }
}
