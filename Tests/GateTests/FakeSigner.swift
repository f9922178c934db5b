import BitcoinCrypto
import Bytes
import Gate
import TestSupport
import Transparency
import Wire

/// A signer that keeps to the protocol, but checks and signs nothing: for faults of our choosing.
/// The real one is in the system tests.
final class FakeSigner {
    /// Changes a reply, or takes its place.
    var spoil: (Frame) -> [Frame] = { [$0] }
    /// What it makes of a request: a refusal's code, or nothing to allow it.
    var refusalCode: (ResolvedSample) -> UInt16 = { _ in 0 }
    /// The charges of its one rule.
    var charges: (ResolvedSample) -> [LeafCharge] = {
        [LeafCharge(limit: 0, amount: $0.amount)]
    }
    /// What it builds the leaf of, in the place of what it was asked.
    var posing: (ResolvedSample) -> ResolvedSample = { $0 }
    /// Signs nothing over this sum, as the allowance.
    var status: SignerStatus
    var events: [[UInt8]] = []
    /// What it was asked, in order.
    private(set) var asked: [MessageKind] = []
    /// How many entries each release had.
    private(set) var releases: [Int] = []
    /// Requests that it signed for, by digest.
    private(set) var signed: [[UInt8]] = []
    /// Refuses the releases for which it says so.
    var refusesRelease: (Int) -> UInt16? = { _ in nil }

    private var range = CompactRange()
    private let secretKey: [UInt8]
    private var assembler = FrameAssembler()
    private var slots: [UInt16: ResolvedSample] = [:]

    init(bundleHash: Bytes32, allowance: UInt64 = 1_000_000) {
        var status = SignerStatus(phase: .unresumed)
        status.network = 4
        status.homeID = Bytes32(repeating: 0x48)
        status.bundleHash = bundleHash
        status.allowanceTotal = allowance
        let seed = [UInt8](repeating: 5, count: 32)
        var secretKey = [UInt8](repeating: 0, count: Ed25519.secretKeyCount)
        var room = secretKey.mutableSpan
        status.auditPublicKey = Ed25519.makeKey(seed: seed.span, into: &room)
        self.status = status
        self.secretKey = secretKey
    }

    /// The size it has appended.
    var size: UInt64 { range.size }

    var greeting: [UInt8] { Frame(.statusReply, statusPayload).bytes }

    /// As after a restart: the tree is known up to what it remembered.
    func restart() {
        slots = [:]
        assembler = FrameAssembler()
        status.phase = .unresumed
        status.logSize = range.size
        status.root = range.root
    }

    /// More where a script holds several of its keys.
    var signaturesPerInput = 1

    /// Takes over what another one remembered.
    func remember(_ other: FakeSigner) throws {
        range = other.range
        status = other.status
        restart()
    }

    /// Answers bytes as they come.
    func receive(_ bytes: [UInt8]) throws -> [UInt8] {
        var input = bytes[...]
        var output: [UInt8] = []
        while !input.isEmpty {
            guard let frame = try assembler.take(&input, admits: { _ in true }) else { break }
            asked.append(frame.kind)
            output += try spoil(answer(frame)).flatMap(\.bytes)
        }
        return output
    }

    private var statusPayload: [UInt8] {
        [UInt8].written(limit: SignerStatus.byteCount) { writer throws(ByteError) in
            try status.write(to: &writer)
        }
    }

    private func answer(_ frame: Frame) throws -> Frame {
        switch frame.kind {
        case .status: return Frame(.statusReply, statusPayload)
        case .resume: return try resume(frame.payload)
        case .assess: return try assess(frame.payload)
        case .release: return try release(frame.payload)
        case .advance:
            var reader = ByteReader(frame.payload.span)
            _ = try reader.readUInt64()
            try append(&reader)
            return Frame(.advanced, try head())
        // Any other size ends the real one's session.
        case .address:
            precondition(frame.payload.count == 37)
            return Frame(.addressReply, [2, 0, 0x51, 0x20])
        case .xpub:
            precondition(frame.payload.count == 33)
            return Frame(.xpubReply, [UInt8](repeating: 3, count: 78))
        default: preconditionFailure("the gate sent \(frame.kind)")
        }
    }

    private func append(_ reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readUInt32()) {
            range.append(leafHash: try reader.readBytes32())
        }
        status.logSize = range.size
        status.root = range.root
    }

    private func head() throws -> [UInt8] {
        guard let notes = CheckpointNotes(status) else { preconditionFailure("a network") }
        let text = try CheckpointText(
            origin: notes.origin.bytes,
            size: range.size,
            root: range.root
        )
        let key = secretKey
        let signature = Ed25519.sign(message: text.bytes, secretKey: key.span)
        let head = SignedHead(size: range.size, root: range.root, signature: signature)
        return .written(limit: SignedHead.byteCount) { writer throws(ByteError) in
            try head.write(to: &writer)
        }
    }

    private func resume(_ payload: [UInt8]) throws -> Frame {
        var reader = ByteReader(payload.span)
        _ = try reader.readUInt32()
        let size = try reader.readUInt64()
        let hashes = try reader.readSpan(32 * Int(try reader.readUInt8()))
        range = try CompactRange(size: size, hashes: hashes)
        precondition(size == status.logSize && (size == 0 || range.root == status.root))
        _ = try SignedHead(reading: &reader)
        try append(&reader)
        status.phase = .ready
        var reply = try head()
        reply.append(UInt64(events.count), bytes: 2)
        for event in events {
            reply.append(UInt64(event.count), bytes: 2)
            reply += event
        }
        events = []
        return Frame(.resumed, reply)
    }

    private func assess(_ payload: [UInt8]) throws -> Frame {
        var reader = ByteReader(payload.span)
        let head = try AssessHead(reading: &reader)
        let request = [UInt8](payload[reader.position...])
        let sample = try ResolvedSample(request: request)
        let code = refusalCode(sample)
        if code == 0 { slots[head.slot] = sample }
        let detail = RefusalDetail(rawCode: code)
        let posed = posing(sample)
        let leaf = posed.leaf(detail, bundleHash: status.bundleHash, charges: charges(sample))
        return Frame(
            .assessed,
            .written(limit: leaf.count + 100) { writer throws(ByteError) in
                let reply = AssessReply(
                    slot: head.slot,
                    verdict: code == 0 ? .allow : .refuse,
                    refusal: detail,
                    digest: sample.digest,
                    resolvedByteCount: UInt32(sample.resolved.count),
                    leaf: leaf.span
                )
                try reply.write(to: &writer)
            }
        )
    }

    private func verify(_ shown: borrowing ProvenLeaf, at index: UInt64) throws {
        try InclusionProof.verify(
            leafHash: Merkle.leafHash(shown.bytes),
            index: index,
            size: range.size,
            proof: shown.proof,
            root: range.root
        )
    }

    private func release(_ payload: [UInt8]) throws -> Frame {
        var reader = ByteReader(payload.span)
        let before = (range, status)
        try append(&reader)
        let count = Int(try reader.readUInt16())
        releases.append(count)
        if let code = refusesRelease(count) {
            (range, status) = before
            let detail = RefusalDetail(rawCode: code)
            return Frame(
                .refused,
                .written(limit: 22) { writer throws(ByteError) in try detail.write(to: &writer) }
            )
        }
        var signatures: [UInt8] = []
        for _ in 0..<count {
            let entry = try ReleaseEntry(reading: &reader)
            guard let sample = slots[entry.slot] else { preconditionFailure("an assessed slot") }
            precondition([UInt8](copying: entry.resolved) == sample.resolved)
            if case .retry(let index, let decision, let charge) = entry.evidence {
                try verify(decision, at: index)
                try verify(charge, at: index + 1)
                let charged = try ChargeLeaf(reading: charge.bytes)
                precondition(charged.outcome == .charged && charged.decisionIndex == index)
            } else {
                status.allowanceSpent += sample.amount
            }
            signed.append(sample.digest.array)
            let count = signaturesPerInput * sample.inputs.count
            signatures.append(UInt64(count), bytes: 2)
            signatures += [UInt8](repeating: sample.digest[0], count: 64 * count)
        }
        try reader.finish()
        var reply = try head()
        reply.append(UInt64(count), bytes: 2)
        return Frame(.released, reply + signatures)
    }
}
