package import Bytes

/// The durable truth of the log: batches of leaves in one file (protocol.md, section 10).
///
/// After the first error of a write or a flush it takes nothing more: what the file then holds can
/// only be found out by reading it anew.
package struct Journal {
    /// The file is filled with zeros this far ahead, so that a flush moves no metadata.
    package static let aheadCount = 4 << 20

    private let file: any JournalFile
    private let ahead: Int
    /// The index that the next leaf takes.
    package private(set) var nextIndex: UInt64
    package private(set) var isPoisoned = false

    /// Where the next batch goes.
    private var end: Int
    /// The digest of the last batch.
    private var previous: Bytes32
    /// The file's size, zero-filled from `end` on.
    private var size: Int
    private var places: [(firstIndex: UInt64, start: Int)]
    /// What a write that did not finish left behind the last batch.
    private var torn: Range<Int>?

    /// Begins a journal in an empty file.
    package static func begin(
        in file: any JournalFile,
        origin: Bytes32,
        ahead: Int = aheadCount
    ) throws(GateError) -> Journal {
        let size = try file.size()
        precondition(size == 0, "a new file")
        let end = JournalEnd(digest: origin)
        var journal = Journal(file: file, ahead: ahead, end: end, size: 0, places: [])
        try journal.extend(by: ahead)
        return journal
    }

    /// Reads a journal from its beginning, hands over every leaf, and makes its end fit to go on.
    ///
    /// `acknowledged` is the largest size that the signer or a checkpoint vouches for: a journal
    /// that ends before lost what was acknowledged, and is refused. What was torn stays until the
    /// next batch, which must hold the note of it, takes its place. The last batch is written once
    /// more, for a page that the kernel still shows may never have reached the disk.
    package static func open(
        _ file: any JournalFile,
        origin: Bytes32,
        acknowledged: UInt64,
        ahead: Int = aheadCount,
        _ take: (Batch) throws(GateError) -> Void
    ) throws(GateError) -> (Journal, TornTail?) {
        var reader = try JournalReader(file, origin: origin)
        var places: [(firstIndex: UInt64, start: Int)] = []
        let end = try reader.readAll { (batch, start) throws(GateError) in
            places.append((batch.firstIndex, start))
            try take(batch)
        }
        guard end.nextIndex >= acknowledged else {
            guard end.torn == nil else {
                throw .damaged(
                    at: end.end,
                    .acknowledgedTail(nextIndex: end.nextIndex, acknowledged: acknowledged)
                )
            }
            throw .logBehind(size: end.nextIndex, acknowledged: acknowledged)
        }
        let size = try file.size()
        var journal = Journal(file: file, ahead: ahead, end: end, size: size, places: places)
        try journal.settle(end)
        return (journal, end.torn)
    }

    private init(
        file: any JournalFile,
        ahead: Int,
        end: JournalEnd,
        size: Int,
        places: [(firstIndex: UInt64, start: Int)]
    ) {
        self.file = file
        self.ahead = ahead
        nextIndex = end.nextIndex
        self.end = BatchFormat.aligned(end.end)
        previous = end.digest
        self.size = size
        self.places = places
        torn = end.torn.map { end.end..<end.end + $0.count }
    }

    /// One write and one flush; when it returns, the leaves are durable.
    package mutating func append(_ leaves: [[UInt8]]) throws(GateError) {
        guard !isPoisoned else { throw .poisoned }
        let (bytes, digest) = BatchFormat.encode(leaves, firstIndex: nextIndex, previous: previous)
        if end + bytes.count > size {
            try extend(by: max(ahead, bytes.count))
        }
        if let torn {
            try replace(torn, by: bytes)
        } else {
            try put(bytes, at: end)
        }
        places.append((nextIndex, end))
        nextIndex += UInt64(leaves.count)
        end += bytes.count
        previous = digest
    }

    /// Whether the file should be extended at the next quiet moment.
    package var isLow: Bool { size - end < ahead / 4 }

    /// Fills the file with zeros further ahead.
    package mutating func extendAhead() throws(GateError) {
        try extend(by: ahead)
    }

    /// The leaves of the batch in which `index` stands, with the index of the first.
    package func batch(holding index: UInt64) throws(GateError) -> Batch {
        precondition(index < nextIndex, "a leaf of the journal")
        var low = 0
        var high = places.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if places[middle].firstIndex <= index { low = middle } else { high = middle }
        }
        let start = places[low].start
        let head = try file.read(BatchFormat.headerCount, at: start)
        guard let header = BatchHeader(head[...]) else {
            throw .damaged(at: start, .batchBeforeGood(goodAt: end))
        }
        let bytes = try file.read(header.byteCount, at: start)
        let body = bytes.dropLast(BatchFormat.digestCount)
        let stored = bytes.suffix(BatchFormat.digestCount)
        guard header.firstIndex == places[low].firstIndex,
            BatchFormat.digest(body.span) == Bytes32(copying: stored.span),
            let batch = Batch(header, entries: body.dropFirst(BatchFormat.headerCount))
        else { throw .damaged(at: start, .batchBeforeGood(goodAt: end)) }
        return batch
    }

    /// Puts a batch where a torn tail begins, and cuts what is left of the tail once the batch is
    /// durable: whenever this is broken off, the next start finds something torn, or the batch.
    private mutating func replace(_ torn: Range<Int>, by bytes: [UInt8]) throws(GateError) {
        let zeros = [UInt8](repeating: 0, count: end - torn.lowerBound)
        try put(zeros + bytes, at: torn.lowerBound)
        let rest = torn.upperBound - (end + bytes.count)
        if rest > 0 { try put([UInt8](repeating: 0, count: rest), at: end + bytes.count) }
        self.torn = nil
    }

    /// Makes sure of the last batch, and of room for the next.
    private mutating func settle(_ found: JournalEnd) throws(GateError) {
        if found.nextIndex > 0 {
            let last = try file.read(found.end - found.lastStart, at: found.lastStart)
            try put(last, at: found.lastStart)
        }
        if size < end { try extend(by: ahead) }
    }

    private mutating func extend(by count: Int) throws(GateError) {
        guard !isPoisoned else { throw .poisoned }
        let target = BatchFormat.aligned(max(size, end) + count)
        try put([UInt8](repeating: 0, count: target - size), at: size)
        size = target
    }

    /// Writes and flushes. Any failure in here is the last thing this journal does.
    private mutating func put(_ bytes: [UInt8], at offset: Int) throws(GateError) {
        isPoisoned = true
        try file.write(bytes, at: offset)
        try file.sync()
        isPoisoned = false
    }
}
