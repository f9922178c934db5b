private import BitcoinCrypto
package import Bytes

/// Where a journal's good batches end, and what lies behind them.
package struct JournalEnd: Equatable, Sendable {
    /// The byte behind the last good batch, unaligned; 0 where there is none.
    package var end = 0
    /// The index that the next leaf takes.
    package var nextIndex: UInt64 = 0
    /// The digest of the last good batch, or the origin's.
    package var digest: Bytes32
    /// Where the last good batch begins.
    package var lastStart = 0
    /// What a write that did not finish left behind; nothing at a clean end.
    package var torn: TornTail?
}

/// The remains of a batch whose flush never returned.
package struct TornTail: Equatable, Sendable {
    /// From the end of the last good batch to the last byte that is not zero.
    package let count: Int
    package let sha256: Bytes32
}

/// Reads a journal from its beginning and tells a torn tail from damage.
///
/// A batch is written only after the flush of the one before returned, so a crash can tear the last
/// batch alone. Whatever does not verify and has another batch behind it was harmed otherwise.
package struct JournalReader {
    private var window: FileWindow
    private var state: JournalEnd
    /// Bytes that went through a hash: what a start costs.
    package private(set) var hashedCount = 0

    package init(_ file: any JournalFile, origin: Bytes32) throws(GateError) {
        window = try FileWindow(file)
        state = JournalEnd(digest: origin)
    }

    /// Hands over every good batch in order, with the byte where it begins.
    package mutating func readAll(
        _ take: (Batch, Int) throws(GateError) -> Void
    ) throws(GateError) -> JournalEnd {
        while let (start, batch) = try next() {
            try take(batch, start)
        }
        state.torn = try tail()
        return state
    }

    /// The next batch if it is good: it follows zeros, continues the chain, its digest is right.
    private mutating func next() throws(GateError) -> (Int, Batch)? {
        let start = BatchFormat.aligned(state.end)
        for byte in try window.bytes(start - state.end, at: state.end) where byte != 0 {
            return nil
        }
        guard let (header, digest, batch) = try complete(at: start),
            header.firstIndex == state.nextIndex, header.previous == state.digest
        else { return nil }
        state.end = start + header.byteCount
        state.lastStart = start
        state.nextIndex += UInt64(header.count)
        state.digest = digest
        return (start, batch)
    }

    /// A batch with magic and digest right, wherever it belongs.
    private mutating func complete(
        at start: Int
    ) throws(GateError) -> (BatchHeader, Bytes32, Batch)? {
        guard let header = BatchHeader(try window.bytes(BatchFormat.headerCount, at: start)) else {
            return nil
        }
        let bytes = try window.bytes(header.byteCount, at: start)
        guard bytes.count == header.byteCount else { return nil }
        let body = bytes.dropLast(BatchFormat.digestCount)
        let digest = BatchFormat.digest(body.span)
        hashedCount += body.count
        let stored = bytes.suffix(BatchFormat.digestCount)
        guard digest == Bytes32(copying: stored.span),
            let batch = Batch(header, entries: body.dropFirst(BatchFormat.headerCount))
        else { return nil }
        return (header, digest, batch)
    }

    /// What follows the last good batch.
    ///
    /// A crash leaves the parts of one batch, and no leaf holds a batch's mark: a mark further on,
    /// or more bytes than a batch has, was not left by a crash. So nothing is hashed at each place
    /// where a batch could begin, which a hostile tail would make as many as it likes.
    private mutating func tail() throws(GateError) -> TornTail? {
        guard let last = try lastNonzero(from: state.end) else { return nil }
        let start = BatchFormat.aligned(state.end)
        if let (header, _, _) = try complete(at: start) {
            // The very first batch is whole and was begun for another log.
            let isOther = start == 0 && header.firstIndex == 0
            throw .damaged(at: state.end, isOther ? .otherOrigin : .batchOfOtherChain(at: start))
        }
        guard last < start + BatchFormat.byteCountMax else {
            throw .damaged(at: state.end, .tailTooLong(count: last + 1 - state.end))
        }
        var place = start + BatchFormat.alignment
        while place <= last {
            if BatchFormat.hasMagic(try window.bytes(BatchFormat.headerCount, at: place)) {
                throw .damaged(at: state.end, .batchBeforeMark(at: place))
            }
            place += BatchFormat.alignment
        }
        var hasher = SHA256()
        place = state.end
        while place <= last {
            let piece = try window.bytes(min(1 << 20, last + 1 - place), at: place)
            hasher.update(piece.span)
            hashedCount += piece.count
            place += piece.count
        }
        return TornTail(count: last + 1 - state.end, sha256: hasher.finalize())
    }

    private mutating func lastNonzero(from start: Int) throws(GateError) -> Int? {
        var last: Int?
        var place = start
        while place < window.size {
            let piece = try window.bytes(1 << 20, at: place)
            if let index = piece.lastIndex(where: { $0 != 0 }) {
                last = place + index - piece.startIndex
            }
            place += piece.count
        }
        return last
    }
}
