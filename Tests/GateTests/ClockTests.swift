import Bytes
import Gate
import Testing
import Wire

/// Clocks that stand where a test puts them.
final class ManualClock: ClockSource {
    var now: ClockReading

    init(realtime: UInt64 = 1_800_000_000_000_000_000, boottime: UInt64 = 50_000_000_000) {
        now = ClockReading(
            realtime: realtime,
            boottime: boottime,
            bootID: Bytes16(repeating: 0xB0)
        )
    }

    func read() throws(GateError) -> ClockReading { now }

    /// Both clocks move on together.
    func pass(seconds: Double) {
        let nanoseconds = UInt64(seconds * 1e9)
        now.realtime += nanoseconds
        now.boottime += nanoseconds
    }
}

@Suite("The clocks")
struct ClockTests {
    private static let one = Bytes16(repeating: 1)
    private static let two = Bytes16(repeating: 2)

    private static func expect(
        _ ages: inout AgeClock,
        boottime: UInt64,
        bootID: Bytes16,
        ages expected: UInt64
    ) throws {
        let age = try ages.advance(boottime: boottime, bootID: bootID)
        #expect(age == expected)
    }

    @Test("Age grows with a boot's time and not between boots")
    func ages() throws {
        var ages = AgeClock()
        try Self.expect(&ages, boottime: 1_000, bootID: Self.one, ages: 0)
        try Self.expect(&ages, boottime: 1_500, bootID: Self.one, ages: 500)
        #expect(ages.age(boottime: 1_700, bootID: Self.one) == 700)
        // The machine that the log moved to had been up for long: nothing of that counts.
        #expect(ages.age(boottime: 9_000_000, bootID: Self.two) == 500)
        try Self.expect(&ages, boottime: 9_000_000, bootID: Self.two, ages: 500)
        try Self.expect(&ages, boottime: 9_000_010, bootID: Self.two, ages: 510)
        // And back: time that ran on both machines is not counted twice.
        try Self.expect(&ages, boottime: 5_000, bootID: Self.one, ages: 510)
        try Self.expect(&ages, boottime: 5_001, bootID: Self.one, ages: 511)
    }

    @Test("Time that goes back within one boot is refused")
    func regress() throws {
        var ages = AgeClock()
        _ = try ages.advance(boottime: 1_000, bootID: Self.one)
        #expect(ages.age(boottime: 900, bootID: Self.one) == 0)
        #expect(throws: LeafFault.boottimeWentBack) {
            _ = try ages.advance(boottime: 999, bootID: Self.one)
        }
        let source = ManualClock()
        var clock = try LogClock(source)
        source.now.boottime -= 1
        #expect(throws: GateError.self) { _ = try clock.stamp() }
    }

    @Test("Log time follows the wall clock forward and never back")
    func logTime() throws {
        let source = ManualClock()
        var clock = try LogClock(source)
        let first = try clock.stamp().time
        #expect(first.logTime == source.now.realtime)
        source.pass(seconds: 1)
        source.now.realtime -= 100_000_000_000
        let second = try clock.stamp()
        #expect(second.time.logTime == first.logTime)
        #expect(second.time.realtime == source.now.realtime)
        #expect(second.step == LogClock.Step(nanoseconds: -100_000_000_000))
        clock.neverBefore(first.logTime + 5)
        let third = try clock.stamp().time
        #expect(third.logTime == first.logTime + 5)
    }

    @Test("A slewed clock is no step, a stepped one is, in both directions")
    func steps() throws {
        for (drift, isStep) in [(5_999_999, false), (6_000_001, true)] {
            for sign in [1, -1] {
                let source = ManualClock()
                var clock = try LogClock(source)
                // In 10 s 500 ppm are 5 ms, and 1 ms is for the reading.
                source.pass(seconds: 10)
                source.now.realtime = UInt64(Int64(source.now.realtime) + Int64(sign * drift))
                let (found, after) = (try clock.stamp().step, try clock.stamp().step)
                #expect((found != nil) == isStep)
                #expect(after == nil)
            }
        }
    }

    @Test("The clocks of this machine can be read")
    func system() throws {
        let clock = try SystemClock()
        let first = try clock.read()
        let second = try clock.read()
        #expect(first.bootID == second.bootID && first.bootID != .zero)
        #expect(first.boottime <= second.boottime)
    }
}
