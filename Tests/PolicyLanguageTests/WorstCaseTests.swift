import Policy
import PolicyLanguage
import TestSupport
import Testing

@Suite("The worst case is a bound, and the least one the limits give")
struct WorstCaseTests {
    private func worst(_ sample: SampleBundle) throws -> WorstCase {
        let bytes = sample.bytes
        return WorstCase(of: try CheckedBundle(checking: bytes.span))
    }

    /// Two wallets; a rule of 100 for the first, one of 300 for both; allowance 1,000,000.
    private var base: SampleBundle {
        var sample = SampleBundle()
        sample.allowance = 1_000_000
        sample.rules = [.init("one"), .init("both")]
        sample.rules[0].outflow = 100
        sample.rules[1].outflow = 300
        sample.rules[1].wallets = 3
        return sample
    }

    private func limit(
        _ scope: UInt8,
        _ index: UInt16,
        window: UInt32,
        amount: UInt64 = .max,
        count: UInt32 = .max
    ) -> SampleBundle.Limit {
        var limit = SampleBundle.Limit("limit", scope: scope, index: index)
        (limit.window, limit.amount, limit.count) = (window, amount, count)
        return limit
    }

    @Test("Without limits only the allowance bounds an hour; without rules nothing leaves")
    func extremes() throws {
        let open = try worst(base)
        #expect(open.perTransaction == 300)
        #expect(open.perHour == 1_000_000)
        #expect(open.perDay == 1_000_000)
        var silent = base
        silent.rules = [.init("never", effect: 2)]
        let closed = try worst(silent)
        #expect([closed.perTransaction, closed.perHour, closed.perDay] == [0, 0, 0])
        #expect(closed.allowance == 1_000_000)
    }

    @Test("A rule without a cap lets out the allowance in one transaction")
    func uncapped() throws {
        var sample = base
        sample.rules[0].outflow = .max
        #expect(try worst(sample).perTransaction == 1_000_000)
    }

    @Test("A global window counts as often as it fits into the time, begun ones whole")
    func global() throws {
        var sample = base
        sample.limits = [limit(0, 0, window: 1_000, amount: 5_000)]
        let found = try worst(sample)
        #expect(found.perHour == 4 * 5_000)
        #expect(found.perDay == 87 * 5_000)
        sample.limits = [limit(0, 0, window: 7_200, count: 3)]
        #expect(try worst(sample).perHour == 3 * 300)
    }

    @Test("Limits of every rule, or of every wallet, add up; one that is missing leaves no bound")
    func sums() throws {
        var sample = base
        sample.limits = [limit(2, 0, window: 3_600, amount: 700)]
        #expect(try worst(sample).perHour == 1_000_000)
        sample.limits.append(limit(2, 1, window: 3_600, count: 2))
        #expect(try worst(sample).perHour == 700 + 600)
        sample.limits = [
            limit(1, 0, window: 3_600, amount: 400), limit(1, 1, window: 3_600, count: 1),
        ]
        #expect(try worst(sample).perHour == 400 + 300)
        sample.limits.removeLast()
        #expect(try worst(sample).perHour == 1_000_000)
    }

    @Test("A limit of a list bounds what the list gets, not what leaves")
    func lists() throws {
        var sample = base
        sample.lists = ["payroll"]
        sample.limits = [limit(3, 0, window: 3_600, amount: 1)]
        #expect(try worst(sample).perHour == 1_000_000)
    }
}
