private import Bytes
package import Wire

/// Gives leaves their time: log time that never goes back, beside what the clocks really said.
package struct LogClock {
    /// A change of the wall clock against the boot's, in nanoseconds.
    package struct Step: Equatable, Sendable {
        package let nanoseconds: Int64

        package init(nanoseconds: Int64) {
            self.nanoseconds = nanoseconds
        }
    }

    private let source: any ClockSource
    private var lastLogTime: UInt64
    private var last: ClockReading

    /// Log times will not be before `lastLogTime`, nanoseconds since 1970.
    package init(_ source: any ClockSource, lastLogTime: UInt64 = 0) throws(GateError) {
        self.source = source
        self.lastLogTime = lastLogTime
        last = try source.read()
    }

    /// From now on no log time will be before this one.
    package mutating func neverBefore(_ logTime: UInt64) {
        lastLogTime = max(lastLogTime, logTime)
    }

    /// The time for a leaf made now, and the step of the wall clock since the last call, if it was
    /// larger than a clock that is only slewed (500 ppm, and 1 ms for the reading) can make.
    package mutating func stamp() throws(GateError) -> (time: LeafTime, step: Step?) {
        let now = try source.read()
        guard now.bootID == last.bootID, now.boottime >= last.boottime else {
            throw .boottimeWentBack(from: last.boottime, to: now.boottime)
        }
        let elapsed = now.boottime - last.boottime
        let moved = Int128(now.realtime) - Int128(last.realtime) - Int128(elapsed)
        let tolerated = UInt128(elapsed / 2_000) + 1_000_000
        last = now
        lastLogTime = max(lastLogTime, now.realtime)
        let time = LeafTime(
            logTime: lastLogTime,
            realtime: now.realtime,
            boottime: now.boottime,
            bootID: now.bootID,
            sync: now.isSynchronized ? 1 : 0,
            maxErrorMicroseconds: now.maxErrorMicroseconds
        )
        let step = moved.magnitude > tolerated ? Step(nanoseconds: Int64(clamping: moved)) : nil
        return (time, step)
    }
}
