import Bytes
import Gate
import Testing
import Transparency
import Wire

/// A server over a store in memory, a clock in the hand, and a fake signer: everything of the gate
/// but its sockets.
final class GateBench {
    static let bundleHash = Bytes32(repeating: 0xB4)
    static let limits = [LimitCaps(windowSeconds: 3_600, amountMax: 10_000, countMax: 1_000)]

    let store: MemoryStore
    let clock: ManualClock
    let signer: FakeSigner
    var server: GateServer
    var replies: [ClientReply] = []
    /// The signer's answers reach the server in pieces of at most so many bytes.
    var pieceCount = Int.max
    /// Bytes of a release's answer that reach the server; the rest never comes.
    var answerLimit = Int.max

    init(
        store: MemoryStore = MemoryStore(),
        clock: ManualClock = ManualClock(),
        signer: FakeSigner = FakeSigner(bundleHash: bundleHash),
        limits: [LimitCaps] = limits,
        lists: DestinationLists = .none,
        signaturesPerInputMax: [HashKey: Int] = [:],
        addressWork: [HashKey: Int] = [:]
    ) throws {
        self.store = store
        self.clock = clock
        self.signer = signer
        server = try GateServer(
            GateConfiguration(
                bundleHash: Self.bundleHash,
                limits: limits,
                lists: lists,
                signaturesPerInputMax: signaturesPerInputMax,
                addressWork: addressWork
            ),
            store: store,
            clock: clock
        )
    }

    /// A server that serves.
    static func serving(
        store: MemoryStore = MemoryStore(),
        clock: ManualClock = ManualClock(),
        signer: FakeSigner = FakeSigner(bundleHash: bundleHash),
        limits: [LimitCaps] = limits,
        lists: DestinationLists = .none
    ) throws -> GateBench {
        let bench = try GateBench(
            store: store,
            clock: clock,
            signer: signer,
            limits: limits,
            lists: lists
        )
        try bench.start()
        return bench
    }

    func start() throws {
        try server.receiveFromSigner(signer.greeting[...])
        try settle()
        try #require(server.phase == .serving)
    }

    /// The same store under a new server and a signer that remembers.
    func restarted() throws -> GateBench {
        signer.restart()
        return try .serving(
            store: store,
            clock: clock,
            signer: signer,
            limits: server.configuration.limits,
            lists: server.configuration.lists
        )
    }

    var journal: MemoryFile {
        get throws { try #require(store.journals[signer.status.logNumber]) }
    }

    /// All leaves in the journal, as a new reader finds them.
    func leaves() throws -> [[UInt8]] {
        let notes = try #require(CheckpointNotes(signer.status))
        var leaves: [[UInt8]] = []
        var reader = try JournalReader(
            MemoryFile(try journal.bytes),
            origin: BatchFormat.origin(notes.origin.bytes)
        )
        _ = try reader.readAll { (batch, _) in leaves += batch.leaves }
        return leaves
    }

    /// What the charge leaves say.
    func charges() throws -> [ChargeLeaf] {
        try leaves().filter { $0[0] == LeafKind.charge.rawValue }
            .map { try ChargeLeaf(reading: $0.span) }
    }

    func ask(
        _ sample: ResolvedSample,
        client: ClientID,
        requester: UInt32 = 1_000,
        parents: [UInt8] = [0, 0]
    ) throws {
        try server.receive(
            Frame(.sign, sample.request(parents: parents)),
            from: client,
            requester: requester
        )
    }

    /// Asks, and gives the one answer.
    func answer(_ sample: ResolvedSample, client: ClientID = 1) throws -> ClientReply {
        replies = []
        try ask(sample, client: client)
        try settle()
        return try #require(replies.first { $0.client == client })
    }

    /// Lets server and signer talk until both have nothing more to say.
    func settle() throws {
        for _ in 0..<1_000 {
            try server.assess()
            var quiet = try !exchange()
            try server.turn()
            if try exchange() { quiet = false }
            replies += server.replies
            server.replies = []
            if quiet { return }
        }
        Issue.record("server and signer never came to rest")
    }

    /// Lets everything through but releases: as if the signer went just before.
    func settleWithoutRelease() throws {
        for _ in 0..<100 {
            try server.assess()
            _ = try exchange()
            let calls = try journal.calls
            try server.turn()
            if try journal.calls > calls { return }
        }
    }

    /// Carries what the server sends to the signer, and its answers back.
    private func exchange() throws -> Bool {
        var sent: [UInt8] = []
        server.signer.flush { bytes in
            sent.append(bytes)
            return bytes.count
        }
        guard !sent.isEmpty else { return false }
        let answers = try signer.receive(sent)
        let isRelease = answers.count > 4 && answers[4] == MessageKind.released.rawValue
        var rest = isRelease ? answers.prefix(answerLimit) : answers[...]
        while !rest.isEmpty {
            try server.receiveFromSigner(rest.prefix(pieceCount))
            rest = rest.dropFirst(pieceCount)
        }
        return true
    }
}

extension ClientReply {
    /// Stage and code of a refusal.
    var refusal: [Int] {
        guard kind == .gateRefused else { return [] }
        return [Int(payload[0]), Int(payload[1]) | Int(payload[2]) << 8]
    }
}

extension GateBench {
    /// What its status tells of every limit: satoshi and payments in use.
    func toldUsage() throws -> [(amount: UInt64, count: UInt32)] {
        replies = []
        try server.receive(Frame(.gateStatus, []), from: 9, requester: 1_000)
        try settle()
        let payload = try #require(replies.first { $0.client == 9 }).payload
        var reader = ByteReader(payload.span)
        _ = try reader.readUInt8()
        _ = try reader.readVec16()
        _ = try reader.readUInt64()
        var usage: [(amount: UInt64, count: UInt32)] = []
        for _ in 0..<(try reader.readUInt16()) {
            usage.append((try reader.readUInt64(), try reader.readUInt32()))
        }
        return usage
    }
}
