package import Bytes

extension ChargeLeaf {
    package init(
        salt: Bytes16,
        decisionIndex: UInt64,
        outcome: ChargeOutcome,
        rule: UInt16,
        limit: UInt16,
        group: LeafOutpoint,
        requester: UInt32,
        time: LeafTime
    ) {
        self.salt = salt
        self.decisionIndex = decisionIndex
        self.outcome = outcome
        self.rule = rule
        self.limit = limit
        self.group = group
        self.requester = requester
        self.time = time
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .charge, salt: salt).write(to: &writer)
        try writer.writeUInt64(decisionIndex)
        try writer.writeUInt8(outcome.rawValue)
        try writer.writeUInt16(rule)
        try writer.writeUInt16(limit)
        try group.write(to: &writer)
        try writer.writeUInt32(requester)
        try time.write(to: &writer)
    }
}

/// Refusals beyond the first few of one kind, counted exactly.
package struct CoalescedLeaf: Equatable, Sendable {
    package static let byteCount = LeafHeader.byteCount + 4 + 2 + 8 + LeafTime.byteCount

    package let salt: Bytes16
    package let requester: UInt32
    package let code: UInt16
    package let count: UInt64
    package let time: LeafTime

    package init(salt: Bytes16, requester: UInt32, code: UInt16, count: UInt64, time: LeafTime) {
        self.salt = salt
        self.requester = requester
        self.code = code
        self.count = count
        self.time = time
    }

    /// Reads a whole leaf.
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .coalescedRefusals else { throw .nonCanonical }
        salt = header.salt
        requester = try reader.readUInt32()
        code = try reader.readUInt16()
        count = try reader.readUInt64()
        time = try LeafTime(reading: &reader)
        try reader.finish()
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .coalescedRefusals, salt: salt).write(to: &writer)
        try writer.writeUInt32(requester)
        try writer.writeUInt16(code)
        try writer.writeUInt64(count)
        try time.write(to: &writer)
    }
}

/// What a note of the gate is about.
package enum NoteEvent: UInt8, Equatable, Sendable {
    case start = 1
    case stop = 2
    case heartbeat = 3
    case tornTailCut = 4
    case clockStep = 5
}

/// A note of the gate: its event, bytes that explain it, and the time.
package struct NoteLeaf: ~Escapable {
    package let salt: Bytes16
    package let event: NoteEvent
    package let detail: Span<UInt8>
    package let time: LeafTime

    @_lifetime(copy detail)
    package init(salt: Bytes16, event: NoteEvent, detail: Span<UInt8>, time: LeafTime) {
        self.salt = salt
        self.event = event
        self.detail = detail
        self.time = time
    }

    /// Reads a whole leaf.
    @_lifetime(copy bytes)
    package init(reading bytes: Span<UInt8>) throws(ByteError) {
        var reader = ByteReader(bytes)
        let header = try LeafHeader(reading: &reader)
        guard header.kind == .note, let event = NoteEvent(rawValue: try reader.readUInt8()) else {
            throw .nonCanonical
        }
        salt = header.salt
        self.event = event
        detail = try reader.readVec16()
        time = try LeafTime(reading: &reader)
        try reader.finish()
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try LeafHeader(kind: .note, salt: salt).write(to: &writer)
        try writer.writeUInt8(event.rawValue)
        try writer.writeVec16(detail)
        try time.write(to: &writer)
    }
}
