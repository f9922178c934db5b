package import LocalSocket

/// So many bytes of a socket or file as they arrive, and none behind them. Room is taken as it is
/// filled, at most twice what is there, so that a length alone costs nobody memory.
package struct ArrivingBytes: Sendable {
    /// How many there will be.
    package let wanted: Int
    /// How many are there.
    package private(set) var count = 0
    private var room: [UInt8] = []

    /// The room that is taken first.
    private let roomMin: Int

    /// `expected`: how many there will be as far as somebody says who is trusted, such as the
    /// kernel of a file: room is taken for so many at once.
    package init(_ wanted: Int, expected: Int = 0) {
        self.wanted = wanted
        roomMin = max(Descriptor.callBytesMax, expected)
    }

    package var isWhole: Bool { count == wanted }

    /// The memory that is held.
    package var roomCount: Int { room.count }

    /// Reads once; false when the other end is closed.
    package mutating func receive(
        from source: borrowing Descriptor
    ) throws(SocketError) -> Bool {
        let start = count
        if start == room.count {
            let size = min(wanted, max(roomMin, 2 * start))
            room += repeatElement(0, count: size - start)
        }
        var whole = room.mutableSpan
        var free = whole._mutatingExtracting(start...)
        let got = try source.readSome(into: &free)
        count = start + got
        return got > 0
    }

    /// What has arrived.
    package consuming func take() -> [UInt8] {
        room.removeLast(room.count - count)
        return room
    }
}

/// Bytes on their way out, piece by piece.
struct DepartingBytes {
    private var parts: [[UInt8]] = []
    private var sent = 0

    init() {}

    init(_ parts: [[UInt8]]) {
        self.parts = parts.filter { !$0.isEmpty }
    }

    var isEmpty: Bool { parts.isEmpty }

    var byteCount: Int { parts.reduce(0) { $0 + $1.count } }

    /// Writes what the other end takes, once.
    mutating func send(to socket: borrowing Descriptor) throws(SocketError) {
        guard let part = parts.first else { return }
        sent += try socket.writeSome(part.span.extracting(sent..<part.count))
        if sent == part.count {
            parts.removeFirst()
            sent = 0
        }
    }
}
