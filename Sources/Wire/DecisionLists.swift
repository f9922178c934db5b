package import Bytes

/// The outputs that are not ours, as a decision lists them: `u16 count | (u64 amount | vec16
/// script)*`.
package struct LeafDestinations: ~Escapable {
    var reader: ByteReader
    package internal(set) var left: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    @_lifetime(copy outer)
    init(reading outer: inout ByteReader) throws(ByteError) {
        let count = Int(try outer.readUInt16())
        var probe = outer
        for _ in 0..<count {
            _ = try probe.readUInt64()
            _ = try probe.readVec16()
        }
        self.init(try outer.readSpan(probe.position - outer.position), count: count)
    }
}

/// The allow rules that match, in rule order: `u16 count | (u16 rule | charges)*`.
package struct LeafRules: ~Escapable {
    var reader: ByteReader
    package internal(set) var left: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    @_lifetime(copy outer)
    init(reading outer: inout ByteReader) throws(ByteError) {
        let count = Int(try outer.readUInt16())
        var probe = outer
        for _ in 0..<count {
            _ = try probe.readUInt16()
            _ = try LeafCharges(reading: &probe)
        }
        self.init(try outer.readSpan(probe.position - outer.position), count: count)
    }
}

/// What limits are to be charged: `u8 count | (u16 limit | u64 amount)*`.
package struct LeafCharges: ~Escapable {
    var reader: ByteReader
    package internal(set) var left: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, count: Int) {
        reader = ByteReader(bytes)
        left = count
    }

    @_lifetime(copy outer)
    init(reading outer: inout ByteReader) throws(ByteError) {
        let count = Int(try outer.readUInt8())
        self.init(try outer.readSpan(count * LeafCharge.byteCount), count: count)
    }
}

/// A limit, by its place in the bundle, and the satoshi to charge to it.
package struct LeafCharge: Equatable, Sendable {
    package static let byteCount = 10

    package let limit: UInt16
    package let amount: UInt64

    package init(limit: UInt16, amount: UInt64) {
        self.limit = limit
        self.amount = amount
    }

    package func write(to writer: inout ByteWriter) throws(ByteError) {
        try writer.writeUInt16(limit)
        try writer.writeUInt64(amount)
    }
}
