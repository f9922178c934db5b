import Bytes

/// The outputs that are not ours, as a decision lists them: `u16 count | (u64 amount | vec16
/// script)*`.
package struct LeafDestinations: ~Escapable {
    private var reader: ByteReader
    package private(set) var left: Int

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

    /// The next destination, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> LeafDestination? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return LeafDestination(
                amount: try reader.readUInt64(),
                script: try reader.readVec16()
            )
        } catch {
            preconditionFailure("the list was read once by the initializer")
        }
    }
}

/// The allow rules that match, in rule order: `u16 count | (u16 rule | charges)*`.
package struct LeafRules: ~Escapable {
    private var reader: ByteReader
    package private(set) var left: Int

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

    /// The next rule, or nothing at the end.
    @_lifetime(copy self)
    package mutating func next() -> LeafRule? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return LeafRule(
                rule: try reader.readUInt16(),
                charges: try LeafCharges(reading: &reader)
            )
        } catch {
            preconditionFailure("the list was read once by the initializer")
        }
    }
}

/// What limits are to be charged: `u8 count | (u16 limit | u64 amount)*`.
package struct LeafCharges: ~Escapable {
    private var reader: ByteReader
    package private(set) var left: Int

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

    /// The next charge, or nothing at the end.
    package mutating func next() -> LeafCharge? {
        guard left > 0 else { return nil }
        left -= 1
        do throws(ByteError) {
            return LeafCharge(
                limit: try reader.readUInt16(),
                amount: try reader.readUInt64()
            )
        } catch {
            preconditionFailure("the list was read once by the initializer")
        }
    }
}

/// One output that is not ours. The amount is in satoshi.
package struct LeafDestination: ~Escapable {
    package let amount: UInt64
    package let script: Span<UInt8>

    @_lifetime(copy script)
    init(amount: UInt64, script: Span<UInt8>) {
        self.amount = amount
        self.script = script
    }
}

/// A rule that matched, by its place in the bundle, with the limits of its own.
package struct LeafRule: ~Escapable {
    package let rule: UInt16
    package let charges: LeafCharges

    @_lifetime(copy charges)
    init(rule: UInt16, charges: LeafCharges) {
        self.rule = rule
        self.charges = charges
    }
}
