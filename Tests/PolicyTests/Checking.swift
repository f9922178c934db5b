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
