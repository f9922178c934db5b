import Bytes
import TestSupport
import Testing
import Wire

@Suite("Frames and messages")
struct MessageTests {
    @Test("The frames of the examples have their kind and length")
    func examples() throws {
        let status = try Examples.bytes("frame-status")
        #expect(
            try FrameHeader(reading: status.span) == FrameHeader(kind: .status, payloadCount: 0)
        )
        let address = try Examples.bytes("frame-address")
        let header = try FrameHeader(reading: Array(address.prefix(5)).span)
        #expect(header.kind == .address && header.payloadCount == address.count - 5)
    }

    @Test("A length at its kind's limit is read; one more, none, and an unknown kind are breaches")
    func limits() throws {
        for raw in UInt8.min...UInt8.max {
            let bytes = header(length: 1, kind: raw)
            guard let kind = MessageKind(rawValue: raw) else {
                #expect(throws: FrameError.unknownKind(raw)) {
                    try FrameHeader(reading: bytes.span)
                }
                continue
            }
            let limit = UInt32(kind.lengthMax)
            let most = try FrameHeader(reading: header(length: limit, kind: raw).span)
            #expect(most.payloadCount == kind.lengthMax - 1)
            #expect(throws: FrameError.tooLong(length: limit + 1, limit: limit)) {
                try FrameHeader(reading: header(length: limit + 1, kind: raw).span)
            }
            #expect(throws: FrameError.empty) {
                try FrameHeader(reading: header(length: 0, kind: raw).span)
            }
        }
    }

    @Test("A phase admits exactly the messages that the protocol lists for it")
    func phases() {
        let gate: [Phase: Set<UInt8>] = [
            .sealed: [1], .unresumed: [1, 2, 6, 7], .ready: [1, 3, 4, 5, 6, 7], .closed: [],
        ]
        for (phase, kinds) in gate {
            for raw in UInt8.min...UInt8.max {
                guard let kind = MessageKind(rawValue: raw) else { continue }
                #expect(phase.admitsFromGate(kind) == kinds.contains(raw))
                let operatorKinds: Set<UInt8> = phase == .sealed ? [0x11, 0x13, 0x14] : []
                #expect(phase.admitsFromOperator(kind) == operatorKinds.contains(raw))
            }
        }
    }

    @Test("Status, head, assess and its reply are written as they are read")
    func roundTrips() throws {
        let status = try Examples.bytes("status-reply")
        let read = try SignerStatus(reading: status.span)
        #expect(read.phase == .ready && read.allowanceSpent == 121_000 && read.landlockABI == 7)
        #expect(status.count == SignerStatus.byteCount)
        #expect(
            try written(capacity: 300) { writer throws(ByteError) in try read.write(to: &writer) }
                == status
        )
        let head = try Examples.bytes("signed-head")
        var reader = ByteReader(head.span)
        let signed = try SignedHead(reading: &reader)
        #expect(signed.size == 44 && head.count == SignedHead.byteCount)
        #expect(
            try written(capacity: 300) { writer throws(ByteError) in try signed.write(to: &writer) }
                == head
        )
        let assess = try Examples.bytes("assess-head")
        reader = ByteReader(assess.span)
        let opening = try AssessHead(reading: &reader)
        #expect(opening.slot == 5 && opening.requester == 64103)
        #expect(
            try written(capacity: 300) { writer throws(ByteError) in try opening.write(to: &writer)
            } == assess
        )
        let reply = try Examples.bytes("assess-reply")
        let answer = try AssessReply(reading: reply.span)
        #expect(answer.verdict == .allow)
        #expect(answer.leaf.count == (try Examples.bytes("leaf-decision-allowed").count))
    }

    @Test("An answer to assess is written as it was read, with openings and without")
    func assessReplies() throws {
        let bare = try Examples.bytes("assess-reply")
        for count in [0, 1, 3] {
            let openings = [UInt8](repeating: 2, count: 33 * count)
            let bytes = bare + (count > 0 ? [UInt8(count), 0] : []) + openings
            let reply = try AssessReply(reading: bytes.span)
            #expect(reply.openings.count == openings.count)
            let again = try written(capacity: 4_096) { writer throws(ByteError) in
                try reply.write(to: &writer)
            }
            #expect(again == bytes)
        }
        // None is said by their absence.
        let none = bare + [0, 0]
        #expect(throws: ByteError.nonCanonical) { _ = try AssessReply(reading: none.span).slot }
    }

    @Test("Both kinds of release entry are read to their end, and no cut of them is")
    func releaseEntries() throws {
        let resolved = try Examples.bytes("resolved-request").count
        for name in ["release-entry-new", "release-entry-retry"] {
            let bytes = try Examples.bytes(name)
            var reader = ByteReader(bytes.span)
            let entry = try ReleaseEntry(reading: &reader)
            try reader.finish()
            #expect(entry.slot == 5 && entry.resolved.count == resolved)
            switch entry.evidence {
            case .new(let offset, let charge):
                #expect(offset == 0 && charge.count == ChargeLeaf.byteCount)
            case .retry(let index, let decision, let charge):
                #expect(index == 40 && decision.proof.count == 64)
                #expect(charge.bytes.count == ChargeLeaf.byteCount && charge.proof.count == 64)
            }
            for count in 0..<bytes.count {
                #expect(throws: ByteError.self) {
                    let cut = Array(bytes.prefix(count))
                    var reader = ByteReader(cut.span)
                    _ = try ReleaseEntry(reading: &reader)
                    try reader.finish()
                }
            }
        }
    }

    @Test("A slot that the signer does not have is a breach")
    func slots() throws {
        var bytes = try Examples.bytes("assess-head")
        bytes[1] = 0xFF
        bytes[2] = 0x03
        var reader = ByteReader(bytes.span)
        #expect(try AssessHead(reading: &reader).slot == 1_023)
        #expect(throws: ByteError.self) {
            var beyond = bytes
            beyond[1] = 0
            beyond[2] = 4
            var reader = ByteReader(beyond.span)
            _ = try AssessHead(reading: &reader)
        }
    }

    @Test("Refusal codes and names are distinct, and names are the cases in kebab-case")
    func refusalNames() {
        var names: Set<String> = []
        for raw in UInt16.min...999 {
            guard let refusal = Refusal(rawValue: raw) else { continue }
            let name = refusal.name.description
            #expect(names.insert(name).inserted)
            let spelled = "\(refusal)".map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }
            #expect(spelled.joined() == name)
        }
        #expect(names.count >= 60)
    }

    private func header(length: UInt32, kind: UInt8) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [kind]
    }
}
