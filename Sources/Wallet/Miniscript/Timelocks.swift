/// The number of `older` (BIP-68, 112).
package struct RelativeLock: Equatable, Sendable {
    package static let timeFlag: UInt32 = 1 << 22
    package static let valueMask: UInt32 = 0xffff
    package static let disableFlag: UInt32 = 1 << 31

    package let number: UInt32

    package init(_ number: UInt32) {
        self.number = number
    }

    /// Whether it counts in units of 512 seconds and not in blocks.
    package var isTime: Bool { number & Self.timeFlag != 0 }

    /// How many units.
    package var value: UInt32 { number & Self.valueMask }

    /// Whether it says what consensus makes of it: some wait, and no bit that is ignored.
    package var isMeaningful: Bool {
        value > 0 && number & ~(Self.timeFlag | Self.valueMask) == 0
    }

    /// Whether an input with this sequence number has waited long enough.
    package func isMet(sequence: UInt32, version: UInt32) -> Bool {
        version >= 2 && sequence & Self.disableFlag == 0
            && (sequence & Self.timeFlag != 0) == isTime
            && sequence & Self.valueMask >= value
    }
}

/// The number of `after` (BIP-65).
package struct AbsoluteLock: Equatable, Sendable {
    /// From here on a lock time is a time, and below it a height.
    package static let timeThreshold: UInt32 = 500_000_000

    package let number: UInt32

    package init(_ number: UInt32) {
        self.number = number
    }

    package var isTime: Bool { number >= Self.timeThreshold }

    /// Whether a transaction with this lock time can have an input that waits for the number.
    package func isMet(lockTime: UInt32, sequence: UInt32) -> Bool {
        sequence != 0xffff_ffff && AbsoluteLock(lockTime).isTime == isTime && lockTime >= number
    }
}
