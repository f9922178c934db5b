/// One who approves payments, read in place: `vec8 name | u8 keyCount | (u8 options | vec16 key)*`.
package struct PersonRecord: ~Escapable {
    package static let countMax = 64
    static let keyCountMax = 8
    /// The option of a key whose authenticator must have verified who touches it, by PIN or finger.
    static let verifies: UInt8 = 1

    let bytes: Span<UInt8>
    let start: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    private var fields: Int { start + 1 + Int(bytes[start]) }

    package var name: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 1)..<fields) }
    }

    package var keyCount: Int { Int(bytes[fields]) }

    /// Where key `place` begins, its options first; after the last, the end of the record.
    func keyStart(_ place: Int) -> Int {
        var start = fields + 1
        for _ in 0..<place { start += 3 + Int(bytes.littleEndian16(at: start + 1)) }
        return start
    }

    /// Key `place` in SSH wire form.
    @_lifetime(copy self)
    package func key(at place: Int) -> Span<UInt8> {
        let start = keyStart(place) + 3
        return bytes.extracting(start..<(start + Int(bytes.littleEndian16(at: start - 2))))
    }

    /// Whether the authenticator of key `place` must have verified who touched it.
    package func verifies(at place: Int) -> Bool { bytes[keyStart(place)] & Self.verifies != 0 }
}

/// A group of approvers: `vec8 name | u64 persons`, bit n for person n.
package struct GroupRecord: ~Escapable {
    static let countMax = 32

    private let bytes: Span<UInt8>
    private let start: Int
    private var fields: Int { start + 1 + Int(bytes[start]) }
    var end: Int { fields + 8 }

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at start: Int) {
        self.bytes = bytes
        self.start = start
    }

    package var name: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting((start + 1)..<fields) }
    }

    package var persons: UInt64 { bytes.littleEndian64(at: fields) }
}

extension CheckedBundle {
    /// The number of approvers, at most 64; 0 where the policy has none.
    package var personCount: Int { layout.personCount }

    /// Approver `index`, in the order of names; found by walking.
    @_lifetime(copy self)
    package func person(at index: Int) -> PersonRecord {
        precondition(index >= 0 && index < personCount, "no such approver")
        var person = PersonRecord(bytes, at: layout.persons)
        for _ in 0..<index { person = PersonRecord(bytes, at: person.keyStart(person.keyCount)) }
        return person
    }

    /// The number of groups of approvers, at most 32.
    package var groupCount: Int { layout.groupCount }

    /// Group `index`, in the order of names; found by walking.
    @_lifetime(copy self)
    package func group(at index: Int) -> GroupRecord {
        precondition(index >= 0 && index < groupCount, "no such group")
        var group = GroupRecord(bytes, at: layout.groups)
        for _ in 0..<index { group = GroupRecord(bytes, at: group.end) }
        return group
    }
}

/// Of a condition about approvals: `u8 n | (u8 group | u8 threshold)* | u8 vetoGroup | u32 wait |
/// u32 expiry`, the times in seconds.
extension ConditionRecord {
    static let quorumCountMax = 4
    /// Stands for no group that has a veto.
    static let noGroup: UInt8 = 255
    static let expirySecondsMin: UInt32 = 60
    /// 30 days.
    package static let expirySecondsMax: UInt32 = 2_592_000

    /// Quorum `index` of `count`, all of which are needed: so many persons of a group.
    package func quorum(at index: Int) -> (group: Int, threshold: Int) {
        let place = start + 2 + 2 * index
        return (Int(bytes[place]), Int(bytes[place + 1]))
    }

    private var afterQuorums: Int { start + 2 + 2 * count }

    /// The group whose members can reject what others approve.
    package var vetoGroup: Int? {
        let group = bytes[afterQuorums]
        return group == Self.noGroup ? nil : Int(group)
    }

    /// How long after it was asked for a payment may be signed at the earliest.
    package var waitSeconds: UInt32 { bytes.littleEndian32(at: afterQuorums + 1) }

    /// How long after it was asked for approvals of a payment count.
    package var expirySeconds: UInt32 { bytes.littleEndian32(at: afterQuorums + 5) }
}

extension RuleRecord {
    /// The condition about approvals, where there is one.
    package var approvals: ConditionRecord? {
        @_lifetime(copy self) get {
            var walk = conditions
            while let condition = walk.next() {
                if condition.kind == .approvals { return condition }
            }
            return nil
        }
    }
}
