private import Bytes
import Wire

/// What the next reply of the signer answers. Replies come in the order of the requests.
enum Expectation: Equatable {
    case status
    case resume
    case assess(job: Int)
    case release
    case advance
    case address(ClientID)
    case xpub(ClientID)

    /// The kind of a reply that is not a refusal.
    var kind: MessageKind {
        switch self {
        case .status: .statusReply
        case .resume: .resumed
        case .assess: .assessed
        case .release: .released
        case .advance: .advanced
        case .address: .addressReply
        case .xpub: .xpubReply
        }
    }
}

/// Frames to and from the signer: what is queued to be written, and which replies are owed.
package struct SignerChannel {
    /// What one write is given, if there is as much.
    private static let chunkCount = 65_536

    private var chunks: [[UInt8]] = []
    private var firstChunk = 0
    /// Bytes of the first chunk that were written.
    private var written = 0
    private var expected: [Expectation] = []
    private var firstExpected = 0
    private var assembler = FrameAssembler()

    package init() {}

    /// Queues a request; its payload may come in parts, so that nothing large is copied.
    mutating func send(_ kind: MessageKind, _ parts: [[UInt8]], expecting: Expectation) {
        let count = parts.reduce(0) { $0 + $1.count }
        queue(Frame.header(kind, payloadCount: count))
        for part in parts { queue(part) }
        expected.append(expecting)
    }

    /// Puts small pieces together: a system call costs more than a copy of them.
    private mutating func queue(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let last = chunks.count - 1
        let isUntouched = last > firstChunk || (last == firstChunk && written == 0)
        if isUntouched, chunks[last].count + bytes.count <= Self.chunkCount {
            chunks[last] += bytes
        } else {
            chunks.append(bytes)
        }
    }

    /// Whether there is something to write.
    package var wantsToWrite: Bool { firstChunk < chunks.count }

    /// Hands out the bytes to write next, until `write` takes fewer than it was given.
    package mutating func flush<E: Error>(
        _ write: (Span<UInt8>) throws(E) -> Int
    ) throws(E) {
        while firstChunk < chunks.count {
            let chunk = chunks[firstChunk]
            let count = try write(chunk.span.extracting(written...))
            written += count
            guard written == chunk.count else { return }
            written = 0
            // The chunk may be a large request: it is let go at once.
            chunks[firstChunk] = []
            firstChunk += 1
        }
        chunks.removeAll(keepingCapacity: true)
        firstChunk = 0
    }

    /// Takes bytes in, and hands over every frame that is whole with what it answers; nothing for
    /// the greeting, which answers nothing.
    package mutating func receive(
        _ input: ArraySlice<UInt8>
    ) throws(GateError) -> [Frame] {
        var input = input
        var frames: [Frame] = []
        do throws(FrameError) {
            while let frame = try assembler.take(&input, admits: { $0.kind.rawValue >= 0x80 }) {
                frames.append(frame)
                if input.isEmpty { break }
            }
        } catch {
            throw .signerFault(.frame)
        }
        return frames
    }

    /// The front of the release's answer that is on its way; nothing while there is none.
    var begunRelease: [UInt8]? {
        guard let begun = assembler.begun, begun.kind == .released, awaits(.release) else {
            return nil
        }
        return begun.payload
    }

    /// Whether the next reply answers a request of this sort.
    private func awaits(_ expectation: Expectation) -> Bool {
        firstExpected < expected.count && expected[firstExpected] == expectation
    }

    /// Whether the signer owes an answer.
    var isAwaited: Bool { firstExpected < expected.count }

    /// The clients that wait for a reply of their own.
    var waitingClients: [ClientID] {
        expected[firstExpected...].compactMap { expectation in
            switch expectation {
            case .address(let client), .xpub(let client): client
            case .status, .resume, .assess, .release, .advance: nil
            }
        }
    }

    /// What the next frame answers; nothing if no reply is owed.
    mutating func nextExpectation() -> Expectation? {
        guard firstExpected < expected.count else { return nil }
        defer {
            firstExpected += 1
            if firstExpected > 256, firstExpected * 2 > expected.count {
                expected.removeFirst(firstExpected)
                firstExpected = 0
            }
        }
        return expected[firstExpected]
    }
}
