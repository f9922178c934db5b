private import Bytes

extension LeafDestinations {
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

extension LeafRules {
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

extension LeafCharges {
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
