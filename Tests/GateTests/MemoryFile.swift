import Gate

/// A file in memory that knows what a power cut would leave of it, and fails when told to.
final class MemoryFile: JournalFile {
    enum Fault: Equatable {
        case none
        /// The call is refused and changes nothing.
        case error
        /// A write reaches the file in part and says so.
        case short(Int)
    }

    /// What reads see.
    var bytes: [UInt8] = []
    /// What a power cut leaves for certain.
    private(set) var durable: [UInt8] = []
    /// Counts writes and flushes; the call with this number fails.
    var failAt: Int?
    var fault = Fault.error
    private(set) var calls = 0
    private(set) var flushes = 0
    /// Bytes that were asked for.
    private(set) var readCount = 0

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
        durable = bytes
    }

    func size() throws(GateError) -> Int { bytes.count }

    func read(_ count: Int, at offset: Int) throws(GateError) -> [UInt8] {
        guard offset + count <= bytes.count else {
            throw .shortRead(got: max(0, bytes.count - offset), needed: count)
        }
        readCount += count
        return [UInt8](bytes[offset..<offset + count])
    }

    func write(_ new: [UInt8], at offset: Int) throws(GateError) {
        calls += 1
        if calls == failAt {
            guard case .short(let count) = fault else { throw .file(.write, errno: 5) }
            put([UInt8](new.prefix(count)), at: offset)
            throw .shortWrite(wrote: min(count, new.count), of: new.count)
        }
        put(new, at: offset)
    }

    func sync() throws(GateError) {
        calls += 1
        // The kernel reports the failure once and forgets the pages.
        if calls == failAt { throw .file(.sync, errno: 5) }
        flushes += 1
        durable = bytes
    }

    private func put(_ new: [UInt8], at offset: Int) {
        if bytes.count < offset + new.count {
            bytes.append(
                contentsOf: repeatElement(0, count: offset + new.count - bytes.count)
            )
        }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }
}
