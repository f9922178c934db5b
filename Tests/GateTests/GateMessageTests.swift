import Bytes
import Gate
import TestSupport
import Testing
import Wire

@Suite("Messages on their way through the gate")
struct GateMessageTests {
    private static let text = "login at noon"

    /// What the limits say is used: satoshi and payments.
    private func usage(_ bench: GateBench) throws -> (amount: UInt64, count: UInt32) {
        let told = try bench.toldUsage()
        try #require(told.count == 1)
        return told[0]
    }

    @Test("One is charged no satoshi, counts one, and is signed again for nothing")
    func charged() throws {
        var bench = try GateBench.serving()
        let message = try ResolvedSample(saying: Self.text)
        #expect(try bench.answer(message).kind == .signed)
        #expect(try usage(bench) == (0, 1))
        let leaves = try bench.leaves().count
        let again = try bench.answer(message)
        #expect(again.kind == .signed && again.payload[0] & 1 == 1)
        #expect(try bench.leaves().count == leaves)
        #expect(bench.signer.signed == [message.digest.array, message.digest.array])
        // The log alone says the same.
        bench = try bench.restarted()
        #expect(try usage(bench) == (0, 1))
        #expect(try bench.answer(message).payload[0] & 1 == 1)
        #expect(try usage(bench) == (0, 1))
        // Another text, address or set of coins is another message.
        for other in [
            try ResolvedSample(saying: "login at nine"),
            try ResolvedSample(saying: Self.text, index: 6),
            try ResolvedSample(saying: Self.text, coins: [3]),
        ] {
            #expect(try bench.answer(other).payload[0] & 1 == 0)
        }
        #expect(try usage(bench) == (0, 4))
    }

    @Test("The cap on the count holds for them")
    func counted() throws {
        let caps = [LimitCaps(windowSeconds: 3_600, amountMax: 10_000, countMax: 2)]
        let bench = try GateBench.serving(limits: caps)
        for (number, kind) in [MessageKind.signed, .signed, .gateRefused].enumerated() {
            let message = try ResolvedSample(saying: "\(number)")
            #expect(try bench.answer(message).kind == kind)
        }
        #expect(bench.signer.signed.count == 2)
        #expect(try bench.charges().map(\.outcome) == [.charged, .charged, .limitExceeded])
    }

    @Test("The coins of a proof stay free: what spends them is charged, in a group of its own")
    func coins() throws {
        let bench = try GateBench.serving()
        #expect(try bench.answer(ResolvedSample(saying: Self.text, coins: [1, 2])).kind == .signed)
        let first = ResolvedSample(spending: [1], amount: 70)
        #expect(try bench.answer(first).kind == .signed)
        #expect(try usage(bench) == (70, 2))
        // What excludes a payment joins it; a message about the coin does not.
        let second = ResolvedSample(spending: [1], amount: 90)
        #expect(try bench.answer(second).kind == .signed)
        #expect(try bench.answer(ResolvedSample(saying: "again", coins: [1])).kind == .signed)
        #expect(try usage(bench) == (90, 4))
        let groups = try bench.charges().map { $0.group }
        #expect(groups[1] == groups[2] && groups[0] != groups[1] && groups[3] != groups[1])
    }

    @Test("A leaf about another message, or about none, ends the service")
    func otherLeaf() throws {
        let message = try ResolvedSample(saying: Self.text)
        let facts = 63 + ResolvedSample.factsOffset
        // Facts, format, wallet, branch, index, count of coins; the text.
        let places = [0, 1, 2, 33, 34, 35, 80].map { facts + $0 }
        for place in places + [facts + 80 + 42 + 4] {
            let bench = try GateBench.serving()
            bench.signer.spoil = { frame in
                guard frame.kind == .assessed else { return [frame] }
                var payload = frame.payload
                payload[place] ^= 1
                return [Frame(.assessed, payload)]
            }
            try bench.ask(message, client: 1)
            #expect(throws: GateError.signerFault(.wrongLeaf), "place \(place - facts)") {
                try bench.settle()
            }
            #expect(bench.replies.isEmpty && bench.signer.signed.isEmpty)
        }
    }

    @Test("A payment's leaf is none of a message, nor the other way round")
    func otherKind() throws {
        let message = try ResolvedSample(saying: Self.text)
        let payment = ResolvedSample(spending: [1], amount: 10)
        for (asked, answered) in [(message, payment), (payment, message)] {
            let bench = try GateBench.serving()
            // The leaf of one with the digest of the other.
            bench.signer.posing = { sample in
                sample.digest == asked.digest
                    ? ResolvedSample(
                        inputs: answered.inputs,
                        amount: answered.amount,
                        resolved: answered.resolved,
                        digest: asked.digest
                    ) : sample
            }
            try bench.ask(asked, client: 1)
            #expect(throws: GateError.signerFault(.wrongLeaf)) { try bench.settle() }
        }
    }

    @Test("Nonces of messages are not opened, and the signer is not asked")
    func opened() throws {
        let bench = try GateBench.serving()
        let request = try ResolvedSample(saying: Self.text).request()
        let nonce = [UInt8](repeating: 7, count: 32)
        for frame in [Frame(.open, request), Frame(.signOpened, nonce + request)] {
            bench.replies = []
            try bench.server.receive(frame, from: 1, requester: 1_000)
            try bench.settle()
            let reply = try #require(bench.replies.first)
            #expect(reply.kind == .gateRefused)
            let code = UInt16(reply.payload[1]) | UInt16(reply.payload[2]) << 8
            #expect(code == Refusal.antiExfilNonceMismatch.rawValue)
        }
        #expect(!bench.signer.asked.contains(.assess))
        #expect(try bench.leaves().allSatisfy { $0[0] != LeafKind.decision.rawValue })
    }
}
