import CLinux

/// The arguments of this process; there is no CommandLine in Embedded Swift.
enum Arguments {
    /// Whether the first argument after the program's name is `text`.
    static func isFirst(_ text: StaticString) -> Bool {
        isArgument(1, text)
    }

    /// Whether the argument at a place is `text`.
    static func isArgument(_ place: Int32, _ text: StaticString) -> Bool {
        // SAFETY: NULL past the end, else a NUL-terminated text that lives as long as the process;
        // no byte after the first that differs is read, and a shorter argument differs at its NUL.
        guard let argument = unsafe linux_argument(place) else { return false }
        for index in 0..<text.utf8CodeUnitCount
        where unsafe UInt8(bitPattern: argument[index]) != text.utf8Start[index] {
            return false
        }
        return unsafe argument[text.utf8CodeUnitCount] == 0
    }

    /// The argument at a place as a decimal number of at most nine digits.
    static func number(_ place: Int32) -> UInt32? {
        // SAFETY: as above; reading stops at the NUL.
        guard let argument = unsafe linux_argument(place) else { return nil }
        var value: UInt32 = 0
        var count = 0
        while unsafe argument[count] != 0 {
            // SAFETY: no NUL was met so far.
            let digit = unsafe argument[count] - 0x30
            guard (0...9).contains(digit), count < 9 else { return nil }
            value = value * 10 + UInt32(digit)
            count += 1
        }
        return count > 0 ? value : nil
    }
}
