import Bytes
import Gate
import TestSupport
import Testing
import Wire

/// A stolen front that asks for what is dear to check and is refused for it: nothing is charged.
@Suite("The signer's work")
struct WorkTests {
    private static let heavy: UInt8 = 7
    /// As much as one request may take.
    private static let workMax = 600_000

    private func bench() throws -> GateBench {
        let bench = try GateBench(
            store: MemoryStore(ahead: 1 << 20),
            addressWork: [HashKey(Bytes32(repeating: Self.heavy)): Self.workMax]
        )
        try bench.start()
        return bench
    }

    private func ask(
        _ bench: GateBench,
        _ number: Int,
        isHeavy: Bool,
        requester: UInt32
    ) throws {
        let wallet = isHeavy ? Self.heavy : 9
        let sample = ResolvedSample(spending: [number], amount: 1, wallet: wallet)
        try bench.ask(sample, client: ClientID(number), requester: requester)
    }

    private func place(_ bench: GateBench, _ number: Int, isHeavy: Bool) throws -> Int {
        let wallet = isHeavy ? Self.heavy : 9
        let digest = ResolvedSample(spending: [number], amount: 1, wallet: wallet).digest.array
        return try #require(bench.signer.signed.firstIndex(of: digest))
    }

    /// How many requests the signer is given at once.
    private func givenAtOnce(isHeavy: Bool) throws -> Int {
        let bench = try bench()
        for number in 0..<20 { try ask(bench, number, isHeavy: isHeavy, requester: 1) }
        try bench.server.assess()
        var sent: [UInt8] = []
        bench.server.signer.flush { bytes in
            sent.append(bytes)
            return bytes.count
        }
        var (count, place) = (0, 0)
        while place < sent.count {
            count += sent[place + 4] == MessageKind.assess.rawValue ? 1 : 0
            place += 4 + (0..<4).reduce(0) { $0 | Int(sent[place + $1]) << (8 * $1) }
        }
        return count
    }

    @Test("The signer is given one dear request at a time, and many of the others")
    func oneAtATime() throws {
        #expect(try givenAtOnce(isHeavy: true) == 1)
        #expect(try givenAtOnce(isHeavy: false) == 20)
    }

    @Test("Who asks for dear ones lets the others have as many turns as they are worth")
    func turns() throws {
        let bench = try bench()
        for number in 0..<20 { try ask(bench, number, isHeavy: true, requester: 1) }
        for number in 100..<150 { try ask(bench, number, isHeavy: false, requester: 2) }
        try bench.settle()
        #expect(bench.signer.signed.count == 70)
        // One of the dear ones was first; all fifty of the others come before the next.
        #expect(try place(bench, 0, isHeavy: true) == 0)
        for number in 100..<150 {
            #expect(try place(bench, number, isHeavy: false) < place(bench, 1, isHeavy: true))
        }
        // Alone, nobody is held up.
        for number in 200..<220 { try ask(bench, number, isHeavy: true, requester: 1) }
        try bench.settle()
        #expect(bench.signer.signed.count == 90)
    }
}
