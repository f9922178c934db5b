import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Signer
import TestSupport
import Testing
import Wire

@Suite("Sighash types that a rule permits")
struct SighashTests {
    /// Those that leave something open, with their bits.
    static let types: [(UInt8, UInt8)] = [(2, 1), (3, 2), (0x81, 4), (0x82, 8), (0x83, 16)]
    /// A decision leaf up to the byte that says which facts follow.
    private static let bitsPlace = 2 + 16 + 1 + 22 + 32 + 32 + 1

    /// A home of both wallets whose one rule permits these types.
    private static func home(
        _ sighashes: UInt8,
        _ change: (inout SampleBundle) -> Void = { _ in }
    ) throws -> TestHome {
        var bundle = SampleBundle.bothWallets
        bundle.rules[0].effect = sighashes == 0 ? 1 : 3
        bundle.rules[0].sighashes = sighashes
        change(&bundle)
        return try TestHome(bundle)
    }

    /// A payment whose inputs are all signed with a type: one input with ANYONECANPAY, else two.
    private static func payment(
        _ signer: TestSigner,
        _ sighash: UInt8,
        wallet: Int = 0
    ) throws -> TestRequest {
        var request = try TestRequest(signer, wallet: wallet, count: sighash < 0x80 ? 2 : 1)
        for place in request.inputs.indices { request.inputs[place].sighash = sighash }
        return request
    }

    @Test(
        "Each kind of wallet signs what each type fixes and nothing else",
        arguments: TestTemplate.keyKinds + TestTemplate.scriptKinds
    )
    func digests(kind: OutputKind) throws {
        var dice = Dice(seed: UInt64(kind.rawValue))
        let isOneKey = TestTemplate.keyKinds.contains(kind)
        let wallet =
            isOneKey ? TestTemplate.oneKey(kind) : try TestTemplate.random(kind, &dice)
        let home = try TestTemplate.home([wallet], sighashes: SighashPermission.every)
        let (signer, log) = try home.ready()
        let leaves: [Int?] =
            wallet.isTree ? wallet.ownLeaves + (wallet.isOwn(0) ? [nil] : []) : [nil]
        var signatures = 0
        for leaf in leaves {
            for (sighash, _) in Self.types + [(1, 0)] {
                let claims = (0..<(sighash < 0x80 ? 3 : 1)).map { _ in wallet.randomClaim(&dice) }
                var payment = try TemplatePayment(wallet, claims, leaf: leaf)
                let more = TestRequest.Output(amount: 1_000, script: TestRequest.foreignScript)
                payment.request.outputs.append(more)
                for place in claims.indices { payment.request.inputs[place].sighash = sighash }
                // One in a few is mixed: each signature is of its own input's type.
                if claims.count > 1, dice.chance(1, of: 2) {
                    payment.request.inputs[dice.below(claims.count)].sighash = 1
                }
                let released = try signer.pay(payment.request, log)
                signatures += try payment.check(released.signatures[0])
                // The negative control: another type is another message.
                payment.request.inputs[0].sighash ^= 0x80
                #expect(try payment.verdicts(released.signatures[0]).first == false)
            }
        }
        #expect(signatures >= 12, "\(signatures)")
    }

    @Test("Without a permission for just this type it is refused, and nothing can be released")
    func permission() throws {
        for wallet in [0, 1] {
            for (sighash, bit) in Self.types {
                for permitted in [0, 31 ^ bit, bit, 31] {
                    let (signer, log) = try Self.home(permitted).ready()
                    let request = try Self.payment(signer, sighash, wallet: wallet)
                    let answer = try signer.assess(request)
                    guard permitted & bit == 0 else {
                        #expect(answer.verdict == .allow)
                        continue
                    }
                    #expect(answer.refusal.code == PolicyRefusal.sighashNotInRule.rawValue)
                    #expect(answer.refusal.expected == UInt64(permitted))
                    #expect(answer.refusal.found == UInt64(bit))
                    log.charge(answer.leaf)
                    let released = try signer.ask(.release, try log.release([(request, 0)]))
                    #expect(released.name == .slotEmpty)
                }
            }
        }
    }

    @Test("What others can change leaves as a whole, as fee as well, and is charged as a whole")
    func totals() throws {
        for (sighash, bit) in Self.types {
            let (signer, log) = try Self.home(bit).ready()
            let request = try Self.payment(signer, sighash)
            let answer = try signer.assess(request)
            let total = UInt64(request.inputs.count) * 100_000
            let leaf = try DecisionLeaf(reading: answer.leaf.span)
            let (facts, sighashes) = (leaf.facts, leaf.sighashes)
            let known = try #require(facts)
            #expect(known.outflow == total && known.fee == total)
            #expect(known.ownOutputAmount == total - 60_000)
            #expect(sighashes == bit)
            #expect(Array(answer.leaf[Self.bitsPlace...].prefix(2)) == [7, bit])
            _ = try signer.pay(request, log)
            #expect(signer.record.allowanceSpent == total)
        }
        // The control: ALL leaves what does not come back.
        let (signer, _) = try Self.home(31).ready()
        let answer = try signer.assess(try TestRequest(signer))
        let leaf = try DecisionLeaf(reading: answer.leaf.span)
        let (outflow, sighashes) = (leaf.facts?.outflow, leaf.sighashes)
        #expect(outflow == 60_000 && sighashes == 0)
        #expect(answer.leaf[Self.bitsPlace] == 3)
    }

    @Test("R26: a consolidation with NONE is charged whole, though every output is ours")
    func consolidation() throws {
        for (sighash, outflow) in [(UInt8(1), UInt64(10_000)), (2, 200_000)] {
            let (signer, log) = try Self.home(1) { $0.rules[0].outflow = 200_000 }.ready()
            var request = try Self.payment(signer, sighash)
            request.outputs.removeFirst()
            request.outputs[0].amount = 190_000
            _ = try signer.pay(request, log)
            #expect(signer.record.allowanceSpent == outflow)
        }
        // One satoshi below what the coins hold the cap refuses it, and so does a cap on the fee.
        for (outflow, fee, code) in [(199_999, UInt64.max, 201), (200_000, 199_999, 202)] {
            let home = try Self.home(1) {
                $0.rules[0].outflow = UInt64(outflow)
                $0.rules[0].fee = fee
            }
            let (signer, _) = try home.ready()
            let refused = try signer.assess(try Self.payment(signer, 2))
            #expect(Int(refused.refusal.code) == code)
        }
    }

    @Test("One input of another type is enough: a mixed request counts as its loosest input")
    func mixed() throws {
        let (signer, log) = try Self.home(3).ready()
        var request = try TestRequest(signer, count: 3)
        request.inputs[1].sighash = 3
        _ = try signer.pay(request, log)
        #expect(signer.record.allowanceSpent == 300_000)
        request.inputs[2].sighash = 2
        request.outputs.append(.init(amount: 1, script: TestRequest.foreignScript))
        let leaf = try DecisionLeaf(reading: try signer.assess(request).leaf.span)
        let sighashes = leaf.sighashes
        #expect(sighashes == 3)
    }

    @Test("Only with ANYONECANPAY may the outputs be worth more than our input")
    func exceeding() throws {
        for (sighash, _) in Self.types + [(1, 0)] {
            let (signer, _) = try Self.home(31).ready()
            var request = try Self.payment(signer, sighash)
            request.outputs[0].amount = 300_000
            let answer = try signer.assess(request)
            #expect(answer.name == (sighash > 0x80 ? nil : .outputsExceedInputs))
            request.outputs[0].amount = Lie.money
            #expect(try signer.assess(request).name == .amountOutOfRange)
        }
    }

    @Test("Outputs that others can take away again do not lower the fee rate")
    func feerate() throws {
        for (sighash, bit) in Self.types {
            let (signer, _) = try Self.home(bit).ready()
            var request = try Self.payment(signer, sighash)
            func size() throws -> UInt32? {
                try DecisionLeaf(reading: try signer.assess(request).leaf.span).facts?.vsize
            }
            let before = try #require(try size())
            for _ in 0..<50 {
                request.outputs.append(.init(amount: 1, script: TestRequest.foreignScript))
            }
            let after = try #require(try size())
            let isFixed = sighash == 0x81
            #expect(after == before + (isFixed ? 50 * 31 : 0))
        }
    }

    @Test("A rule with destinations takes no type that lets anyone add outputs, a deny rule each")
    func destinations() throws {
        for (sighash, bit) in Self.types {
            let isFixed = sighash == 0x81
            let home = try Self.home(bit) {
                $0.lists = ["good", "never"]
                $0.destinations = [.init(script: TestRequest.foreignScript, lists: 1)]
                $0.rules[0].destinations = 1
                $0.rules[0].lists = 1
            }
            let (signer, _) = try home.ready()
            let listed = try signer.assess(try Self.payment(signer, sighash)).refusal.code
            #expect(listed == (isFixed ? 0 : PolicyRefusal.destinationNotListed.rawValue))
            let denying = try Self.home(bit) {
                $0.lists = ["good", "never"]
                $0.rules.append(.init("never", effect: 2, lists: 2))
            }
            let (other, _) = try denying.ready()
            let denied = try other.assess(try Self.payment(other, sighash)).refusal.code
            #expect(denied == (isFixed ? 0 : PolicyRefusal.deniedByRule.rawValue))
        }
    }

    @Test("The same request again gives the same signatures and one charge, as a retry too")
    func again() throws {
        for wallet in [0, 1] {
            let (signer, log) = try Self.home(31).ready()
            let request = try Self.payment(signer, 3, wallet: wallet)
            let first = try signer.pay(request, log)
            let assessed = try signer.assess(request, slot: 8)
            let index = try #require(log.leaves.firstIndex(of: assessed.leaf))
            let retry = log.retry(request, slot: 8, index: index)
            let again = try Released(try signer.ask(.release, retry))
            #expect(again.signatures == first.signatures)
            #expect(signer.record.allowanceSpent == 200_000)
        }
    }
}
