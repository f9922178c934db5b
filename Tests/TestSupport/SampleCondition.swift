/// Conditions, zones and shapes of data laid out by hand from protocol.md, section 4.
package enum SampleCondition: Equatable, Sendable {
    case range(UInt8, UInt64, UInt64)
    case destinations(UInt64)
    case sighashes(UInt8)
    case scripts(UInt16)
    case lockTime(UInt8)
    case replaceable(UInt8)
    case replacement(UInt8)
    case requesters([UInt32])
    case times(UInt8, [Span])
    case approvals(SampleApprovals)

    package struct Span: Equatable, Sendable {
        package var days: UInt8
        package var first: UInt16
        package var last: UInt16

        package init(_ days: UInt8, _ first: UInt16, _ last: UInt16) {
            (self.days, self.first, self.last) = (days, first, last)
        }
    }

    /// The kind, and the fact of a range: what conditions ascend by.
    package var order: Int {
        switch self {
        case .range(let fact, _, _): 256 + Int(fact)
        case .destinations: 512
        case .sighashes: 768
        case .scripts: 1_024
        case .lockTime: 1_280
        case .replaceable: 1_536
        case .replacement: 1_792
        case .requesters: 2_048
        case .times: 2_304
        case .approvals: 2_816
        }
    }

    package var bytes: [UInt8] {
        switch self {
        case .range(let fact, let least, let most): [1, fact] + little(least) + little(most)
        case .destinations(let lists): [2] + little(lists)
        case .sighashes(let mask): [3, mask]
        case .scripts(let mask): [4] + little(mask)
        case .lockTime(let mask): [5, mask]
        case .replaceable(let mask): [6, mask]
        case .replacement(let mask): [7, mask]
        case .requesters(let uids): [8, UInt8(uids.count)] + uids.flatMap { little($0) }
        case .times(let zone, let spans):
            [9, zone, UInt8(spans.count)]
                + spans.flatMap { [$0.days] + little($0.first) + little($0.last) }
        case .approvals(let approvals): [11] + approvals.bytes
        }
    }
}

extension SampleBundle.Rule {
    /// A rule of effect 5 or 6.
    package static func conditions(
        _ name: String,
        effect: UInt8 = 5,
        wallets: UInt64 = 1,
        _ conditions: [SampleCondition]
    ) -> SampleBundle.Rule {
        var rule = SampleBundle.Rule(name, effect: effect)
        rule.wallets = wallets
        let bytes = conditions.flatMap(\.bytes)
        rule.tail = little(UInt16(bytes.count)) + bytes
        rule.conditions = conditions
        return rule
    }
}

/// A zone, its changes as month, week, weekday and seconds.
package struct SampleZone: Equatable, Sendable {
    package struct Daylight: Equatable, Sendable {
        package var offset: Int32
        package var begin: [Int32]
        package var end: [Int32]

        package init(_ offset: Int32, _ begin: [Int32], _ end: [Int32]) {
            (self.offset, self.begin, self.end) = (offset, begin, end)
        }
    }

    package var offset: Int32
    package var daylight: Daylight?

    package init(_ offset: Int32, _ daylight: Daylight? = nil) {
        (self.offset, self.daylight) = (offset, daylight)
    }

    package static let utc = SampleZone(0)
    package static let berlin = SampleZone(
        3_600,
        Daylight(7_200, [3, 5, 0, 7_200], [10, 5, 0, 10_800])
    )
    package static let sydney = SampleZone(
        36_000,
        Daylight(39_600, [10, 1, 0, 7_200], [4, 1, 0, 10_800])
    )

    package var bytes: [UInt8] {
        guard let daylight else { return little(offset) + [0] }
        return little(offset) + [1] + little(daylight.offset) + bytes(of: daylight.begin)
            + bytes(of: daylight.end)
    }

    private func bytes(of change: [Int32]) -> [UInt8] {
        change.prefix(3).map { UInt8($0) } + little(change[3])
    }
}

/// A shape of data outputs.
package struct SampleShape: Equatable, Sendable {
    package var lists: UInt64
    package var prefix: [UInt8]
    package var least: UInt16
    package var most: UInt16

    package init(_ lists: UInt64, _ prefix: [UInt8], _ lengths: ClosedRange<UInt16>) {
        (self.lists, self.prefix) = (lists, prefix)
        (least, most) = (lengths.lowerBound, lengths.upperBound)
    }

    package var bytes: [UInt8] {
        little(lists) + [UInt8(prefix.count)] + prefix + little(least) + little(most)
    }
}

extension SampleBundle {
    /// Makes it one of version 2.
    package mutating func extend(
        zones: [SampleZone] = [],
        shapes: [SampleShape] = [],
        approvers: SampleApprovers? = nil
    ) {
        version = 2
        extensions = [UInt8(zones.count)] + zones.flatMap(\.bytes)
        extensions += [UInt8(shapes.count)] + shapes.flatMap(\.bytes)
        extensions += [0] + little(UInt32(0)) + (approvers?.bytes ?? [0, 0])
        self.zones = zones
        self.shapes = shapes
    }
}

private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<(T.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
}
