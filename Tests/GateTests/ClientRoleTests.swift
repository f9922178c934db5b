import Gate
import TestSupport
import Testing
import Wire

@Suite("What a client may do, by the socket at which it came")
struct ClientRoleTests {
    private static let mebibyte = 1 << 20

    /// The answer at once to a request of so many bytes, which the signer never sees; nothing: it
    /// is held.
    private static func ask(
        _ bench: GateBench,
        _ number: UInt8,
        mebibytes: Int,
        requester: UInt32,
        _ role: ClientRole
    ) throws -> [Int]? {
        bench.server.replies = []
        var payload = [UInt8](repeating: 0xFF, count: mebibytes * mebibyte)
        payload[0] = number
        try bench.server.receive(
            Frame(.sign, payload),
            from: ClientID(number),
            requester: requester,
            role: role
        )
        return bench.server.replies.first?.refusal
    }

    @Test("Requests of one local uid, and of all of them, leave room for others and the front")
    func bytes() throws {
        let bench = try GateBench.serving()
        let busy = [3, Int(Refusal.busy.rawValue)]
        #expect(try Self.ask(bench, 1, mebibytes: 40, requester: 7, .local) == nil)
        #expect(try Self.ask(bench, 2, mebibytes: 30, requester: 7, .local) == busy)
        #expect(try Self.ask(bench, 3, mebibytes: 24, requester: 7, .local) == nil)
        #expect(try Self.ask(bench, 4, mebibytes: 60, requester: 8, .local) == nil)
        #expect(try Self.ask(bench, 5, mebibytes: 10, requester: 9, .local) == busy)
        #expect(try Self.ask(bench, 6, mebibytes: 4, requester: 9, .local) == nil)
        for number in 7..<9 as Range<UInt8> {
            #expect(try Self.ask(bench, number, mebibytes: 60, requester: 7, .front) == nil)
        }
        #expect(try Self.ask(bench, 9, mebibytes: 60, requester: 7, .front) == busy)
        // Who goes gives back what it held.
        bench.server.leave(1)
        #expect(try Self.ask(bench, 10, mebibytes: 30, requester: 7, .local) == nil)
    }

    @Test("The kinds that each role may send, and the size of a request")
    func kinds() {
        let signing: [MessageKind] = [.sign, .open, .signOpened]
        let asking: [MessageKind] = [.gateStatus, .gateAddress, .gateXpub]
        for code in UInt8.min...UInt8.max {
            guard let kind = MessageKind(rawValue: code) else { continue }
            let header = FrameHeader(kind: kind, payloadCount: 0)
            #expect(ClientRole.local.admits(header) == signing.contains(kind))
            #expect(ClientRole.front.admits(header) == (signing + asking).contains(kind))
        }
        for role in [ClientRole.front, .local] {
            let most = MessageKind.assess.lengthMax - AssessHead.byteCount - 1
            #expect(role.admits(FrameHeader(kind: .sign, payloadCount: most)))
            #expect(!role.admits(FrameHeader(kind: .sign, payloadCount: most + 1)))
        }
    }

    @Test("Two uids take turns whatever the role: many requests of one are not before the other's")
    func turns() throws {
        let bench = try GateBench.serving()
        let first = ResolvedSample(spending: [500], amount: 1)
        for number in 0..<200 {
            let sample = ResolvedSample(spending: [number], amount: 1)
            try bench.server.receive(
                Frame(.sign, sample.request()),
                from: ClientID(number + 1),
                requester: 7,
                role: .local
            )
        }
        try bench.ask(first, client: 1_000, requester: 8)
        try bench.settle()
        #expect(bench.signer.signed.count == 201)
        let place = try #require(bench.signer.signed.firstIndex(of: first.digest.array))
        #expect(place < 5)
        #expect(try bench.charges().map(\.requester).filter { $0 == 8 }.count == 1)
    }
}
