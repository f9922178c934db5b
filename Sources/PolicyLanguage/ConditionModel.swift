package import Policy
private import Wallet

/// One condition of a rule of effect 5 or 6, with its zone in place of the zone's number.
package enum PolicyCondition: Equatable, Sendable {
    case range(NumericFact, least: UInt64, most: UInt64)
    case destinations(UInt64)
    case sighashes(UInt8)
    case scripts(UInt16)
    case lockTime(UInt8)
    case replaceable(UInt8)
    case replacement(UInt8)
    case requesters([UInt32])
    case times(ZoneText, [TimeSpan])
    case approvals(PolicyModel.Approvals)

    /// The place among the conditions of a rule.
    var order: Int {
        switch self {
        case .range(let fact, _, _): Int(fact.rawValue)
        case .destinations: 20
        case .sighashes: 30
        case .scripts: 40
        case .lockTime: 50
        case .replaceable: 60
        case .replacement: 70
        case .requesters: 80
        case .times: 90
        case .approvals: 110
        }
    }

    /// As it stands in a bundle with these zones.
    func bytes(_ zones: [ZoneText]) -> [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .range(let fact, let least, let most):
            bytes = [ConditionKind.range.rawValue, fact.rawValue]
            bytes.append(number: least)
            bytes.append(number: most)
        case .destinations(let lists):
            bytes = [ConditionKind.destinations.rawValue]
            bytes.append(number: lists)
        case .sighashes(let mask): bytes = [ConditionKind.sighashes.rawValue, mask]
        case .scripts(let mask):
            bytes = [ConditionKind.scripts.rawValue]
            bytes.append(number: mask)
        case .lockTime(let mask): bytes = [ConditionKind.lockTime.rawValue, mask]
        case .replaceable(let mask): bytes = [ConditionKind.replaceable.rawValue, mask]
        case .replacement(let mask): bytes = [ConditionKind.replacement.rawValue, mask]
        case .requesters(let uids):
            bytes = [ConditionKind.requesters.rawValue, UInt8(uids.count)]
            for uid in uids { bytes.append(number: uid) }
        case .times(let zone, let spans):
            guard let place = zones.firstIndex(of: zone) else {
                preconditionFailure("a zone that was not collected")
            }
            bytes = [ConditionKind.times.rawValue, UInt8(place), UInt8(spans.count)]
            for span in spans {
                bytes.append(span.days)
                bytes.append(number: span.first)
                bytes.append(number: span.last)
            }
        case .approvals(let approvals): bytes = approvals.bytes
        }
        return bytes
    }
}

extension PolicyModel {
    /// Data outputs that stand in lists.
    package struct Shape: Equatable, Sendable {
        package var lists: UInt64
        package var prefix: [UInt8]
        package var lengthMin: UInt16
        package var lengthMax: UInt16

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(number: lists)
            bytes += [UInt8(prefix.count)] + prefix
            bytes.append(number: lengthMin)
            bytes.append(number: lengthMax)
            return bytes
        }
    }

    /// The zones that rules name, in the order of the bundle.
    var zones: [ZoneText] {
        var found: [[UInt8]: ZoneText] = [:]
        for case .times(let zone, _) in rules.flatMap({ $0.conditions ?? [] }) {
            found[zone.bytes] = zone
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// The sections of version 2, or none where nothing needs them.
    var extensionBytes: [UInt8] {
        let zones = zones
        let approvers = approverBytes
        guard !zones.isEmpty || !shapes.isEmpty || !approvers.isEmpty else { return [] }
        var bytes = [UInt8(zones.count)]
        for zone in zones { bytes += zone.bytes }
        bytes.append(UInt8(shapes.count))
        for shape in shapes { bytes += shape.bytes }
        return bytes + [UInt8](repeating: 0, count: 5) + (approvers.isEmpty ? [0, 0] : approvers)
    }
}
