import Bytes
import Wire

/// Property: no reader of the protocol traps, whatever the bytes; what it took it can walk through,
/// and writes again as the same bytes. The first byte chooses the reader.
@c(LLVMFuzzerTestOneInput)
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start = unsafe start, count > 0 else { return 0 }
    // SAFETY: libFuzzer owns `count` readable bytes at `start` for the length of this call.
    let bytes = unsafe Span(_unsafeStart: start, count: count)
    let rest = bytes.extracting(1...)
    do {
        switch bytes[0] {
        case 0: try readFrame(rest)
        case 1: try walk(ResolvedRequest(checking: rest))
        case 2: try walk(DecisionLeaf(reading: rest))
        case 3: try readLeaf(rest)
        case 4: try readAssess(rest)
        case 5: try readRelease(rest)
        case 6: try readMessage(rest)
        default: try readReplies(rest)
        }
    } catch {
        // Refused, which is as good as read: only a trap is a finding.
    }
    return 0
}

private func readFrame(_ bytes: Span<UInt8>) throws {
    guard bytes.count >= FrameHeader.byteCount else { return }
    let head = bytes.extracting(0..<FrameHeader.byteCount)
    let frame = try FrameHeader(reading: head)
    precondition(frame.payloadCount < frame.kind.lengthMax)
    for phase in [Phase.sealed, .unresumed, .ready, .closed] {
        _ = phase.admitsFromGate(frame.kind)
        _ = phase.admitsFromOperator(frame.kind)
    }
    try expectSame(head) { writer throws(ByteError) in try frame.write(to: &writer) }
}

private func readMessage(_ bytes: Span<UInt8>) throws {
    guard MessageRequest.isMessage(bytes) else { return }
    let message = try MessageRequest(checking: bytes)
    precondition(message.text.count <= MessageRequest.textByteCountMax)
    precondition(message.inputCount <= MessageRequest.inputCountMax)
    let size = message.selector == 1 ? 88 : 56
    precondition(message.inputBytes.count == size * message.inputCount)
}

private func walk(_ request: borrowing ResolvedRequest) throws {
    for place in 0..<request.walletCount {
        _ = request.walletID(at: place)
    }
    let selector = request.input(at: 0).selector
    precondition(selector <= 1, "a selector that version 1 does not have")
    for place in 0..<request.inputCount {
        let input = request.input(at: place)
        precondition(input.selector == selector, "two sizes of inputs")
        precondition(selector == 1 || input.leafHash.isZero, "a hash that was not there")
    }
    var outputs = request.outputs
    var count = 0
    var scripts = 0
    while let output = outputs.next() {
        count += 1
        scripts += output.script.count
    }
    precondition(count == request.outputCount && scripts < request.bytes.count)
}

private func walk(_ leaf: borrowing DecisionLeaf) throws {
    precondition(leaf.untagged.count >= 18)
    var destinations = leaf.destinations
    while let destination = destinations.next() {
        _ = destination.script.count
    }
    var rules = leaf.rules
    while let rule = rules.next() {
        sum(rule.charges)
    }
    sum(leaf.charges)
    let head = leaf.head
    let start = leaf.untagged
    try expectPrefix(start) { writer throws(ByteError) in try head.write(to: &writer) }
}

private func sum(_ charges: LeafCharges) {
    var charges = charges
    var left = charges.left
    while charges.next() != nil { left -= 1 }
    precondition(left == 0)
}

private func readLeaf(_ bytes: Span<UInt8>) throws {
    guard bytes.count > 0, let kind = LeafKind(rawValue: bytes[0]) else { return }
    switch kind {
    case .decision: try walk(DecisionLeaf(reading: bytes))
    case .charge:
        let leaf = try ChargeLeaf(reading: bytes)
        try expectSame(bytes) { writer throws(ByteError) in try leaf.write(to: &writer) }
    case .coalescedRefusals:
        let leaf = try CoalescedLeaf(reading: bytes)
        try expectSame(bytes) { writer throws(ByteError) in try leaf.write(to: &writer) }
    case .note:
        let leaf = try NoteLeaf(reading: bytes)
        var room = [UInt8](repeating: 0, count: bytes.count)
        var span = room.mutableSpan
        var writer = ByteWriter(&span)
        try leaf.write(to: &writer)
        precondition(writer.written.equals(bytes), "written differently")
    case .event:
        let leaf = try EventLeaf(reading: bytes)
        let head = leaf.head
        try expectPrefix(bytes) { writer throws(ByteError) in try head.write(to: &writer) }
        var signatures = leaf.signatures
        while signatures.next() != nil {}
    }
}

private func readAssess(_ bytes: Span<UInt8>) throws {
    var reader = ByteReader(bytes)
    let head = try AssessHead(reading: &reader)
    try expectPrefix(bytes) { writer throws(ByteError) in try head.write(to: &writer) }
}

private func readRelease(_ bytes: Span<UInt8>) throws {
    var reader = ByteReader(bytes)
    while reader.remaining > 0 {
        let entry = try ReleaseEntry(reading: &reader)
        precondition(entry.slot < 1_024)
        switch entry.evidence {
        case .new(_, let charge): _ = try ChargeLeaf(reading: charge)
        case .retry(_, let decision, let charge):
            precondition(decision.proof.count.isMultiple(of: 32))
            precondition(charge.proof.count.isMultiple(of: 32))
            try walk(DecisionLeaf(reading: decision.bytes))
            _ = try ChargeLeaf(reading: charge.bytes)
        }
        try walk(ResolvedRequest(checking: entry.resolved))
    }
}

private func readReplies(_ bytes: Span<UInt8>) throws {
    switch bytes.count {
    case RefusalDetail.byteCount:
        var reader = ByteReader(bytes)
        let detail = try RefusalDetail(reading: &reader)
        try expectSame(bytes) { writer throws(ByteError) in try detail.write(to: &writer) }
    case SignedHead.byteCount:
        var reader = ByteReader(bytes)
        let head = try SignedHead(reading: &reader)
        try expectSame(bytes) { writer throws(ByteError) in try head.write(to: &writer) }
    case SignerStatus.byteCount:
        let status = try SignerStatus(reading: bytes)
        try expectSame(bytes) { writer throws(ByteError) in try status.write(to: &writer) }
    default:
        let reply = try AssessReply(reading: bytes)
        var room = [UInt8](repeating: 0, count: bytes.count)
        var span = room.mutableSpan
        var writer = ByteWriter(&span)
        try reply.write(to: &writer)
        precondition(writer.written.equals(bytes), "written differently")
    }
}

/// Traps unless `write` writes exactly the bytes.
private func expectSame(
    _ bytes: Span<UInt8>,
    _ write: (inout ByteWriter) throws(ByteError) -> Void
) throws {
    let count = try expectPrefix(bytes, write)
    precondition(count == bytes.count, "written differently")
}

/// Traps unless `write` writes what the bytes begin with.
@discardableResult
private func expectPrefix(
    _ bytes: Span<UInt8>,
    _ write: (inout ByteWriter) throws(ByteError) -> Void
) throws -> Int {
    var room = [UInt8](repeating: 0, count: bytes.count)
    var span = room.mutableSpan
    var writer = ByteWriter(&span)
    try write(&writer)
    precondition(writer.written.equals(bytes.extracting(0..<writer.count)), "written differently")
    return writer.count
}
