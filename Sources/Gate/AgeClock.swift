private import Bytes
package import Wire

/// How much time the log itself shows to have passed, in nanoseconds: what limits age by.
///
/// Within one boot CLOCK_BOOTTIME tells. Between boots nothing counts: neither the time without
/// power, which nobody vouches for, nor the new boot's time before its first leaf, since the log
/// may have moved to a machine that was up all along. The wall clock never counts.
package struct AgeClock: Equatable, Sendable {
    private var age: UInt64 = 0
    private var last: (boottime: UInt64, bootID: Bytes16)?

    package init() {}

    /// The age of the last leaf with a time.
    package var latest: UInt64 { age }

    /// Moves on to a leaf's time and gives its age. Within a boot that time must not go back.
    package mutating func advance(boottime: UInt64, bootID: Bytes16) throws(LeafFault) -> UInt64 {
        if let last, last.bootID == bootID {
            guard boottime >= last.boottime else { throw .boottimeWentBack }
        }
        age = self.age(boottime: boottime, bootID: bootID)
        last = (boottime, bootID)
        return age
    }

    /// The age that a leaf of this moment would have.
    package func age(boottime: UInt64, bootID: Bytes16) -> UInt64 {
        guard let last, last.bootID == bootID, boottime > last.boottime else { return age }
        let (sum, overflow) = age.addingReportingOverflow(boottime - last.boottime)
        return overflow ? .max : sum
    }

    package static func == (left: AgeClock, right: AgeClock) -> Bool {
        left.age == right.age && left.last?.boottime == right.last?.boottime
            && left.last?.bootID == right.last?.bootID
    }
}

extension LeafFault: Error {}
