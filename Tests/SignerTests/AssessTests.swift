import Bitcoin
import Bytes
import Signer
import TestSupport
import Testing
import Wire

@Suite("Assessing a request")
struct AssessTests {
    @Test("The first address of the well-known mnemonic is the one that everybody derives")
    func knownAddress() throws {
        let (signer, _) = try TestHome().ready()
        // BIP-84 on a test network, m/84'/1'/0'/0/0: tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl.
        let script = try signer.script()
        #expect(script.hex == "0014d0c4a3ef09e997b6e99e397e518fe3e41a118ca1")
    }

    @Test("An honest payment is allowed, and the leaf says what it does", arguments: [0, 1])
    func honest(wallet: Int) throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        let request = try TestRequest(signer, wallet: wallet)
        let answer = try signer.assess(request)
        #expect(answer.verdict == .allow)
        let leaf = try DecisionLeaf(reading: answer.leaf.span)
        let found = leaf.facts
        let facts = try #require(found)
        #expect(facts.outflow == 60_000)
        #expect(facts.fee == 10_000)
        #expect(facts.ownOutputAmount == 140_000)
        #expect(facts.inputCount == 2)
        #expect(facts.walletID.span.array == TestRequest.walletIDs[wallet])
        var destinations = leaf.destinations
        #expect(destinations.left == 1)
        if let destination = destinations.next() {
            #expect(destination.amount == 50_000)
            #expect(destination.script.array == TestRequest.foreignScript)
        }
        var rules = leaf.rules
        #expect(rules.left == 1)
        if let rule = rules.next() { #expect(rule.rule == 0) }
    }

    @Test("The same request assessed twice gives the same leaf, byte for byte")
    func deterministic() throws {
        let (signer, _) = try TestHome().ready()
        let request = try TestRequest(signer)
        let first = try signer.assess(request, slot: 3)
        #expect(try signer.assess(request, slot: 900).leaf == first.leaf)
    }

    @Test("Parents in another order change nothing")
    func parentOrder() throws {
        let (signer, _) = try TestHome().ready()
        var request = try TestRequest(signer)
        let first = try signer.assess(request)
        request.parents.reverse()
        #expect(try signer.assess(request).leaf == first.leaf)
    }

    @Test("Taproot inputs need no parents; segwit v0 inputs need every one")
    func parentsMissing() throws {
        let (signer, _) = try TestHome(.bothWallets).ready()
        var taproot = try TestRequest(signer, wallet: 1)
        taproot.parents = []
        #expect(try signer.assess(taproot).verdict == .allow)
        var segwit = try TestRequest(signer)
        segwit.parents.removeLast()
        let answer = try signer.assess(segwit)
        #expect(answer.name == .missingParent)
        #expect(answer.refusal.index == 1)
    }

    @Test("What the policy does not allow is refused with the facts, and says which cap")
    func policy() throws {
        var bundle = SampleBundle.bothWallets
        bundle.rules[0].outflow = 59_999
        let (signer, _) = try TestHome(bundle).ready()
        let answer = try signer.assess(try TestRequest(signer))
        #expect(answer.verdict == .refuse)
        #expect(answer.refusal.code == 201)
        #expect(answer.refusal.expected == 59_999)
        #expect(answer.refusal.found == 60_000)
        let leaf = try DecisionLeaf(reading: answer.leaf.span)
        let outflow = leaf.facts?.outflow
        let ruleCount = leaf.rules.left
        #expect(outflow == 60_000)
        #expect(ruleCount == 0)
    }

    @Test("A time before the record's is refused")
    func timeBack() throws {
        let (signer, _) = try TestHome().ready()
        let request = try TestRequest(signer)
        #expect(try signer.assess(request, time: 999).name == .timeWentBack)
        #expect(try signer.assess(request, time: 1_000).verdict == .allow)
    }

    @Test("5,000 inputs of one parent are assessed; a repeat among them is found")
    func manyInputs() throws {
        let (signer, _) = try TestHome().ready()
        var request = try TestRequest(signer, wallet: 0, count: 1)
        let script = try signer.script()
        let parent = TestRequest.parent(
            salt: [1],
            outputs: (0..<5_000).map { _ in (1_000, script) }
        )
        request.parents = [parent]
        let txid = SHA256Double.hash(parent)
        request.inputs = (0..<5_000).map {
            TestRequest.Input(
                txid: txid,
                vout: UInt32(($0 * 7_919) % 5_000),
                amount: 1_000,
                index: 0,
                sighash: 1
            )
        }
        request.outputs = [.init(amount: 4_000_000, script: TestRequest.foreignScript)]
        #expect(try signer.assess(request).verdict == .allow)
        request.inputs[4_999].vout = request.inputs[17].vout
        let answer = try signer.assess(request)
        #expect(answer.name == .duplicateInput)
        #expect(answer.refusal.index == 4_999)
        #expect(answer.refusal.found == 17)
    }

    @Test("Every cut of a request is refused with a leaf, and the session goes on")
    func cuts() throws {
        let (signer, _) = try TestHome().ready()
        let request = try TestRequest(signer, count: 1)
        let encoded = request.encoded
        let head = Array(request.assessPayload().dropLast(encoded.count))
        for count in 0..<encoded.count {
            let answer = try signer.ask(.assess, head + encoded.prefix(count))
            #expect(try Assessed(answer.payload).verdict == .refuse, "cut at \(count)")
        }
        #expect(try signer.assess(request).verdict == .allow)
    }
}
