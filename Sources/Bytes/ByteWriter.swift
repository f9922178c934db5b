/// Writes bytes front to back into lent memory of a fixed size; a write that does not fit throws
/// and changes nothing. Integers are little-endian.
package struct ByteWriter: ~Copyable, ~Escapable {
    var bytes: MutableSpan<UInt8>

    /// The number of bytes written so far.
    package private(set) var count = 0

    /// Writes into all of `bytes`, which the writer takes over.
    @_lifetime(copy bytes)
    package init(_ bytes: consuming MutableSpan<UInt8>) {
        self.bytes = bytes
    }

    /// Writes into all of `bytes`, which the caller has back when the writer is gone.
    @_lifetime(&bytes)
    package init(_ bytes: inout MutableSpan<UInt8>) {
        self.bytes = bytes._mutatingExtracting(...)
    }

    /// The bytes of room left.
    package var remaining: Int { bytes.count - count }

    /// What was written so far, borrowed.
    package var written: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { bytes.span.extracting(0..<count) }
    }

    @_lifetime(self: copy self)
    package mutating func writeUInt8(_ value: UInt8) throws(ByteError) {
        try put(UInt64(value), count: 1)
    }

    @_lifetime(self: copy self)
    package mutating func writeUInt16(_ value: UInt16) throws(ByteError) {
        try put(UInt64(value), count: 2)
    }

    @_lifetime(self: copy self)
    package mutating func writeUInt32(_ value: UInt32) throws(ByteError) {
        try put(UInt64(value), count: 4)
    }

    @_lifetime(self: copy self)
    package mutating func writeUInt64(_ value: UInt64) throws(ByteError) {
        try put(value, count: 8)
    }

    /// Copies all of `source`.
    @_lifetime(self: copy self)
    package mutating func write(_ source: Span<UInt8>) throws(ByteError) {
        let start = try advance(source.count)
        for index in source.indices {
            bytes[start + index] = source[index]
        }
    }

    /// Copies a hash, key or signature.
    @_lifetime(self: copy self)
    package mutating func write<let size: Int>(_ value: FixedBytes<size>) throws(ByteError) {
        let start = try advance(size)
        // Not by `value.span`: the embedded build of Swift 6.3.1 then reads a copy of `value` whose
        // place on the stack is dead already, and zeros went out as a checkpoint's signature.
        for index in 0..<size {
            bytes[start + index] = value[index]
        }
    }

    /// Copies the UTF-8 bytes of a text known when the program was built.
    @_lifetime(self: copy self)
    package mutating func write(_ text: StaticString) throws(ByteError) {
        let start = try advance(text.utf8CodeUnitCount)
        for index in 0..<text.utf8CodeUnitCount {
            bytes[start + index] = text.byte(at: index)
        }
    }

    /// `count` times the same byte.
    @_lifetime(self: copy self)
    package mutating func write(repeating byte: UInt8, count: Int) throws(ByteError) {
        let start = try advance(count)
        for index in 0..<count {
            bytes[start + index] = byte
        }
    }

    /// A two-byte length, then the bytes; more than 65,535 are refused.
    @_lifetime(self: copy self)
    package mutating func writeVec16(_ source: Span<UInt8>) throws(ByteError) {
        try writeVector(source, lengthBytes: 2, limit: 0xFFFF)
    }

    /// Moves past `count` bytes and gives the place where they start.
    @_lifetime(self: copy self)
    private mutating func advance(_ count: Int) throws(ByteError) -> Int {
        precondition(count >= 0, "negative length")
        guard count <= remaining else { throw .full(needed: count, left: remaining) }
        defer { self.count += count }
        return self.count
    }

    @_lifetime(self: copy self)
    mutating func put(_ value: UInt64, count: Int) throws(ByteError) {
        let start = try advance(count)
        bytes.store(value, at: start, byteCount: count)
    }

    @_lifetime(self: copy self)
    mutating func writeVector(
        _ source: Span<UInt8>,
        lengthBytes: Int,
        limit: Int
    ) throws(ByteError) {
        guard source.count <= limit else { throw .tooLong(count: source.count, limit: limit) }
        guard source.count + lengthBytes <= remaining else {
            throw .full(needed: source.count + lengthBytes, left: remaining)
        }
        try put(UInt64(source.count), count: lengthBytes)
        try write(source)
    }
}

extension MutableSpan<UInt8> {
    /// Writes to the front of room that is known to suffice, and gives the count; that it does not
    /// is a mistake of the caller's.
    @_lifetime(self: copy self)
    package mutating func write(_ body: (inout ByteWriter) throws(ByteError) -> Void) -> Int {
        var writer = ByteWriter(&self)
        do throws(ByteError) {
            try body(&writer)
        } catch {
            preconditionFailure("what is written has room")
        }
        return writer.count
    }
}
