private import Bytes
private import CLinux
package import Wire

/// What the clocks of the machine say at one moment. Nanoseconds, but for the error.
package struct ClockReading: Equatable, Sendable {
    /// CLOCK_REALTIME since 1970: anyone with the right to can set it.
    package var realtime: UInt64
    /// CLOCK_BOOTTIME: never set, runs on in suspend.
    package var boottime: UInt64
    package var bootID: Bytes16
    /// Whether the kernel calls the real time synchronised, and how far off it may be: all ones
    /// where it does not say.
    package var isSynchronized: Bool
    package var maxErrorMicroseconds: UInt32

    package init(
        realtime: UInt64,
        boottime: UInt64,
        bootID: Bytes16,
        isSynchronized: Bool = false,
        maxErrorMicroseconds: UInt32 = .max
    ) {
        self.realtime = realtime
        self.boottime = boottime
        self.bootID = bootID
        self.isSynchronized = isSynchronized
        self.maxErrorMicroseconds = maxErrorMicroseconds
    }
}

/// Where the gate reads time: the seam at which tests make it jump.
package protocol ClockSource: AnyObject {
    func read() throws(GateError) -> ClockReading
}

/// The clocks of this machine.
package final class SystemClock: ClockSource {
    /// Nanoseconds for which the kernel's word on its discipline is taken as read: the call costs
    /// more than all the rest of a reading.
    private static let disciplineInterval: UInt64 = 100_000_000
    /// A clock that is only slewed errs by at most 500 ppm more meanwhile, in microseconds.
    private static let errorGrowth: UInt32 = 50

    private let bootID: Bytes16
    private var discipline = linux_clock_quality()
    private var isDisciplineKnown = false
    /// CLOCK_BOOTTIME from which the kernel is asked again.
    private var disciplineUntil: UInt64 = 0

    /// Reads the boot's identity, which needs /proc: before the confinement.
    package init() throws(GateError) {
        var id = Bytes16.zero
        var room = id.mutableSpan
        // SAFETY: the call writes 16 bytes, as many as `id` has, into memory borrowed here.
        let result = unsafe room.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -LINUX_EINVAL }
            return unsafe linux_boot_id(start)
        }
        guard result == 0 else { throw .kernel(errno: -result) }
        bootID = id
    }

    package func read() throws(GateError) -> ClockReading {
        let realtime = linux_clock_nanoseconds(LINUX_CLOCK_REALTIME)
        let boottime = linux_clock_nanoseconds(LINUX_CLOCK_BOOTTIME)
        guard realtime >= 0, boottime >= 0 else {
            throw .kernel(errno: Int32(clamping: -min(realtime, boottime)))
        }
        if boottime >= disciplineUntil {
            // SAFETY: the call fills the one record it is given.
            isDisciplineKnown = unsafe linux_clock_discipline(&discipline) == 0
            disciplineUntil = UInt64(boottime) + Self.disciplineInterval
        }
        let quality = discipline
        return ClockReading(
            realtime: UInt64(realtime),
            boottime: UInt64(boottime),
            bootID: bootID,
            isSynchronized: isDisciplineKnown && quality.synchronized == 1,
            // Where the kernel does not say, the error has no bound.
            maxErrorMicroseconds: isDisciplineKnown && quality.max_error_microseconds >= 0
                ? min(UInt32(clamping: quality.max_error_microseconds), .max - Self.errorGrowth)
                    + Self.errorGrowth
                : .max
        )
    }
}
