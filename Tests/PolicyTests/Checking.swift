import Bytes
import Policy
import TestSupport
import Testing

/// The error that checking gives, or nil when the bytes are a bundle.
func fault(of bytes: [UInt8]) -> BundleError? {
    do throws(BundleError) {
        _ = try CheckedBundle(checking: bytes.span)
        return nil
    } catch {
        return error
    }
}

/// A bundle of version 2 with every condition, zone, shape and kind of limit.
func conditionSample() -> SampleBundle {
    var sample = fullSample()
    sample.extend(
        zones: [.utc, .berlin, .sydney],
        shapes: [.init(1, [], 0...0), .init(2, [1, 2], 2...80)],
        approvers: .three
    )
    let every: [SampleCondition] = [
        .range(1, 0, 90_000), .range(2, 1, 2_000), .range(3, 500, .max), .range(4, 0, 80_000),
        .range(5, 1, 9), .range(6, 0, 3), .range(7, 250_000, 1_000_000), .destinations(3),
        .sighashes(4), .scripts(0b10_1111), .lockTime(3), .replaceable(1), .replacement(2),
        .requesters([7, 1_001]), .times(1, [.init(31, 540, 1_020), .init(96, 0, 1_439)]),
    ]
    sample.rules.append(.conditions("careful", every))
    sample.rules.append(.conditions("least", [.range(1, 0, .max), .range(2, 0, .max)]))
    sample.rules.append(.conditions("refused", effect: 6, wallets: 3, Array(every.dropFirst(2))))
    let quorums: [SampleCondition] = [
        .range(1, 0, 90_000), .range(2, 0, .max),
        .approvals(.init([[0, 1], [1, 2]], veto: 0, wait: 3_600)),
    ]
    sample.rules.append(.conditions("approved", quorums))
    sample.limits += [
        .init("each-cold", scope: 4, index: 0), .init("fees", scope: 16),
        .init("fees-of-segwit", scope: 17, index: 0), .init("fees-of-careful", scope: 18, index: 4),
    ]
    for place in 9...11 { sample.limits[place].count = .max }
    return sample
}

/// A bundle with every section filled.
func fullSample() -> SampleBundle {
    var sample = SampleBundle()
    sample.lists = ["cold", "payroll", "taxes"]
    sample.destinations = [
        .init(script: [UInt8](repeating: 1, count: 22), lists: 0b001),
        .init(script: [UInt8](repeating: 2, count: 22), lists: 0b011),
        .init(script: [UInt8](repeating: 3, count: 22), lists: 0b110),
        .init(script: [UInt8](repeating: 0, count: 34), lists: 0b100),
        .init(script: [UInt8](repeating: 9, count: 34), lists: 0b010),
    ]
    sample.rules = [
        .init("everyday"), .init("listed", lists: 0b011), .init("never", effect: 2, lists: 0b100),
        .init("large"),
    ]
    sample.rules[0].outflow = 100_000
    sample.rules[0].fee = 1_000
    sample.rules[1].feerate = 50_000
    sample.rules[3].wallets = 2
    sample.limits = [
        .init("daily"), .init("hourly"), .init("of-segwit", scope: 1, index: 0),
        .init("of-taproot", scope: 1, index: 1), .init("of-everyday", scope: 2, index: 0),
        .init("of-large", scope: 2, index: 3), .init("of-cold", scope: 3, index: 0),
        .init("of-taxes", scope: 3, index: 2),
    ]
    sample.limits[0].count = .max
    sample.limits[1].amount = .max
    return sample
}
