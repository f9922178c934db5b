private import Bytes

/// What data outputs (OP_RETURN) look like that stand in destination lists, read in place.
package struct DataShape: ~Escapable {
    static let opReturn: UInt8 = 0x6a
    static let countMax = 64

    private let bytes: Span<UInt8>
    let start: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    /// Bit n for list n.
    package var lists: UInt64 { bytes.littleEndian64(at: start) }

    /// What the data begins with.
    package var prefix: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 9)..<prefixEnd) }
    }

    private var prefixEnd: Int { start + 9 + Int(bytes[start + 8]) }
    /// The bytes of data, from the least to the most.
    package var lengthMin: UInt16 { bytes.littleEndian16(at: prefixEnd) }
    package var lengthMax: UInt16 { bytes.littleEndian16(at: prefixEnd + 2) }
    var end: Int { prefixEnd + 4 }

    func matches(_ data: Span<UInt8>) -> Bool {
        guard data.count >= Int(lengthMin), data.count <= Int(lengthMax),
            data.count >= prefix.count
        else { return false }
        return data.extracting(0..<prefix.count).equals(prefix)
    }

    /// Sorted by prefix, least and most length.
    func precedes(_ other: DataShape) -> Bool {
        if !prefix.equals(other.prefix) { return prefix.precedes(other.prefix) }
        return lengthMin != other.lengthMin
            ? lengthMin < other.lengthMin : lengthMax < other.lengthMax
    }

    /// The data of an OP_RETURN script that `data(of:)` can tell; nil of any other script.
    @_lifetime(copy script)
    package static func data(in script: Span<UInt8>) -> Span<UInt8>? {
        script.count > 0 && script[0] == opReturn ? data(of: script) : nil
    }

    /// The data of an OP_RETURN script that is followed by nothing, or by one push and nothing
    /// more; nil of any other, whose data a shape says nothing of.
    @_lifetime(copy script)
    static func data(of script: Span<UInt8>) -> Span<UInt8>? {
        guard script.count > 1 else { return script.extracting(script.count..<script.count) }
        var begin = 2
        var count = Int(script[1])
        switch script[1] {
        case 0...75: break
        case 76 where script.count > 2:
            count = Int(script[2])
            begin = 3
        case 77 where script.count > 3:
            count = Int(script.littleEndian16(at: 2))
            begin = 4
        case _: return nil
        }
        guard script.count == begin + count else { return nil }
        return script.extracting(begin..<script.count)
    }
}

/// The lists that an output stands in.
package struct OutputLists: Equatable, Sendable {
    /// Those it certainly stands in, which is what a rule that allows needs.
    package let certain: UInt64
    /// Those it may stand in, which is what a rule that denies and what a limit needs.
    package let possible: UInt64
}

extension CheckedBundle {
    /// The lists that an output to `script` stands in, by its script or by the shape of its data.
    /// An OP_RETURN whose data is not told by one push may have any shape.
    package func outputLists(of script: Span<UInt8>) -> OutputLists {
        let exact = lists(of: script)
        guard layout.shapeCount > 0, script.count > 0, script[0] == DataShape.opReturn else {
            return OutputLists(certain: exact, possible: exact)
        }
        var shaped: UInt64 = 0
        var every: UInt64 = 0
        let data = DataShape.data(of: script)
        var start = layout.shapes
        for _ in 0..<layout.shapeCount {
            let shape = DataShape(bytes, at: start)
            start = shape.end
            every |= shape.lists
            if let data, shape.matches(data) { shaped |= shape.lists }
        }
        return OutputLists(
            certain: exact | shaped,
            possible: exact | (data == nil ? every : shaped)
        )
    }
}
